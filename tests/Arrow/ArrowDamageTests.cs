using System.Buffers.Binary;
using Analytics.Engine.Arrow;
using Analytics.Engine.Arrow.Ipc;
using Xunit;

namespace Analytics.Tests.Arrow;

/// <summary>
/// Whatever the bytes, reading gives batches or <see cref="ArrowFormatException"/>: every truncation, random mutations of
/// streams and files of ours and of another writer, and messages that are built to mislead.
/// </summary>
public class ArrowDamageTests
{
    private const int Mutations = 4_000;

    // Objects for columns, names and messages; the blocks lie outside of the managed heap. The samples have 8 to 16 KB.
    private const long AllocationLimitBytes = 2 * 1024 * 1024;

    private static readonly byte[] OurStream = Sample(ArrowSamples.Stream);
    private static readonly byte[] OurFile = Sample(ArrowSamples.File);
    private static readonly byte[] OtherStream = File.ReadAllBytes(ArrowFormatTests.PathOf("apache-arrow-21.arrows"));

    [Fact]
    public void Stream_AnyTruncation_GivesBatchesOrRefuses()
    {
        for (var length = 0; length < OtherStream.Length; length++)
        {
            AssertReadOrRefused(() => Read(new MemoryStream(OtherStream, 0, length)), $"cut to {length} bytes");
        }

        for (var length = 0; length < OurStream.Length; length++)
        {
            AssertReadOrRefused(() => Read(new Wire(OurStream[..length])), $"cut to {length} bytes, of unknown length");
        }
    }

    [Fact]
    public void File_AnyTruncation_Refuses()
    {
        for (var length = 0; length < OurFile.Length; length++)
        {
            Assert.Throws<ArrowFormatException>(() => ReadFile(OurFile[..length]));
        }
    }

    [Fact]
    public void Stream_AnyFlippedByte_GivesBatchesOrRefuses()
    {
        var bytes = (byte[])OtherStream.Clone();
        for (var offset = 0; offset < bytes.Length; offset++)
        {
            bytes[offset] ^= 0xFF;
            AssertReadOrRefused(() => Read(new MemoryStream(bytes)), $"byte {offset}");
            bytes[offset] ^= 0xFF;
        }
    }

    [Fact]
    public void Stream_AnyMutation_GivesBatchesOrRefuses()
    {
        for (var seed = 0; seed < Mutations; seed++)
        {
            var bytes = Mutated(seed % 2 == 0 ? OurStream : OtherStream, new Random(seed));
            AssertReadOrRefused(() => Read(seed % 3 == 0 ? new Wire(bytes) : new MemoryStream(bytes)), $"seed {seed}");
        }
    }

