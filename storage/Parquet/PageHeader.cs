namespace Analytics.Storage.Parquet;

/// <summary>What stands before each page. <see cref="Crc"/> covers the page's bytes on disk, not the header.</summary>
/// <param name="Type">Kind of page; unknown kinds are skipped.</param>
/// <param name="UncompressedBytes">0 or more.</param>
/// <param name="CompressedBytes">Size on disk, 0 or more.</param>
/// <param name="Crc">CRC-32, if the writer stored one.</param>
/// <param name="ValueCount">Values of a data page v1 or entries of a dictionary page, 0 or more.</param>
/// <param name="Encoding">Encoding of these values.</param>
internal readonly record struct PageHeader(
    PageType Type, int UncompressedBytes, int CompressedBytes, uint? Crc, int ValueCount, ParquetEncoding Encoding)
{
    public static PageHeader Read(ref ThriftCompactReader reader)
    {
        int? pageType = null, uncompressed = null, compressed = null;
        uint? crc = null;
        (int Count, ParquetEncoding Encoding)? data = null, dictionary = null;
        for (var id = reader.BeginStruct(); reader.NextField(ref id, out var type);)
        {
            switch (id)
            {
                case 1:
                    pageType = reader.Int32(type);
                    break;
                case 2:
                    uncompressed = reader.Int32(type);
                    break;
                case 3:
                    compressed = reader.Int32(type);
                    break;
                case 4:
                    crc = (uint)reader.Int32(type);
                    break;
                case 5 when type == ThriftType.Struct:
                    data = ReadValues(ref reader);
                    break;
                case 7 when type == ThriftType.Struct:
                    dictionary = ReadValues(ref reader);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        if (pageType is null || uncompressed is not >= 0 || compressed is not >= 0)
        {
            throw new MalformedDataException(
                $"a page header with type {pageType}, uncompressed size {uncompressed} and compressed size {compressed}",
                "a type and sizes of 0 or more");
        }

        var values = (PageType)pageType switch
        {
            PageType.Data => data ?? throw new MalformedDataException("a data page without its header", "DataPageHeader"),
            PageType.Dictionary => dictionary ?? throw new MalformedDataException("a dictionary page without its header", "DictionaryPageHeader"),
            _ => default,
        };
        return new PageHeader((PageType)pageType, uncompressed.Value, compressed.Value, crc, values.Count, values.Encoding);
    }

    public void Write(ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.Int32(1, (int)Type);
        writer.Int32(2, UncompressedBytes);
        writer.Int32(3, CompressedBytes);
        if (Crc is { } crc)
        {
            writer.Int32(4, (int)crc);
        }

        writer.BeginStruct((short)(Type == PageType.Dictionary ? 7 : 5));
        writer.Int32(1, ValueCount);
        writer.Int32(2, (int)Encoding);
        if (Type == PageType.Data)
        {
            // Required fields, though a required column has no levels.
            writer.Int32(3, (int)ParquetEncoding.Rle);
            writer.Int32(4, (int)ParquetEncoding.Rle);
        }

        writer.EndStruct();
        writer.EndStruct();
    }

    // DataPageHeader and DictionaryPageHeader begin alike.
    private static (int Count, ParquetEncoding Encoding) ReadValues(ref ThriftCompactReader reader)
    {
        int? count = null, encoding = null;
        for (var id = reader.BeginStruct(); reader.NextField(ref id, out var type);)
        {
            switch (id)
            {
                case 1:
                    count = reader.Int32(type);
                    break;
                case 2:
                    encoding = reader.Int32(type);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return count is >= 0 && encoding is not null
            ? (count.Value, (ParquetEncoding)encoding)
            : throw new MalformedDataException($"a page of {count} values in encoding {encoding}", "0 or more values and an encoding");
    }
}
