namespace Analytics.Tests.Architecture;

/// <summary>The source tree that the tests were built from.</summary>
internal static class Repository
{
    private static readonly string[] NotSource = ["artifacts", "node_modules", ".git", "bin", "obj", "wwwroot", "TestResults", "BenchmarkDotNet.Artifacts"];

    public static string Root { get; } = FindRoot();

    /// <summary>All text files, built and fetched ones left out. (A tarball has no git to ask.)</summary>
    public static IEnumerable<string> TextFiles() => Files(new DirectoryInfo(Root)).Where(IsText).Select(file => file.FullName);

    private static IEnumerable<FileInfo> Files(DirectoryInfo folder) => folder.EnumerateFiles()
        .Concat(folder.EnumerateDirectories()
            .Where(child => child.LinkTarget is null && !NotSource.Contains(child.Name) && child.FullName != Path.Combine(Root, "data"))
            .SelectMany(Files));

    private static bool IsText(FileInfo file)
    {
        if (!file.Exists)
        {
            return false;
        }

        var start = new byte[8_000];
        using var stream = file.OpenRead();
        return !start.AsSpan(0, stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)).Contains((byte)0);
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Analytics.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("No folder above the tests holds Analytics.sln.");
    }
}
