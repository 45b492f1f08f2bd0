using Analytics.Storage.Compression;

namespace Analytics.Storage.Parquet;

/// <summary>One page of a column chunk.</summary>
/// <param name="Header">What stands before it.</param>
/// <param name="Start">Where its bytes begin: in the chunk, or among the decompressed pages.</param>
/// <param name="End">Where they end.</param>
internal readonly record struct Page(PageHeader Header, int Start, int End);

/// <summary>Finds the pages of a column chunk before anything is allocated for what they hold.</summary>
internal static class ColumnPages
{
    /// <summary>Finds the dictionary page and the data pages, in their order; of other kinds only the place is passed.</summary>
    /// <param name="bytes">The whole chunk.</param>
    /// <param name="codec">Uncompressed or Snappy.</param>
    /// <param name="valueCount">Values of all data pages, as the row group says.</param>
    /// <param name="checkPages">Whether to compare each page with its checksum.</param>
    /// <exception cref="MalformedDataException">The pages are damaged, or of a kind that is not supported.</exception>
    public static List<Page> Find(ReadOnlySpan<byte> bytes, CompressionCodec codec, int valueCount, bool checkPages)
    {
        List<Page> pages = [];
        var position = 0;
        var uncompressed = 0L;
        for (var left = valueCount; left > 0 || position < bytes.Length;)
        {
            var page = Read(bytes, codec, position, checkPages);
            position = page.End;
            switch (page.Header.Type)
            {
                case PageType.Dictionary when pages.Count > 0:
                    throw new MalformedDataException("a dictionary page after other pages", "one, as the first page");
                case PageType.Data when page.Header.ValueCount > left:
                    throw new MalformedDataException($"a page of {page.Header.ValueCount} values", $"at most {left}, the rest of the row group");
                case PageType.DataV2:
                    throw new MalformedDataException("a data page of version 2", "data pages of version 1", "Write the file again with data pages of version 1.");
                case PageType.Data or PageType.Dictionary:
                    left -= page.Header.Type == PageType.Data ? page.Header.ValueCount : 0;
                    uncompressed += page.Header.UncompressedBytes;
                    pages.Add(page);
                    break;
            }
        }

        return uncompressed <= ParquetLayout.MaxChunkBytes
            ? pages
            : throw new MalformedDataException(
                $"{uncompressed} uncompressed bytes", $"at most {ParquetLayout.MaxChunkBytes}", "Write the file again with smaller row groups.");
    }

    /// <summary>Decompresses pages one after the other.</summary>
    /// <param name="bytes">The whole chunk.</param>
    /// <param name="pages">As found in it.</param>
    /// <param name="target">Has room for the uncompressed bytes of all pages.</param>
    /// <returns>The same pages, by their place in <paramref name="target"/>.</returns>
    /// <exception cref="MalformedDataException">A page is damaged.</exception>
    public static List<Page> Decompress(ReadOnlySpan<byte> bytes, List<Page> pages, Span<byte> target)
    {
        List<Page> result = new(pages.Count);
        var start = 0;
        foreach (var (header, from, to) in pages)
        {
            var end = start + header.UncompressedBytes;
            Snappy.Decompress(bytes[from..to], target[start..end]);
            result.Add(new Page(header, start, end));
            start = end;
        }

        return result;
    }

    private static Page Read(ReadOnlySpan<byte> bytes, CompressionCodec codec, int position, bool checkPages)
    {
        if (position == bytes.Length)
        {
            throw new MalformedDataException("the end of the column chunk", "more pages, as rows are missing");
        }

        var reader = new ThriftCompactReader(bytes[position..]);
        var header = PageHeader.Read(ref reader);
        var start = position + reader.Position;
        var isPlausible = codec == CompressionCodec.Uncompressed
            ? header.UncompressedBytes == header.CompressedBytes
            : header.UncompressedBytes <= (long)header.CompressedBytes * Snappy.MaxRatio;
        if (header.CompressedBytes > bytes.Length - start || !isPlausible)
        {
            throw new MalformedDataException(
                $"a page of {header.CompressedBytes} bytes ({header.UncompressedBytes} uncompressed)",
                $"{(codec == CompressionCodec.Uncompressed ? "equal sizes" : $"at most {Snappy.MaxRatio} times as many")}, at most the {bytes.Length - start} bytes that are left of the column chunk");
        }

        var page = new Page(header, start, start + header.CompressedBytes);
        if (checkPages && header.Crc is { } crc && Crc32.Of(bytes[page.Start..page.End]) is var actual && actual != crc)
        {
            throw new MalformedDataException($"a page with CRC-32 {actual:x8}", $"{crc:x8}, as its header says");
        }

        return page;
    }
}
