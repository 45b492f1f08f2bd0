using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Analytics.Engine.Arrow;
using Analytics.Engine.Arrow.CInterface;

namespace Analytics.Tests.Interop;

/// <summary>
/// A DuckDB database with a table function <c>batches()</c> over record batches of ours, which are handed over slice by
/// slice through the Arrow C data interface.
/// </summary>
/// <remarks>
/// DuckDB's own duckdb_arrow_scan does not serve: it asks for some of the columns and takes what comes for these, so that a
/// query gets the values of others. Here the function says which columns it gives.
/// </remarks>
internal sealed unsafe partial class DuckDbScan : IDisposable
{
    private const string Library = "duckdb";

    private readonly IReadOnlyList<RecordBatch> batches;
    private readonly GCHandle self;
    private nint database;
    private nint connection;
    private nint second;

    static DuckDbScan() => NativeLibrary.SetDllImportResolver(typeof(DuckDbScan).Assembly, static (name, _, _) =>
        name == Library ? NativeLibrary.Load(Environment.GetEnvironmentVariable("ANALYTICS_DUCKDB") is { Length: > 0 } path
            ? path
            : Path.Combine(RepositoryRoot.Path, "bench/Comparison/node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so")) : 0);

    public DuckDbScan(IReadOnlyList<RecordBatch> batches)
    {
        this.batches = batches;
        self = GCHandle.Alloc(this);
        Check(Open(null, out database) == 0, "open");
        Check(Connect(database, out connection) == 0 && Connect(database, out second) == 0, "connect");
        Query("SET TimeZone = 'UTC'");
        var function = CreateTableFunction();
        SetName(function, "batches");
        SetExtraInfo(function, GCHandle.ToIntPtr(self), 0);
        SetBind(function, &Bind);
        SetInit(function, &Init);
        SetFunction(function, &Scan);
        SupportsProjection(function, true);
        Check(Register(connection, function) == 0, "register the function");
        DestroyTableFunction(ref function);
    }

    /// <summary>Slices that DuckDB has asked for.</summary>
    public int Slices { get; private set; }

    /// <summary>Columns of the slices of the last scan.</summary>
    public IReadOnlyList<string> LastColumns { get; private set; } = [];

    /// <summary>Runs a statement whose columns are all texts.</summary>
    public IReadOnlyList<string> Query(string sql)
    {
        var state = RunQuery(connection, sql, out var result);
        try
        {
            Check(state == 0, $"{Marshal.PtrToStringUTF8(ResultError(ref result))} in {sql}");
            return [.. Enumerable.Range(0, (int)RowCount(ref result)).Select(row => string.Join('|', Enumerable.Range(0, (int)ColumnCount(ref result))
                .Select(column => Text(ref result, column, row))))];
        }
        finally
        {
            DestroyResult(ref result);
        }

        static string Text(ref Result result, int column, int row)
        {
            var text = Varchar(ref result, (ulong)column, (ulong)row);
            var read = Marshal.PtrToStringUTF8(text) ?? "null";
            Free(text);
            return read;
        }
    }

    public void Dispose()
    {
        Disconnect(ref second);
        Disconnect(ref connection);
        Close(ref database);
        self.Free();
    }

    private static DuckDbScan Of(nint info) => (DuckDbScan)GCHandle.FromIntPtr(info).Target!;

    private static void Check(bool isRight, string what)
    {
        if (!isRight)
        {
            throw new InvalidOperationException($"DuckDB could not {what}.");
        }
    }

