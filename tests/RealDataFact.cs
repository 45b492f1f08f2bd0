using Xunit;

namespace Analytics.Tests;

/// <summary>Other people's data, which is not part of this repository.</summary>
public static class RealData
{
    /// <summary>The folder: ANALYTICS_TEST_DATA, or shared/data beside the checkout.</summary>
    public static string Folder { get; } = Environment.GetEnvironmentVariable("ANALYTICS_TEST_DATA") is { Length: > 0 } folder
        ? folder
        : Path.Combine(RepositoryRoot.Path, "..", "shared", "data");

    public static string File(string name) => Path.Combine(Folder, name);
}

/// <summary>A test that needs a file of <see cref="RealData"/>; reported as skipped where it is absent.</summary>
public sealed class RealDataFactAttribute : FactAttribute
{
    public RealDataFactAttribute(string file)
    {
        if (!System.IO.File.Exists(RealData.File(file)))
        {
            Skip = $"The test data '{file}' is not here: set ANALYTICS_TEST_DATA to its folder.";
        }
    }
}

/// <summary>The checkout that the tests run in.</summary>
public static class RepositoryRoot
{
    public static string Path { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string folder) => System.IO.File.Exists(System.IO.Path.Combine(folder, "Analytics.sln"))
        ? folder
        : Find(System.IO.Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside of the checkout: no Analytics.sln above them."));
}
