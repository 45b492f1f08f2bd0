using System.Buffers.Binary;
using Analytics.Storage;
using Analytics.Storage.Parquet;

namespace Analytics.Tests.Storage.Parquet;

/// <summary>Builds files of one column, 'c', page by page: also such as the writer never writes.</summary>
internal sealed class ParquetBytes
{
    private readonly List<byte> pages = [];

    public ParquetBytes Dictionary(int count, byte[] body) => Page(PageType.Dictionary, ParquetEncoding.Plain, count, body);

    public ParquetBytes Data(ParquetEncoding encoding, int count, byte[] body) => Page(PageType.Data, encoding, count, body);

    public ParquetBytes Page(PageType type, ParquetEncoding encoding, int count, byte[] body, int? uncompressedBytes = null)
    {
        var thrift = new ThriftCompactWriter();
        new PageHeader(type, uncompressedBytes ?? body.Length, body.Length, Crc32.Of(body), count, encoding).Write(thrift);
        pages.AddRange(thrift.Written);
        pages.AddRange(body);
        return this;
    }

    public byte[] File(PhysicalType type, long rows, CompressionCodec codec = CompressionCodec.Uncompressed) => File(
        new SchemaElement
        {
            Name = "c",
            Type = type,
            Repetition = Repetition.Required,
            ConvertedType = type == PhysicalType.ByteArray ? ConvertedType.Utf8 : null,
        },
        rows,
        codec);

    public byte[] File(SchemaElement element, long rows, CompressionCodec codec = CompressionCodec.Uncompressed)
    {
        var chunk = new ColumnChunkMetadata
        {
            Column = element.Name,
            Type = element.Type ?? PhysicalType.Int64,
            Codec = codec,
            ValueCount = rows,
            UncompressedBytes = pages.Count,
            SizeBytes = pages.Count,
            DataPageOffset = 4,
        };
        var thrift = new ThriftCompactWriter();
        ParquetFooter.Write(thrift, new FileMetadata
        {
            Version = 1,
            Schema = [new SchemaElement { Name = "schema", ChildCount = 1 }, element],
            RowCount = rows,
            RowGroups = [new RowGroupMetadata { RowCount = rows, Columns = [chunk] }],
            KeyValues = [],
            TypeOrdered = [],
        });
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, thrift.Written.Length);
        return [.. "PAR1"u8, .. pages, .. thrift.Written, .. length, .. "PAR1"u8];
    }
}
