using System.Buffers.Binary;
using System.Globalization;
using Analytics.Engine.Arrow;
using Analytics.Storage.Compression;

namespace Analytics.Storage.Parquet;

/// <summary>Writes one Parquet file. Equal rows, row groups and metadata give equal bytes.</summary>
/// <remarks>
/// Nullable columns are OPTIONAL, all others REQUIRED; pages are of version 1 with a CRC-32 each. Texts in dictionaries are
/// dictionary-encoded, other texts where that is smaller than PLAIN, integers, dates, instants and money in the smallest of
/// dictionary, DELTA_BINARY_PACKED (64 bits without nulls only) and PLAIN (decimals of up to 9 digits are INT32, those of 128
/// bits FIXED_LEN_BYTE_ARRAY(16)); a dictionary by choice takes at most 1 MiB. A chunk is compressed with
/// Snappy (or as the options say) where that saves a tenth of it. Data pages hold about 1 MiB; a dictionary is always one page.
/// Each chunk's metadata holds the CRC-32 of the whole chunk under "analytics.crc32", so that a flipped byte in a
/// page header can be traced to its column too; that of the page index stands in the file's metadata under the same
/// name. After an exception the file is unfinished and to be deleted. Not
/// safe for use by several threads at once.
/// </remarks>
public sealed class ParquetWriter
{
    private static readonly string CreatedBy = $"analytics {typeof(ParquetWriter).Assembly.GetName().Version?.ToString(3)}";

    private readonly WritableFile file;
    private readonly Schema schema;
    private readonly ParquetWriterOptions options;
    private readonly IReadOnlyList<SchemaElement> elements;
    private readonly List<KeyValuePair<string, string>> keyValues;
    private readonly ColumnEncoder encoder;
    private readonly ThriftCompactWriter thrift = new();
    private readonly SnappyCompressor compressor = new();
    private readonly PageBuffer compressed = new();
    private readonly List<RowGroupMetadata> rowGroups = [];
    private readonly List<PageIndex> pageIndexes = [];
    private long position;
    private long rowCount;
    private Crc32 fileCrc;
    private bool isFinished;

    /// <summary>Begins a file.</summary>
    /// <param name="file">Empty; neither synced nor disposed here.</param>
    /// <param name="schema">Columns of Bool, Int32, Int64, Date, TimestampMicrosUtc, decimals, Utf8 or DictionaryUtf8.</param>
    /// <param name="metadata">Pairs for the footer, written in ordinal order of their keys.</param>
    /// <param name="options">How to write it; null for <see cref="ParquetWriterOptions.Default"/>.</param>
    /// <exception cref="ArgumentException">A column's type is none of these.</exception>
    /// <exception cref="NotSupportedException">Zstandard is asked for, and there is no libzstd on this machine.</exception>
    /// <exception cref="IOException">The disk is full, or failed.</exception>
    public ParquetWriter(
        WritableFile file, Schema schema, IReadOnlyDictionary<string, string>? metadata = null, ParquetWriterOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(schema);
        this.file = file;
        this.schema = schema;
        this.options = options ?? ParquetWriterOptions.Default;
        if (this.options.Compression == ParquetCompression.Zstandard && !NativeZstd.IsAvailable)
        {
            throw new NotSupportedException("Found no libzstd.so.1, which compresses with Zstandard. Install the package libzstd1, or write with Snappy.");
        }

        encoder = new ColumnEncoder(this.options.PageSizeBytes);
        elements = ParquetSchema.ToElements(schema);
        keyValues = [.. (metadata ?? new Dictionary<string, string>()).OrderBy(pair => pair.Key, StringComparer.Ordinal)];
        Emit(ParquetLayout.Magic);
    }