    private static nint LogicalType(ArrowType type) => type switch
    {
        ArrowType.DecimalType value => CreateDecimalType((byte)value.Precision, (byte)value.Scale),
        ArrowType.BoolType => CreateLogicalType(1),
        ArrowType.IntType(8, true) => CreateLogicalType(2),
        ArrowType.IntType(16, true) => CreateLogicalType(3),
        ArrowType.IntType(32, true) => CreateLogicalType(4),
        ArrowType.IntType(64, true) => CreateLogicalType(5),
        ArrowType.IntType(8, false) => CreateLogicalType(6),
        ArrowType.IntType(16, false) => CreateLogicalType(7),
        ArrowType.IntType(32, false) => CreateLogicalType(8),
        ArrowType.IntType(64, false) => CreateLogicalType(9),
        ArrowType.FloatType(32) => CreateLogicalType(10),
        ArrowType.FloatType(64) => CreateLogicalType(11),
        ArrowType.TimestampType(TimeUnit.Microsecond, null) => CreateLogicalType(12),
        ArrowType.DateType => CreateLogicalType(13),
        ArrowType.Utf8Type or ArrowType.DictionaryType => CreateLogicalType(17),
        ArrowType.BinaryType => CreateLogicalType(18),
        ArrowType.FixedSizeBinaryType { IsUuid: true } => CreateLogicalType(27),
        ArrowType.TimestampType => CreateLogicalType(31),
        _ => throw new NotSupportedException($"{type}"),
    };

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Bind(nint info)
    {
        try
        {
            foreach (var field in Of(BindExtraInfo(info)).batches[0].Schema.Fields)
            {
                var type = LogicalType(field.Type);
                AddResultColumn(info, field.Name, type);
                DestroyLogicalType(ref type);
            }
        }
        catch (Exception exception)
        {
            BindError(info, exception.ToString());
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Init(nint info)
    {
        try
        {
            var scan = Of(InitExtraInfo(info));
            var schema = scan.batches[0].Schema;

            // A query that only counts rows asks for a column behind the last: any will do.
            int[] columns = [.. Enumerable.Range(0, (int)InitColumnCount(info)).Select(i => InitColumn(info, (ulong)i)).Select(i => i < (ulong)schema.Fields.Count ? (int)i : 0)];

            // Columns of a schema have different names.
            var cursor = new Cursor(columns, new Schema(columns.Select((column, i) => schema.Fields[column] with { Name = $"{i}" })));
            scan.LastColumns = [.. columns.Select(column => schema.Fields[column].Name)];
            CArrowSchema native;
            CArrowExport.Schema(cursor.Schema, &native);
            var error = SchemaFromArrow(scan.second, &native, out cursor.Converted);
            if (native.Release is not null)
            {
                native.Release(&native);
            }

            Check(error == 0, "take the schema");
            SetMaxThreads(info, 1);
            SetInitData(info, GCHandle.ToIntPtr(GCHandle.Alloc(cursor)), &FreeCursor);
        }
        catch (Exception exception)
        {
            InitError(info, exception.ToString());
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Scan(nint info, nint output)
    {
        try
        {
            var scan = Of(FunctionExtraInfo(info));
            var cursor = (Cursor)GCHandle.FromIntPtr(FunctionInitData(info)).Target!;
            while (cursor.Batch < scan.batches.Count && cursor.Row >= scan.batches[cursor.Batch].RowCount)
            {
                (cursor.Batch, cursor.Row) = (cursor.Batch + 1, 0);
            }

            if (cursor.Batch == scan.batches.Count)
            {
                SetSize(output, 0);
                return;
            }

            var batch = scan.batches[cursor.Batch];
            var count = Math.Min((int)VectorSize(), batch.RowCount - cursor.Row);
            var slice = new RecordBatch(cursor.Schema, count, [.. cursor.Columns.Select(column => batch.Columns[column].Slice(cursor.Row, count))]);
            cursor.Row += count;
            scan.Slices++;
            CArrowArray native;
            CArrowExport.Batch(slice, &native);
            var error = ChunkFromArrow(scan.second, &native, cursor.Converted, out var chunk);
            if (error != 0)
            {
                FunctionError(info, Marshal.PtrToStringUTF8(ErrorMessage(error))!);
                return;
            }

            for (var i = 0; i < cursor.Columns.Length; i++)
            {
                ReferenceVector(Vector(output, (ulong)i), Vector(chunk, (ulong)i));
            }

            SetSize(output, (ulong)count);
            DestroyChunk(ref chunk);
        }
        catch (Exception exception)
        {
            FunctionError(info, exception.ToString());
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void FreeCursor(nint data)
    {
        var handle = GCHandle.FromIntPtr(data);
        var cursor = (Cursor)handle.Target!;
        DestroyConverted(ref cursor.Converted);
        handle.Free();
    }

    /// <summary>How far a scan has come.</summary>
    private sealed class Cursor(int[] columns, Schema schema)
    {
        public nint Converted;

        public int[] Columns { get; } = columns;

        public Schema Schema { get; } = schema;

        public int Batch { get; set; }

        public int Row { get; set; }
    }

    /// <summary>duckdb_result, 48 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Result
    {
        private readonly ulong columnCount;
        private readonly ulong rowCount;
        private readonly ulong rowsChanged;
        private readonly nint columns;
        private readonly nint errorMessage;
        private readonly nint content;
    }

    [LibraryImport(Library, EntryPoint = "duckdb_open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string? path, out nint database);

    [LibraryImport(Library, EntryPoint = "duckdb_connect")]
    private static partial int Connect(nint database, out nint connection);

    [LibraryImport(Library, EntryPoint = "duckdb_disconnect")]
    private static partial void Disconnect(ref nint connection);

    [LibraryImport(Library, EntryPoint = "duckdb_close")]
    private static partial void Close(ref nint database);

    [LibraryImport(Library, EntryPoint = "duckdb_query", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RunQuery(nint connection, string sql, out Result result);

    [LibraryImport(Library, EntryPoint = "duckdb_destroy_result")]
    private static partial void DestroyResult(ref Result result);

    [LibraryImport(Library, EntryPoint = "duckdb_result_error")]
    private static partial nint ResultError(ref Result result);

    [LibraryImport(Library, EntryPoint = "duckdb_row_count")]
    private static partial ulong RowCount(ref Result result);

    [LibraryImport(Library, EntryPoint = "duckdb_column_count")]
    private static partial ulong ColumnCount(ref Result result);

    [LibraryImport(Library, EntryPoint = "duckdb_value_varchar")]
    private static partial nint Varchar(ref Result result, ulong column, ulong row);

    [LibraryImport(Library, EntryPoint = "duckdb_free")]
    private static partial void Free(nint block);

    [LibraryImport(Library, EntryPoint = "duckdb_create_table_function")]
    private static partial nint CreateTableFunction();

    [LibraryImport(Library, EntryPoint = "duckdb_destroy_table_function")]
    private static partial void DestroyTableFunction(ref nint function);

    [LibraryImport(Library, EntryPoint = "duckdb_table_function_set_name", StringMarshalling = StringMarshalling.Utf8)]
    private static partial void SetName(nint function, string name);

    [LibraryImport(Library, EntryPoint = "duckdb_table_function_set_extra_info")]
    private static partial void SetExtraInfo(nint function, nint info, nint destroy);

    [LibraryImport(Library, EntryPoint = "duckdb_table_function_set_bind")]
    private static partial void SetBind(nint function, delegate* unmanaged[Cdecl]<nint, void> bind);

    [LibraryImport(Library, EntryPoint = "duckdb_table_function_set_init")]
    private static partial void SetInit(nint function, delegate* unmanaged[Cdecl]<nint, void> init);

    [LibraryImport(Library, EntryPoint = "duckdb_table_function_set_function")]
    private static partial void SetFunction(nint function, delegate* unmanaged[Cdecl]<nint, nint, void> scan);

    [LibraryImport(Library, EntryPoint = "duckdb_table_function_supports_projection_pushdown")]
    private static partial void SupportsProjection(nint function, [MarshalAs(UnmanagedType.U1)] bool isSupported);

    [LibraryImport(Library, EntryPoint = "duckdb_register_table_function")]
    private static partial int Register(nint connection, nint function);

    [LibraryImport(Library, EntryPoint = "duckdb_create_logical_type")]
    private static partial nint CreateLogicalType(int type);

    [LibraryImport(Library, EntryPoint = "duckdb_create_decimal_type")]
    private static partial nint CreateDecimalType(byte width, byte scale);

    [LibraryImport(Library, EntryPoint = "duckdb_destroy_logical_type")]
    private static partial void DestroyLogicalType(ref nint type);

    [LibraryImport(Library, EntryPoint = "duckdb_bind_get_extra_info")]
    private static partial nint BindExtraInfo(nint info);

    [LibraryImport(Library, EntryPoint = "duckdb_bind_add_result_column", StringMarshalling = StringMarshalling.Utf8)]
    private static partial void AddResultColumn(nint info, string name, nint type);

    [LibraryImport(Library, EntryPoint = "duckdb_bind_set_error", StringMarshalling = StringMarshalling.Utf8)]
    private static partial void BindError(nint info, string error);

    [LibraryImport(Library, EntryPoint = "duckdb_init_get_extra_info")]
    private static partial nint InitExtraInfo(nint info);

    [LibraryImport(Library, EntryPoint = "duckdb_init_get_column_count")]
    private static partial ulong InitColumnCount(nint info);

    [LibraryImport(Library, EntryPoint = "duckdb_init_get_column_index")]
    private static partial ulong InitColumn(nint info, ulong index);

    [LibraryImport(Library, EntryPoint = "duckdb_init_set_max_threads")]
    private static partial void SetMaxThreads(nint info, ulong threads);

    [LibraryImport(Library, EntryPoint = "duckdb_init_set_init_data")]
    private static partial void SetInitData(nint info, nint data, delegate* unmanaged[Cdecl]<nint, void> destroy);

    [LibraryImport(Library, EntryPoint = "duckdb_init_set_error", StringMarshalling = StringMarshalling.Utf8)]
    private static partial void InitError(nint info, string error);

    [LibraryImport(Library, EntryPoint = "duckdb_function_get_extra_info")]
    private static partial nint FunctionExtraInfo(nint info);

    [LibraryImport(Library, EntryPoint = "duckdb_function_get_init_data")]
    private static partial nint FunctionInitData(nint info);

    [LibraryImport(Library, EntryPoint = "duckdb_function_set_error", StringMarshalling = StringMarshalling.Utf8)]
    private static partial void FunctionError(nint info, string error);

    [LibraryImport(Library, EntryPoint = "duckdb_schema_from_arrow")]
    private static partial nint SchemaFromArrow(nint connection, CArrowSchema* schema, out nint converted);

    [LibraryImport(Library, EntryPoint = "duckdb_destroy_arrow_converted_schema")]
    private static partial void DestroyConverted(ref nint converted);

    [LibraryImport(Library, EntryPoint = "duckdb_data_chunk_from_arrow")]
    private static partial nint ChunkFromArrow(nint connection, CArrowArray* array, nint converted, out nint chunk);

    [LibraryImport(Library, EntryPoint = "duckdb_error_data_message")]
    private static partial nint ErrorMessage(nint error);

    [LibraryImport(Library, EntryPoint = "duckdb_data_chunk_get_vector")]
    private static partial nint Vector(nint chunk, ulong column);

    [LibraryImport(Library, EntryPoint = "duckdb_vector_reference_vector")]
    private static partial void ReferenceVector(nint to, nint from);

    [LibraryImport(Library, EntryPoint = "duckdb_data_chunk_set_size")]
    private static partial void SetSize(nint chunk, ulong size);

    [LibraryImport(Library, EntryPoint = "duckdb_destroy_data_chunk")]
    private static partial void DestroyChunk(ref nint chunk);

    [LibraryImport(Library, EntryPoint = "duckdb_vector_size")]
    private static partial ulong VectorSize();
}
