using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using System.Text.Unicode;

namespace Analytics.Engine.Arrow.Foreign;

/// <summary>The memory of one array from outside. Nothing in it has been checked.</summary>
/// <param name="Length">Values, 0 or more.</param>
/// <param name="NullCount">Nulls as the writer counted them; -1 where it did not.</param>
/// <param name="BitOffset">Bits before the first value's in the validity bitmap and in the values of a <see cref="ForeignType.Bits"/>.</param>
/// <param name="Validity">Which values are there; null or empty where all are.</param>
/// <param name="Buffers">Values; codes; offsets and data; or views and data: those behind the validity bitmap.</param>
/// <param name="DataStart">Where the data begin, in the terms of the offsets.</param>
internal readonly record struct ForeignColumn(
    int Length, long NullCount, int BitOffset, NativeBuffer? Validity, IReadOnlyList<NativeBuffer> Buffers, long DataStart = 0);

/// <summary>Checks arrays from outside and makes arrays of ours, over the same memory wherever the layout is ours.</summary>
internal static class ForeignArrays
{
    /// <summary>What texts by view may grow to when they are written out, in multiples of the bytes that arrived.</summary>
    /// <remarks>Views may share one text, so a small message can stand for any amount of data.</remarks>
    public const int MostGrowthOfViews = 64;

    private const long MillisecondsPerDay = 86_400_000;

    /// <summary>Makes an array.</summary>
    /// <param name="type">How the memory is laid out; not a skipped type.</param>
    /// <param name="column">The memory.</param>
    /// <param name="dictionary">The texts of a coded column; null where none came.</param>
    /// <param name="place">For messages.</param>
    /// <exception cref="ArrowFormatException">The memory does not hold what it should.</exception>
    public static ArrowArray Make(ForeignType type, ForeignColumn column, ForeignDictionary? dictionary, ForeignPlace place)
    {
        ArrowArray array = type switch
        {
            ForeignType.Fixed values => OfWidth(values, column, place),
            ForeignType.Bits => Bits(column, place),
            ForeignType.DateMilliseconds => Days(column, place),
            ForeignType.Variable { Layout: VariableLayout.Views } values => Views(values.IsText, column, place),
            ForeignType.Variable values => Variable(values, column, place),
            ForeignType.Coded values => Coded(values, column, dictionary ?? new ForeignDictionary(), place),
            _ => throw new ArgumentException($"Columns of type {type} are skipped.", nameof(type)),
        };

        // Spans over the memory do not keep it alive.
        GC.KeepAlive(column.Buffers);
        return array;
    }

    private static ArrowArray OfWidth(ForeignType.Fixed type, ForeignColumn column, ForeignPlace place)
    {
        var data = Part(column.Buffers[0], (long)column.Length * type.Width, place);
        var validity = Validity(column, place);
        return type.Value is ArrowType.FixedSizeBinaryType bytes
            ? new FixedSizeBinaryArray(bytes, column.Length, data, validity)
            : PrimitiveTypes.Array(type.Value, data, validity);
    }

    private static BooleanArray Bits(ForeignColumn column, ForeignPlace place) => new(
        Part(column.Buffers[0], BitmapBytes(column), place), column.BitOffset, column.Length, Validity(column, place));

    private static PrimitiveArray<int> Days(ForeignColumn column, ForeignPlace place)
    {
        var validity = Validity(column, place);
        var times = Part(column.Buffers[0], (long)column.Length * sizeof(long), place).Span<long>();
        var days = new int[column.Length];
        for (var row = 0; row < days.Length; row++)
        {
            if (validity is { } present && !present[row])
            {
                continue;
            }

            var (day, rest) = Math.DivRem(times[row], MillisecondsPerDay);
            if (rest != 0 || day is < int.MinValue or > int.MaxValue)
            {
                throw place.Refuse($"a date of {times[row]} milliseconds in row {row}", "whole days", "Send it as a timestamp.");
            }

            days[row] = (int)day;
        }

        return new PrimitiveArray<int>(ArrowType.Date, days, validity);
    }

    private static BinaryArray Variable(ForeignType.Variable type, ForeignColumn column, ForeignPlace place)
    {
        var validity = Validity(column, place);
        var (offsets, data) = column switch
        {
            { Length: 0 } => (NativeBuffer.Copy<int>([0]), NativeBuffer.Copy<byte>([])),
            _ when type.Layout == VariableLayout.Offsets32 => Offsets32(column, place),
            _ => Offsets64(column, place),
        };
        return type.IsText ? Texts(offsets, data, validity, place) : new BinaryArray(offsets, data, validity);
    }

