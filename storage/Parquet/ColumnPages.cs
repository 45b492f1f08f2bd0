using Analytics.Storage.Compression;

namespace Analytics.Storage.Parquet;

/// <summary>One page of a column chunk.</summary>
/// <param name="Header">What stands before it.</param>
/// <param name="Offset">Where its header begins in the chunk.</param>
/// <param name="Start">Where its bytes begin: in the chunk, or among the decompressed pages.</param>
/// <param name="End">Where they end.</param>
internal readonly record struct Page(PageHeader Header, int Offset, int Start, int End);

/// <summary>Finds the pages of a column chunk before anything is allocated for what they hold.</summary>
internal static class ColumnPages
{
    /// <summary>Finds the dictionary page and the data pages, in their order; of other kinds only the place is passed.</summary>
    /// <param name="bytes">The whole chunk.</param>
    /// <param name="codec">One that <see cref="PageCodec"/> supports.</param>
    /// <param name="valueCount">Values of all data pages, as the row group says. What lies after the last of them is not looked at.</param>
    /// <param name="checkPages">Whether to compare each page with its checksum.</param>
    /// <param name="pages">Filled with the pages.</param>
    /// <param name="position">Where in the chunk the page begins that is looked at: the place of an error.</param>
    /// <returns>Bytes of all pages without compression.</returns>
    /// <exception cref="MalformedDataException">The pages are damaged.</exception>
    public static int Find(ReadOnlySpan<byte> bytes, CompressionCodec codec, int valueCount, bool checkPages, List<Page> pages, ref int position)
    {
        pages.Clear();
        position = 0;
        var uncompressed = 0L;
        for (var left = valueCount; left > 0;)
        {
            var page = Read(bytes, codec, position, checkPages);
            switch (page.Header.Type)
            {
                case PageType.Dictionary when pages.Count > 0:
                    throw new MalformedDataException("a dictionary page after other pages", "one, as the first page");
                case PageType.Data or PageType.DataV2 when page.Header.ValueCount > left:
                    throw new MalformedDataException($"a page of {page.Header.ValueCount} values", $"at most {left}, the rest of the row group");
                case PageType.Data or PageType.DataV2 or PageType.Dictionary:
                    left -= page.Header.Type == PageType.Dictionary ? 0 : page.Header.ValueCount;
                    uncompressed += page.Header.UncompressedBytes;
                    pages.Add(page);
                    break;
            }

            if (uncompressed > ParquetLayout.MaxChunkBytes)
            {
                throw new MalformedDataException(
                    $"{uncompressed} uncompressed bytes", $"at most {ParquetLayout.MaxChunkBytes}", "Write the file again with smaller row groups.");
            }

            position = page.End;
        }

        return (int)uncompressed;
    }

    /// <summary>Decompresses pages one after the other.</summary>
    /// <param name="bytes">The whole chunk.</param>
    /// <param name="codec">Its compression.</param>
    /// <param name="pages">As found in it; afterwards by their place in <paramref name="target"/>.</param>
    /// <param name="target">Has room for the uncompressed bytes of all pages.</param>
    /// <param name="position">Where in the chunk the page begins that is looked at: the place of an error.</param>
    /// <exception cref="MalformedDataException">A page is damaged.</exception>
    public static void Decompress(ReadOnlySpan<byte> bytes, CompressionCodec codec, List<Page> pages, Span<byte> target, ref int position)
    {
        var start = 0;
        for (var i = 0; i < pages.Count; i++)
        {
            var (header, offset, from, to) = pages[i];
            position = offset;
            var end = start + header.UncompressedBytes;

            // Levels of a page of version 2 are never compressed.
            bytes.Slice(from, header.LevelBytes).CopyTo(target[start..]);
            PageCodec.Decompress(
                header.IsCompressed ? codec : CompressionCodec.Uncompressed,
                bytes[(from + header.LevelBytes)..to],
                target[(start + header.LevelBytes)..end]);
            pages[i] = new Page(header, offset, start, end);
            start = end;
        }
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
        if (header.CompressedBytes > bytes.Length - start)
        {
            throw new MalformedDataException(
                $"a page of {header.CompressedBytes} bytes", $"at most the {bytes.Length - start} that are left of the column chunk");
        }

        var most = header.IsCompressed
            ? PageCodec.MaxUncompressed(codec, header.CompressedBytes - header.LevelBytes)
            : header.CompressedBytes - header.LevelBytes;
        if (header.UncompressedBytes - header.LevelBytes > most)
        {
            throw new MalformedDataException(
                $"a page of {header.CompressedBytes} bytes ({header.UncompressedBytes} uncompressed)", $"at most {most + header.LevelBytes} uncompressed bytes");
        }

        var page = new Page(header, position, start, start + header.CompressedBytes);
        if (checkPages && header.Crc is { } crc && Crc32.Of(bytes[page.Start..page.End]) is var actual && actual != crc)
        {
            throw new MalformedDataException($"a page with CRC-32 {actual:x8}", $"{crc:x8}, as its header says");
        }

        return page;
    }
}
