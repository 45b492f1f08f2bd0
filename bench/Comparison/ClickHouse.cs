using System.Runtime.InteropServices;

namespace Analytics.Bench.Comparison;

/// <summary>ClickHouse inside of this process: a thin layer over libchdb's C API.</summary>
/// <remarks>
/// The library is one global system for the process, with one folder of data; it cannot be started twice with different folders.
/// It is told to leave signals alone, which belong to the .NET runtime here.
/// </remarks>
internal sealed unsafe partial class ClickHouse : IDisposable
{
    private static readonly PeerLibrary Library = PeerLibrary.Register(
        Api.Name,
        "ClickHouse",
        "ANALYTICS_CHDB",
        "tests/Interop/HeavyPeers/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so",
        "Run '. ./setup.sh; install_heavy_peers' in the repository, or let ANALYTICS_CHDB name a libchdb.");

    private nint* connection;

    private ClickHouse(nint* connection) => this.connection = connection;

    /// <summary>What is missing and what to do about it, or null.</summary>
    public static string? WhyNot => Library.WhyNot;

    /// <summary>Starts the system.</summary>
    /// <param name="folder">A new folder for its tables.</param>
    /// <exception cref="DllNotFoundException">ClickHouse is not installed.</exception>
    public static ClickHouse Open(string folder)
    {
        if (WhyNot is { } reason)
        {
            throw new DllNotFoundException(reason);
        }

        Api.SetSignalHandlersEnabled(0);
        var arguments = new[] { "clickhouse", $"--path={folder}" }.Select(Marshal.StringToCoTaskMemUTF8).ToArray();
        try
        {
            fixed (nint* pointers = arguments)
            {
                var opened = Api.Connect(arguments.Length, pointers);
                return opened is null ? throw new InvalidOperationException("ClickHouse did not start.") : new ClickHouse(opened);
            }
        }
        finally
        {
            Array.ForEach(arguments, Marshal.FreeCoTaskMem);
        }
    }

    /// <summary>A text as an SQL literal.</summary>
    /// <param name="text">Any text.</param>
    public static string Quote(string text) => $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";

    /// <summary>Runs one statement and reads its result as tab-separated text.</summary>
    /// <param name="sql">The statement. Texts of its result must not hold tabs, line ends or backslashes.</param>
    public IReadOnlyList<IReadOnlyList<string>> Read(string sql)
    {
        var text = Query(sql, "TabSeparated");
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t'))];
    }

    /// <summary>Runs one statement and drops its result.</summary>
    /// <param name="sql">The statement.</param>
    public void Run(string sql) => _ = Query(sql, "Null");

    /// <inheritdoc/>
    public void Dispose()
    {
        if (connection is not null)
        {
            Api.Close(connection);
            connection = null;
        }
    }

    private string Query(string sql, string format)
    {
        ObjectDisposedException.ThrowIf(connection is null, this);
        var result = Api.Query(*connection, sql, format);
        try
        {
            if (Marshal.PtrToStringUTF8(Api.ResultError(result)) is { } error)
            {
                throw new InvalidOperationException($"{error}\nin\n{sql}");
            }

            var buffer = Api.ResultBuffer(result);
            return buffer == 0 ? string.Empty : Marshal.PtrToStringUTF8(buffer, checked((int)Api.ResultLength(result)));
        }
        finally
        {
            Api.DestroyResult(result);
        }
    }

    /// <summary>The functions of chdb.h that are used, under their documented names.</summary>
    private static partial class Api
    {
        public const string Name = "chdb";

        [LibraryImport(Name, EntryPoint = "chdb_set_signal_handlers_enabled")]
        public static partial void SetSignalHandlersEnabled(int enabled);

        [LibraryImport(Name, EntryPoint = "chdb_connect")]
        public static partial nint* Connect(int count, nint* arguments);

        [LibraryImport(Name, EntryPoint = "chdb_close_conn")]
        public static partial void Close(nint* connection);

        [LibraryImport(Name, EntryPoint = "chdb_query", StringMarshalling = StringMarshalling.Utf8)]
        public static partial nint Query(nint connection, string sql, string format);

        [LibraryImport(Name, EntryPoint = "chdb_result_error")]
        public static partial nint ResultError(nint result);

        [LibraryImport(Name, EntryPoint = "chdb_result_buffer")]
        public static partial nint ResultBuffer(nint result);

        [LibraryImport(Name, EntryPoint = "chdb_result_length")]
        public static partial nuint ResultLength(nint result);

        [LibraryImport(Name, EntryPoint = "chdb_destroy_query_result")]
        public static partial void DestroyResult(nint result);
    }
}