    private static (NativeBuffer Offsets, NativeBuffer Data) Offsets32(ForeignColumn column, ForeignPlace place)
    {
        var offsets = Part(column.Buffers[0], (column.Length + 1L) * sizeof(int), place);
        CheckAscending(offsets.Span<int>(), 0, column.Buffers[1].LengthBytes, place);
        return (offsets, column.Buffers[1]);
    }

    private static (NativeBuffer Offsets, NativeBuffer Data) Offsets64(ForeignColumn column, ForeignPlace place)
    {
        var wide = Part(column.Buffers[0], (column.Length + 1L) * sizeof(long), place);
        CheckAscending(wide.Span<long>(), column.DataStart, column.DataStart + column.Buffers[1].LengthBytes, place);
        var start = column.DataStart;
        var offsets = NativeBuffer.Create<int, ReadOnlySpan<long>>(column.Length + 1, wide.Span<long>(), (target, source) =>
        {
            for (var i = 0; i < target.Length; i++)
            {
                target[i] = (int)(source[i] - start);
            }
        });
        return (offsets, column.Buffers[1]);
    }

    private static void CheckAscending<T>(ReadOnlySpan<T> offsets, T first, T end, ForeignPlace place)
        where T : INumber<T>
    {
        var last = first;
        for (var i = 0; i < offsets.Length; i++)
        {
            if (offsets[i] < last)
            {
                throw place.Refuse($"offset {offsets[i]} at row {i}", $"{last} or more, since offsets ascend");
            }

            last = offsets[i];
        }

        if (last > end)
        {
            throw place.Refuse($"offset {last} at row {offsets.Length - 1}", $"at most {end}, where the data end");
        }
    }

    private static BinaryArray Views(bool isText, ForeignColumn column, ForeignPlace place)
    {
        var validity = Validity(column, place);
        var views = Part(column.Buffers[0], column.Length * 16L, place).Span<byte>();
        var offsets = new int[column.Length + 1];
        var arrived = (long)views.Length;
        for (var i = 1; i < column.Buffers.Count; i++)
        {
            arrived += column.Buffers[i].LengthBytes;
        }

        var total = 0L;
        for (var row = 0; row < column.Length; row++)
        {
            total += validity is null || validity[row] ? View(views.Slice(row * 16, 16), column, row, place).Length : 0;
            if (total > Math.Min(int.MaxValue, arrived * MostGrowthOfViews))
            {
                throw place.Refuse(
                    $"{column.Length} views that share {arrived} bytes and stand for {total} and more",
                    $"at most {MostGrowthOfViews} times the bytes that arrived, and 2 GiB",
                    "Send smaller batches, or a dictionary.");
            }

            offsets[row + 1] = (int)total;
        }

        var data = NativeBuffer.Create<byte, ReadOnlySpan<byte>>((int)total, views, (target, source) =>
        {
            for (var row = 0; row < column.Length; row++)
            {
                if (offsets[row + 1] > offsets[row])
                {
                    View(source.Slice(row * 16, 16), column, row, place).CopyTo(target[offsets[row]..]);
                }
            }
        });
        return isText
            ? Texts(NativeBuffer.Copy<int>(offsets), data, validity, place)
            : new BinaryArray(NativeBuffer.Copy<int>(offsets), data, validity);
    }

    // i32 length; up to 12 bytes in place, else 4 bytes of prefix, i32 buffer, i32 offset.
    private static ReadOnlySpan<byte> View(ReadOnlySpan<byte> view, ForeignColumn column, int row, ForeignPlace place)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(view);
        if (length is >= 0 and <= 12)
        {
            return view.Slice(4, length);
        }

        var buffer = BinaryPrimitives.ReadInt32LittleEndian(view[8..]);
        var offset = BinaryPrimitives.ReadInt32LittleEndian(view[12..]);
        if (length < 0 || buffer < 0 || buffer >= column.Buffers.Count - 1 || offset < 0 || offset > column.Buffers[buffer + 1].LengthBytes - length)
        {
            throw place.Refuse($"a view of {length} bytes at {offset} of block {buffer} in row {row}", $"bytes inside of one of {column.Buffers.Count - 1} blocks");
        }

