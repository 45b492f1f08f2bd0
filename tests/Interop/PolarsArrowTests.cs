using Analytics.Engine.Arrow;
using Analytics.Engine.Arrow.Ipc;
using Analytics.Tests.Arrow;
using Xunit;

namespace Analytics.Tests.Interop;

/// <summary>Streams and files exchanged with Polars, whose texts are views and whose categories have codes of other widths.</summary>
public sealed class PolarsArrowTests : IDisposable
{
    private const string Script = "HeavyPeers/polars.mjs";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [PeerFact("HeavyPeers", "nodejs-polars-linux-x64-gnu")]
    public async Task Reads_OurStreamsAndFiles_WithTheSameValues()
    {
        var random = new Random(33);
        var schema = ArrowSamples.Schema(random, [
            .. ArrowSamples.Types.Where(type => type is ArrowType.BoolType or ArrowType.IntType or ArrowType.FloatType(not 16) or ArrowType.DecimalType or ArrowType.Utf8Type or ArrowType.DictionaryType),
            ArrowType.TimestampMicrosUtc, new ArrowType.TimestampType(TimeUnit.Nanosecond, "Europe/Zurich"), new ArrowType.TimestampType(TimeUnit.Millisecond, null), new ArrowType.TimeType(TimeUnit.Nanosecond)]);

        // One dictionary for all batches: the reader takes no additions and no replacements.
        var batch = ArrowSamples.Batches(random, schema, 20, 100).MaxBy(batch => batch.RowCount)!;
        RecordBatch[] batches = [batch, batch.Slice(3, 20), batch.Slice(11, 0), batch.Slice(9, 30)];

        Assert.Equal(Peer.Rows(batches), await Peer.Run(Script, "read", folder.Write("ours.arrows", ArrowSamples.Stream(schema, batches))));
        Assert.Equal(Peer.Rows(batches), await Peer.Run(Script, "read", folder.Write("ours.arrow", ArrowSamples.File(schema, batches))));
    }

    [PeerFact("HeavyPeers", "nodejs-polars-linux-x64-gnu")]
    public async Task Writes_StreamsAndFiles_ThatWeReadWithTheSameValues()
    {
        await Peer.Run(Script, "write", folder.Path);

        foreach (var name in new[] { "all.arrows", "slice.arrows" })
        {
            using var stream = File.OpenRead(folder.File(name));
            Assert.Equal(File.ReadLines(folder.File(name + ".rows")), Peer.Rows(ArrowSamples.ReadStream(stream, name)));
        }

        foreach (var name in new[] { "all.arrow", "none.arrow" })
        {
            using var stream = File.OpenRead(folder.File(name));
            Assert.Equal(File.ReadLines(folder.File(name + ".rows")), Peer.Rows(ArrowSamples.ReadFile(stream, name)));
        }

        using var zstd = File.OpenRead(folder.File("zstd.arrow"));
        Assert.Contains("compressed with ZSTD", Assert.Throws<ArrowFormatException>(() => ArrowSamples.ReadFile(zstd)).Message, StringComparison.Ordinal);
        using var lz4 = File.OpenRead(folder.File("lz4.arrows"));
        Assert.Contains("compressed with LZ4_FRAME", Assert.Throws<ArrowFormatException>(() => ArrowSamples.ReadStream(lz4)).Message, StringComparison.Ordinal);
    }

    [PeerFact("HeavyPeers", "nodejs-polars-linux-x64-gnu")]
    public async Task Writes_Categories_AsCodesThatWeRead()
    {
        await Peer.Run(Script, "write", folder.Path);
        using var stream = File.OpenRead(folder.File("all.arrows"));

        var schema = ArrowStreamReader.Open(stream, "all.arrows").Schema;

        Assert.Equal(ArrowType.DictionaryUtf8, schema.Fields[schema.IndexOf("category")].Type);
        Assert.Equal(ArrowType.Utf8, schema.Fields[schema.IndexOf("text")].Type);
        Assert.Equal(new ArrowType.DecimalType(128, 18, 6), schema.Fields[schema.IndexOf("decimal")].Type);
    }
}
