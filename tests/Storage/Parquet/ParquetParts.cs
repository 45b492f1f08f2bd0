using System.Buffers.Binary;
using Analytics.Storage;
using Analytics.Storage.Compression;
using Analytics.Storage.Parquet;

namespace Analytics.Tests.Storage.Parquet;

/// <summary>A file as footer, chunks and pages, which can be changed and put together again with lengths, offsets and checksums that fit.</summary>
internal sealed class ParquetParts
{
    // Ids of fields, as in the format's Thrift definition.
    private const short RowGroups = 4;
    private const short Columns = 1;
    private const short ChunkMetadata = 3;
    private const short Codec = 4;
    private const short ChunkSize = 7;
    private const short ChunkKeyValues = 8;
    private const short DataPageOffset = 9;
    private const short DictionaryPageOffset = 11;
    private const short PageUncompressedSize = 2;
    private const short PageSize = 3;
    private const short PageCrc = 4;
    private const short DataPageV2 = 8;

    private ParquetParts(ThriftTree footer) => Footer = footer;

    public ThriftTree Footer { get; }

    public List<ChunkParts> Chunks { get; } = [];

    /// <summary>Takes a file apart; null where it is too damaged for that.</summary>
    public static ParquetParts? TryRead(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var footerBytes = BinaryPrimitives.ReadInt32LittleEndian(bytes[^8..]);
            var position = bytes.Length - 8 - footerBytes;
            var footer = bytes[..^8];
            var parts = new ParquetParts(ThriftTree.Read(footer, ref position));
            foreach (var chunk in parts.ChunkMetadatas())
            {
                parts.Chunks.Add(ReadChunk(bytes, chunk));
            }

            return parts;
        }
        catch (Exception error) when (error is InvalidDataException or ArgumentException or NullReferenceException)
        {
            return null;
        }
    }

    public ParquetParts Clone()
    {
        var copy = new ParquetParts(Footer.Clone());
        copy.Chunks.AddRange(Chunks.Zip(copy.ChunkMetadatas(), (chunk, metadata) => new ChunkParts(metadata, [.. chunk.Pages.Select(page => page.Clone())])));
        return copy;
    }

    /// <summary>Puts the file together.</summary>
    public byte[] ToBytes()
    {
        List<byte> file = [.. "PAR1"u8];
        foreach (var (metadata, pages) in Chunks)
        {
            var start = file.Count;
            int? dictionary = null, data = null;
            foreach (var page in pages)
            {
                _ = page.IsDictionary ? dictionary ??= file.Count : data ??= file.Count;
                file.AddRange(page.ToBytes());
            }

            metadata.Set(ChunkSize, ThriftType.Int64, file.Count - start);
            metadata.Set(DataPageOffset, ThriftType.Int64, data ?? start);
            metadata.Fields.RemoveAll(field => field.Id == DictionaryPageOffset);
            if (dictionary is not null)
            {
                metadata.Set(DictionaryPageOffset, ThriftType.Int64, dictionary.Value);
            }
        }

        return Join([.. file], Footer);
    }

    /// <summary>Puts a footer after what comes before it.</summary>
    public static byte[] Join(byte[] file, ThriftTree footer)
    {
        var bytes = footer.ToBytes();
        var length = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        return [.. file, .. bytes, .. length, .. "PAR1"u8];
    }

    /// <summary>The same file without compression, so that damage to values reaches the decoders of values; null where a page is damaged.</summary>
    public ParquetParts? TryDecompress()
    {
        var copy = Clone();
        try
        {
            foreach (var (metadata, pages) in copy.Chunks)
            {
                var codec = (CompressionCodec)metadata[Codec]!.Number;
                pages.ForEach(page => page.Decompress(codec));
                metadata.Set(Codec, ThriftType.Int32, (int)CompressionCodec.Uncompressed);
            }

            return copy;
        }
        catch (Exception error) when (error is MalformedDataException or ArgumentException or NullReferenceException or OverflowException)
        {
            return null;
        }
    }

    private IEnumerable<ThriftTree> ChunkMetadatas() =>
        Footer[RowGroups]!.Items.SelectMany(rowGroup => rowGroup[Columns]!.Items).Select(chunk => chunk[ChunkMetadata]!);

    private static ChunkParts ReadChunk(ReadOnlySpan<byte> bytes, ThriftTree metadata)
    {
        // The checksum of a chunk that this product writes would hide all damage.
        metadata.Fields.RemoveAll(field => field.Id == ChunkKeyValues);
        var data = metadata[DataPageOffset]!.Number;
        var start = metadata[DictionaryPageOffset]?.Number is > 0 and var dictionary && dictionary < data ? dictionary : data;
        var position = (int)start;
        var end = position + metadata[ChunkSize]!.Number;
        List<PageParts> pages = [];
        while (position < end)
        {
            var header = ThriftTree.Read(bytes, ref position);
            var size = (int)header[PageSize]!.Number;
            pages.Add(new PageParts(header, bytes.Slice(position, size).ToArray()));
            position += size;
        }

        return new ChunkParts(metadata, pages);
    }

    /// <summary>The pages of a column in a row group.</summary>
    /// <param name="Metadata">What the footer says of them.</param>
    /// <param name="Pages">In their order.</param>
    internal sealed record ChunkParts(ThriftTree Metadata, List<PageParts> Pages);

    /// <summary>A page.</summary>
    internal sealed class PageParts(ThriftTree header, byte[] body)
    {
        public ThriftTree Header { get; } = header;

        public byte[] Body { get; set; } = body;

        /// <summary>Whether the header stays as it is; else size and checksum are made to fit.</summary>
        public bool IsHeaderFinal { get; set; }

        public bool IsDictionary => Header[1]?.Number == (int)PageType.Dictionary;

        public PageParts Clone() => new(Header.Clone(), Body) { IsHeaderFinal = IsHeaderFinal };

        public byte[] ToBytes()
        {
            if (!IsHeaderFinal)
            {
                Header.Set(PageSize, ThriftType.Int32, Body.Length);
                if (Header[PageCrc] is not null)
                {
                    Header.Set(PageCrc, ThriftType.Int32, (int)Crc32.Of(Body));
                }
            }

            return [.. Header.ToBytes(), .. Body];
        }

        public void Decompress(CompressionCodec codec)
        {
            var v2 = Header[DataPageV2];
            var levels = (int)((v2?[5]?.Number ?? 0) + (v2?[6]?.Number ?? 0));
            var isCompressed = v2?[7] is not { Number: 0 };
            var target = new byte[checked((int)Header[PageUncompressedSize]!.Number)];
            Body.AsSpan(0, levels).CopyTo(target);
            PageCodec.Decompress(isCompressed ? codec : CompressionCodec.Uncompressed, Body.AsSpan(levels), target.AsSpan(levels));
            Body = target;
        }
    }
}