    /// <summary>Appends one row group.</summary>
    /// <param name="batch">Columns as in the schema, at most 16,777,216 rows; a batch without rows adds nothing.</param>
    /// <exception cref="ArgumentException">The batch has another schema, too many rows, text that is not UTF-8, a decimal of more digits than its type where that is of 9 or less, or a column of more than 1 GiB.</exception>
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
        WritePageIndexes();
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
        var bounds = encoder.Encode(field, column);
        var codec = Compress(encoder.Pages);
        var written = codec == CompressionCodec.Uncompressed ? encoder.Pages : compressed;
        var start = position;
        var uncompressedBytes = 0L;
        var crc = default(Crc32);
        long? dictionaryOffset = null, dataOffset = null;
        List<WrittenPage> dataPages = [];
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
                dataPages.Add(new WrittenPage(offset, (int)(position - offset), page.ValueCount));
            }
        }

        pageIndexes.Add(new PageIndex(dataPages, encoder.PageBounds));
        return new ColumnChunkMetadata
        {
            Column = field.Name,
            Type = ParquetSchema.PhysicalTypeOf(field.Type),
            Encodings = [.. written.Pages.Select(page => page.Encoding).Concat(field.IsNullable ? [ParquetEncoding.Rle] : []).Distinct()],
            Codec = codec,
            ValueCount = column.Length,
            UncompressedBytes = uncompressedBytes,
            SizeBytes = position - start,
            DataPageOffset = dataOffset!.Value,
            DictionaryPageOffset = dictionaryOffset,
            KeyValues = [new(ParquetLayout.CrcKey, crc.Value.ToString("x8", CultureInfo.InvariantCulture))],
            Statistics = bounds,
        };
    }

    /// <summary>Fills <see cref="compressed"/> and says whether to write it.</summary>
    private CompressionCodec Compress(PageBuffer pages)
    {
        compressed.Clear();
        if (options.Compression == ParquetCompression.None)
        {
            return CompressionCodec.Uncompressed;
        }

        var isZstd = options.Compression == ParquetCompression.Zstandard;
        foreach (var page in pages.Pages)
        {
            if (!isZstd)
            {
                compressor.Compress(pages[page], compressed.Body);
            }
            else if (!NativeZstd.TryCompress(pages[page], NativeZstd.DefaultLevel, compressed.Body))
            {
                return CompressionCodec.Uncompressed;
            }

            compressed.EndPage(page.Type, page.Encoding, page.ValueCount, page.UncompressedBytes);
        }

        return compressed.SizeBytes * 10L > pages.SizeBytes * 9L ? CompressionCodec.Uncompressed
            : isZstd ? CompressionCodec.Zstd
            : CompressionCodec.Snappy;
    }

    /// <summary>Writes the page indexes of all chunks, column indexes first, as other writers do.</summary>
    private void WritePageIndexes()
    {
        if (!options.HasPageIndex || rowGroups.Count == 0)
        {
            return;
        }

        var crc = default(Crc32);
        var next = 0;
        var places = new (FileRange? Columns, FileRange Offsets)[pageIndexes.Count];
        foreach (var index in pageIndexes)
        {
            var isText = schema.Fields[next % schema.Fields.Count].Type is ArrowType.Utf8Type or ArrowType.DictionaryType;
            places[next++].Columns = index.Bounds is null ? null : EmitIndex(ref crc, () => index.WriteBounds(thrift, isText ? CompareTexts : CompareIntegers));
        }

        for (next = 0; next < places.Length; next++)
        {
            var index = pageIndexes[next];
            places[next].Offsets = EmitIndex(ref crc, () => index.WriteOffsets(thrift));
        }

        next = 0;
        for (var i = 0; i < rowGroups.Count; i++)
        {
            rowGroups[i] = rowGroups[i] with
            {
                Columns = [.. rowGroups[i].Columns.Select(chunk => chunk with { ColumnIndex = places[next].Columns, OffsetIndex = places[next++].Offsets })],
            };
        }

        keyValues.Add(new(ParquetLayout.CrcKey, crc.Value.ToString("x8", CultureInfo.InvariantCulture)));
        keyValues.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key));
    }

    private FileRange EmitIndex(ref Crc32 crc, Action write)
    {
        thrift.Clear();
        write();
        var range = new FileRange(position, thrift.Written.Length);
        crc.Append(thrift.Written);
        Emit(thrift.Written);
        return range;
    }

    private static int CompareTexts(ReadOnlyMemory<byte> a, ReadOnlyMemory<byte> b) => a.Span.SequenceCompareTo(b.Span);

    private static int CompareIntegers(ReadOnlyMemory<byte> a, ReadOnlyMemory<byte> b) => Integer(a).CompareTo(Integer(b));

    private static Int128 Integer(ReadOnlyMemory<byte> bound) =>
        ColumnStatistics.TryInteger(bound, out var value) ? value : BinaryPrimitives.ReadInt128BigEndian(bound.Span);

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
}
