using System.Buffers.Binary;
using Analytics.Storage;
using Analytics.Storage.Parquet;
using Xunit;

namespace Analytics.Tests.Storage.Parquet;

/// <summary>What old writers put wrong, made from a sound file.</summary>
public class WriterFaultTests
{
    // Ids of fields, as in the format's Thrift definition.
    private const short RowGroups = 4;
    private const short CreatedBy = 6;
    private const short EncryptionAlgorithm = 8;
    private const short ChunkMetadata = 3;
    private const short ChunkSize = 7;
    private const short DataPageOffset = 9;
    private const short DictionaryPageOffset = 11;

    [Theory]
    [InlineData("parquet-mr", true)]
    [InlineData("parquet-mr version 1.2.8", true)]
    [InlineData("parquet-mr version 1.2.9-SNAPSHOT (build 1)", false)]
    [InlineData("parquet-mr version 1.13.1 (build db4183109d5b734ec5930d870cdae161e408ddba)", false)]
    [InlineData("impala version 1.3.0", false)]
    public void Read_ChunksWithoutTheDictionaryHeader_AreReadWhereTheWriterIsKnown(string createdBy, bool isRead)
    {
        var bytes = WithFooter(ParquetSamples.SmallFile(), footer =>
        {
            footer.Fields.RemoveAll(field => field.Id == CreatedBy);
            footer.Fields.Add((CreatedBy, new ThriftTree(ThriftType.Binary) { Bytes = System.Text.Encoding.UTF8.GetBytes(createdBy) }));
            footer.Fields.Sort((a, b) => a.Id.CompareTo(b.Id));
            foreach (var chunk in Chunks(footer))
            {
                chunk[ChunkSize]!.Number -= 9;
            }
        });

        if (isRead)
        {
            Assert.Equal(ParquetSamples.ReadAll(ParquetSamples.SmallFile()), ParquetSamples.ReadAll(bytes));
        }
        else
        {
            Assert.Throws<CorruptFileException>(() => ParquetSamples.ReadAll(bytes));
        }
    }

    [Fact]
    public void Read_ChunkWithNothingButADictionary_HasNoRows()
    {
        var bytes = WithFooter(new ParquetBytes().Dictionary(0, []).File(PhysicalType.Int64, 0), footer =>
        {
            foreach (var chunk in Chunks(footer))
            {
                chunk.Set(DictionaryPageOffset, ThriftType.Int64, 4);
                chunk.Set(DataPageOffset, ThriftType.Int64, 0);
            }
        });

        Assert.Empty(Assert.Single(ParquetSamples.ReadAll(bytes)));
    }

    [Fact]
    public void Open_SignedFooterOfEncryptedColumns_SaysSo()
    {
        var bytes = WithFooter(ParquetSamples.SmallFile(), footer => footer.Fields.Add((EncryptionAlgorithm, new ThriftTree(ThriftType.Struct))), signatureBytes: 28);

        Assert.StartsWith(
            "Found a file with encrypted columns in 'test.parquet'; expected a plain one.",
            Assert.Throws<CorruptFileException>(() => ParquetSamples.Open(bytes)).Message,
            StringComparison.Ordinal);
    }

    // The checksum of a chunk covers its own size, which is no more the same.
    private static IEnumerable<ThriftTree> Chunks(ThriftTree footer)
    {
        foreach (var chunk in footer[RowGroups]!.Items.SelectMany(rowGroup => rowGroup[1]!.Items).Select(chunk => chunk[ChunkMetadata]!))
        {
            chunk.Fields.RemoveAll(field => field.Id == 8);
            yield return chunk;
        }
    }

    private static byte[] WithFooter(byte[] file, Action<ThriftTree> change, int signatureBytes = 0)
    {
        var start = file.Length - 8 - BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(file.Length - 8));
        var position = start;
        var footer = ThriftTree.Read(file.AsSpan(0, file.Length - 8), ref position);
        change(footer);
        var bytes = ParquetParts.Join(file[..start], footer);
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(bytes.Length - 8)) + signatureBytes;
        var tail = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(tail, length);
        return [.. bytes[..^8], .. new byte[signatureBytes], .. tail, .. "PAR1"u8];
    }
}
