using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Analytics.Bench.Comparison;

/// <summary>An in-memory DuckDB database and one connection to it: the engine that answers are checked and times are compared with.</summary>
/// <remarks>
/// A thin layer over DuckDB's C API. The library comes with <c>npm ci</c> in bench/Comparison, or is named by the
/// environment variable ANALYTICS_DUCKDB. Nothing is fetched at run time: extensions are never installed.
/// </remarks>
internal sealed partial class DuckDb : IDisposable
{
    private static readonly PeerLibrary Library = PeerLibrary.Register(
        Api.Name,
        "DuckDB",
        "ANALYTICS_DUCKDB",
        "bench/Comparison/node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so",
        "Run '. ./setup.sh; install_peers' in the repository, or let ANALYTICS_DUCKDB name a libduckdb.");

    private nint database;
    private nint connection;

    private DuckDb()
    {
        Check(Api.Open(null, out database), "open a database");
        Check(Api.Connect(database, out connection), "connect");
    }

    /// <summary>Whether there is a DuckDB to use.</summary>
    public static bool IsAvailable => WhyNot is null;

    /// <summary>What is missing and what to do about it, or null.</summary>
    public static string? WhyNot => Library.WhyNot;

    /// <summary>The library's version, such as <c>v1.5.6</c>.</summary>
    public static string Version => Text(Api.LibraryVersion());

    /// <summary>Opens a new, empty database.</summary>
    /// <param name="threads">Threads that a query may use, 1 or more.</param>
    /// <exception cref="DllNotFoundException">DuckDB is not installed; <see cref="WhyNot"/> says more.</exception>
    public static DuckDb Open(int threads)
    {
        if (WhyNot is { } reason)
        {
            throw new DllNotFoundException(reason);
        }

        var opened = new DuckDb();
        opened.Run("SET autoinstall_known_extensions = false");
        opened.Run("SET TimeZone = 'UTC'");
        opened.SetThreads(threads);
        return opened;
    }

    /// <summary>A text as an SQL literal.</summary>
    /// <param name="text">Any text without U+0000.</param>
    public static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>Sets how many threads a query may use.</summary>
    /// <param name="threads">1 or more.</param>
    public void SetThreads(int threads) => Run(string.Create(CultureInfo.InvariantCulture, $"SET threads = {threads}"));

    /// <summary>Runs one statement and reads all of its result.</summary>
    /// <param name="sql">The statement.</param>
    /// <exception cref="DuckDbException">DuckDB refused it.</exception>
    /// <exception cref="NotSupportedException">A column has a type without an exact text here; cast it to VARCHAR.</exception>
    public DuckDbResult Run(string sql)
    {
        ObjectDisposedException.ThrowIf(connection == 0, this);
        var state = Api.Query(connection, sql, out var result);
        try
        {
            return state == 0 ? Read(ref result) : throw new DuckDbException(Text(Api.ResultError(ref result)), sql);
        }
        finally
        {
            Api.DestroyResult(ref result);
        }
    }