        return column.Buffers[buffer + 1].Span<byte>().Slice(offset, length);
    }

    private static StringArray Texts(NativeBuffer offsets, NativeBuffer data, ValidityBitmap? validity, ForeignPlace place)
    {
        var array = new StringArray(offsets, data, validity);
        var ends = array.Offsets;
        var all = data.Span<byte>()[ends[0]..ends[^1]];
        if (Ascii.IsValid(all) || (Utf8.IsValid(all) && AreWholeTexts(ends, data.Span<byte>())))
        {
            return array;
        }

        // What stands in the place of a null has no meaning, so it need not be text; but it shall not be handed on.
        for (var row = 0; row < array.Length; row++)
        {
            if (array.IsValid(row) && !Utf8.IsValid(array.Utf8(row)))
            {
                throw place.Refuse($"{array.Utf8(row).Length} bytes in row {row} that are not UTF-8", "text in UTF-8", "Send the column as binary, or its texts as UTF-8.");
            }
        }

        var texts = new GrowingTexts();
        texts.TryAppend(array);
        return new StringArray(texts.Snapshot().OffsetBuffer, texts.Snapshot().Data, validity);
    }

    // Valid as a whole, but cut inside of a character: a continuation byte starts a text.
    private static bool AreWholeTexts(ReadOnlySpan<int> offsets, ReadOnlySpan<byte> data)
    {
        foreach (var offset in offsets)
        {
            if (offset < data.Length && (data[offset] & 0xC0) == 0x80)
            {
                return false;
            }
        }

        return true;
    }

    private static DictionaryArray Coded(ForeignType.Coded type, ForeignColumn column, ForeignDictionary dictionary, ForeignPlace place)
    {
        var codes = Codes(type.Code, column, place);
        var validity = Validity(column, place);
        var values = codes.Span<int>();
        for (var row = 0; row < values.Length; row++)
        {
            if ((uint)values[row] >= (uint)dictionary.Count && (validity is null || validity[row]))
            {
                throw place.Refuse($"code {values[row]} in row {row}", dictionary.Count == 0 ? "a dictionary batch before" : $"0 to {dictionary.Count - 1}, the codes of its dictionary");
            }
        }

        if (dictionary.HasNulls)
        {
            var isValid = new bool[values.Length];
            for (var row = 0; row < isValid.Length; row++)
            {
                isValid[row] = (validity is null || validity[row]) && !dictionary.IsNull(values[row]);
            }

            validity = ValidityBitmap.From(isValid);
        }

        return new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, codes, validity), dictionary.Texts);
    }

    private static NativeBuffer Codes(ArrowType.IntType type, ForeignColumn column, ForeignPlace place)
    {
        var codes = Part(column.Buffers[0], (long)column.Length * (type.BitWidth / 8), place);
        return (type.BitWidth, type.IsSigned) switch
        {
            (8, true) => Narrow<sbyte>(codes),
            (8, false) => Narrow<byte>(codes),
            (16, true) => Narrow<short>(codes),
            (16, false) => Narrow<ushort>(codes),
            (64, true) => Narrow<long>(codes),
            (64, false) => Narrow<ulong>(codes),

            // Above the largest signed one there is no code either way.
            _ => codes,
        };
    }

    private static NativeBuffer Narrow<T>(NativeBuffer codes)
        where T : unmanaged, INumber<T> =>
        NativeBuffer.Create<int, ReadOnlySpan<T>>(codes.Span<T>().Length, codes.Span<T>(), static (target, source) =>
        {
            for (var i = 0; i < target.Length; i++)
            {
                target[i] = int.CreateSaturating(source[i]);
            }
        });

    private static ValidityBitmap? Validity(ForeignColumn column, ForeignPlace place)
    {
        if (column.Validity is null or { LengthBytes: 0 })
        {
            return column.NullCount <= 0 || column.Length == 0
                ? null
                : throw place.Refuse($"{column.NullCount} nulls without a bitmap that says which", "a bitmap");
        }

        var bitmap = new ValidityBitmap(Part(column.Validity, BitmapBytes(column), place), column.BitOffset, column.Length);
        return column.NullCount == -1 || column.NullCount == bitmap.NullCount
            ? bitmap
            : throw place.Refuse($"{bitmap.NullCount} nulls in the bitmap", $"{column.NullCount}, as counted by the writer");
    }

    private static long BitmapBytes(ForeignColumn column) => (column.BitOffset + (long)column.Length + 7) / 8;

    private static NativeBuffer Part(NativeBuffer buffer, long lengthBytes, ForeignPlace place) =>
        lengthBytes == buffer.LengthBytes ? buffer
        : lengthBytes < buffer.LengthBytes ? buffer.Slice(0, (int)lengthBytes)
        : throw place.Refuse($"a block of {buffer.LengthBytes} bytes", $"{lengthBytes} or more");
}
