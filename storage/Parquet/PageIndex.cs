namespace Analytics.Storage.Parquet;

/// <summary>What lets a reader skip pages of a chunk: their places, and the bounds of their values.</summary>
/// <param name="Pages">The data pages, in order.</param>
/// <param name="Bounds">The bounds of each; null where a page has none, and then the chunk has no column index.</param>
/// <remarks>Structs OffsetIndex and ColumnIndex of the format, which lie between the last row group and the footer.</remarks>
internal sealed record PageIndex(IReadOnlyList<WrittenPage> Pages, IReadOnlyList<ColumnStatistics>? Bounds)
{
    private const int Ascending = 1;
    private const int Descending = 2;

    public void WriteOffsets(ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.List(1, ThriftType.Struct, Pages.Count);
        var firstRow = 0L;
        foreach (var page in Pages)
        {
            writer.BeginStruct();
            writer.Int64(1, page.Offset);
            writer.Int32(2, page.SizeBytes);
            writer.Int64(3, firstRow);
            writer.EndStruct();
            firstRow += page.RowCount;
        }

        writer.EndStruct();
    }

    /// <param name="writer">Gets the struct; <see cref="Bounds"/> are there.</param>
    /// <param name="compare">The order of the bounds.</param>
    public void WriteBounds(ThriftCompactWriter writer, Comparison<ReadOnlyMemory<byte>> compare)
    {
        var bounds = Bounds!;
        writer.BeginStruct();
        writer.List(1, ThriftType.True, bounds.Count);
        foreach (var _ in bounds)
        {
            writer.BoolElement(false);
        }

        writer.List(2, ThriftType.Binary, bounds.Count);
        foreach (var page in bounds)
        {
            writer.BinaryElement(page.Min!.Value.Span);
        }

        writer.List(3, ThriftType.Binary, bounds.Count);
        foreach (var page in bounds)
        {
            writer.BinaryElement(page.Max!.Value.Span);
        }

        writer.Int32(4, Order(bounds, compare));
        writer.List(5, ThriftType.Int64, bounds.Count);
        foreach (var _ in bounds)
        {
            writer.Int64Element(0);
        }

        writer.EndStruct();
    }

    private static int Order(IReadOnlyList<ColumnStatistics> bounds, Comparison<ReadOnlyMemory<byte>> compare)
    {
        var (ascends, descends) = (true, true);
        for (var i = 1; i < bounds.Count; i++)
        {
            var min = compare(bounds[i - 1].Min!.Value, bounds[i].Min!.Value);
            var max = compare(bounds[i - 1].Max!.Value, bounds[i].Max!.Value);
            ascends &= min <= 0 && max <= 0;
            descends &= min >= 0 && max >= 0;
        }

        return ascends ? Ascending : descends ? Descending : 0;
    }
}
