using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text.Json;
using Analytics.Bench.Comparison;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts.Formats;
using Analytics.Server.Endpoints;
using Analytics.Tests.Interop;
using Analytics.Tests.Usage;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Server.Formats;

/// <summary>One answer has the same rows and the same digits in JSON, CSV, Arrow and Parquet, to our readers and to others'.</summary>
public sealed class LongFormTests : IDisposable
{
    private const string ArrowScript = "Peers/arrow-js.mjs";

    private static readonly string[] Forms = ["csv", "arrow", "parquet"];

    private readonly TemporaryFolder folder = new();

    // Names as spreadsheets fear them.
    private const string Directory =
        """
        {
          "organizations": [ { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": ["Europe/Paris"] } ],
          "users": [ { "id": "u_1", "name": "=HYPERLINK(\"http://x\",\"Ana, \\\"A.\\\"\")", "email": "ana@example.com" }, { "id": "u_idle", "name": "'@Ida B." } ],
          "members": [ { "organizationId": "org_1", "userId": "u_1", "role": "owner" }, { "organizationId": "org_1", "userId": "u_idle", "role": "member" } ],
          "projects": [
            { "id": "prj_1", "organizationId": "org_1", "name": "＝1+1" },
            { "id": "-2", "organizationId": "org_1", "name": "'=x" },
            { "id": "prj_3", "organizationId": "org_1", "name": "Zoë, \"日本\" 𝄞", "deleted": true },
            { "id": "prj_4", "organizationId": "org_1", "name": "＝1+1" } ],
          "apiKeys": [ { "id": "key_1", "organizationId": "org_1", "projectId": "prj_1", "description": "+k", "createdBy": "u_1" } ]
        }
        """;

    private const string Events =
        """
        {"id":"1","timestamp":"2026-06-22T10:10:00Z","organizationId":"org_1","projectId":"prj_1","apiKeyId":"key_1","mapping":"openai/gpt-5.5","app":"=app","inputTokens":100,"cachedInputTokens":7,"outputTokens":10,"cost":"3.500000000001"}
        {"id":"2","timestamp":"2026-06-22T10:20:00Z","organizationId":"org_1","projectId":"prj_1","apiKeyId":"key_1","mapping":"openai/gpt-5.5","app":"=app","inputTokens":100,"outputTokens":10,"cost":"0.25","status":"error"}
        {"id":"3","timestamp":"2026-06-22T10:30:00Z","organizationId":"org_1","projectId":"prj_1","apiKeyId":"key_1","mapping":"openai/gpt-5.5","app":"=app","inputTokens":100,"outputTokens":10,"cost":"0.25"}
        {"id":"4","timestamp":"2026-06-22T23:10:00Z","organizationId":"org_1","projectId":"-2","apiKeyId":"key_2","mapping":"azure/gpt-5.5","inputTokens":5,"outputTokens":1,"cost":"999999"}
        {"id":"5","timestamp":"2026-06-24T09:10:00Z","organizationId":"org_1","projectId":"prj_3","apiKeyId":"key_3","mapping":"azure/gpt-5.5-mini","inputTokens":5,"outputTokens":1,"status":"client_error"}
        {"id":"6","timestamp":"2026-06-24T09:10:00Z","organizationId":"org_1","projectId":"prj_4","apiKeyId":"key_4","mapping":"x/gpt-5.5-mini","agentId":"agt","inputTokens":50,"outputTokens":1,"cost":"0.000000000001"}
        {"id":"8","timestamp":"2026-06-23T09:10:00Z","organizationId":"org_1","projectId":"prj_1","apiKeyId":"key_1","mapping":"ocr/scan","serviceType":"ocr","inputTokens":0,"outputTokens":0,"cost":"0.35","items":[{"rule":"ocr","unit":"page","quantity":"1.5","cost":"0.1"},{"rule":"=rule","unit":"second","quantity":"0","cost":"0.25"}]}
        {"id":"7","timestamp":"2026-06-18T09:10:00Z","organizationId":"org_1","projectId":"prj_4","apiKeyId":"key_4","mapping":"x/gpt-5.5-mini","inputTokens":50,"outputTokens":1,"cost":"1.5"}
        """;

    private const string Range = "organizationId=org_1&from=2026-06-21&to=2026-06-24";

