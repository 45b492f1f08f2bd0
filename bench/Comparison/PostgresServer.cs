using System.Diagnostics;
using System.Globalization;

namespace Analytics.Bench.Comparison;

/// <summary>A PostgreSQL server of its own: a new cluster in a temporary folder, reached by a Unix socket, gone at the end.</summary>
/// <remarks>
/// The server refuses to run as root, so that root starts it as the user <c>postgres</c>. It is told to end with this process
/// (a death signal), and is stopped by its process id.
/// </remarks>
internal sealed class PostgresServer : IDisposable
{
    private const string Binaries = "/usr/lib/postgresql/15/bin";
    private const string User = "postgres";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string folder;
    private readonly Process process;

    private PostgresServer(string folder, Process process)
    {
        this.folder = folder;
        this.process = process;
    }

    /// <summary>What is missing and what to do about it, or null.</summary>
    public static string? WhyNot => !File.Exists(Path.Combine(Binaries, "initdb"))
        ? $"PostgreSQL 15 is not installed: there is no '{Binaries}/initdb'. Run '. ./setup.sh; install_postgres' in the repository."
        : Postgres.WhyNot;

    private static bool IsRoot => Environment.IsPrivilegedProcess;

    /// <summary>Makes a cluster and starts it.</summary>
    /// <param name="settings">Settings by name, as in postgresql.conf.</param>
    public static PostgresServer Start(IReadOnlyDictionary<string, string> settings)
    {
        var folder = Directory.CreateTempSubdirectory("analytics-postgres-").FullName;
        try
        {
            if (IsRoot)
            {
                Run("chown", User, folder);
            }

            Run(Command($"{Binaries}/initdb", "-D", $"{folder}/data", "-U", User, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"));
            var arguments = settings.SelectMany(setting => (string[])["-c", $"{setting.Key}={setting.Value}"]);
            var process = Process.Start(Quiet(Command(
                $"{Binaries}/postgres", [
                "-D", $"{folder}/data", "-k", folder, "-h", string.Empty, .. arguments])))!;

            // Read, so that a full pipe never stops the server.
            process.ErrorDataReceived += (_, _) => { };
            process.OutputDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            process.BeginOutputReadLine();
            return new PostgresServer(folder, process);
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    /// <summary>Connects, once the server is ready.</summary>
    /// <exception cref="InvalidOperationException">It ended, or does not become ready.</exception>
    public Postgres Connect()
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            if (Postgres.TryConnect($"host={folder} user={User} dbname=postgres") is { } connection)
            {
                return connection;
            }

            if (process.WaitForExit(50) || Stopwatch.GetElapsedTime(start) > Patience)
            {
                throw new InvalidOperationException($"The PostgreSQL server in '{folder}' does not answer{(process.HasExited ? string.Create(CultureInfo.InvariantCulture, $"; it ended with code {process.ExitCode}") : string.Empty)}.");
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // SIGINT is a fast shutdown: connections are dropped, children end.
        if (!process.HasExited)
        {
            Run("kill", "-INT", process.Id.ToString(CultureInfo.InvariantCulture));
            if (!process.WaitForExit(Patience))
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit();
            }
        }

        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>A command as the server's user. setpriv replaces itself with the program, so that the process id is the server's.</summary>
    private static string[] Command(string program, params string[] arguments) => IsRoot
        ? ["setpriv", $"--reuid={User}", $"--regid={User}", "--clear-groups", "--pdeathsig", "INT", "--", program, .. arguments]
        : [program, .. arguments];

    private static ProcessStartInfo Quiet(string[] command) => new(command[0], command[1..])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        WorkingDirectory = "/",
    };

    private static void Run(params string[] command)
    {
        using var process = Process.Start(Quiet(command)) ?? throw new InvalidOperationException($"'{command[0]}' did not start.");
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"'{string.Join(' ', command)}' ended with code {process.ExitCode}: {errors.Result.Trim()}");
        }
    }
}
