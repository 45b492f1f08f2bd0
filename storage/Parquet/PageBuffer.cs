using System.Buffers;

namespace Analytics.Storage.Parquet;

/// <summary>The encoded pages of one column chunk, before they are written.</summary>
internal sealed class PageBuffer
{
    private readonly List<EncodedPage> pages = [];
    private int start;

    /// <summary>Takes the body of the next page, which <see cref="EndPage"/> then ends.</summary>
    public ArrayBufferWriter<byte> Body { get; } = new();

    /// <summary>Bytes of all pages, without headers.</summary>
    public int SizeBytes => Body.WrittenCount;

    /// <summary>The pages in their order.</summary>
    public IReadOnlyList<EncodedPage> Pages => pages;

    public void Clear()
    {
        pages.Clear();
        Body.ResetWrittenCount();
        start = 0;
    }

    /// <summary>Makes a page of what was added to <see cref="Body"/> since the last one.</summary>
    /// <param name="type">Dictionary or data.</param>
    /// <param name="encoding">Encoding of the values.</param>
    /// <param name="valueCount">Values, or entries of a dictionary.</param>
    /// <param name="uncompressedBytes">Bytes before compression; null for a page that is not compressed.</param>
    public void EndPage(PageType type, ParquetEncoding encoding, int valueCount, int? uncompressedBytes = null)
    {
        var end = Body.WrittenCount;
        pages.Add(new EncodedPage(type, encoding, valueCount, uncompressedBytes ?? end - start, start, end));
        start = end;
    }

    /// <summary>The bytes of a page.</summary>
    public ReadOnlySpan<byte> this[EncodedPage page] => Body.WrittenSpan[page.Start..page.End];
}

/// <summary>One page of a <see cref="PageBuffer"/>.</summary>
internal readonly record struct EncodedPage(PageType Type, ParquetEncoding Encoding, int ValueCount, int UncompressedBytes, int Start, int End);

/// <summary>A data page that is in the file.</summary>
/// <param name="Offset">Bytes from the start of the file to its header.</param>
/// <param name="SizeBytes">With its header.</param>
/// <param name="RowCount">Its rows.</param>
internal readonly record struct WrittenPage(long Offset, int SizeBytes, int RowCount);
