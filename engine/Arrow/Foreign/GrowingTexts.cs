namespace Analytics.Engine.Arrow.Foreign;

/// <summary>Texts that are only ever added to, so that any number of snapshots share one block of memory.</summary>
/// <remarks>A dictionary that grows with every batch would else be copied with every batch.</remarks>
internal sealed unsafe class GrowingTexts
{
    private NativeBuffer offsets = NativeBuffer.Copy<int>([0]);
    private NativeBuffer data = NativeBuffer.Copy<byte>([]);
    private int dataLength;

    /// <summary>Number of texts.</summary>
    public int Count { get; private set; }

    /// <summary>Adds texts, an empty one for a null; false, and nothing added, where they would pass 2 GiB.</summary>
    public bool TryAppend(BinaryArray values)
    {
        var ends = values.Offsets;
        if (dataLength + (long)ends[^1] - ends[0] > int.MaxValue || (Count + (long)values.Length + 1) * sizeof(int) > int.MaxValue)
        {
            return false;
        }

        offsets = WithRoom(offsets, (Count + 1) * sizeof(int), values.Length * sizeof(int));
        data = WithRoom(data, dataLength, ends[^1] - ends[0]);
        var target = new Span<int>((void*)offsets.Address, Count + 1 + values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            var text = values.IsValid(i) ? values.Bytes(i) : default;
            text.CopyTo(new Span<byte>((void*)(data.Address + dataLength), text.Length));
            dataLength += text.Length;
            target[++Count] = dataLength;
        }

        GC.KeepAlive(values);
        GC.KeepAlive(this);
        return true;
    }

    /// <summary>The texts so far. What is added later lies behind them.</summary>
    public StringArray Snapshot() => StringArray.OfChecked(offsets.Slice(0, (Count + 1) * sizeof(int)), data.Slice(0, dataLength));

    private static NativeBuffer WithRoom(NativeBuffer block, int used, int more)
    {
        if (more <= block.LengthBytes - used)
        {
            return block;
        }

        var length = (int)Math.Min(int.MaxValue, Math.Max(used + (long)more, 2L * used));
        var larger = NativeBuffer.Create<byte, ReadOnlySpan<byte>>(length, block.Span<byte>()[..used], static (target, source) => source.CopyTo(target));
        GC.KeepAlive(block);
        return larger;
    }
}
