using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Analytics.Bench.Load;

/// <summary>The server's Release build as a process of its own, on a free port of this machine.</summary>
internal sealed partial class ServerProcess : IDisposable
{
    private const int Terminate = 15; // SIGTERM
    private readonly Process process;

    private ServerProcess(Process process, Uri url)
    {
        this.process = process;
        Url = url;
    }

    /// <summary>Where it listens.</summary>
    public Uri Url { get; }

    /// <summary>What <c>dotnet build server -c Release</c> makes, beside this program.</summary>
    public static string DefaultAssembly => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../server/release/analytics.dll"));

    /// <summary>Makes a token for a member.</summary>
    /// <param name="assembly">The server's assembly.</param>
    /// <param name="data">The data folder.</param>
    /// <param name="organization">The organisation.</param>
    /// <param name="user">A user; an owner from then on if they are no member.</param>
    public static string CreateToken(string assembly, string data, string organization, string user)
    {
        using var process = Start(assembly, "token", "create", "--data", data, "--organization", organization, "--user", user, "--role", "owner");
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return text.StartsWith("token: ", StringComparison.Ordinal)
            ? text["token: ".Length..].Trim()
            : throw new InvalidOperationException($"'token create' printed no token: {process.StandardError.ReadToEnd()}");
    }

    /// <summary>Starts the server and waits until all usage is in memory: until then an answer's tag may change.</summary>
    /// <param name="assembly">The server's assembly.</param>
    /// <param name="data">The data folder; no other process may hold it.</param>
    public static ServerProcess Serve(string assembly, string data)
    {
        var process = Start(assembly, "serve", "--data", data, "--urls", "http://127.0.0.1:0");
        while (process.StandardOutput.ReadLine() is { } line)
        {
            // It says so when it listens, and again when it has loaded.
            if (line.StartsWith("Analytics serves ", StringComparison.Ordinal) && Listening().Match(line) is { Success: true } match)
            {
                return new ServerProcess(process, new Uri(match.Value));
            }
        }

        using (process)
        {
            throw new InvalidOperationException($"The server did not start: {process.StandardError.ReadToEnd()}");
        }
    }

    /// <summary>CPU time that the process has used.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>Bytes of memory that the process has at hand.</summary>
    public long WorkingSet
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    /// <summary>Stops it and waits for its end.</summary>
    public void Dispose()
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = Signal(process.Id, Terminate);
        }

        if (OperatingSystem.IsWindows() || !process.WaitForExit(10_000))
        {
            process.Kill();
            process.WaitForExit();
        }

        process.Dispose();
    }

    private static Process Start(string assembly, params string[] arguments)
    {
        if (!File.Exists(assembly))
        {
            throw new FileNotFoundException($"The server's Release build is not at '{assembly}'. Make it: dotnet build server -c Release.");
        }

        var start = new ProcessStartInfo("dotnet", [assembly, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };

        // One token asks more often than anybody does in earnest. The limit is checked all the same.
        start.Environment["Analytics__RateLimit__RequestsPerMinute"] = "1000000000";
        return Process.Start(start)!;
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex Listening();

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
