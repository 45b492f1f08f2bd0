using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Unicode;
using Analytics.Engine.Arrow;

namespace Analytics.Storage.Parquet;

/// <summary>Writes one Parquet file. Equal rows, row groups and metadata give equal bytes.</summary>
/// <remarks>
/// All columns are REQUIRED, pages are of version 1 with a CRC-32 each. Texts in dictionaries are dictionary-encoded,
/// other texts where that is smaller than PLAIN, integers, instants and money in the smallest of dictionary,
/// DELTA_BINARY_PACKED (64 bits only) and PLAIN; a dictionary by choice takes at most 1 MiB. A chunk is compressed with
/// Snappy where that saves a tenth of it. Data pages hold about 1 MiB; a dictionary is always one page.
/// Each chunk's metadata holds the CRC-32 of the whole chunk under "analytics.crc32", so that a flipped byte in a
/// page header can be traced to its column too. After an exception the file is unfinished and to be deleted. Not
/// safe for use by several threads at once.
/// </remarks>
public sealed class ParquetWriter
{
    private const int DefaultPageSizeBytes = 1 << 20;
    private const int MaxBoundBytes = 64;

    // Leaves room for the page headers: a chunk of more than MaxChunkBytes is not read.
    private const int MaxChunkBodyBytes = ParquetLayout.MaxChunkBytes - (1 << 20);

    private static readonly string CreatedBy = $"analytics {typeof(ParquetWriter).Assembly.GetName().Version?.ToString(3)}";

    private readonly WritableFile file;
    private readonly Schema schema;
    private readonly IReadOnlyList<SchemaElement> elements;
    private readonly List<KeyValuePair<string, string>> keyValues;
    private readonly int pageSizeBytes;
    private readonly ThriftCompactWriter thrift = new();
    private readonly SnappyCompressor compressor = new();
    private readonly PageBuffer compressed = new();
    private readonly List<RowGroupMetadata> rowGroups = [];
    private long position;
    private long rowCount;
    private Crc32 fileCrc;
    private PageBuffer pages = new();
    private PageBuffer otherPages = new();
    private bool isFinished;

    /// <summary>Begins a file.</summary>
    /// <param name="file">Empty; neither synced nor disposed here.</param>
    /// <param name="schema">Columns of Int32, Int64, TimestampMicrosUtc, PicoDollars, Utf8 or DictionaryUtf8.</param>
    /// <param name="metadata">Pairs for the footer, written in ordinal order of their keys.</param>
    /// <exception cref="ArgumentException">A column's type is none of these.</exception>
    /// <exception cref="IOException">The disk is full, or failed.</exception>
    public ParquetWriter(WritableFile file, Schema schema, IReadOnlyDictionary<string, string>? metadata = null)
        : this(file, schema, metadata, DefaultPageSizeBytes)
    {
    }

