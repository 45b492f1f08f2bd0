using System.Buffers.Binary;
using Analytics.Storage;
using Analytics.Storage.Parquet;
using Xunit;

namespace Analytics.Tests.Storage.Parquet;

public class ParquetFooterTests
{
    // A footer of 300 KB could stand for 10 MB of objects.
    [Fact]
    public void Open_SchemaOfTinyElements_IsRefusedBeforeTheyAreMade()
    {
        var thrift = new ThriftCompactWriter();
        thrift.BeginStruct();
        thrift.Int32(1, 1);
        thrift.List(2, ThriftType.Struct, 100_000);
        for (var i = 0; i < 100_000; i++)
        {
            thrift.BeginStruct();
            thrift.Text(4, "");
            thrift.EndStruct();
        }

        thrift.EndStruct();
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, thrift.Written.Length);
        byte[] file = [.. "PAR1"u8, .. thrift.Written, .. length, .. "PAR1"u8];
        var before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<CorruptFileException>(() => ParquetSamples.Open(file));

        Assert.StartsWith("Found 100000 elements in a list of the footer in 'test.parquet', byte 4; expected at most ", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (8 * file.Length) + (1 << 20));
    }
}
