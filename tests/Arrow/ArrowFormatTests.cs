using System.Globalization;
using Analytics.Engine.Arrow;
using Analytics.Engine.Arrow.Ipc;
using Analytics.Tests.Interop;
using Xunit;

namespace Analytics.Tests.Arrow;

/// <summary>The bytes of streams: explained once, and frozen.</summary>
public class ArrowFormatTests
{
    public static string PathOf(string file) => Path.Combine(RepositoryRoot.Path, "tests", "Arrow", file);

    [Fact]
    public void Write_OneColumnOfTwoNumbers_GivesTheseBytes()
    {
        var schema = new Schema(new Field("n", ArrowType.Int32));

        var bytes = ArrowSamples.Stream(schema, [new RecordBatch(schema, new PrimitiveArray<int>(ArrowType.Int32, [1, 2]))]);

        // Bytes and what they say; 00*n stands for n zeros.
        const string Explained = """
            FFFFFFFFB8000000  a message follows, with 184 bytes of metadata
            10000000  the root: the Message is 16 bytes on
            0C0018000400060008001000  its description: 12 bytes, for a table of 24: version at 4, kind at 6, header at 8, body length at 16
            0C00000004000100  Message: the description is 12 back; version V5; kind 1, a schema
            1800000000000000  the header is 24 on
            0000000000000000  the body has 0 bytes
            08000C0004000800  description of a Schema: endianness at 4, fields at 8
            0800000000000000  Schema: little-endian
            04000000  the fields are 4 on
            0100000018000000  1 field, 24 on
            100014000400080009000C0000001000  description of a Field: name at 4, nullable at 8, kind of type at 9, type at 12, no dictionary, children at 16
            00000000  (tables start at multiples of 8)
            1400000010000000  Field: the name is 16 on
            00020000  not nullable; kind 2, Int
            1C00000024000000  the type is 28 on, the children 36 on
            010000006E00  a text of 1 byte, n, and the zero that closes it
            0800090004000800  description of an Int: bits at 4, sign at 8
            000000000000
            0E0000002000000001000000  Int: 32 bits, signed
            00000000  0 children
            00*40  padding, so that the body starts at a multiple of 64
            FFFFFFFFB8000000  a message of 184 bytes
            10000000  the root
            0C0018000400060008001000  description of a Message
            0C00000004000300  Message: version V5; kind 3, a record batch
            2000000000000000  the header is 32 on
            4000000000000000  the body has 64 bytes
            0A001800080010001400  description of a RecordBatch: rows at 8, nodes at 16, buffers at 20
            000000000000
            1000000000000000  RecordBatch
            0200000000000000  2 rows
            0C0000002000000000000000  nodes 12 on, buffers 32 on
            01000000  1 node
            02000000000000000000000000000000  2 values, 0 nulls
            00000000
            02000000  2 buffers
            00*16  validity: at 0, 0 bytes, since no value is null
            00000000000000000800000000000000  values: at 0, 8 bytes
            00*40  padding
            0100000002000000  the values 1 and 2
            00*56  padding
            FFFFFFFF00000000  the end
            """;
        var expected = string.Concat(Explained.Split('\n').Select(line => line.Split(' ')[0].Trim())
            .Select(digits => digits.StartsWith("00*", StringComparison.Ordinal) ? new string('0', 2 * int.Parse(digits[3..], CultureInfo.InvariantCulture)) : digits));
        Assert.Equal(expected, Convert.ToHexString(bytes));
    }

    // Written by the first version that wrote streams: all types, nulls, slices, dictionaries that grow and change.
    [Fact]
    public void Read_StreamOfTheFirstVersion_GivesItsValues()
    {
        using var stream = File.OpenRead(PathOf("format-1.arrows"));
        var reader = ArrowStreamReader.Open(stream, "format-1.arrows");
        List<RecordBatch> batches = [];
        while (reader.Next() is { } batch)
        {
            batches.Add(batch);
        }

        Assert.Equal(File.ReadAllText(PathOf("format-1.txt")).ReplaceLineEndings("\n"), ArrowText.Of(reader.Schema, batches).Replace("\0", "\\0", StringComparison.Ordinal));
    }

    // Written by apache-arrow 21.2.0 with the framing of before Arrow 0.15: see tests/Interop/Peers/arrow-js.mjs.
    [Fact]
    public void Read_StreamOfAnotherWriter_GivesItsValues()
    {
        using var stream = File.OpenRead(PathOf("apache-arrow-21.arrows"));

        Assert.Equal(File.ReadLines(PathOf("apache-arrow-21.rows")), Peer.Rows(ArrowSamples.ReadStream(stream)));
    }
}