    internal ParquetWriter(WritableFile file, Schema schema, IReadOnlyDictionary<string, string>? metadata, int pageSizeBytes)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(schema);
        this.file = file;
        this.schema = schema;
        this.pageSizeBytes = pageSizeBytes;
        elements = ParquetSchema.ToElements(schema);
        keyValues = [.. (metadata ?? new Dictionary<string, string>()).OrderBy(pair => pair.Key, StringComparer.Ordinal)];
        Emit(ParquetLayout.Magic);
    }

    /// <summary>Appends one row group.</summary>
    /// <param name="batch">Columns as in the schema, at most 16,777,216 rows; a batch without rows adds nothing.</param>
    /// <exception cref="ArgumentException">The batch has another schema, too many rows, text that is not UTF-8, or a column of more than 1 GiB.</exception>
    /// <exception cref="InvalidOperationException">The file is finished.</exception>
    /// <exception cref="IOException">The disk is full, or failed.</exception>
    public void WriteRowGroup(RecordBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ThrowIfFinished();
        if (!batch.Schema.Fields.SequenceEqual(schema.Fields))
        {
            throw new ArgumentException("The batch has other columns than the file.", nameof(batch));
        }

        if (batch.RowCount > ParquetLayout.MaxRowsPerRowGroup)
        {
            throw new ArgumentException(
                $"The batch has {batch.RowCount} rows; a row group takes at most {ParquetLayout.MaxRowsPerRowGroup}. Split it.", nameof(batch));
        }

        if (batch.RowCount == 0)
        {
            return;
        }

        var chunks = new List<ColumnChunkMetadata>(schema.Fields.Count);
        for (var i = 0; i < schema.Fields.Count; i++)
        {
            chunks.Add(WriteChunk(schema.Fields[i], batch.Columns[i]));
        }

        GC.KeepAlive(batch);
        rowGroups.Add(new RowGroupMetadata { RowCount = batch.RowCount, Columns = chunks });
        rowCount += batch.RowCount;
    }

    /// <summary>Writes the footer. The bytes are not durable before <see cref="WritableFile.Sync"/>.</summary>
    /// <returns>Size and checksums of the file.</returns>
    /// <exception cref="InvalidOperationException">The file is finished already.</exception>
    /// <exception cref="IOException">The disk is full, or failed.</exception>
    public ParquetFileSummary Finish()
    {
        ThrowIfFinished();
        isFinished = true;
        thrift.Clear();
        ParquetFooter.Write(thrift, new FileMetadata
        {
            Version = 1,
            Schema = elements,
            RowCount = rowCount,
            RowGroups = rowGroups,
            KeyValues = keyValues,
            CreatedBy = CreatedBy,
            TypeOrdered = [.. schema.Fields.Select(_ => true)],
        });
        Span<byte> length = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)thrift.Written.Length);
        var footerCrc = default(Crc32);
        footerCrc.Append(thrift.Written);
        footerCrc.Append(length);
        var footerOffset = position;
        Emit(thrift.Written);
        Emit(length);
        Emit(ParquetLayout.Magic);
        return new ParquetFileSummary(position, fileCrc.Value, footerCrc.Value, footerOffset, rowCount);
    }

    private void ThrowIfFinished()
    {
        if (isFinished)
        {
            throw new InvalidOperationException("The file is finished; begin another one.");
        }
    }

    private ColumnChunkMetadata WriteChunk(Field field, ArrowArray column)
    {
        pages.Clear();
        var bounds = column switch
        {
            PrimitiveArray<long> longs => EncodeIntegers(longs.Values),
            PrimitiveArray<int> ints => EncodeIntegers(ints.Values),
            DictionaryArray texts => EncodeTexts(texts, field.Name),
            StringArray texts => EncodeTexts(texts, field.Name),
            _ => throw new ArgumentException($"Column '{field.Name}' is a {column.GetType().Name}, which cannot be written."),
        };
        ThrowIfTooLarge(field.Name, pages.SizeBytes);
        var codec = Compress();
        var written = codec == CompressionCodec.Uncompressed ? pages : compressed;
        var start = position;
        var uncompressedBytes = 0L;
        var crc = default(Crc32);
        long? dictionaryOffset = null, dataOffset = null;
        foreach (var page in written.Pages)
        {
            var offset = position;
            WritePage(page, written[page], ref crc);
            uncompressedBytes += position - offset - written[page].Length + page.UncompressedBytes;
            if (page.Type == PageType.Dictionary)
            {
                dictionaryOffset = offset;
            }
            else
            {
                dataOffset ??= offset;
            }
        }

        return new ColumnChunkMetadata
        {
            Column = field.Name,
            Type = ParquetSchema.PhysicalTypeOf(field.Type),
            Encodings = [.. written.Pages.Select(page => page.Encoding).Distinct()],
            Codec = codec,
            ValueCount = column.Length,
            UncompressedBytes = uncompressedBytes,
            SizeBytes = position - start,
            DataPageOffset = dataOffset!.Value,
            DictionaryPageOffset = dictionaryOffset,
            KeyValues = [new(ParquetLayout.ChunkCrcKey, crc.Value.ToString("x8", CultureInfo.InvariantCulture))],
            Statistics = bounds,
        };
    }

    // Before the pages are encoded, as they are encoded in one block of memory; and after it, as estimates are low.
    private static void ThrowIfTooLarge(string name, long sizeBytes)
    {
        if (sizeBytes > MaxChunkBodyBytes)
        {
            throw new ArgumentException(
                $"Column '{name}' takes {sizeBytes} bytes in one row group; at most {MaxChunkBodyBytes} are allowed. Write smaller row groups.");
        }
    }

    /// <summary>Fills <see cref="compressed"/> and says whether to write it.</summary>
    private CompressionCodec Compress()
    {
        compressed.Clear();
        foreach (var page in pages.Pages)
        {
            compressor.Compress(pages[page], compressed.Body);
            compressed.EndPage(page.Type, page.Encoding, page.ValueCount, page.UncompressedBytes);
        }

        return compressed.SizeBytes * 10L <= pages.SizeBytes * 9L ? CompressionCodec.Snappy : CompressionCodec.Uncompressed;
    }

    private unsafe ColumnStatistics EncodeIntegers<T>(ReadOnlySpan<T> values)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        // The smallest; of equal ones the first of plain, delta, dictionary.
        var smallest = (long)values.Length * sizeof(T);
        var isPlain = true;
        if (typeof(T) == typeof(long))
        {
            EncodeDeltas(MemoryMarshal.Cast<T, long>(values));
            isPlain = pages.SizeBytes >= smallest;
            smallest = Math.Min(smallest, pages.SizeBytes);
        }

        var rented = ArrayPool<int>.Shared.Rent(values.Length);
        try
        {
            var codes = rented.AsSpan(0, values.Length);
            if (IntegerDictionary.TryEncode(values, Math.Min(smallest, ParquetLayout.DictionaryLimitBytes), codes) is { } distinct)
            {
                otherPages.Clear();
                otherPages.Body.Write(MemoryMarshal.AsBytes(distinct.AsSpan()));
                EncodeCodes(otherPages, distinct.Length, codes);
                if (otherPages.SizeBytes < smallest)
                {
                    (pages, otherPages) = (otherPages, pages);
                    return Bounds<T>(distinct);
                }
            }
        }
        finally
        {
            ArrayPool<int>.Shared.Return(rented);
        }

        if (isPlain)
        {
            EncodePlain(values);
        }

        return Bounds(values);
    }

    private void EncodeDeltas(ReadOnlySpan<long> values)
    {
        var rowsPerPage = Math.Max(1, pageSizeBytes / sizeof(long));
        for (var row = 0; row < values.Length; row += rowsPerPage)
        {
            var page = values[row..Math.Min(values.Length, row + rowsPerPage)];
            DeltaBinaryPacked.Encode(page, pages.Body);
            pages.EndPage(PageType.Data, ParquetEncoding.DeltaBinaryPacked, page.Length);
        }
    }

    private unsafe void EncodePlain<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        pages.Clear();
        var rowsPerPage = Math.Max(1, pageSizeBytes / sizeof(T));
        for (var row = 0; row < values.Length; row += rowsPerPage)
        {
            var page = values[row..Math.Min(values.Length, row + rowsPerPage)];
            pages.Body.Write(MemoryMarshal.AsBytes(page));
            pages.EndPage(PageType.Data, ParquetEncoding.Plain, page.Length);
        }
    }

    private ColumnStatistics EncodeTexts(DictionaryArray column, string name)
    {
        var texts = new TextDictionary();
        var rented = ArrayPool<int>.Shared.Rent(column.Length);
        var known = ArrayPool<int>.Shared.Rent(column.Dictionary.Length);
        try
        {
            // Only the entries that the rows use, in the order of their first use; equal entries become one.
            known.AsSpan(0, column.Dictionary.Length).Fill(-1);
            var codes = rented.AsSpan(0, column.Length);
            var source = column.Codes;
            for (var row = 0; row < source.Length; row++)
            {
                ref var code = ref known[source[row]];
                if (code < 0)
                {
                    code = texts.Code(column.Dictionary.Utf8(source[row]), out _);
                }

                codes[row] = code;
            }

            return EncodeTextDictionary(texts, codes, name);
        }
        finally
        {
            ArrayPool<int>.Shared.Return(known);
            ArrayPool<int>.Shared.Return(rented);
        }
    }

    private ColumnStatistics EncodeTexts(StringArray column, string name)
    {
        var texts = new TextDictionary();
        var rented = ArrayPool<int>.Shared.Rent(column.Length);
        try
        {
            var codes = rented.AsSpan(0, column.Length);
            var plainBytes = 0L;
            for (var row = 0; row < column.Length; row++)
            {
                var text = column.Utf8(row);
                plainBytes += sizeof(uint) + text.Length;
                codes[row] = texts.Code(text, out _);
            }

            var dictionaryBytes = DictionaryBytes(texts);
            var indexBytes = (long)column.Length * RleHybrid.WidthFor(texts.Count) / 8;
            if (dictionaryBytes <= ParquetLayout.DictionaryLimitBytes && dictionaryBytes + indexBytes < plainBytes)
            {
                return EncodeTextDictionary(texts, codes, name);
            }

            ThrowIfTooLarge(name, plainBytes);
            return EncodePlainTexts(texts, codes, name);
        }
        finally
        {
            ArrayPool<int>.Shared.Return(rented);
        }
    }

    private ColumnStatistics EncodeTextDictionary(TextDictionary texts, ReadOnlySpan<int> codes, string name)
    {
        var bounds = Bounds(texts, name);
        ThrowIfTooLarge(name, DictionaryBytes(texts) + ((long)codes.Length * RleHybrid.WidthFor(texts.Count) / 8));
        for (var code = 0; code < texts.Count; code++)
        {
            AppendPlain(texts[code]);
        }

        EncodeCodes(pages, texts.Count, codes);
        return bounds;
    }

    private ColumnStatistics EncodePlainTexts(TextDictionary texts, ReadOnlySpan<int> codes, string name)
    {
        var bounds = Bounds(texts, name);
        var (firstRow, start) = (0, 0);
        for (var row = 0; row < codes.Length; row++)
        {
            var text = texts[codes[row]];
            if (row > firstRow && pages.SizeBytes - start + sizeof(uint) + text.Length > pageSizeBytes)
            {
                pages.EndPage(PageType.Data, ParquetEncoding.Plain, row - firstRow);
                (firstRow, start) = (row, pages.SizeBytes);
            }

            AppendPlain(text);
        }

        pages.EndPage(PageType.Data, ParquetEncoding.Plain, codes.Length - firstRow);
        return bounds;
    }

    private static long DictionaryBytes(TextDictionary texts) => texts.LengthBytes + ((long)texts.Count * sizeof(uint));

    private void AppendPlain(ReadOnlySpan<byte> text)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(pages.Body.GetSpan(sizeof(uint)), (uint)text.Length);
        pages.Body.Advance(sizeof(uint));
        pages.Body.Write(text);
    }

    /// <summary>Ends the dictionary page that was begun, and adds the codes as data pages.</summary>
    private void EncodeCodes(PageBuffer target, int entries, ReadOnlySpan<int> codes)
    {
        target.EndPage(PageType.Dictionary, ParquetEncoding.Plain, entries);
        var width = RleHybrid.WidthFor(entries);
        var rowsPerPage = Math.Max(1, (int)Math.Min(pageSizeBytes * 8L / width, ParquetLayout.MaxRowsPerRowGroup));
        for (var row = 0; row < codes.Length; row += rowsPerPage)
        {
            var page = codes[row..Math.Min(codes.Length, row + rowsPerPage)];
            RleHybrid.Encode(page, width, target.Body);
            target.EndPage(PageType.Data, ParquetEncoding.RleDictionary, page.Length);
        }
    }

    private void WritePage(EncodedPage page, ReadOnlySpan<byte> body, ref Crc32 chunkCrc)
    {
        thrift.Clear();
        new PageHeader(page.Type, page.UncompressedBytes, body.Length, Crc32.Of(body), page.ValueCount, page.Encoding).Write(thrift);
        chunkCrc.Append(thrift.Written);
        Emit(thrift.Written);
        chunkCrc.Append(body);
        Emit(body);
    }

    private void Emit(ReadOnlySpan<byte> bytes)
    {
        file.Write(bytes);
        fileCrc.Append(bytes);
        position += bytes.Length;
    }

    private static ColumnStatistics Bounds<T>(ReadOnlySpan<T> values)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var min = T.MaxValue;
        var max = T.MinValue;
        foreach (var value in values)
        {
            min = T.Min(min, value);
            max = T.Max(max, value);
        }

        return new ColumnStatistics(
            MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in min)).ToArray(), MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in max)).ToArray(), 0);
    }

    private static ColumnStatistics Bounds(TextDictionary texts, string name)
    {
        int min = 0, max = 0;
        for (var code = 0; code < texts.Count; code++)
        {
            if (!Utf8.IsValid(texts[code]))
            {
                throw new ArgumentException($"Column '{name}' has a text that is not UTF-8; only UTF-8 is written.");
            }

            min = texts[code].SequenceCompareTo(texts[min]) < 0 ? code : min;
            max = texts[code].SequenceCompareTo(texts[max]) > 0 ? code : max;
        }

        // Long texts would blow up the footer, and cut ones are bounds that not every reader gets right.
        return texts[min].Length > MaxBoundBytes || texts[max].Length > MaxBoundBytes
            ? new ColumnStatistics(null, null, 0)
            : new ColumnStatistics(texts[min].ToArray(), texts[max].ToArray(), 0);
    }
}