    public static TheoryData<string> Questions =>
    [
        $"/analytics/activity?{Range}&groupBy=project",
        $"/analytics/activity?{Range}&groupBy=project&fields=all&timezone=Asia/Kolkata",
        $"/analytics/activity?{Range}&groupBy=project,apiKey&top=2&fields=all",
        $"/analytics/activity?{Range}&groupBy=app&bucket=hour&fields=cost,errorRate",
        $"/analytics/activity?{Range}&groupBy=project&compare=previous&fields=all",
        $"/analytics/activity?{Range}&groupBy=project,model&compare=previousYear&top=1",
        $"/analytics/activity?{Range}&groupBy=member&bucket=month&projectId=nobody",
        $"/analytics/members?{Range}",
        $"/analytics/usage/requests?{Range}",
        $"/analytics/usage/items?{Range}",
        $"/analytics/usage/items?{Range}&unit=page&rule=ocr&rule=none&projectId=prj_1",
    ];

    public void Dispose() => folder.Dispose();

    [Theory, MemberData(nameof(Questions))]
    public async Task Forms_OfOneAnswer_HaveTheSameRows(string question)
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events);
        var answers = await AnswersAsync(server, question);

        var csv = AnswerTable.OfCsv(answers["csv"]);
        AnswerTable.Equal(Flat(JsonDocument.Parse(answers["json"]).RootElement, csv.Columns), csv);
        AnswerTable.Equal(csv, AnswerTable.OfArrow(answers["arrow"], out var schema, out _));
        AnswerTable.Equal(csv, AnswerTable.OfParquet(answers["parquet"], out var metadata));
        var zone = question.Contains("Kolkata", StringComparison.Ordinal) ? "Asia/Kolkata" : "Europe/Paris";
        Assert.All(csv.Rows, row => Assert.Equal(zone, row[^1]));
        foreach (var facts in new[] { schema.Metadata, metadata })
        {
            Assert.Equal(("org_1", zone, "2026-06-21", "2026-06-24"), (facts["organization"], facts["timezone"], facts["from"], facts["to"]));
            Assert.Equal((zone == "Europe/Paris" ? "true" : "false", "2026-06-24T10:00:00Z"), (facts["exact"], facts["dataThrough"]));
        }
    }

    [DuckDbTheory, MemberData(nameof(Questions))]
    public async Task Forms_OfOneAnswer_AreTheSameToDuckDb(string question)
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events);
        var answers = await AnswersAsync(server, question);
        using var duck = DuckDb.Open(threads: 1);

        var expected = AnswerTable.OfCsv(answers["csv"]);
        AnswerTable.Equal(expected, AnswerTable.OfParquet(duck, folder.Write("answer.parquet", answers["parquet"])));
        AnswerTable.Equal(expected, AnswerTable.OfCsv(duck, folder.Write("answer.csv", answers["csv"])));
    }

    [PeerFact("Peers", "apache-arrow")]
    public async Task Arrow_OfEachAnswer_IsTheSameToApacheArrow()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events);
        foreach (var question in Questions)
        {
            var stream = (await AnswersAsync(server, question))["arrow"];
            AnswerTable.OfArrow(stream, out _, out var batches);

            Assert.Equal(Peer.Rows(batches), await Peer.Run(ArrowScript, "read", folder.Write("answer.arrows", stream)));
        }
    }

    [Fact]
    public async Task Activity_Hours_AreTheTypesThatAreDocumented()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events);
        var token = server.Token("org_1", "u_1");

        using var response = await server.GetAsync($"/analytics/activity?{Range}&groupBy=project,model&fields=cost,errorRate,requestCount&compare=previous&format=arrow", token);

        AnswerTable.OfArrow(await response.Content.ReadAsByteArrayAsync(), out var schema, out _);
        Assert.Equal(
            """
            period DictionaryType { Value = Utf8Type { } }
            date DateType { }
            start TimestampType { Unit = Microsecond, Zone = UTC }
            end TimestampType { Unit = Microsecond, Zone = UTC }
            key DictionaryType { Value = Utf8Type { } }?
            label DictionaryType { Value = Utf8Type { } }?
            key2 DictionaryType { Value = Utf8Type { } }?
            label2 DictionaryType { Value = Utf8Type { } }?
            deleted BoolType { }
            cost DecimalType { BitWidth = 128, Precision = 38, Scale = 12 }
            requestCount IntType { BitWidth = 64, IsSigned = True }
            errorRate DecimalType { BitWidth = 128, Precision = 18, Scale = 6 }
            timezone DictionaryType { Value = Utf8Type { } }
            """,
            string.Join('\n', schema.Fields.Select(field => $"{field.Name} {field.Type}{(field.IsNullable ? "?" : "")}")));
        Assert.Equal(("project,model", "day"), (schema.Metadata["groupBy"], schema.Metadata["bucket"]));
    }

    [Fact]
    public async Task Sum_Beyond64Bits_IsRefusedInTablesAndWholeInJson()
    {
        const string large =
            """
            {"id":"1","timestamp":"2026-06-22T10:10:00Z","organizationId":"org_1","projectId":"prj_1","apiKeyId":"key_1","mapping":"a/b","inputTokens":9223372036854775807,"outputTokens":3,"cost":"1"}
            {"id":"2","timestamp":"2026-06-23T10:10:00Z","organizationId":"org_1","projectId":"prj_1","apiKeyId":"key_1","mapping":"a/b","inputTokens":4,"outputTokens":0,"cost":"1"}
            """;
        await using var server = await RunningServer.StartAsync(Directory, "org_1", large);
        var token = server.Token("org_1", "u_1");
        foreach (var path in new[] { "activity", "members", "usage/requests" })
        {
            var json = await server.JsonAsync($"/analytics/{path}?{Range}", token);
            foreach (var form in Forms)
            {
                using var refused = await server.GetAsync($"/analytics/{path}?{Range}&format={form}", token);

                Assert.Equal(HttpStatusCode.NotAcceptable, refused.StatusCode);
                var detail = (await AccessTests.ProblemAsync(refused)).GetProperty("detail").GetString()!;
                Assert.StartsWith(path == "usage/requests" ? "Found 9223372036854775810 as the sum of totalTokens" : "Found 9223372036854775811 as the sum of inputTokens", detail, StringComparison.Ordinal);
            }

            // One row of the first day has more, and so have the totals.
            var sum = path switch
            {
                "activity" => json.GetProperty("activity")[1].GetProperty("totalTokens").GetRawText(),
                "members" => json.GetProperty("totals").GetProperty("totalTokens").GetRawText(),
                _ => json.GetProperty("rows")[0].GetProperty("totalTokens").GetRawText(),
            };
            Assert.Equal(path == "members" ? "9223372036854775814" : "9223372036854775810", sum);
        }

        using var other = await server.GetAsync("/analytics/usage/requests?organizationId=org_1&from=2026-06-23&to=2026-06-23&format=csv", token);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("arrow")]
    [InlineData("parquet")]
    public async Task Client_GoesAway_StopsTheRows(string form)
    {
        var pipe = new Pipe();
        var isEnded = false;
        var rows = 0L;
        using var stream = new AnswerStream(pipe.Writer);
        var writing = LongFormWriter.WriteAsync(Endless(), Format(form), new Dictionary<string, string>(), stream, _ => { }, CancellationToken.None);

        // A megabyte, and nobody reads on.
        for (var read = 0L; read < 1 << 20;)
        {
            var result = await pipe.Reader.ReadAsync();
            read += result.Buffer.Length;
            pipe.Reader.AdvanceTo(result.Buffer.End);
        }

        await pipe.Reader.CompleteAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
        Assert.True(isEnded);
        Assert.InRange(rows, 1, 1_000_000);

        LongForm<long> Endless() => Form(Rows());

        IEnumerable<long> Rows()
        {
            try
            {
                while (true)
                {
                    yield return rows++;
                }
            }
            finally
            {
                isEnded = true;
            }
        }
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("arrow")]
    [InlineData("parquet")]
    public async Task Memory_OfMoreRows_IsTheSame(string form)
    {
        var once = await HeldAsync(200_000);
        var more = await HeldAsync(1_000_000);

        Assert.Equal(once, more);
        Assert.InRange(once, 1, 32 << 20);

        async Task<long> HeldAsync(int rows)
        {
            var most = 0L;
            using var stream = new AnswerStream(PipeWriter.Create(Stream.Null));
            await LongFormWriter.WriteAsync(Form(Enumerable.Range(0, rows).Select(row => (long)row)), Format(form), new Dictionary<string, string>(), stream, held => most = Math.Max(most, held), CancellationToken.None);
            return most;
        }
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("arrow")]
    [InlineData("parquet")]
    public async Task Server_ClientGoesAway_GivesTheMemoryBack(string form)
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events);
        var admission = server.Services.GetRequiredService<ScanAdmission>();

        // A hundred years of hours, nearly all without usage: some hundred megabytes of text.
        var response = await server.OpenAsync($"/analytics/activity?organizationId=org_1&from=1930-01-01&to=2029-12-31&bucket=hour&format={form}", server.Token("org_1", "u_1"));
        await using (var body = await response.Content.ReadAsStreamAsync())
        {
            await body.ReadExactlyAsync(new byte[100]);
            Assert.NotEqual(0, admission.HeldBytes);
        }

        response.Dispose();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (admission.HeldBytes != 0)
        {
            await Task.Delay(10, patience.Token);
        }
    }

    private static AnswerFormat Format(string name) => AnswerFormat.All.First(format => format.Name == name);

    private static LongForm<long> Form(IEnumerable<long> rows)
    {
        var texts = new CodedTexts();
        texts.Add("zero");
        texts.Add("one");
        var plan = QueryPlan.For(
            new UsageQuery(new LocalDate(2026, 6, 21), new LocalDate(2026, 6, 24), DateTimeZone.Utc, BucketSize.Range, Dimension.Project), new UsageTableBuilder().Build(new SampleNames()));
        return LongForm.Of(
            plan,
            rows,
            LongColumn<long>.Count("row", row => row),
            LongColumn<long>.Money("cost", row => row * 1_000_003),
            LongColumn<long>.Coded("text", texts.ToArray(), row => (int)(row % 2)),
            LongColumn<long>.OptionalText("note", row => row % 3 == 0 ? null : "note"));
    }

    private static async Task<Dictionary<string, byte[]>> AnswersAsync(RunningServer server, string question)
    {
        Dictionary<string, byte[]> answers = [];
        foreach (var form in Forms.Prepend("json"))
        {
            using var response = await server.GetAsync($"{question}&format={form}", server.Token("org_1", "u_1"));
            answers[form] = await response.Content.ReadAsByteArrayAsync();
            Assert.True(response.IsSuccessStatusCode, System.Text.Encoding.UTF8.GetString(answers[form]));
        }

        return answers;
    }

    /// <summary>The long form of a nested answer, made from its JSON.</summary>
    private static AnswerTable Flat(JsonElement answer, IReadOnlyList<string> columns)
    {
        var zone = answer.GetProperty("timezone").GetString();
        if (!answer.TryGetProperty("activity", out var activity))
        {
            var list = answer.TryGetProperty("members", out var members) ? members : answer.GetProperty("rows");
            return AnswerTable.OfJson(columns, list.EnumerateArray().Select(row => With(row, ("timezone", zone))));
        }

        List<JsonElement> rows = [];
        foreach (var bucket in activity.EnumerateArray())
        {
            var place = Properties(bucket, "date", "start", "end").Append(("timezone", zone)).Append(("period", "current"));
            var entries = bucket.GetProperty("breakdown").EnumerateArray().ToArray();
            rows.AddRange(entries.Length > 0
                ? entries.Select(entry => With(entry, [.. place, .. Group(entry)]))
                : [With(bucket, [.. place, ("deleted", "false")])]);
        }

        if (answer.TryGetProperty("comparison", out var comparison))
        {
            (string, string?)[] place =
                [("period", "previous"), ("date", comparison.GetProperty("from").GetString()), ("start", comparison.GetProperty("start").GetString()), ("end", comparison.GetProperty("end").GetString()), ("timezone", zone)];
            var groups = answer.GetProperty("ranking").EnumerateArray().Where(entry => entry.GetProperty("previous").GetProperty("requestCount").GetInt64() > 0).ToArray();
            rows.AddRange(groups.Length > 0
                ? groups.Select(entry => With(entry.GetProperty("previous"), [.. place, .. Group(entry)]))
                : [With(answer.GetProperty("totals").GetProperty("previous"), [.. place, ("deleted", "false")])]);
        }

        return AnswerTable.OfJson(columns, rows);

        static (string, string?)[] Group(JsonElement entry)
        {
            var deleted = ("deleted", entry.TryGetProperty("deleted", out _) ? "true" : "false");
            return entry.TryGetProperty("keys", out var keys)
                ? [("key", keys[0].GetString()), ("label", entry.GetProperty("labels")[0].GetString()), ("key2", keys[1].GetString()), ("label2", entry.GetProperty("labels")[1].GetString()), deleted]
                : [("key", entry.GetProperty("key").GetString()), ("label", entry.GetProperty("label").GetString()), ("key2", null), ("label2", entry.GetProperty("label").GetString()), deleted];
        }

        static IEnumerable<(string, string?)> Properties(JsonElement row, params string[] names) => names.Select(name => (name, AnswerTable.Cell(row, name)));
    }

    /// <summary>An object with more properties, numbers digit by digit as they were.</summary>
    private static JsonElement With(JsonElement row, params (string Name, string? Value)[] more)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var property in row.EnumerateObject().Where(property => more.All(added => added.Name != property.Name)))
            {
                property.WriteTo(writer);
            }

            foreach (var (name, value) in more)
            {
                writer.WriteString(name, value);
            }

            writer.WriteEndObject();
        }

        return JsonDocument.Parse(buffer.WrittenMemory.ToArray()).RootElement;
    }
}
