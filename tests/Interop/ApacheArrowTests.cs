using Analytics.Engine.Arrow;
using Analytics.Engine.Arrow.Ipc;
using Analytics.Tests.Arrow;
using Xunit;

namespace Analytics.Tests.Interop;

/// <summary>Streams and files exchanged with apache-arrow, the reference implementation in JavaScript.</summary>
public sealed class ApacheArrowTests : IDisposable
{
    private const string Script = "Peers/arrow-js.mjs";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [PeerFact("Peers", "apache-arrow")]
    public async Task Reads_OurStreamsAndFiles_WithTheSameValues()
    {
        var random = new Random(21);

        // The reference reads no decimals of 64 bits, and takes binaries of width 0 for missing.
        ArrowType[] types = [.. ArrowSamples.Types.Where(type => type is not ArrowType.FixedSizeBinaryType { Width: 0 })];
        var schema = ArrowSamples.Schema(random, types);
        var batches = ArrowSamples.Batches(random, schema, 12, 40);

        Assert.Equal(Peer.Rows(batches), await Peer.Run(Script, "read", folder.Write("ours.arrows", ArrowSamples.Stream(schema, batches))));
        Assert.Equal(Peer.Rows(batches), await Peer.Run(Script, "read", folder.Write("ours.arrow", ArrowSamples.File(schema, batches))));
    }

    [PeerFact("Peers", "apache-arrow")]
    public async Task Writes_StreamsAndFilesOfAllTypes_ThatWeReadWithTheSameValues()
    {
        await Peer.Run(Script, "write", folder.Path);

        foreach (var name in new[] { "all-types.arrows", "slices.arrows", "legacy.arrows", "dictionaries.arrows" })
        {
            using var stream = File.OpenRead(folder.File(name));
            Assert.Equal(File.ReadLines(folder.File(name + ".rows")), Peer.Rows(ArrowSamples.ReadStream(stream, name)));
        }

        foreach (var name in new[] { "all-types.arrow", "dictionaries.arrow" })
        {
            using var stream = File.OpenRead(folder.File(name));
            Assert.Equal(File.ReadLines(folder.File(name + ".rows")), Peer.Rows(ArrowSamples.ReadFile(stream, name)));
        }
    }

    [PeerFact("Peers", "apache-arrow")]
    public async Task Writes_Schema_ThatWeReadWithoutNestedColumns()
    {
        await Peer.Run(Script, "write", folder.Path);
        using var stream = File.OpenRead(folder.File("all-types.arrows"));
        var reader = ArrowStreamReader.Open(stream, "all-types.arrows");

        Assert.Equal(
            ["List", "Struct", "List", "dictionary of Int", "FixedSizeList", "Map", "Union", "Null", "Duration", "Interval"],
            reader.Skipped.Select(column => column.Type));
        Assert.All(reader.Skipped, column => Assert.StartsWith("skipped", column.Name, StringComparison.Ordinal));
        Assert.Equal("arrow-js", reader.Schema.Metadata["who"]);
        Assert.Equal(new ArrowType.TimestampType(TimeUnit.Millisecond, "Europe/Zurich"), reader.Schema.Fields[reader.Schema.IndexOf("ts_ms_zone")].Type);
        Assert.Equal(ArrowType.Utf8, reader.Schema.Fields[reader.Schema.IndexOf("utf8_view")].Type);
        Assert.Equal(ArrowType.DictionaryUtf8, reader.Schema.Fields[reader.Schema.IndexOf("dict_i64")].Type);
        Assert.Equal(ArrowType.Date, reader.Schema.Fields[reader.Schema.IndexOf("date_ms")].Type);
    }

    [PeerFact("Peers", "apache-arrow")]
    public async Task Writes_CompressedBuffers_ThatWeRefuseByName()
    {
        await Peer.Run(Script, "write", folder.Path);

        foreach (var (name, codec) in new[] { ("lz4.arrows", "LZ4_FRAME"), ("zstd.arrows", "ZSTD") })
        {
            using var stream = File.OpenRead(folder.File(name));
            var error = Assert.Throws<ArrowFormatException>(() => ArrowSamples.ReadStream(stream, name));
            Assert.StartsWith($"Found buffers compressed with {codec} in '{name}' at byte ", error.Message, StringComparison.Ordinal);
        }
    }
}
