using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Analytics.Engine.Usage;
using Xunit;

namespace Analytics.Tests.Architecture;

/// <summary>The layout that docs promise: who may know whom, and what the engine must not touch.</summary>
public partial class LayoutTests
{
    private static readonly string[] ClocksAndFiles =
    [
        "System.IO.Directory", "System.IO.DirectoryInfo", "System.IO.DriveInfo", "System.IO.File", "System.IO.FileInfo", "System.IO.FileStream",
        "System.IO.FileSystemInfo", "System.IO.FileSystemWatcher", "System.IO.MemoryMappedFiles.MemoryMappedFile", "System.IO.RandomAccess",
        "System.IO.StreamReader", "System.IO.StreamWriter", "Microsoft.Win32.SafeHandles.SafeFileHandle",
        "System.Diagnostics.Stopwatch", "System.TimeProvider", "System.Threading.Timer", "NodaTime.SystemClock", "NodaTime.ZonedClock",
        "System.DateTime.get_Now", "System.DateTime.get_UtcNow", "System.DateTime.get_Today",
        "System.DateTimeOffset.get_Now", "System.DateTimeOffset.get_UtcNow",
        "System.Environment.get_TickCount", "System.Environment.get_TickCount64",
    ];

    /// <summary>Folder, assembly, and the folders that it may refer to.</summary>
    public static TheoryData<string, string, string[]> Allowed => new()
    {
        { "engine", "Analytics.Engine", [] },
        { "storage", "Analytics.Storage", ["engine"] },
        { "data-gen", "Analytics.DataGen", ["engine", "storage"] },
        { "server", "analytics", ["engine", "storage"] },
        { "bench", "Analytics.Bench", ["engine", "storage", "data-gen"] },
        { "tests", "Analytics.Tests", ["engine", "storage", "data-gen", "server", "bench"] },
    };

    private static Dictionary<string, string> Assemblies => Allowed.ToDictionary(row => (string)row[0], row => (string)row[1]);

    // The compiler drops unused references, so this sees real use; the project files show intent.
    [Theory, MemberData(nameof(Allowed))]
    public void Assembly_References_AreThoseOfTheLayout(string folder, string assembly, string[] allowed)
    {
        var known = Assemblies;
        var references = Assembly.Load(assembly).GetReferencedAssemblies().Select(reference => reference.Name!).Where(known.ContainsValue);

        Assert.Empty(references.Except(allowed.Select(other => known[other])));
        Assert.Equal(allowed.Order(), Includes(folder, "ProjectReference").Select(path => Path.GetFileName(Path.GetDirectoryName(path))!).Order());
    }

    [Fact]
    public void Solution_EveryProject_IsInTheLayout() => Assert.Equal(
        Assemblies.Keys.Order(),
        Repository.TextFiles().Where(file => file.EndsWith(".csproj", StringComparison.Ordinal)).Select(file => Path.GetRelativePath(Repository.Root, Path.GetDirectoryName(file)!)).Order());

    [Fact]
    public void Engine_Packages_AreNodaTimeOnly() => Assert.Equal(["NodaTime"], Includes("engine", "PackageReference"));

    [Fact]
    public void Types_OfAllAssemblies_HaveRealNouns()
    {
        // Source generators of the framework put types of their own into our assemblies.
        var types = Assemblies.Values.SelectMany(assembly => Assembly.Load(assembly).GetTypes())
            .Select(type => type.FullName!.Split('`')[0])
            .Where(name => name.StartsWith("Analytics.", StringComparison.Ordinal));

        Assert.DoesNotContain(types, VagueName().IsMatch);
    }

    [Fact]
    public void Engine_Metadata_UsesNoFilesAndNoClocks()
    {
        using var file = File.OpenRead(typeof(UsageTable).Assembly.Location);
        using var image = new PEReader(file);
        var metadata = image.GetMetadataReader();
        var types = metadata.TypeReferences.Select(handle => NameOf(metadata, handle)).ToList();
        var members = metadata.MemberReferences.Select(metadata.GetMemberReference)
            .Where(member => member.Parent.Kind == HandleKind.TypeReference)
            .Select(member => $"{NameOf(metadata, (TypeReferenceHandle)member.Parent)}.{metadata.GetString(member.Name)}")
            .ToList();

        Assert.Contains("NodaTime.Instant.FromUnixTimeTicks", members); // the scan sees what it should
        Assert.Empty(types.Concat(members).Intersect(ClocksAndFiles));
    }

    // Where packages come from is the builder's own setting. Names are put together, so that this file does not hold them.
    [Fact]
    public void TextFiles_All_NameNoPackageRegistry()
    {
        string[] hosts = ["registry." + "npmjs", "registry." + "yarnpkg", "npm." + "pkg.github", "api." + "nuget", "nuget" + ".org", "nuget." + "pkg.github", "pkgs." + "dev.azure", "artifac" + "tory"];
        string[] settings = [".npmrc", "nuget.config", "package-lock.json", "packages.lock.json"];
        var findings = Repository.TextFiles().SelectMany(file => File.ReadLines(file)
            .Where(line => hosts.Any(host => line.Contains(host, StringComparison.OrdinalIgnoreCase))
                || (settings.Contains(Path.GetFileName(file), StringComparer.OrdinalIgnoreCase) && RegistrySetting().IsMatch(line)))
            .Select(line => $"{Path.GetRelativePath(Repository.Root, file)}: {line.Trim()}"));

        Assert.Empty(findings);
    }

    private static IEnumerable<string> Includes(string folder, string item) =>
        XDocument.Load(Assert.Single(Directory.GetFiles(Path.Combine(Repository.Root, folder), "*.csproj")))
            .Descendants(item).Select(element => element.Attribute("Include")!.Value);

    private static string NameOf(MetadataReader metadata, TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        return $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
    }

    [GeneratedRegex("(Helpers?|Utils?|Manager)$")]
    private static partial Regex VagueName();

    [GeneratedRegex("""(?i)^\s*(@[^:]*:)?registry\s*=|"resolved"\s*:\s*"[a-z+]+://|<add\s[^>]*value\s*=\s*"[a-z]+://""")]
    private static partial Regex RegistrySetting();
}
