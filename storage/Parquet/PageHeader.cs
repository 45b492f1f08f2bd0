namespace Analytics.Storage.Parquet;

/// <summary>What stands before each page. <see cref="Crc"/> covers the page's bytes on disk, not the header.</summary>
/// <param name="Type">Kind of page; unknown kinds are skipped.</param>
/// <param name="UncompressedBytes">0 or more.</param>
/// <param name="CompressedBytes">Size on disk, 0 or more.</param>
/// <param name="Crc">CRC-32, if the writer stored one.</param>
/// <param name="ValueCount">Values of a data page, nulls included, or entries of a dictionary page, 0 or more.</param>
/// <param name="Encoding">Encoding of these values.</param>
internal readonly record struct PageHeader(
    PageType Type, int UncompressedBytes, int CompressedBytes, uint? Crc, int ValueCount, ParquetEncoding Encoding)
{
    /// <summary>Encoding of the definition levels of a data page of version 1.</summary>
    public ParquetEncoding LevelEncoding { get; init; } = ParquetEncoding.Rle;

    /// <summary>Bytes of the levels, which stand uncompressed before the values of a data page of version 2; 0 or more.</summary>
    public int LevelBytes => RepetitionLevelBytes + DefinitionLevelBytes;

    /// <summary>The first of <see cref="LevelBytes"/>.</summary>
    public int RepetitionLevelBytes { get; init; }

    /// <summary>The rest of <see cref="LevelBytes"/>.</summary>
    public int DefinitionLevelBytes { get; init; }

    /// <summary>Whether the values of a data page of version 2 are compressed, if the chunk has a codec.</summary>
    public bool IsCompressed { get; init; } = true;

    public static PageHeader Read(ref ThriftCompactReader reader)
    {
        int? pageType = null, uncompressed = null, compressed = null;
        uint? crc = null;
        PageHeader? data = null, dictionary = null, dataV2 = null;
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
                case 8 when type == ThriftType.Struct:
                    dataV2 = ReadValuesV2(ref reader);
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
            PageType.DataV2 => dataV2 ?? throw new MalformedDataException("a data page of version 2 without its header", "DataPageHeaderV2"),
            _ => default,
        };
        if (values.LevelBytes > Math.Min(uncompressed.Value, compressed.Value))
        {
            throw new MalformedDataException($"levels of {values.LevelBytes} bytes", $"at most the page's {Math.Min(uncompressed.Value, compressed.Value)}");
        }

        return values with { Type = (PageType)pageType, UncompressedBytes = uncompressed.Value, CompressedBytes = compressed.Value, Crc = crc };
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
    private static PageHeader ReadValues(ref ThriftCompactReader reader)
    {
        int? count = null, encoding = null;
        var levels = ParquetEncoding.Rle;
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
                case 3 when type == ThriftType.Int32:
                    levels = (ParquetEncoding)reader.Int32(type);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return Values(count, encoding) with { LevelEncoding = levels };
    }

    private static PageHeader ReadValuesV2(ref ThriftCompactReader reader)
    {
        int? count = null, encoding = null, definition = null, repetition = null;
        var isCompressed = true;
        for (var id = reader.BeginStruct(); reader.NextField(ref id, out var type);)
        {
            switch (id)
            {
                case 1:
                    count = reader.Int32(type);
                    break;
                case 4:
                    encoding = reader.Int32(type);
                    break;
                case 5:
                    definition = reader.Int32(type);
                    break;
                case 6:
                    repetition = reader.Int32(type);
                    break;
                case 7:
                    isCompressed = ThriftCompactReader.Bool(type);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        if (definition is not >= 0 || repetition is not >= 0 || (long)definition + repetition > int.MaxValue)
        {
            throw new MalformedDataException($"levels of {definition} and {repetition} bytes", "0 or more");
        }

        return Values(count, encoding) with
        {
            DefinitionLevelBytes = definition.Value,
            RepetitionLevelBytes = repetition.Value,
            IsCompressed = isCompressed,
        };
    }

    private static PageHeader Values(int? count, int? encoding) => count is >= 0 && encoding is not null
        ? new PageHeader(default, 0, 0, null, count.Value, (ParquetEncoding)encoding)
        : throw new MalformedDataException($"a page of {count} values in encoding {encoding}", "0 or more values and an encoding");
}