    [Fact]
    public void File_AnyMutation_GivesBatchesOrRefuses()
    {
        for (var seed = 0; seed < Mutations; seed++)
        {
            var bytes = Mutated(OurFile, new Random(seed));
            AssertReadOrRefused(() => ReadFile(bytes), $"seed {seed}");
        }
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public void Stream_ClaimsMoreThanArrives_AsksForLittleMore(bool inBody)
    {
        var bytes = new byte[200_000];
        if (inBody)
        {
            Message(1, SchemaTable([])).Concat(Message(3, new FlatBufferWriter().Int64(0, 0), 2_000_000_000)).ToArray().CopyTo(bytes, 0);
        }
        else
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, -1);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), 2_000_000_000);
        }

        var wire = new Wire(bytes);

        var error = Assert.Throws<ArrowFormatException>(() => Read(wire));
        Assert.Contains("Found the end after", error.Message, StringComparison.Ordinal);
        Assert.InRange(wire.MostAsked, 1, bytes.Length * 2);
    }

    [Fact]
    public void Schema_NestedTooDeep_Refuses()
    {
        var field = Field("leaf", 2, new FlatBufferWriter().Int32(0, 32));
        for (var depth = 0; depth < 40; depth++)
        {
            field = Field($"level {depth}", 12, new FlatBufferWriter(), [field]);
        }

        AssertRefused("Found columns nested more than 32 deep in 'test' at byte 0, column 'level 6'; expected flatter ones.", Message(1, SchemaTable([field])));
    }

    // 60 levels of two references each to the level below: 2 to the 60th fields, in 4 KB.
    [Fact]
    public void Schema_PartsThatOverlap_Refuses()
    {
        using var stream = new MemoryStream();
        var writer = new BinaryWriter(stream);

        // Message: kind 1, header a schema whose fields are two references to one field, and so on.
        List<(int At, int Target)> references = [];
        writer.Write(0);
        var message = Table(writer, (4, 2), (6, 1), (8, 4));
        references.Add((0, message));
        stream.Position = message + 4;
        writer.Write((short)4);
        writer.Write((byte)1);
        stream.Position = stream.Length;
        var schema = Table(writer, (4, 2), (8, 4));
        references.Add((message + 8, schema));
        var from = schema + 8;
        for (var level = 0; level < 30; level++)
        {
            stream.Position = stream.Length;
            while (stream.Position % 4 != 0)
            {
                writer.Write((byte)0);
            }

            var vector = (int)stream.Position;
            writer.Write(2);
            writer.Write(0L);
            references.Add((from, vector));

            // Field: type List (2), its empty table (3), children (5).
            var field = Table(writer, (0, 1), (0, 1), (4, 1), (8, 4), (0, 4), (12, 4));
            references.Add((vector + 4, field));
            references.Add((vector + 8, field));
            stream.Position = field + 4;
            writer.Write((byte)12);
            stream.Position = stream.Length;
            references.Add((field + 8, Table(writer)));
            from = field + 12;
        }

        references.Add((from, (int)stream.Length));
        stream.Position = stream.Length;
        writer.Write(0);
        foreach (var (at, target) in references)
        {
            stream.Position = at;
            writer.Write(target - at);
        }

        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(length, -1);
        BinaryPrimitives.WriteInt32LittleEndian(length.AsSpan(4), (int)stream.Length);

        var error = Assert.Throws<ArrowFormatException>(() => Read(new MemoryStream([.. length, .. stream.ToArray()])));
        Assert.Contains("whose parts overlap", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Views_ThatShareOneText_AreLimited()
    {
        const int Rows = 10_000;
        var body = new byte[(Rows * 16) + 1_000_000];
        for (var row = 0; row < Rows; row++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(row * 16), 1_000_000);
        }

        var batch = new FlatBufferWriter().Int64(0, Rows).Structs(1, [Rows, 0], 2)
            .Structs(2, [0, 0, 0, Rows * 16, Rows * 16, 1_000_000], 2).Structs(4, [1], 1);

        AssertRefused(
            "Found 10000 views that share 1160000 bytes and stand for 75000000 and more",
            [.. Message(1, SchemaTable([Field("text", 24, new FlatBufferWriter())])), .. Message(3, batch, body.Length), .. body]);
    }

    [Fact]
    public void File_DictionaryNamedTwice_Refuses()
    {
        var schema = new Schema(new Field("text", ArrowType.DictionaryUtf8));
        var bytes = ArrowSamples.File(schema, [new RecordBatch(schema, new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, [0]), StringArray.From(["a"])))]);
        var footerLength = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(bytes.Length - 10));
        var footer = bytes.AsSpan(bytes.Length - 10 - footerLength, footerLength);

        // The batch's block becomes the dictionary's.
        var blocks = footer[^56..];
        blocks[..24].CopyTo(blocks[32..]);
        Assert.Equal(1, BinaryPrimitives.ReadInt32LittleEndian(blocks[28..]));

        var error = Assert.Throws<ArrowFormatException>(() => ReadFile(bytes));
        Assert.Contains("inside of another that ends at", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public void Stream_OtherForms_AreRefusedByName(string message, byte[] bytes) => AssertRefused(message, bytes);

    public static TheoryData<string, byte[]> Refusals => new()
    {
        { "Found the end in 'test' at byte 0; expected a schema.", [] },
        { "Found the start of an Arrow file in 'test' at byte 0; expected an Arrow stream. Read it with ArrowFileReader.", [.. "ARROW1\0\0"u8] },
        { "Found a message of kind RecordBatch in 'test' at byte 0; expected a schema first.", Message(3, new FlatBufferWriter()) },
        { "Found big-endian values in 'test' at byte 0; expected little-endian ones.", Message(1, new FlatBufferWriter().Int16(0, 1).Tables(1, [])) },
        { "Found decimals of 256 bits in 'test' at byte 0, column 'c'; expected decimals of 64 or 128 bits.", Message(1, SchemaTable([Field("c", 7, new FlatBufferWriter().Int32(0, 76).Int32(1, 2).Int32(2, 256))])) },
        { "Found decimals of 32 bits in 'test' at byte 0, column 'c'; expected decimals of 64 or 128 bits.", Message(1, SchemaTable([Field("c", 7, new FlatBufferWriter().Int32(0, 9).Int32(1, 2).Int32(2, 32))])) },
        { "Found type number 99 in 'test' at byte 0, column 'c'; expected 1 to 26.", Message(1, SchemaTable([Field("c", 99, new FlatBufferWriter())])) },
        { "Found 2 columns named 'c' in 'test' at byte 0; expected different names.", Message(1, SchemaTable([Field("c", 6, new FlatBufferWriter()), Field("c", 6, new FlatBufferWriter())])) },
        { "Found metadata of version V3 in 'test' at byte 0; expected V4 or V5.", Frame(new FlatBufferWriter().Int16(0, 2).Byte(1, 1).Table(2, SchemaTable([])).ToBytes()) },
    };

    private static void AssertRefused(string message, byte[] bytes)
    {
        var error = Assert.Throws<ArrowFormatException>(() => Read(new MemoryStream(bytes)));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.Equal("test", error.Name);
    }

    private static void AssertReadOrRefused(Action read, string what)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            read();
        }
        catch (ArrowFormatException)
        {
            // As documented.
        }
        catch (Exception exception)
        {
            Assert.Fail($"{what}: {exception}");
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated <= AllocationLimitBytes, $"{what}: {allocated} bytes were allocated.");
    }

    // Every value is looked at, since a bad offset would show only there.
    private static void Read(Stream stream)
    {
        var reader = ArrowStreamReader.Open(stream, "test");
        while (reader.Next() is { } batch)
        {
            Look(batch);
        }
    }

    private static void ReadFile(byte[] bytes)
    {
        var reader = ArrowFileReader.Open(new MemoryStream(bytes), "test");
        for (var i = 0; i < reader.BatchCount; i++)
        {
            Look(reader.Batch(i));
        }
    }

    private static void Look(RecordBatch batch)
    {
        foreach (var column in batch.Columns)
        {
            for (var row = 0; row < column.Length; row++)
            {
                ArrowText.Cell(column, row);
            }
        }
    }

    private static byte[] Mutated(byte[] bytes, Random random)
    {
        List<byte> mutated = [.. bytes];
        for (var changes = random.Next(1, 5); changes > 0; changes--)
        {
            var at = random.Next(mutated.Count - 8);
            switch (random.Next(7))
            {
                case 0:
                    mutated[at] = (byte)random.Next(256);
                    break;
                case 1:
                    mutated[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    mutated.RemoveRange(at, random.Next(1, 9));
                    break;
                case 3:
                    mutated.InsertRange(at, mutated.GetRange(random.Next(mutated.Count - 8), 8));
                    break;
                case 4:
                    int[] extremes = [int.MinValue, -1, 0, 1, 64, 255, 65_536, int.MaxValue];
                    Set(at & ~3, BitConverter.GetBytes(extremes[random.Next(extremes.Length)]));
                    break;
                case 5:
                    long[] largest = [long.MinValue, -1, 0, 1, int.MaxValue, 1L << 40, long.MaxValue];
                    Set(Math.Min(at & ~7, mutated.Count - 8), BitConverter.GetBytes(largest[random.Next(largest.Length)]));
                    break;
                default:
                    Set(at, [.. mutated.GetRange(random.Next(mutated.Count - 8), 4)]);
                    break;
            }
        }

        return [.. mutated];

        void Set(int at, byte[] value)
        {
            for (var i = 0; i < value.Length; i++)
            {
                mutated[at + i] = value[i];
            }
        }
    }

    private static byte[] Sample(Func<Schema, IReadOnlyList<RecordBatch>, ArrowWriterOptions?, byte[]> write)
    {
        var random = new Random(11);
        var schema = ArrowSamples.Schema(random, [ArrowType.DictionaryUtf8, ArrowType.Utf8, ArrowType.Bool, ArrowType.Int64, new ArrowType.FixedSizeBinaryType(16, IsUuid: true), ArrowType.PicoDollars128, ArrowType.Binary]);
        return write(schema, ArrowSamples.Batches(random, schema, 4, 12), null);
    }

    private static FlatBufferWriter SchemaTable(IReadOnlyList<FlatBufferWriter> fields) => new FlatBufferWriter().Tables(1, fields);

    private static FlatBufferWriter Field(string name, byte type, FlatBufferWriter body, IReadOnlyList<FlatBufferWriter>? children = null) =>
        new FlatBufferWriter().Text(0, name).Bool(1, true).Byte(2, type).Table(3, body).Tables(5, children ?? []);

    private static byte[] Message(byte kind, FlatBufferWriter header, long bodyLength = 0) =>
        Frame(new FlatBufferWriter().Int16(0, 4).Byte(1, kind).Table(2, header).Int64(3, bodyLength).ToBytes());

    private static byte[] Frame(byte[] message) => [0xFF, 0xFF, 0xFF, 0xFF, .. BitConverter.GetBytes(message.Length), .. message];

    // A table whose fields are at the given offsets, 0 for those that are absent. Returns where it starts.
    private static int Table(BinaryWriter writer, params (int Offset, int Length)[] fields)
    {
        var description = (int)writer.BaseStream.Position;
        var size = 4 + fields.Select(field => field.Offset == 0 ? 0 : field.Offset - 4 + field.Length).DefaultIfEmpty(0).Max();
        writer.Write((short)(4 + (fields.Length * 2)));
        writer.Write((short)size);
        foreach (var (offset, _) in fields)
        {
            writer.Write((short)offset);
        }

        var start = (int)writer.BaseStream.Position;
        writer.Write(start - description);
        writer.Write(new byte[size - 4]);
        return start;
    }

    /// <summary>A stream of unknown length, as from a network. It remembers the most that was asked of it.</summary>
    private sealed class Wire(byte[] bytes) : MemoryStream(bytes)
    {
        public int MostAsked { get; private set; }

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override int Read(Span<byte> buffer)
        {
            MostAsked = Math.Max(MostAsked, buffer.Length);
            return base.Read(buffer);
        }
    }
}
