using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Analytics.Engine.Arrow.Foreign;

namespace Analytics.Engine.Arrow.CInterface;

/// <summary>Hands schemas and batches to other code in this process, by the Arrow C data and C stream interfaces.</summary>
/// <remarks>
/// Values are not copied: the consumer reads our memory, which stays until it calls the release function of the structure
/// (and of each child that it moved away). Decimals of 64 bits stay as they are; not every consumer knows them.
/// </remarks>
public static unsafe class CArrowExport
{
    private const string ExtensionName = "ARROW:extension:name";
    private const int InvalidArgument = 22;
    private const int InputOutputError = 5;

    /// <summary>Structures that were exported and not released yet, in this process.</summary>
    internal static long LiveCount => ExportedNode.LiveCount;

    /// <summary>Fills in a schema.</summary>
    /// <param name="schema">The columns.</param>
    /// <param name="target">Overwritten; to be released by whoever has it.</param>
    /// <exception cref="ArgumentException">A name has a zero inside.</exception>
    public static void Schema(Schema schema, CArrowSchema* target)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(target);
        try
        {
            var node = Begin(target, CArrowFormat.Struct, "", 0);
            target->Metadata = Pairs(schema.Metadata, node);
            target->Children = (CArrowSchema**)node.Pointers(schema.Fields.Count);
            foreach (var field in schema.Fields)
            {
                var child = target->Children[target->ChildCount++] = node.Allocate<CArrowSchema>(1);
                var children = Begin(child, CArrowFormat.Of(field.Type), field.Name, field.IsNullable ? CArrowSchema.Nullable : 0);
                if (field.Type is ArrowType.FixedSizeBinaryType { IsUuid: true })
                {
                    child->Metadata = Pairs(new Dictionary<string, string> { [ExtensionName] = "arrow.uuid" }, children);
                }
                else if (field.Type is ArrowType.DictionaryType dictionary)
                {
                    child->Dictionary = children.Allocate<CArrowSchema>(1);
                    Begin(child->Dictionary, CArrowFormat.Of(dictionary.Value), "", CArrowSchema.Nullable);
                }
            }
        }
        catch
        {
            Release(target);
            throw;
        }
    }

    /// <summary>Fills in a batch, as a structure with a child for each column.</summary>
    /// <param name="batch">Stays alive until it is released.</param>
    /// <param name="target">Overwritten; to be released by whoever has it.</param>
    public static void Batch(RecordBatch batch, CArrowArray* target)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(target);
        try
        {
            var node = Begin(target, batch, batch.RowCount, bufferCount: 1);
            target->Children = (CArrowArray**)node.Pointers(batch.Columns.Count);
            foreach (var column in batch.Columns)
            {
                var child = target->Children[target->ChildCount++] = node.Allocate<CArrowArray>(1);
                Fill(column, child);
            }
        }
        catch
        {
            Release(target);
            throw;
        }
    }

    /// <summary>Fills in a stream.</summary>
    /// <param name="schema">The columns of all batches.</param>
    /// <param name="batches">Read once, as the consumer asks for them; an exception becomes its error.</param>
    /// <param name="target">Overwritten; to be released by whoever has it.</param>
    public static void Stream(Schema schema, IEnumerable<RecordBatch> batches, CArrowArrayStream* target)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(target);
        *target = new CArrowArrayStream
        {
            GetSchema = &GetSchema,
            GetNext = &GetNext,
            GetLastError = &GetLastError,
            Release = &ReleaseStream,
            PrivateData = new ExportedNode(new Source(schema, batches.GetEnumerator())).ToPrivateData(),
        };
    }

    private static ExportedNode Begin(CArrowSchema* target, string format, string name, long flags)
    {
        var node = new ExportedNode(null);
        *target = new CArrowSchema { Flags = flags, Release = &ReleaseSchema, PrivateData = node.ToPrivateData() };
        target->Format = node.Text(format);
        target->Name = node.Text(name);
        return node;
    }

    private static ExportedNode Begin(CArrowArray* target, object kept, int length, int bufferCount)
    {
        var node = new ExportedNode(kept);
        *target = new CArrowArray { Length = length, BufferCount = bufferCount, Release = &ReleaseArray, PrivateData = node.ToPrivateData() };
        target->Buffers = node.Pointers(bufferCount);
        return node;
    }

    private static void Fill(ArrowArray array, CArrowArray* target)
    {
        var (block, offset) = array.Memory;
        var values = array as BinaryArray;
        var node = Begin(target, array, array.Length, values is null ? 2 : 3);
        target->NullCount = array.NullCount;
        target->Offset = offset;
        var address = block.Address;
        if (array.Validity is { } validity)
        {
            // One offset stands for all buffers. Where the bitmap has another, it is copied: 1 bit for each value.
            if (validity.BitOffset == offset)
            {
                target->Buffers[0] = (void*)validity.Buffer.Address;
            }
            else
            {
                var bit = offset & 7;
                var copy = ValidityBitmap.Copy(validity.Buffer, validity.BitOffset, array.Length, bit);
                node.Keep(copy);
                target->Buffers[0] = (void*)copy.Address;
                target->Offset = bit;
                address += array is BooleanArray
                    ? (nint)((offset - bit) / 8)
                    : (offset - bit) * (nint)(ForeignType.OfWidth(array.Type)?.Width ?? sizeof(int));
            }
        }

        target->Buffers[1] = (void*)address;
        if (values is not null)
        {
            target->Buffers[2] = (void*)values.Data.Address;
        }

        if (array is DictionaryArray coded)
        {
            target->Dictionary = node.Allocate<CArrowArray>(1);
            Fill(coded.Dictionary, target->Dictionary);
        }
    }

    private static byte* Pairs(IReadOnlyDictionary<string, string> metadata, ExportedNode node)
    {
        if (metadata.Count == 0)
        {
            return null;
        }

        List<byte> bytes = [];
        Number(metadata.Count);
        foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            foreach (var text in new[] { key, value })
            {
                var utf8 = Encoding.UTF8.GetBytes(text);
                Number(utf8.Length);
                bytes.AddRange(utf8);
            }
        }

        return node.Copy(bytes.ToArray());

        void Number(int number)
        {
            Span<byte> four = stackalloc byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(four, number);
            bytes.AddRange(four);
        }
    }

    private static void Release(CArrowSchema* schema)
    {
        if (schema is not null && schema->Release is not null)
        {
            schema->Release(schema);
        }
    }

    private static void Release(CArrowArray* array)
    {
        if (array is not null && array->Release is not null)
        {
            array->Release(array);
        }
    }

    // A child without a release function was moved away, and is released there.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void ReleaseSchema(CArrowSchema* schema)
    {
        for (var i = 0; i < schema->ChildCount; i++)
        {
            Release(schema->Children[i]);
        }

        Release(schema->Dictionary);
        ExportedNode.Free(schema->PrivateData);
        schema->Release = null;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void ReleaseArray(CArrowArray* array)
    {
        for (var i = 0; i < array->ChildCount; i++)
        {
            Release(array->Children[i]);
        }

        Release(array->Dictionary);
        ExportedNode.Free(array->PrivateData);
        array->Release = null;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetSchema(CArrowArrayStream* stream, CArrowSchema* target)
    {
        var source = Source.Of(stream);
        try
        {
            Schema(source.Schema, target);
            return 0;
        }
        catch (Exception exception)
        {
            return source.Fail(exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetNext(CArrowArrayStream* stream, CArrowArray* target)
    {
        var source = Source.Of(stream);
        try
        {
            *target = default;
            if (source.Next() is { } batch)
            {
                Batch(batch, target);
            }

            return 0;
        }
        catch (Exception exception)
        {
            return source.Fail(exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte* GetLastError(CArrowArrayStream* stream) => Source.Of(stream).LastError;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void ReleaseStream(CArrowArrayStream* stream)
    {
        Source.Of(stream).Dispose();
        ExportedNode.Free(stream->PrivateData);
        stream->Release = null;
    }

    /// <summary>The batches behind a stream, and the last error.</summary>
    private sealed class Source(Schema schema, IEnumerator<RecordBatch> batches) : IDisposable
    {
        private nint lastError;

        public Schema Schema { get; } = schema;

        public byte* LastError => (byte*)lastError;

        public static Source Of(CArrowArrayStream* stream) => ExportedNode.Kept<Source>(stream->PrivateData);

        public RecordBatch? Next()
        {
            if (!batches.MoveNext())
            {
                return null;
            }

            return batches.Current.Schema.Fields.SequenceEqual(Schema.Fields)
                ? batches.Current
                : throw new ArgumentException("A batch has other columns than the stream.");
        }

        public int Fail(Exception exception)
        {
            Marshal.FreeCoTaskMem(lastError);
            lastError = Marshal.StringToCoTaskMemUTF8(exception.Message.Replace("\0", "", StringComparison.Ordinal));
            return exception is ArgumentException ? InvalidArgument : InputOutputError;
        }

        // Whatever the enumerator does at its end, the consumer must not see it.
        public void Dispose()
        {
            Marshal.FreeCoTaskMem(lastError);
            lastError = 0;
            try
            {
                batches.Dispose();
            }
            catch (Exception)
            {
                // The consumer has all that it wanted.
            }
        }
    }
}
