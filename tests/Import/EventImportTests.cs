using System.IO.Compression;
using System.Text;
using Analytics.Engine.Usage;
using Analytics.Storage;
using Analytics.Storage.Directory;
using Analytics.Storage.Import;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Import;

public sealed class EventImportTests : IDisposable
{
    private static readonly Instant Now = Instant.FromUtc(2026, 6, 26, 12, 0);
    private readonly TemporaryFolder folder = new();

    [Fact]
    public async Task BadLines_AreNamedAndKept_AndTheGoodOnesCount()
    {
        // Each line but the first and the last breaks one rule.
        (string Line, string? Code, string? Field, string? Detail)[] lines =
        [
            (Event("1"), null, null, null),
            ("not json", "invalid-json", null, "The line is not a JSON object ('not json' is an invalid JSON literal. Expected the literal 'null')."),
            ("[]", "invalid-json", null, "The line is not a JSON object (found StartArray)."),
            (Event("2") + " {}", "invalid-json", null, "The line is not a JSON object ('{' is invalid after a single JSON value. Expected end of data)."),
            (Event("3")[..60], "invalid-json", null, null),
            (Event(""), "missing-field", "id", "found nothing, expected a text of 1 to 128 characters."),
            (Event("4").Replace("\"timestamp\":\"2026-06-24T10:15:00Z\",", string.Empty, StringComparison.Ordinal), "missing-field", "timestamp", "found nothing, expected a text of 1 to 128 characters."),
            (Event("5").Replace("10:15:00Z", "10:15:00", StringComparison.Ordinal), "invalid-timestamp", "timestamp", "found '2026-06-24T10:15:00', expected RFC 3339 with an offset, such as 2026-06-24T13:05:00Z."),
            (Event("6").Replace("2026-06-24", "2026-06-31", StringComparison.Ordinal), "invalid-timestamp", "timestamp", "found '2026-06-31T10:15:00Z', expected RFC 3339 with an offset, such as 2026-06-24T13:05:00Z."),
            (Event("7").Replace("2026-06-24T10:15:00Z", "2026-06-26T13:00:01Z", StringComparison.Ordinal), "timestamp-out-of-range", "timestamp", "found '2026-06-26T13:00:01Z', expected a time from 1970 to at most one hour from now."),
            (Event("8").Replace("org_1", "org_2", StringComparison.Ordinal), "other-organization", "organizationId", "found 'org_2', expected 'org_1', the organisation that this import is for."),
            (Event("9", ",\"inputTokens\":-1"), "invalid-value", "inputTokens", "found -1, expected an integer, 0 or more, of at most 64 bits."),
            (Event("10", ",\"inputTokens\":1.5"), "invalid-value", "inputTokens", "found 1.5, expected an integer, 0 or more, of at most 64 bits."),
            (Event("11", ",\"inputTokens\":\"7\""), "invalid-value", "inputTokens", "found '7', expected an integer, 0 or more, of at most 64 bits."),
            (Event("12", ",\"inputTokens\":9223372036854775808"), "invalid-value", "inputTokens", "found 9223372036854775808, expected an integer, 0 or more, of at most 64 bits."),
            (Event("13", ",\"inputTokens\":10,\"cachedInputTokens\":6,\"cacheWriteTokens\":5"), "part-exceeds-whole", "inputTokens", "found 10 with 6 cached and 5 written to the cache, expected at least their sum: inputTokens includes both."),
            (Event("14", ",\"outputTokens\":1,\"reasoningTokens\":2"), "part-exceeds-whole", "outputTokens", "found 1 with 2 for reasoning, expected at least that many: outputTokens includes them."),
            (Event("15", ",\"cost\":\"-1\""), "invalid-value", "cost", "found '-1', expected a decimal number of US dollars, 0 or more, such as 0.0375."),
            (Event("16", ",\"cost\":\"1,5\""), "invalid-value", "cost", "found '1,5', expected a decimal number of US dollars, 0 or more, such as 0.0375."),
            (Event("17", ",\"cost\":1e308"), "too-large", "cost", "found 1e308, expected at most 9223372.036854775807."),
            (Event("18", ",\"status\":\"failed\""), "invalid-status", "status", "found 'failed', expected ok, error, client_error or cancelled."),
            (Event("19", ",\"cacheHit\":1"), "invalid-value", "cacheHit", "found 1, expected true or false."),
            (Event("20", ",\"inputToken\":1"), "unknown-field", "inputToken", null),
            (Event("21", ",\"app\":\"a\",\"app\":\"b\""), "duplicate-field", "app", "found 'app' twice, expected it once."),
            (Event("22", ",\"app\":\"a\\u0000\""), "invalid-text", "app", "found a control character, expected plain text."),
            (Event("23", ",\"app\":\"\\ud800\""), "invalid-text", "app", "found text that is not valid UTF-8 or has half a surrogate pair, expected Unicode text."),
            (Event("24", $",\"app\":\"{new string('x', 129)}\""), "too-long", "app", "found 129 characters, expected at most 128."),
            (Event("25", ",\"cost\":\"1\",\"items\":[{\"rule\":\"input_tokens\",\"unit\":\"token\",\"quantity\":1,\"cost\":\"0.5\"}]"), "items-do-not-sum", "items", "found items that sum to 0.5, expected the cost 1."),
            (Event("26", ",\"items\":[{\"rule\":\"input_tokens\"}]"), "missing-field", "items", "an item lacks a field, expected each to have rule, unit, quantity and cost."),
            (Event("27", ",\"items\":[[]]"), "invalid-value", "items", "found an array, expected objects."),
            (Event("28", ",\"items\":[{\"rule\":" + new string('[', 20)), "invalid-value", "items.rule", "found an array, expected a text."),
            (Event("29"), null, null, null),
        ];
        using var store = Open();

        var summary = await Import(store, folder.Write("bad.ndjson", string.Join('\n', lines.Select(line => line.Line))));

        Assert.Equal((2, lines.Length - 2), (summary.Accepted, summary.Rejected));
        var rejected = lines.Select((line, index) => (line, Number: index + 1)).Where(line => line.line.Code is not null).ToArray();
        foreach (var (((_, code, field, detail), number), actual) in rejected.Zip(summary.Errors))
        {
            Assert.Equal((number, code, field), (actual.Line, actual.Code, actual.Field));
            Assert.Equal(detail ?? actual.Detail, actual.Detail);
        }

        // Beside the data, with the lines themselves.
        var kept = await File.ReadAllLinesAsync(summary.RejectsPath!);
        Assert.Equal(rejected.Length, kept.Length);
        Assert.All(kept.Zip(rejected), pair =>
            Assert.Equal(pair.Second.line.Line, System.Text.Json.JsonDocument.Parse(pair.First).RootElement.GetProperty("text").GetString()));
        Assert.StartsWith(store.Folder.Rejects, summary.RejectsPath, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_AllFields_AddUpAsTheContractSays()
    {
        using var store = Open();
        var text = string.Join('\n',
            Event("1", ",\"inputTokens\":100,\"cachedInputTokens\":40,\"cacheWriteTokens\":10,\"outputTokens\":30,\"reasoningTokens\":20,\"cost\":\"0.0000000000005\""),
            Event("2", ",\"inputTokens\":1,\"cost\":1.5e-7,\"status\":\"error\""),
            Event("3", ",\"inputTokens\":1,\"cost\":\"0.25\",\"status\":\"client_error\""),
            Event("4", ",\"inputTokens\":5,\"cacheHit\":true"),
            Event("5", ",\"inputTokens\":7,\"status\":\"cancelled\""),
            Event("6", ",\"items\":[{\"rule\":\"images\",\"unit\":\"image\",\"quantity\":\"2\",\"cost\":\"0.08\"},{\"rule\":\"input_tokens\",\"unit\":\"token\",\"quantity\":10,\"cost\":0.02}]"));

        var summary = await Import(store, folder.Write("all.ndjson", text));

        var totals = summary.Totals;
        Assert.Equal((6, 1), (summary.Accepted, summary.Rounded));
        Assert.Equal((6, 1, 1, 1, 1), ((int)totals[Measure.RequestCount], (int)totals[Measure.ErrorCount], (int)totals[Measure.ClientErrorCount], (int)totals[Measure.CacheHitCount], (int)totals[Measure.UnpricedCount]));
        Assert.Equal((114, 40, 10, 30, 20), ((int)totals[Measure.InputTokens], (int)totals[Measure.CachedInputTokens], (int)totals[Measure.CacheWriteTokens], (int)totals[Measure.OutputTokens], (int)totals[Measure.ReasoningTokens]));

        // 0.5 pico rounds half to even, to 0.
        Assert.Equal("0.35000015", PicoDollars.Format(totals[Measure.Cost]));
    }

    [Fact]
    public async Task Events_WithoutCost_ArePricedByTheTable()
    {
        using var store = Open();
        store.Directory.Import(DirectoryDocument.Parse(
            """
            { "models": [
              { "mapping": "openai/gpt-5.5", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "1.25" }, { "rule": "cached_input_tokens", "unit": "token", "usdPerMillion": "0.0375" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "10" } ] } ] }
            """u8));

        var summary = await Import(store, folder.Write("priced.ndjson", string.Join('\n',
            Event("1", ",\"inputTokens\":1000,\"cachedInputTokens\":400,\"outputTokens\":100"),
            Event("2", ",\"inputTokens\":1000").Replace("openai/gpt-5.5", "openai/unknown", StringComparison.Ordinal))));

        // 600 x 1.25 + 400 x 0.0375 + 100 x 10, per million.
        Assert.Equal(("0.001765", 1), (PicoDollars.Format(summary.Totals[Measure.Cost]), (int)summary.Totals[Measure.UnpricedCount]));
    }

    [Fact]
    public async Task Resends_CountOnce_AcrossFilesAndRestarts()
    {
        var first = folder.Write("1.ndjson", string.Join('\n', Event("a", ",\"cost\":\"1\""), Event("b", ",\"cost\":\"2\""), Event("a", ",\"cost\":\"1.0\"")));
        var second = folder.Write("2.ndjson", string.Join('\n', Event("b", ",\"cost\":\"2\""), Event("a", ",\"cost\":\"9\""), Event("c", ",\"cost\":\"4\"")));
        using (var store = Open())
        {
            var summary = await Import(store, first);
            Assert.Equal((2, 1, 0), (summary.Accepted, summary.Duplicates, summary.Conflicts));
        }

        using (var store = Open())
        {
            var summary = await Import(store, second);
            Assert.Equal((1, 2, 1), (summary.Accepted, summary.Duplicates, summary.Conflicts));
            Assert.Equal(new Rejection(2, "conflict", "id", "id 'a' was taken before with other content; the first stays."), Assert.Single(summary.Errors));

            var again = await Assert.ThrowsAsync<AlreadyImportedException>(() => Import(store, first));
            Assert.Equal($"'{first}' has the content of '1.ndjson', which was imported before as events (commit 1). Nothing was imported. With --again its events are read again and those with known ids are counted as duplicates.", again.Message);
            var reread = await Import(store, first, isAgain: true);
            Assert.Equal((0, 3), (reread.Accepted, reread.Duplicates));

            store.Load();
            var chunk = Assert.Single(store.Snapshot("org_1").Usage.Chunks);
            Assert.Equal((3, 7 * PicoDollars.PerDollar), (chunk.ToArray(Measure.RequestCount).Sum(), chunk.ToArray(Measure.Cost).Sum()));
        }
    }

    [Fact]
    public async Task Gzip_IsReadByItsContent_AndTheContentCountsAsTheSameFile()
    {
        using var store = Open();
        var plain = folder.Write("plain.ndjson", Event("1") + "\r\n\r\n" + Event("2"));
        var content = await File.ReadAllBytesAsync(plain);

        // Two members, as log rotation makes them.
        var packed = folder.Write("packed.json", [.. Packed(content[..30]), .. Packed(content[30..])]);

        var summary = await Import(store, packed);

        Assert.Equal((2, 0), (summary.Accepted, summary.Rejected));
        await Assert.ThrowsAsync<AlreadyImportedException>(() => Import(store, plain));
    }

    [Fact]
    public async Task DamagedGzip_ImportsNothing()
    {
        using var store = Open();
        var packed = Packed(Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, 1000).Select(i => Event($"{i * 7919}")))));
        var flipped = packed.ToArray();
        flipped[^6] ^= 0xff; // the checksum at the end

