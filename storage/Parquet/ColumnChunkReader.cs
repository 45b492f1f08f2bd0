using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Unicode;
using Analytics.Engine.Arrow;

namespace Analytics.Storage.Parquet;

/// <summary>
/// Decodes the bytes of one column chunk. First all pages are found and checked, so that what is allocated after
/// that is backed by values in the file.
/// </summary>
/// <remarks>Values are taken from the page as they lie: the machine is little-endian, as all that .NET runs on here.</remarks>
internal readonly ref struct ColumnChunkReader
{
    private readonly ReadOnlySpan<byte> bytes;
    private readonly List<Page> dataPages = [];
    private readonly Page? dictionaryPage;

    /// <summary>Finds the pages of a chunk.</summary>
    /// <param name="bytes">The whole chunk.</param>
    /// <param name="type">The type of its values: Int32, Int64 or ByteArray.</param>
    /// <param name="valueCount">Values of all data pages, as the row group says.</param>
    /// <param name="checkPages">Whether to compare each page with its checksum.</param>
    /// <exception cref="MalformedDataException">The pages are damaged, or of a kind that is not supported.</exception>
    public ColumnChunkReader(ReadOnlySpan<byte> bytes, PhysicalType type, int valueCount, bool checkPages)
    {
        this.bytes = bytes;
        var position = 0;
        for (var left = valueCount; left > 0 || position < bytes.Length;)
        {
            var page = ReadPage(bytes, position, checkPages);
            position = page.End;
            if (page.Header.Type == PageType.Dictionary)
            {
                CheckDictionary(page, type, isFirst: dictionaryPage is null && dataPages.Count == 0);
                dictionaryPage = page;
            }
            else if (page.Header.Type == PageType.Data)
            {
                if (page.Header.ValueCount > left)
                {
                    throw new MalformedDataException($"a page of {page.Header.ValueCount} values", $"at most {left}, the rest of the row group");
                }

                left -= page.Header.ValueCount;
                CheckValues(page, type);
                dataPages.Add(page);
            }
            else if (page.Header.Type == PageType.DataV2)
            {
                throw new MalformedDataException("a data page of version 2", "data pages of version 1", "Write the file again with data pages of version 1.");
            }
        }
    }

    /// <summary>Decodes integers.</summary>
    /// <typeparam name="T"><see cref="int"/> or <see cref="long"/>, as the chunk's type.</typeparam>
    /// <param name="type">The column's logical type.</param>
    /// <param name="valueCount">As given to the constructor.</param>
    public PrimitiveArray<T> Integers<T>(ArrowType type, int valueCount)
        where T : unmanaged =>
        new(type, NativeBuffer.Create<T, ColumnChunkReader>(valueCount, this, static (target, chunk) => chunk.DecodeIntegers(target)));

    /// <summary>Decodes texts, whatever their encoding, into codes of one dictionary of distinct texts.</summary>
    /// <param name="valueCount">As given to the constructor.</param>
    public DictionaryArray Texts(int valueCount)
    {
        var state = new TextState(this, new TextDictionary());
        var codes = NativeBuffer.Create<int, TextState>(valueCount, state, static (target, state) => state.Chunk.DecodeTexts(target, state.Texts));
        return new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, codes), state.Texts.ToArray());
    }

    private void DecodeIntegers<T>(Span<T> target)
        where T : unmanaged
    {
        var dictionary = MemoryMarshal.Cast<byte, T>(dictionaryPage is { } found ? Body(found) : default);
        foreach (var page in dataPages)
        {
            var values = target[..page.Header.ValueCount];
            if (page.Header.Encoding == ParquetEncoding.Plain)
            {
                Body(page).CopyTo(MemoryMarshal.AsBytes(values));
            }
            else if (!values.IsEmpty)
            {
                RleHybrid.Decode(Body(page), dictionary, values);
            }

            target = target[values.Length..];
        }
    }

    private void DecodeTexts(Span<int> target, TextDictionary texts)
    {
        // Nearly always 0, 1, 2...: it differs only where a dictionary page holds a text twice.
        int[] codes = [];
        if (dictionaryPage is { } dictionary)
        {
            codes = new int[dictionary.Header.ValueCount];
            DecodePlainTexts(Body(dictionary), codes, texts);
        }

        foreach (var page in dataPages)
        {
            var values = target[..page.Header.ValueCount];
            if (page.Header.Encoding == ParquetEncoding.Plain)
            {
                DecodePlainTexts(Body(page), values, texts);
            }
            else if (!values.IsEmpty)
            {
                RleHybrid.Decode(Body(page), codes, values);
            }

            target = target[values.Length..];
        }
    }

    private static void DecodePlainTexts(ReadOnlySpan<byte> body, Span<int> codes, TextDictionary texts)
    {
        for (var i = 0; i < codes.Length; i++)
        {
            var length = body.Length < sizeof(uint) ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(body);
            if (length > body.Length - sizeof(uint))
            {
                throw new MalformedDataException($"the end of a page in text {i} of {codes.Length}", "a whole text");
            }

            var text = body.Slice(sizeof(uint), (int)length);
            body = body[(sizeof(uint) + (int)length)..];
            codes[i] = texts.Code(text, out var isNew);
            if (isNew && !Utf8.IsValid(text))
            {
                throw new MalformedDataException("a text that is not UTF-8", "UTF-8");
            }
        }

        if (!body.IsEmpty)
        {
            throw new MalformedDataException($"{body.Length} bytes after the last text of a page", "none");
        }
    }

    private ReadOnlySpan<byte> Body(Page page) => bytes[page.Start..page.End];

    private static Page ReadPage(ReadOnlySpan<byte> bytes, int position, bool checkPages)
    {
        if (position == bytes.Length)
        {
            throw new MalformedDataException("the end of the column chunk", "more pages, as rows are missing");
        }

        var reader = new ThriftCompactReader(bytes[position..]);
        var header = PageHeader.Read(ref reader);
        var start = position + reader.Position;
        if (header.CompressedBytes > bytes.Length - start || header.UncompressedBytes != header.CompressedBytes)
        {
            throw new MalformedDataException(
                $"a page of {header.CompressedBytes} bytes ({header.UncompressedBytes} uncompressed)",
                $"equal sizes, at most the {bytes.Length - start} bytes that are left of the column chunk");
        }

        var page = new Page(header, start, start + header.CompressedBytes);
        if (checkPages && header.Crc is { } crc && Crc32.Of(bytes[page.Start..page.End]) is var actual && actual != crc)
        {
            throw new MalformedDataException($"a page with CRC-32 {actual:x8}", $"{crc:x8}, as its header says");
        }

        return page;
    }

    private static void CheckDictionary(Page page, PhysicalType type, bool isFirst)
    {
        var header = page.Header;
        if (!isFirst)
        {
            throw new MalformedDataException("a dictionary page after other pages", "one, as the first page");
        }

        if (header.Encoding is not (ParquetEncoding.Plain or ParquetEncoding.PlainDictionary))
        {
            throw new MalformedDataException($"a dictionary page in encoding {header.Encoding}", "Plain");
        }

        CheckPlainSize(page, type);
    }

    private void CheckValues(Page page, PhysicalType type)
    {
        switch (page.Header.Encoding)
        {
            case ParquetEncoding.Plain:
                CheckPlainSize(page, type);
                break;
            case ParquetEncoding.PlainDictionary or ParquetEncoding.RleDictionary when dictionaryPage is null:
                throw new MalformedDataException("dictionary indices without a dictionary page", "a dictionary page before them");
            case ParquetEncoding.PlainDictionary or ParquetEncoding.RleDictionary:
                RleHybrid.Check(Body(page), page.Header.ValueCount);
                break;
            default:
                throw new MalformedDataException(
                    $"encoding {page.Header.Encoding}",
                    "Plain, PlainDictionary or RleDictionary",
                    "Write the file again with plain or dictionary encoding.");
        }
    }

    private static void CheckPlainSize(Page page, PhysicalType type)
    {
        var size = page.End - page.Start;
        var count = page.Header.ValueCount;
        var isRight = type switch
        {
            PhysicalType.Int32 => size == (long)count * sizeof(int),
            PhysicalType.Int64 => size == (long)count * sizeof(long),
            _ => size >= (long)count * sizeof(uint),
        };
        if (!isRight)
        {
            throw new MalformedDataException($"a page of {size} bytes", $"the size of {count} values of type {type}");
        }
    }

    private readonly record struct Page(PageHeader Header, int Start, int End);

    private readonly ref struct TextState(ColumnChunkReader chunk, TextDictionary texts)
    {
        public ColumnChunkReader Chunk { get; } = chunk;

        public TextDictionary Texts { get; } = texts;
    }
}