    /// <summary>Runs one statement and takes all of its result, as the vectors that DuckDB hands over; no cell is looked at.</summary>
    /// <param name="sql">The statement.</param>
    /// <returns>Rows of the result.</returns>
    /// <exception cref="DuckDbException">DuckDB refused it.</exception>
    public long Execute(string sql)
    {
        ObjectDisposedException.ThrowIf(connection == 0, this);
        var state = Api.Query(connection, sql, out var result);
        try
        {
            if (state != 0)
            {
                throw new DuckDbException(Text(Api.ResultError(ref result)), sql);
            }

            var rows = 0L;
            for (var chunk = Api.FetchChunk(result); chunk != 0; chunk = Api.FetchChunk(result))
            {
                rows += (long)Api.DataChunkSize(chunk);
                Api.DestroyDataChunk(ref chunk);
            }

            return rows;
        }
        finally
        {
            Api.DestroyResult(ref result);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (connection != 0)
        {
            Api.Disconnect(ref connection);
            Api.Close(ref database);
        }
    }

    private static DuckDbResult Read(ref Api.Result result)
    {
        var columns = new DuckDbColumn[(int)Api.ColumnCount(ref result)];
        for (var i = 0; i < columns.Length; i++)
        {
            var type = Api.ColumnLogicalType(ref result, (ulong)i);
            var id = (DuckDbType)Api.TypeId(type);
            var (width, scale) = id == DuckDbType.Decimal ? (Api.DecimalWidth(type), Api.DecimalScale(type)) : default;
            Api.DestroyLogicalType(ref type);
            columns[i] = new DuckDbColumn(Text(Api.ColumnName(ref result, (ulong)i)), id, width, scale);
        }

        List<IReadOnlyList<string?>> rows = [];
        for (var chunk = Api.FetchChunk(result); chunk != 0; chunk = Api.FetchChunk(result))
        {
            try
            {
                ReadChunk(chunk, columns, rows);
            }
            finally
            {
                Api.DestroyDataChunk(ref chunk);
            }
        }

        return new DuckDbResult(columns, rows);
    }

    private static unsafe void ReadChunk(nint chunk, DuckDbColumn[] columns, List<IReadOnlyList<string?>> rows)
    {
        var cells = new string?[(int)Api.DataChunkSize(chunk)][];
        for (var row = 0; row < cells.Length; row++)
        {
            rows.Add(cells[row] = new string?[columns.Length]);
        }

        for (var column = 0; column < columns.Length; column++)
        {
            var vector = Api.DataChunkVector(chunk, (ulong)column);
            var data = (byte*)Api.VectorData(vector);
            var validity = (ulong*)Api.VectorValidity(vector);
            for (var row = 0; row < cells.Length; row++)
            {
                // One bit for each row, set where there is a value; no mask where all rows have one.
                var hasValue = validity is null || (validity[row / 64] >> (row % 64) & 1) == 1;
                cells[row][column] = hasValue ? columns[column].Cell(data, row) : null;
            }
        }
    }

    private static string Text(nint utf8) => Marshal.PtrToStringUTF8(utf8) ?? string.Empty;

    private static void Check(int state, string what)
    {
        if (state != 0)
        {
            throw new InvalidOperationException($"DuckDB could not {what}.");
        }
    }

    /// <summary>The functions of duckdb.h that are used, under their documented names.</summary>
    private static partial class Api
    {
        public const string Name = "duckdb";

        [LibraryImport(Name, EntryPoint = "duckdb_library_version")]
        public static partial nint LibraryVersion();

        [LibraryImport(Name, EntryPoint = "duckdb_open", StringMarshalling = StringMarshalling.Utf8)]
        public static partial int Open(string? path, out nint database);

        [LibraryImport(Name, EntryPoint = "duckdb_close")]
        public static partial void Close(ref nint database);

        [LibraryImport(Name, EntryPoint = "duckdb_connect")]
        public static partial int Connect(nint database, out nint connection);

        [LibraryImport(Name, EntryPoint = "duckdb_disconnect")]
        public static partial void Disconnect(ref nint connection);

        [LibraryImport(Name, EntryPoint = "duckdb_query", StringMarshalling = StringMarshalling.Utf8)]
        public static partial int Query(nint connection, string sql, out Result result);

        [LibraryImport(Name, EntryPoint = "duckdb_destroy_result")]
        public static partial void DestroyResult(ref Result result);

        [LibraryImport(Name, EntryPoint = "duckdb_result_error")]
        public static partial nint ResultError(ref Result result);

        [LibraryImport(Name, EntryPoint = "duckdb_column_count")]
        public static partial ulong ColumnCount(ref Result result);

        [LibraryImport(Name, EntryPoint = "duckdb_column_name")]
        public static partial nint ColumnName(ref Result result, ulong column);

        [LibraryImport(Name, EntryPoint = "duckdb_column_logical_type")]
        public static partial nint ColumnLogicalType(ref Result result, ulong column);

        [LibraryImport(Name, EntryPoint = "duckdb_get_type_id")]
        public static partial int TypeId(nint type);

        [LibraryImport(Name, EntryPoint = "duckdb_decimal_width")]
        public static partial byte DecimalWidth(nint type);

        [LibraryImport(Name, EntryPoint = "duckdb_decimal_scale")]
        public static partial byte DecimalScale(nint type);

        [LibraryImport(Name, EntryPoint = "duckdb_destroy_logical_type")]
        public static partial void DestroyLogicalType(ref nint type);

        [LibraryImport(Name, EntryPoint = "duckdb_fetch_chunk")]
        public static partial nint FetchChunk(Result result);

        [LibraryImport(Name, EntryPoint = "duckdb_data_chunk_get_size")]
        public static partial ulong DataChunkSize(nint chunk);

        [LibraryImport(Name, EntryPoint = "duckdb_data_chunk_get_vector")]
        public static partial nint DataChunkVector(nint chunk, ulong column);

        [LibraryImport(Name, EntryPoint = "duckdb_vector_get_data")]
        public static partial nint VectorData(nint vector);

        [LibraryImport(Name, EntryPoint = "duckdb_vector_get_validity")]
        public static partial nint VectorValidity(nint vector);

        [LibraryImport(Name, EntryPoint = "duckdb_destroy_data_chunk")]
        public static partial void DestroyDataChunk(ref nint chunk);

        /// <summary>duckdb_result: five deprecated fields and the result itself, 48 bytes, passed by value in places.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct Result
        {
            private readonly ulong columnCount;
            private readonly ulong rowCount;
            private readonly ulong rowsChanged;
            private readonly nint columns;
            private readonly nint errorMessage;
            private readonly nint content;
        }
    }
}

/// <summary>DuckDB refused a statement.</summary>
/// <param name="error">DuckDB's words.</param>
/// <param name="sql">The statement.</param>
internal sealed class DuckDbException(string error, string sql) : Exception($"{error}\nin\n{sql}");

/// <summary>All of a result.</summary>
/// <param name="Columns">Names and types.</param>
/// <param name="Rows">Cells as exact text, null where there is no value.</param>
internal sealed record DuckDbResult(IReadOnlyList<DuckDbColumn> Columns, IReadOnlyList<IReadOnlyList<string?>> Rows);

/// <summary>Types that can be read, by their numbers in duckdb.h.</summary>
internal enum DuckDbType
{
    Boolean = 1,
    TinyInt = 2,
    SmallInt = 3,
    Integer = 4,
    BigInt = 5,
    UTinyInt = 6,
    USmallInt = 7,
    UInteger = 8,
    UBigInt = 9,
    Timestamp = 12,
    HugeInt = 16,
    Varchar = 17,
    Decimal = 19,
    TimestampTz = 31,
}

/// <summary>A column of a result.</summary>
/// <param name="Name">Name.</param>
/// <param name="Type">Type; a value outside of the enumeration is a type that cannot be read.</param>
/// <param name="Width">Digits of a DECIMAL, else 0.</param>
/// <param name="Scale">Decimals of a DECIMAL, else 0.</param>
internal sealed record DuckDbColumn(string Name, DuckDbType Type, int Width, int Scale)
{
    /// <summary>One cell as text: integers and decimals digit by digit, timestamps as microseconds since the Unix epoch.</summary>
    internal unsafe string Cell(byte* data, int row) => Type switch
    {
        DuckDbType.Boolean => data[row] == 0 ? "false" : "true",
        DuckDbType.TinyInt => Number(((sbyte*)data)[row]),
        DuckDbType.SmallInt => Number(((short*)data)[row]),
        DuckDbType.Integer => Number(((int*)data)[row]),
        DuckDbType.BigInt or DuckDbType.Timestamp or DuckDbType.TimestampTz => Number(((long*)data)[row]),
        DuckDbType.UTinyInt => Number(data[row]),
        DuckDbType.USmallInt => Number(((ushort*)data)[row]),
        DuckDbType.UInteger => Number(((uint*)data)[row]),
        DuckDbType.UBigInt => Number(((ulong*)data)[row]),
        DuckDbType.HugeInt => Number(((Int128*)data)[row]),
        DuckDbType.Varchar => VarcharAt(data + (row * 16L)),
        DuckDbType.Decimal => WithPoint(Width switch
        {
            <= 4 => ((short*)data)[row],
            <= 9 => ((int*)data)[row],
            <= 18 => ((long*)data)[row],
            _ => ((Int128*)data)[row],
        }),
        _ => throw new NotSupportedException($"Column '{Name}' has DuckDB type {(int)Type}, which has no exact text here; cast it to VARCHAR."),
    };

    private static string Number(Int128 value) => value.ToString(CultureInfo.InvariantCulture);

    // duckdb_string_t, 16 bytes: u32 length, then up to 12 bytes in place, or 4 bytes of prefix and a pointer.
    private static unsafe string VarcharAt(byte* value)
    {
        var length = *(int*)value;
        return Encoding.UTF8.GetString(length <= 12 ? value + 4 : *(byte**)(value + 8), length);
    }

    private string WithPoint(Int128 unscaled)
    {
        if (Scale == 0)
        {
            return Number(unscaled);
        }

        var digits = Number(Int128.Abs(unscaled)).PadLeft(Scale + 1, '0');
        return $"{(unscaled < 0 ? "-" : string.Empty)}{digits[..^Scale]}.{digits[^Scale..]}";
    }
}
