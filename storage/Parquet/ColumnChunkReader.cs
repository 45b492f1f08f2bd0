using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Unicode;
using Analytics.Engine.Arrow;

namespace Analytics.Storage.Parquet;

/// <summary>
/// Decodes the pages of one column chunk. First all pages are checked, so that what is allocated after that is backed
/// by values in the file.
/// </summary>
/// <remarks>Values are taken from the page as they lie: the machine is little-endian, as all that .NET runs on here.</remarks>
internal readonly ref struct ColumnChunkReader
{
    private readonly ReadOnlySpan<byte> bytes;
    private readonly List<Page> dataPages = [];
    private readonly Page? dictionaryPage;

    /// <summary>Checks the pages of a chunk.</summary>
    /// <param name="bytes">The uncompressed bytes that the pages lie in.</param>
    /// <param name="pages">From <see cref="ColumnPages"/>.</param>
    /// <param name="type">The type of its values: Int32, Int64 or ByteArray.</param>
    /// <exception cref="MalformedDataException">The pages are damaged, or in an encoding that is not supported.</exception>
    public ColumnChunkReader(ReadOnlySpan<byte> bytes, List<Page> pages, PhysicalType type)
    {
        this.bytes = bytes;
        foreach (var page in pages)
        {
            if (page.Header.Type == PageType.Dictionary)
            {
                CheckDictionary(page, type);
                dictionaryPage = page;
            }
            else
            {
                CheckValues(page, type);
                dataPages.Add(page);
            }
        }
    }

    /// <summary>Decodes integers.</summary>
    /// <typeparam name="T"><see cref="int"/> or <see cref="long"/>, as the chunk's type.</typeparam>
    /// <param name="type">The column's logical type.</param>
    /// <param name="valueCount">Values of all data pages.</param>
    public PrimitiveArray<T> Integers<T>(ArrowType type, int valueCount)
        where T : unmanaged, IBinaryInteger<T> =>
        new(type, NativeBuffer.Create<T, ColumnChunkReader>(valueCount, this, static (target, chunk) => chunk.DecodeIntegers(target)));

    /// <summary>Decodes texts, whatever their encoding, into codes of one dictionary of distinct texts.</summary>
    /// <param name="valueCount">Values of all data pages.</param>
    public DictionaryArray Texts(int valueCount)
    {
        var state = new TextState(this, new TextDictionary());
        var codes = NativeBuffer.Create<int, TextState>(valueCount, state, static (target, state) => state.Chunk.DecodeTexts(target, state.Texts));
        return new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, codes), state.Texts.ToArray());
    }

    private void DecodeIntegers<T>(Span<T> target)
        where T : unmanaged, IBinaryInteger<T>
    {
        var dictionary = MemoryMarshal.Cast<byte, T>(dictionaryPage is { } found ? Body(found) : default);
        foreach (var page in dataPages)
        {
            var values = target[..page.Header.ValueCount];
            if (page.Header.Encoding == ParquetEncoding.Plain)
            {
                Body(page).CopyTo(MemoryMarshal.AsBytes(values));
            }
            else if (values.IsEmpty)
            {
                continue;
            }
            else if (page.Header.Encoding == ParquetEncoding.DeltaBinaryPacked)
            {
                DeltaBinaryPacked.Decode(Body(page), values);
            }
            else
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

    private static void CheckDictionary(Page page, PhysicalType type)
    {
        if (page.Header.Encoding is not (ParquetEncoding.Plain or ParquetEncoding.PlainDictionary))
        {
            throw new MalformedDataException($"a dictionary page in encoding {page.Header.Encoding}", "Plain");
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
            case ParquetEncoding.DeltaBinaryPacked when type != PhysicalType.ByteArray:
                DeltaBinaryPacked.Check(Body(page), page.Header.ValueCount);
                break;
            default:
                throw new MalformedDataException(
                    $"encoding {page.Header.Encoding}",
                    type == PhysicalType.ByteArray ? "Plain, PlainDictionary or RleDictionary" : "Plain, PlainDictionary, RleDictionary or DeltaBinaryPacked",
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

    private readonly ref struct TextState(ColumnChunkReader chunk, TextDictionary texts)
    {
        public ColumnChunkReader Chunk { get; } = chunk;

        public TextDictionary Texts { get; } = texts;
    }
}
