using System.Globalization;
using Analytics.Engine.Usage;
using Analytics.Storage;
using Analytics.Storage.Catalog;
using Analytics.Storage.Directory;
using Analytics.Storage.Parquet;
using Analytics.Storage.Rollup;
using Analytics.Tests.Storage.Parquet;
using Xunit;

namespace Analytics.Tests.Interop;

/// <summary>What version 0.1 wrote must open for ever. If one of these tests fails, mend the reader; leave tests/data/format-1 alone.</summary>
/// <remarks>
/// usage-*.parquet were written by <see cref="ParquetWriter"/> in pages of 512 bytes, manifest.json and the files that
/// it names by <see cref="UsageStore"/>. A new format gets a folder and tests of its own beside these.
/// </remarks>
public class FormatFreezeTests
{
    private static readonly string Folder = Path.Combine(RepositoryRoot.Path, "tests", "data", "format-1");

    [Theory]
    [InlineData("usage-snappy.parquet", CompressionCodec.Snappy)]
    [InlineData("usage-zstd.parquet", CompressionCodec.Zstd)]
    public void UsageFile_OfFormat1_GivesTheValuesThatWereWritten(string name, object codec)
    {
        var bytes = File.ReadAllBytes(Path.Combine(Folder, name));
        var reader = ParquetSamples.Open(bytes);
        var chunks = reader.RowGroups.SelectMany(group => group.Columns).ToList();

        Assert.Equal(UsageSchema.Requests.Fields, reader.Schema.Fields);
        Assert.Equal("1", reader.Metadata["analytics.format"]);
        Assert.Equal([300, 200], reader.RowGroups.Select(group => group.RowCount));
        Assert.Equal([CompressionCodec.Uncompressed, (CompressionCodec)codec], chunks.Select(chunk => chunk.Codec).Distinct().Order());
        Assert.Equal(
            [ParquetEncoding.Plain, ParquetEncoding.DeltaBinaryPacked, ParquetEncoding.RleDictionary],
            chunks.Select(chunk => chunk.Encodings[^1]).Distinct().Order());
        Assert.All(chunks, chunk => Assert.NotNull(chunk.OffsetIndex));
        Assert.Equal(Enumerable.Range(0, 500).Select(Row), Lines(bytes));
    }

    [Fact]
    public void Manifest_OfFormat1_GivesWhatWasCommitted()
    {
        var manifest = Manifest.Read(Files.Physical, Path.Combine(Folder, "manifest.json"));

        Assert.Equal((1, 2L), (manifest.Version, manifest.Sequence));
        Assert.Equal([new ImportedFile(1, "org_1", "events", "events.ndjson", new string('a', 64))], manifest.Imports);
        Assert.Equal(["Second Org"], manifest.Registrations?.Organizations);
        Assert.Equal([new SeenApiKey("Second Org", "key_2")], manifest.Registrations?.ApiKeys);
        Assert.Equal(
            [
                "requests of org_1 in 2026-03: 1 rows of 60 minutes, 1774994400000000 through 1774994400000000, 2 requests for 1234567890123",
                "requests of org_1 in 2026-04: 1 rows of 60 minutes, 1775001600000000 through 1775001600000000, 2 requests for 6172839450615",
                "event_ids of org_1 in 2026-03: 2 rows",
                "event_ids of org_1 in 2026-04: 2 rows",
                "requests of Second Org in 1969-12: 1 rows of 15 minutes, -900000000 through -900000000, 7 requests for 0",
            ],
            manifest.Files.Select(file => $"{file.Table} of {file.Organization} in {file.Month}: {file.Rows} rows" + (file.Usage is not { } usage ? string.Empty
                : $" of {usage.GrainMinutes} minutes, {usage.FirstBucket} through {usage.LastBucket}, {usage.Totals["request_count"]} requests for {usage.Totals["cost"]}")));
    }

    [Fact]
    public void Store_OfFormat1_HasSoundFilesWithTheRowsThatWereCommitted()
    {
        var files = Manifest.Read(Files.Physical, Path.Combine(Folder, "manifest.json")).Files;
        var ids = new EventIds();
        List<string> usage = [];
        foreach (var file in files)
        {
            var bytes = File.ReadAllBytes(Path.Combine(Folder, file.Path));
            Assert.Equal((file.SizeBytes, file.Crc32), (bytes.Length, Crc32.Of(bytes).ToString("x8", CultureInfo.InvariantCulture)));
            Assert.Empty(ParquetVerifier.Verify(new MemoryReadableFile(bytes), file.Path, uint.Parse(file.FooterCrc32, NumberStyles.HexNumber, CultureInfo.InvariantCulture), file.SizeBytes));
            if (file.Table == Tables.EventIds)
            {
                ids.Load(ParquetSamples.Open(bytes).ReadRowGroup(0, [.. EventIds.Schema.Fields.Select(column => column.Name)]));
            }
            else
            {
                usage.AddRange(Lines(bytes));
            }
        }

        Assert.Equal(
            [
                "1774994400000000|prj_1|key_1|azure/gpt-5.5|chat||agent é|2|0|0|0|0|1000|0|0|0|0|1234567890123",
                "1775001600000000|prj_1|key_1|azure/gpt-5.5|chat||agent é|2|0|0|0|0|5000|0|0|0|0|6172839450615",
                "-900000000||key_2|||||7|0|0|0|0|0|0|0|4611686018427387903|0|0",
            ],
            usage);
        Assert.Equal(
            [EventIdResult.Duplicate, EventIdResult.Duplicate, EventIdResult.Duplicate, EventIdResult.Conflict, EventIdResult.Added],
            new[] { ("req_0", 0), ("req_1", -1), ("req_2", -2), ("req_3", 5), ("req_4", 0) }.Select(id => ids.Add(id.Item1, id.Item2)));
    }

    private static IEnumerable<string> Lines(byte[] bytes) => ParquetSamples.ReadAll(bytes).Chunk(UsageSchema.Requests.Fields.Count)
        .SelectMany(columns => Enumerable.Range(0, columns[0].Length).Select(row => Line(columns.Select(column => column[row]))));

    private static string Line(IEnumerable<object> values) => string.Join('|', values.Select(value => Convert.ToString(value, CultureInfo.InvariantCulture)));

    /// <summary>The values of a row of usage-*.parquet.</summary>
    private static string Row(int row)
    {
        var any = unchecked(row * (long)0x9E3779B97F4A7C15);
        string[] mappings = ["azure/gpt-5.5", "openai/gpt-5.5", "", "日本/モデル"];
        object[] values =
        [
            1_767_225_600_000_000 + (row / 10 * 900_000_000L),
            $"prj_{row % 7}", $"key_{row * row % 11}", mappings[row % 4], $"app {row / 50}", "", row % 5 == 0 ? "" : $"agent é {row % 3}",
            1 + (row % 3), row % 50 == 0 ? 1 : 0, 0, row % 2, row / 100,
            any, row * 1_000L, row % 9 == 0 ? long.MinValue : row % 9 == 1 ? long.MaxValue : 0, 5_000_000_000 - (row * row), (row * 37L) % 100,
            any % 1_000_000_000_000_000_000,
        ];
        return Line(values);
    }
}
