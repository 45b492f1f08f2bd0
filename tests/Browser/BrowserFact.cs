using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>A test that needs Debian's Chromium and a built dashboard; reported as skipped where one is absent.</summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute()
    {
        if (!File.Exists(Chromium.Executable))
        {
            Skip = $"There is no '{Chromium.Executable}': install the package chromium.";
        }
        else if (!File.Exists(Path.Combine(AppContext.BaseDirectory, "wwwroot", "index.html")))
        {
            Skip = "The dashboard was left out of this build: there was no npm.";
        }
    }
}