        (string, byte[])[] damaged = [("half.gz", packed[..(packed.Length / 2)]), ("short.gz", packed[..^1]), ("shorter.gz", packed[..^8]), ("longer.gz", [.. packed, 1, 2, 3]), ("flipped.gz", flipped)];
        foreach (var (name, bytes) in damaged)
        {
            var error = await Assert.ThrowsAsync<UnreadableInputException>(() => Import(store, folder.Write(name, bytes)));
            Assert.Contains("is damaged gzip", error.Message, StringComparison.Ordinal);
        }

        Assert.Empty(store.Manifest.Files);
        Assert.False(Directory.Exists(store.Folder.Rejects) && Directory.EnumerateFiles(store.Folder.Rejects).Any());
    }

    [Fact]
    public async Task LineBeyondTheLimit_IsRejectedAndTheNextIsRead()
    {
        using var store = Open();

        var summary = await Import(store, folder.Write("long.ndjson", Event("1") + "\n" + new string('x', (1 << 20) + 1) + "\n" + Event("2") + "\n"));

        Assert.Equal((2, 1), (summary.Accepted, summary.Rejected));
        Assert.Equal((2, "line-too-long"), (summary.Errors[0].Line, summary.Errors[0].Code));
    }

    [Fact]
    public async Task Registrations_NameWhatWasNotKnown()
    {
        using var store = Open();

        await Import(store, folder.Write("names.ndjson", Event(
            "1",
            ",\"projectName\":\"Shop\",\"apiKeyDescription\":\"nightly\",\"memberId\":\"u_9\",\"memberName\":\"Noor\",\"model\":\"gpt\",\"provider\":\"acme\",\"agentId\":\"agt\"")));

        var directory = store.Directory.Read("org_1");
        Assert.Equal(("Shop", "nightly", "u_9", "Noor", "member"), (directory.Projects["prj"].Name, directory.ApiKeys["key"].Description, directory.ApiKeys["key"].CreatedBy, directory.Members["u_9"].Name, directory.Members["u_9"].Role));
        Assert.Equal(("gpt", "acme"), directory.ResolveModel("openai/gpt-5.5"));
        Assert.True(directory.Agents.ContainsKey("agt"));
    }

    public void Dispose() => folder.Dispose();

    private static Task<ImportSummary> Import(UsageStore store, string path, bool isAgain = false) =>
        new FileImport(store, Files.Physical, "org_1", Now).EventsAsync(path, isAgain, CancellationToken.None);

    private static string Event(string id, string more = "") =>
        $$"""{"id":"{{id}}","timestamp":"2026-06-24T10:15:00Z","organizationId":"org_1","projectId":"prj","apiKeyId":"key","mapping":"openai/gpt-5.5"{{more}}}""";

    private static byte[] Packed(byte[] content)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(content);
        }

        return target.ToArray();
    }

    private UsageStore Open() => UsageStore.Open(folder.File("data"), Files.Physical);
}
