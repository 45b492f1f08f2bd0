using System.Globalization;
using System.Runtime.InteropServices;

namespace Analytics.Bench.Comparison;

/// <summary>One connection to a PostgreSQL server: a thin layer over libpq.</summary>
internal sealed unsafe partial class Postgres : IDisposable
{
    private const int CopyBufferBytes = 1 << 20;

    private static readonly PeerLibrary Library = PeerLibrary.Register(
        Api.Name,
        "PostgreSQL's client library",
        "ANALYTICS_LIBPQ",
        $"/usr/lib/{(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "aarch64" : "x86_64")}-linux-gnu/libpq.so.5",
        "Run '. ./setup.sh; install_postgres' in the repository, or let ANALYTICS_LIBPQ name a libpq.");

    private nint connection;

    private Postgres(nint connection) => this.connection = connection;

    /// <summary>What is missing and what to do about it, or null.</summary>
    public static string? WhyNot => Library.WhyNot;

    /// <summary>Connects.</summary>
    /// <param name="parameters">libpq's words, such as <c>host=/tmp/x user=postgres</c>.</param>
    /// <returns>Null where the server does not answer (yet).</returns>
    public static Postgres? TryConnect(string parameters)
    {
        var opened = Api.Connect(parameters);
        if (Api.Status(opened) == 0)
        {
            return new Postgres(opened);
        }

        Api.Finish(opened);
        return null;
    }

    /// <summary>A text as an SQL literal.</summary>
    /// <param name="text">Any text without U+0000.</param>
    public static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>Runs statements and reads the last one's result as text.</summary>
    /// <param name="sql">The statements.</param>
    /// <exception cref="InvalidOperationException">The server refused one.</exception>
    public IReadOnlyList<IReadOnlyList<string>> Read(string sql)
    {
        var result = Execute(sql);
        try
        {
            var rows = new string[Api.RowCount(result)][];
            for (var row = 0; row < rows.Length; row++)
            {
                rows[row] = new string[Api.ColumnCount(result)];
                for (var column = 0; column < rows[row].Length; column++)
                {
                    rows[row][column] = Marshal.PtrToStringUTF8(Api.Value(result, row, column))!;
                }
            }

            return rows;
        }
        finally
        {
            Api.Clear(result);
        }
    }

    /// <summary>Runs statements and drops what they return.</summary>
    /// <param name="sql">The statements.</param>
    /// <exception cref="InvalidOperationException">The server refused one.</exception>
    public void Run(string sql) => Api.Clear(Execute(sql));

    /// <summary>Fills a table with <c>COPY … FROM STDIN</c> in its text format.</summary>
    /// <param name="sql">The COPY statement.</param>
    /// <param name="blocks">Whole lines, in order; a block is used before the next one is asked for.</param>
    /// <exception cref="InvalidOperationException">The server refused it.</exception>
    public void Copy(string sql, IEnumerable<ReadOnlyMemory<byte>> blocks)
    {
        Api.Clear(Execute(sql));
        foreach (var block in blocks)
        {
            for (var rest = block; rest.Length > 0;)
            {
                var part = rest[..Math.Min(rest.Length, CopyBufferBytes)];
                fixed (byte* bytes = part.Span)
                {
                    if (Api.PutCopyData(connection, bytes, part.Length) != 1)
                    {
                        throw new InvalidOperationException(Text(Api.ErrorMessage(connection)));
                    }
                }

                rest = rest[part.Length..];
            }
        }

        if (Api.PutCopyEnd(connection, null) != 1)
        {
            throw new InvalidOperationException(Text(Api.ErrorMessage(connection)));
        }

        for (var result = Api.GetResult(connection); result != 0; result = Api.GetResult(connection))
        {
            ThrowUnlessDone(result, sql);
            Api.Clear(result);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (connection != 0)
        {
            Api.Finish(connection);
            connection = 0;
        }
    }

    private nint Execute(string sql)
    {
        ObjectDisposedException.ThrowIf(connection == 0, this);
        var result = Api.Execute(connection, sql);
        ThrowUnlessDone(result, sql);
        return result;
    }

    private static void ThrowUnlessDone(nint result, string sql)
    {
        // PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_COPY_IN
        if (Api.ResultStatus(result) is not (1 or 2 or 4))
        {
            var error = Text(Api.ResultErrorMessage(result));
            Api.Clear(result);
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"PostgreSQL: {error}\nin\n{sql}"));
        }
    }

    private static string Text(nint utf8) => Marshal.PtrToStringUTF8(utf8) ?? string.Empty;

    /// <summary>The functions of libpq-fe.h that are used, under their documented names.</summary>
    private static partial class Api
    {
        public const string Name = "pq";

        [LibraryImport(Name, EntryPoint = "PQconnectdb", StringMarshalling = StringMarshalling.Utf8)]
        public static partial nint Connect(string parameters);

        [LibraryImport(Name, EntryPoint = "PQstatus")]
        public static partial int Status(nint connection);

        [LibraryImport(Name, EntryPoint = "PQerrorMessage")]
        public static partial nint ErrorMessage(nint connection);

        [LibraryImport(Name, EntryPoint = "PQfinish")]
        public static partial void Finish(nint connection);

        [LibraryImport(Name, EntryPoint = "PQexec", StringMarshalling = StringMarshalling.Utf8)]
        public static partial nint Execute(nint connection, string sql);

        [LibraryImport(Name, EntryPoint = "PQresultStatus")]
        public static partial int ResultStatus(nint result);

        [LibraryImport(Name, EntryPoint = "PQresultErrorMessage")]
        public static partial nint ResultErrorMessage(nint result);

        [LibraryImport(Name, EntryPoint = "PQntuples")]
        public static partial int RowCount(nint result);

        [LibraryImport(Name, EntryPoint = "PQnfields")]
        public static partial int ColumnCount(nint result);

        [LibraryImport(Name, EntryPoint = "PQgetvalue")]
        public static partial nint Value(nint result, int row, int column);

        [LibraryImport(Name, EntryPoint = "PQclear")]
        public static partial void Clear(nint result);

        [LibraryImport(Name, EntryPoint = "PQputCopyData")]
        public static partial int PutCopyData(nint connection, byte* bytes, int length);

        [LibraryImport(Name, EntryPoint = "PQputCopyEnd", StringMarshalling = StringMarshalling.Utf8)]
        public static partial int PutCopyEnd(nint connection, string? error);

        [LibraryImport(Name, EntryPoint = "PQgetResult")]
        public static partial nint GetResult(nint connection);
    }
}
