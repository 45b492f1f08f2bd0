using Analytics.Engine.Arrow.Foreign;

namespace Analytics.Engine.Arrow.Ipc;

/// <summary>The nodes and buffers of one record batch to be written: only the values of its rows, whatever blocks they are slices of.</summary>
internal sealed class IpcBody : IDisposable
{
    private readonly List<long> nodes = [];
    private readonly List<long> buffers = [];
    private readonly List<NativeBuffer> parts = [];
    private readonly List<NativeBuffer> own = [];

    /// <summary>Bytes, a multiple of the alignment.</summary>
    public long LengthBytes { get; private set; }

    /// <summary>The batch's table: 0 length, 1 nodes, 2 buffers.</summary>
    public FlatBufferWriter Table(int rowCount) =>
        new FlatBufferWriter().Int64(0, rowCount).Structs(1, [.. nodes], 2).Structs(2, [.. buffers], 2);

    /// <summary>Adds a column.</summary>
    /// <param name="array">The values.</param>
    /// <param name="isWidened">Whether decimals of 64 bits get 128.</param>
    public void Add(ArrowArray array, bool isWidened)
    {
        nodes.Add(array.Length);
        nodes.Add(array.NullCount);
        Part(array.Validity is { } validity ? Bits(validity.Buffer, validity.BitOffset, array.Length) : Own(NativeBuffer.Copy<byte>([])));
        switch (array)
        {
            case BooleanArray bits:
                Part(Bits(bits.Buffer, bits.BitOffset, bits.Length));
                break;
            case BinaryArray values:
                Variable(values);
                break;
            case FixedSizeBinaryArray values:
                var width = ((ArrowType.FixedSizeBinaryType)values.Type).Width;
                Part(values.Buffer.Slice(values.Offset * width, values.Length * width));
                break;
            case DictionaryArray coded:
                Part(coded.NullCount == 0 ? Values(coded.Indices, sizeof(int)) : Own(CodesWithoutNulls(coded)));
                break;
            case PrimitiveArray<long> { Type: ArrowType.DecimalType } decimals when isWidened:
                Part(Own(NativeBuffer.Create<Int128, ReadOnlySpan<long>>(decimals.Length, decimals.Values, static (target, source) =>
                {
                    for (var i = 0; i < target.Length; i++)
                    {
                        target[i] = source[i];
                    }
                })));
                break;
            default:
                Part(Values(array, ForeignType.OfWidth(array.Type)!.Width));
                break;
        }

        GC.KeepAlive(array);
    }

    /// <summary>Writes the buffers, each padded with zeros.</summary>
    public void WriteTo(Stream stream)
    {
        Span<byte> zeros = stackalloc byte[IpcFormat.AlignmentBytes];
        zeros.Clear();
        foreach (var part in parts)
        {
            stream.Write(part.Span<byte>());
            stream.Write(zeros[..(int)(Padded(part.LengthBytes) - part.LengthBytes)]);
            GC.KeepAlive(part);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => own.ForEach(buffer => buffer.Dispose());

    internal static long Padded(long length) => (length + IpcFormat.AlignmentBytes - 1) / IpcFormat.AlignmentBytes * IpcFormat.AlignmentBytes;

    private static NativeBuffer Values(ArrowArray array, int width)
    {
        var (buffer, offset) = array.Memory;
        return buffer.Slice(offset * width, array.Length * width);
    }

    private void Variable(BinaryArray values)
    {
        // What stands in the place of a null has no meaning, but some readers (Polars, arrow-rs) want it to be UTF-8.
        if (HasBytesUnderNulls(values))
        {
            var texts = new GrowingTexts();
            texts.TryAppend(values);
            values = texts.Snapshot();
        }

        var offsets = values.Offsets;
        var (first, last) = (offsets[0], offsets[^1]);
        Part(first == 0
            ? values.OffsetBuffer.Slice(values.Offset * sizeof(int), offsets.Length * sizeof(int))
            : Own(NativeBuffer.Create<int, ReadOnlySpan<int>>(offsets.Length, offsets, (target, source) =>
            {
                for (var i = 0; i < target.Length; i++)
                {
                    target[i] = source[i] - first;
                }
            })));
        Part(values.Data.Slice(first, last - first));
    }

    // Polars wants the codes in the place of nulls to be inside of the dictionary too.
    private static NativeBuffer CodesWithoutNulls(DictionaryArray coded) =>
        NativeBuffer.Create<int, ReadOnlySpan<int>>(coded.Length, coded.Codes, (target, source) =>
        {
            for (var row = 0; row < target.Length; row++)
            {
                target[row] = coded.IsValid(row) ? source[row] : 0;
            }
        });

    private static bool HasBytesUnderNulls(BinaryArray values)
    {
        var offsets = values.Offsets;
        for (var row = 0; row < values.Length && values.NullCount > 0; row++)
        {
            if (offsets[row + 1] > offsets[row] && !values.IsValid(row))
            {
                return true;
            }
        }

        return false;
    }

    // The bits behind the last are zeros, so that equal values are equal bytes.
    private NativeBuffer Bits(NativeBuffer bits, int offset, int length) => Own(ValidityBitmap.Copy(bits, offset, length, targetOffset: 0));

    private NativeBuffer Own(NativeBuffer buffer)
    {
        own.Add(buffer);
        return buffer;
    }

    private void Part(NativeBuffer part)
    {
        buffers.Add(LengthBytes);
        buffers.Add(part.LengthBytes);
        parts.Add(part);
        LengthBytes += Padded(part.LengthBytes);
    }
}
