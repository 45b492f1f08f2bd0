using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Analytics.Bench.Comparison;

/// <summary>A native library of another system, loaded when it is first needed.</summary>
/// <remarks>Nothing is fetched at run time: setup.sh installs the libraries, and an environment variable may name another one.</remarks>
internal sealed class PeerLibrary
{
    private static readonly ConcurrentDictionary<string, PeerLibrary> Known = new(StringComparer.Ordinal);
    private readonly Lazy<(nint Handle, string? WhyNot)> library;

    // An assembly has one resolver, so that all peers share it.
    static PeerLibrary() => NativeLibrary.SetDllImportResolver(
        typeof(PeerLibrary).Assembly,
        (name, _, _) => Known.TryGetValue(name, out var known) ? known.library.Value.Handle : 0);

    private PeerLibrary(string system, string variable, string path, string advice) =>
        library = new(() => Load(system, variable, path, advice));

    /// <summary>What is missing and what to do about it, or null.</summary>
    public string? WhyNot => library.Value.WhyNot;

    /// <summary>Says where the library of a set of imports is.</summary>
    /// <param name="name">The name that the imports use.</param>
    /// <param name="system">The system's name for people.</param>
    /// <param name="variable">Environment variable that names another file.</param>
    /// <param name="path">The file; a relative one is in the repository.</param>
    /// <param name="advice">How to install it, as a sentence.</param>
    public static PeerLibrary Register(string name, string system, string variable, string path, string advice) =>
        Known.GetOrAdd(name, _ => new PeerLibrary(system, variable, path, advice));

    private static (nint Handle, string? WhyNot) Load(string system, string variable, string path, string advice)
    {
        if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } named)
        {
            path = named;
        }

        path = Path.Combine(RepositoryFolder.Root, path);
        if (!File.Exists(path))
        {
            return (0, $"{system} is not installed: there is no '{path}'. {advice}");
        }

        try
        {
            return (NativeLibrary.Load(path), null);
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
        {
            return (0, $"{system} cannot be loaded on this machine: {exception.Message}");
        }
    }
}

/// <summary>The working copy that this program was built in.</summary>
internal static class RepositoryFolder
{
    /// <summary>The folder of the solution; where there is none above the program, the program's own.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Analytics.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? AppContext.BaseDirectory;
    }
}
