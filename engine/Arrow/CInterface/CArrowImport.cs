using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Analytics.Engine.Arrow.Foreign;

namespace Analytics.Engine.Arrow.CInterface;

/// <summary>Takes over schemas and batches from other code in this process, by the Arrow C data and C stream interfaces.</summary>
/// <remarks>
/// <para>
/// Values are not copied where their layout is ours; see <see cref="Ipc.ArrowStreamReader"/> for what is converted, skipped
/// and refused. Texts, offsets, codes and counts are checked as if they came from a file. Whether the pointers lead to
/// memory of the size that the structure says cannot be checked: the producer runs in this process and is trusted so far.
/// </para>
/// <para>What is handed to these functions belongs to them from then on, and is given back even where they throw.</para>
/// </remarks>
public static unsafe class CArrowImport
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Arrays that were taken over and not given back yet, in this process.</summary>
    internal static long LiveCount => ImportedMemory.LiveCount;

    /// <summary>Takes over a schema.</summary>
    /// <param name="source">Of a structure with a child for each column.</param>
    /// <param name="name">The producer's name for messages.</param>
    /// <exception cref="ArrowFormatException">The schema is damaged, or of a form that is not supported.</exception>
    public static Schema Schema(CArrowSchema* source, string name) => Read(source, new ForeignPlace(name)).Schema;

    /// <summary>Takes over a batch.</summary>
    /// <param name="schema">Its schema, taken over too.</param>
    /// <param name="source">A structure with a child for each column.</param>
    /// <param name="name">The producer's name for messages.</param>
    /// <exception cref="ArrowFormatException">The data are damaged, or of a form that is not supported.</exception>
    public static ImportedBatch Batch(CArrowSchema* schema, CArrowArray* source, string name)
    {
        ArgumentNullException.ThrowIfNull(source);
        var place = new ForeignPlace(name);
        var memory = new ImportedMemory(source);
        try
        {
            return Read(Read(schema, place), memory, place);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>Takes over a stream.</summary>
    /// <param name="source">The stream.</param>
    /// <param name="name">The producer's name for messages.</param>
    /// <exception cref="ArrowFormatException">The schema is damaged, or of a form that is not supported.</exception>
    /// <exception cref="IOException">The producer failed.</exception>
    public static ImportedStream Stream(CArrowArrayStream* source, string name)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new ImportedStream(source, new ForeignPlace(name));
    }

    internal static ForeignSchema Read(CArrowSchema* source, ForeignPlace place)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source->Release is null)
        {
            throw place.Refuse("a schema that was released", "one that was not", "Hand it over once only.");
        }

        try
        {
            if (Text(source->Format, place) is var format && format != CArrowFormat.Struct)
            {
                throw place.Refuse($"format '{format}'", $"'{CArrowFormat.Struct}', a structure with a child for each column");
            }

            var fields = new ForeignField[place.Size(source->ChildCount, "a number of children of")];
            for (var i = 0; i < fields.Length; i++)
            {
                fields[i] = Field(source->Children[i], place);
            }

            return new ForeignSchema(fields, Pairs(source->Metadata, place), place);
        }
        finally
        {
            source->Release(source);
        }
    }

    internal static ImportedBatch Read(ForeignSchema schema, ImportedMemory memory, ForeignPlace place)
    {
        var root = memory.Array;
        if (root->Release is null)
        {
            throw place.Refuse("a batch that was released", "one that was not", "Hand it over once only.");
        }

        var rowCount = place.Size(root->Length, "a row count of");
        if (root->ChildCount != schema.Fields.Count)
        {
            throw place.Refuse($"{root->ChildCount} children", $"{schema.Fields.Count}, as the schema says");
        }

        if (root->BufferCount == 1 && root->Buffers is not null && root->NullCount != 0 && Validity(root, root->Offset, rowCount, place) is { } bits
            && new ValidityBitmap(bits, (int)(root->Offset & 7), rowCount).NullCount > 0)
        {
            throw place.Refuse("rows that are null as a whole", "rows whose values may be null", "Hand over the columns only.");
        }

        List<ArrowArray> columns = [];
        for (var i = 0; i < schema.Fields.Count; i++)
        {
            var field = schema.Fields[i];
            if (field.Type.Type is not null)
            {
                columns.Add(Column(field.Type, root->Children[i], root->Offset, rowCount, place with { Column = field.Name }));
            }
        }

        return new ImportedBatch(schema.Batch(rowCount, columns, place), memory);

        ArrowArray Column(ForeignType type, CArrowArray* array, long before, int length, ForeignPlace at)
        {
            var start = Start(type, array, before, length, at);
            ForeignDictionary? dictionary = null;
            if (type is ForeignType.Coded coded)
            {
                if (array->Dictionary is null)
                {
                    throw at.Refuse("codes without a dictionary", "a dictionary");
                }

                var count = at.Size(array->Dictionary->Length, "a dictionary of length");
                dictionary = new ForeignDictionary();
                dictionary.Replace((StringArray)Column(coded.Texts, array->Dictionary, 0, count, at), at);
            }

            var nullCount = length == array->Length ? array->NullCount : -1;
            var (further, dataStart) = Buffers(type, array, start, length, at);
            return ForeignArrays.Make(
                type, new ForeignColumn(length, nullCount, (int)(start & 7), Validity(array, start, length, at), further, dataStart), dictionary, at);
        }

        NativeBuffer? Validity(CArrowArray* array, long start, int length, ForeignPlace at) => array->Buffers[0] is null
            ? null
            : Part(array, 0, start >> 3, ((start & 7) + length + 7) / 8, at);

        // Offsets and codes are moved to the array's first; bits to the byte that it is in.
        (NativeBuffer[] Buffers, long DataStart) Buffers(ForeignType type, CArrowArray* array, long start, int length, ForeignPlace at) => type switch
        {
            ForeignType.Fixed values => ([Part(array, 1, start * values.Width, (long)length * values.Width, at)], 0),
            ForeignType.Bits => ([Part(array, 1, start >> 3, ((start & 7) + length + 7) / 8, at)], 0),
            ForeignType.DateMilliseconds => ([Part(array, 1, start * 8, length * 8L, at)], 0),
            ForeignType.Coded { Code.BitWidth: var bits } => ([Part(array, 1, start * (bits / 8), (long)length * (bits / 8), at)], 0),
            ForeignType.Variable when length == 0 => ([NativeBuffer.Copy<byte>([]), NativeBuffer.Copy<byte>([])], 0),
            ForeignType.Variable { Layout: VariableLayout.Offsets32 } => Offsets32(array, start, length, at),
            ForeignType.Variable { Layout: VariableLayout.Offsets64 } => Offsets64(array, start, length, at),
            _ => Views(array, start, length, at),
        };

        (NativeBuffer[], long) Offsets32(CArrowArray* array, long start, int length, ForeignPlace at)
        {
            var offsets = Part(array, 1, start * sizeof(int), (length + 1L) * sizeof(int), at);
            return ([offsets, Part(array, 2, 0, offsets.Span<int>()[length], at)], 0);
        }

        (NativeBuffer[], long) Offsets64(CArrowArray* array, long start, int length, ForeignPlace at)
        {
            var offsets = Part(array, 1, start * sizeof(long), (length + 1L) * sizeof(long), at);
            var (first, last) = (offsets.Span<long>()[0], offsets.Span<long>()[length]);
            return first >= 0 && last >= first
                ? ([offsets, Part(array, 2, first, last - first, at)], first)
                : throw at.Refuse($"offsets from {first} to {last}", "ascending ones");
        }

        (NativeBuffer[], long) Views(CArrowArray* array, long start, int length, ForeignPlace at)
        {
            // Behind the views: the blocks, then their lengths.
            var blocks = array->BufferCount - 3;
            var buffers = new NativeBuffer[1 + blocks];
            buffers[0] = Part(array, 1, start * 16, length * 16L, at);
            for (var i = 0; i < blocks; i++)
            {
                buffers[1 + i] = Part(array, 2 + i, 0, ((long*)array->Buffers[array->BufferCount - 1])[i], at);
            }

            return (buffers, 0);
        }

        NativeBuffer Part(CArrowArray* array, long index, long firstByte, long lengthBytes, ForeignPlace at)
        {
            var size = at.Size(lengthBytes, "a block of length");
            var address = (nint)array->Buffers[index];
            return size == 0 ? NativeBuffer.Copy<byte>([])
                : address == 0 ? throw at.Refuse($"no buffer {index}", $"one of {lengthBytes} bytes")
                : NativeBuffer.Borrow(address + (nint)firstByte, size, memory);
        }

        static long Start(ForeignType type, CArrowArray* array, long before, int length, ForeignPlace at)
        {
            const long Farthest = int.MaxValue;
            if (array is null || array->Release is null)
            {
                throw at.Refuse("no array, or one that was released", "an array");
            }

            if (array->Offset is < 0 or > Farthest || before is < 0 or > Farthest || array->Length < before + length)
            {
                throw at.Refuse($"{array->Length} values from {array->Offset} on", $"{before + length} values or more, from 0 to {Farthest} on");
            }

            var isView = type is ForeignType.Variable { Layout: VariableLayout.Views };
            return array->BufferCount >= 0 && (array->BufferCount == type.BufferCount + (isView ? 1 : 0) || (isView && array->BufferCount is > 3 and < int.MaxValue))
                ? array->Offset + before
                : throw at.Refuse($"{array->BufferCount} buffers", $"{type.BufferCount + (isView ? 1 : 0)}{(isView ? " or more" : "")}");
        }
    }

    internal static string Text(byte* text, ForeignPlace place)
    {
        if (text is null)
        {
            return "";
        }

        try
        {
            return StrictUtf8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));
        }
        catch (DecoderFallbackException)
        {
            throw place.Refuse("a name that is not UTF-8", "UTF-8");
        }
    }

    private static ForeignField Field(CArrowSchema* source, ForeignPlace place)
    {
        if (source is null || source->Release is null)
        {
            throw place.Refuse("no column, or one that was released", "a column");
        }

        var name = Text(source->Name, place);
        var at = place with { Column = name };
        var format = Text(source->Format, at);
        var isUuid = Pairs(source->Metadata, at).GetValueOrDefault("ARROW:extension:name") == "arrow.uuid";
        var type = CArrowFormat.Read(format, isUuid, at);
        if (source->Dictionary is not null)
        {
            var values = Text(source->Dictionary->Format, at);
            type = CArrowFormat.Integers(format) is not { } code ? throw at.Refuse($"codes of format '{format}'", "integers")
                : CArrowFormat.Read(values, isUuid: false, at) is ForeignType.Variable { IsText: true } texts ? new ForeignType.Coded(code, texts)
                : new ForeignType.Skipped($"dictionary of format {values}", 2);
        }

        return new ForeignField(name, (source->Flags & CArrowSchema.Nullable) != 0, type, []);
    }

    private static Dictionary<string, string> Pairs(byte* metadata, ForeignPlace place)
    {
        Dictionary<string, string> pairs = new(StringComparer.Ordinal);
        if (metadata is null)
        {
            return pairs;
        }

        var next = metadata;
        for (var count = Number(); count > 0; count--)
        {
            var key = Part();
            pairs[key] = Part();
        }

        return pairs;

        int Number()
        {
            var number = BinaryPrimitives.ReadInt32LittleEndian(new ReadOnlySpan<byte>(next, 4));
            next += 4;
            return number >= 0 ? number : throw place.Refuse($"metadata with a length of {number}", "0 or more");
        }

        string Part()
        {
            var length = Number();
            try
            {
                return StrictUtf8.GetString(next, length);
            }
            catch (DecoderFallbackException)
            {
                throw place.Refuse("metadata that are not UTF-8", "UTF-8");
            }
            finally
            {
                next += length;
            }
        }
    }
}
