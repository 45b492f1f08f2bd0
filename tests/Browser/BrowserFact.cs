using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>A test that needs Debian's Chromium and a built dashboard; reported as skipped where one is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute() => Skip = WhyNot;

    /// <summary>Why there is no dashboard in a browser here; null where there is.</summary>
    public static string? WhyNot =>
        !File.Exists(Chromium.Executable) ? $"There is no '{Chromium.Executable}': install the package chromium."
        : !File.Exists(Path.Combine(AppContext.BaseDirectory, "wwwroot", "index.html")) ? "The dashboard was left out of this build: there was no npm."
        : null;
}

/// <summary>A theory that needs what <see cref="BrowserFactAttribute"/> needs.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BrowserTheoryAttribute : TheoryAttribute
{
    public BrowserTheoryAttribute() => Skip = BrowserFactAttribute.WhyNot;
}
