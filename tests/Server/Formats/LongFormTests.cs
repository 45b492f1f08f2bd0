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
        $"/analytics/me?{Range}",
        $"/analytics/projects?{Range}",
        $"/analytics/projects/prj_1?{Range}&models=mapping&fields=all",
        $"/analytics/api-keys?{Range}",
        $"/analytics/agents?{Range}",
        $"/analytics/services?{Range}",
        $"/analytics/services?{Range}&top=1&bucket=hour&timezone=Asia/Kolkata",
        $"/analytics/services?{Range}&projectId=nobody",
        $"/analytics/summary?{Range}",
        $"/analytics/summary?{Range}&compare=previous&apiKeyId=key_1&apiKeyId=key_4",
        $"/analytics/explain?{Range}&baseline=previous",
        $"/analytics/explain?{Range}&top=1",
        $"/analytics/selfcheck?{Range}",
    ];

    public void Dispose() => folder.Dispose();

    [Theory, MemberData(nameof(Questions))]
    public async Task Forms_OfOneAnswer_HaveTheSameRows(string question)
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events);
        var answers = await AnswersAsync(server, question);

        var csv = AnswerTable.OfCsv(answers["csv"]);
        AnswerTable.Equal(Flat(JsonDocument.Parse(answers["json"]).RootElement, csv.Columns), IsOfMember(question) ? WithoutDetails(csv) : csv);
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
    public async Task EveryPathBelowAnalytics_HasEveryForm()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events);
        using var document = JsonDocument.Parse(await (await server.GetAsync("/openapi/v1.json")).Content.ReadAsStringAsync());
        string[] paths = [.. document.RootElement.GetProperty("paths").EnumerateObject().Select(path => path.Name).Where(path => path.StartsWith("/analytics/", StringComparison.Ordinal))];
        Assert.True(paths.Length >= 17, $"Found {paths.Length} paths.");
        foreach (var path in paths)
        {
            var said = document.RootElement.GetProperty("paths").GetProperty(path).GetProperty("get").GetProperty("responses").GetProperty("200").GetProperty("content");
            var filled = path.Replace("{userId}", "u_1", StringComparison.Ordinal).Replace("{projectId}", "prj_1", StringComparison.Ordinal)
                .Replace("{apiKeyId}", "key_1", StringComparison.Ordinal).Replace("{agentId}", "agt", StringComparison.Ordinal);
            var question = path == "/analytics/organizations" ? filled : $"{filled}?{Range}";
            Assert.Equal(AnswerFormat.All.Select(format => format.MediaType).Order(StringComparer.Ordinal), said.EnumerateObject().Select(type => type.Name).Order(StringComparer.Ordinal));
            foreach (var format in AnswerFormat.All)
            {
                using var byFormat = await server.GetAsync($"{question}{(question.Contains('?', StringComparison.Ordinal) ? '&' : '?')}format={format.Name}", server.Token("org_1", "u_1"));
                using var byAccept = await server.GetAsync(question, server.Token("org_1", "u_1"), accept: format.MediaType);

                Assert.Equal((path, HttpStatusCode.OK, format.ContentType), (path, byFormat.StatusCode, byFormat.Content.Headers.ContentType!.ToString()));
                Assert.Equal((path, HttpStatusCode.OK, format.ContentType), (path, byAccept.StatusCode, byAccept.Content.Headers.ContentType!.ToString()));
            }
        }
    }

    [Fact]
    public async Task Organizations_AreTheSameInAllForms()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events);

        var answers = await AnswersAsync(server, "/analytics/organizations?");

        var csv = AnswerTable.OfCsv(answers["csv"]);
        Assert.Equal("organizationId,name,plan,role,timezones", string.Join(',', csv.Columns));
        Assert.Equal("org_1 | Acme | enterprise | owner | Europe/Paris", string.Join('\n', csv.Rows.Select(AnswerTable.Line)));
        AnswerTable.Equal(csv, AnswerTable.OfArrow(answers["arrow"], out _, out _));
        AnswerTable.Equal(csv, AnswerTable.OfParquet(answers["parquet"], out _));
        using var json = await server.GetAsync("/analytics/organizations", server.Token("org_1", "u_1"));
        using var table = await server.GetAsync("/analytics/organizations?format=csv", server.Token("org_1", "u_1"));
        Assert.NotEqual(json.Headers.ETag, table.Headers.ETag);
        Assert.Equal("attachment; filename=\"analytics-organizations.csv\"", table.Content.Headers.ContentDisposition!.ToString());
    }

    [Fact]
    public async Task SelfCheckAndExplain_SayInMetadataWhatIsOfNoRow()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events);

        AnswerTable.OfParquet((await AnswersAsync(server, $"/analytics/selfcheck?{Range}"))["parquet"], out var selfCheck);
        var explained = await AnswersAsync(server, $"/analytics/explain?{Range}&baseline=previous");
        AnswerTable.OfParquet(explained["parquet"], out var explain);

        Assert.Equal(("true", "10"), (selfCheck["agrees"], selfCheck["rows"]));
        Assert.Equal(("previous", "2026-06-17", "2026-06-20"), (explain["baseline"], explain["baselineFrom"], explain["baselineTo"]));
        Assert.Equal(JsonDocument.Parse(explained["json"]).RootElement.GetProperty("sentence").GetString(), explain["sentence"]);
        Assert.NotEmpty(explain["sentence"]);
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
        if (answer.TryGetProperty("services", out var services))
        {
            return AnswerTable.OfJson(columns, services.EnumerateArray().SelectMany(service => ServiceRows(service, zone)));
        }

        if (answer.TryGetProperty("uniqueModels", out _))
        {
            return AnswerTable.OfJson(columns, SummaryRows(answer, zone));
        }

        if (answer.TryGetProperty("dimensions", out var dimensions))
        {
            return AnswerTable.OfJson(columns, dimensions.EnumerateArray().SelectMany(dimension => dimension.GetProperty("contributions").EnumerateArray()
                .Select(row => With(row, ("dimension", dimension.GetProperty("dimension").GetString()), Deleted(row), ("timezone", zone)))));
        }

        if (!answer.TryGetProperty("activity", out var activity))
        {
            var list = answer.EnumerateObject().First(property => property.Value.ValueKind == JsonValueKind.Array).Value;
            return AnswerTable.OfJson(columns, list.EnumerateArray().Select(row => With(row, Deleted(row), ("timezone", zone))));
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
            var deleted = Deleted(entry);
            return entry.TryGetProperty("keys", out var keys)
                ? [("key", keys[0].GetString()), ("label", entry.GetProperty("labels")[0].GetString()), ("key2", keys[1].GetString()), ("label2", entry.GetProperty("labels")[1].GetString()), deleted]
                : [("key", entry.GetProperty("key").GetString()), ("label", entry.GetProperty("label").GetString()), ("key2", null), ("label2", entry.GetProperty("label").GetString()), deleted];
        }

    }

    private static bool IsOfMember(string question) => question.StartsWith("/analytics/me?", StringComparison.Ordinal);

    /// <summary>A member's buckets have some metrics by model in JSON, and all of them in tables.</summary>
    private static AnswerTable WithoutDetails(AnswerTable table)
    {
        string[] kept = ["date", "start", "end", "key", "label", "deleted", "cost", "requestCount", "totalTokens", "timezone"];
        return new AnswerTable(table.Columns, [.. table.Rows.Select(row => row.Select((cell, i) => kept.Contains(table.Columns[i]) || row[3] is null ? cell : null).ToArray())]);
    }

    private static IEnumerable<JsonElement> ServiceRows(JsonElement service, string? zone)
    {
        (string, string?)[] own = [("serviceType", AnswerTable.Cell(service, "serviceType")), ("service", AnswerTable.Cell(service, "label")), ("timezone", zone), ("part", "projects")];
        foreach (var bucket in service.GetProperty("activity").EnumerateArray())
        {
            (string, string?)[] place = [.. own, .. Properties(bucket, "date", "start", "end")];
            foreach (var row in Entries(bucket))
            {
                yield return row.ValueKind == JsonValueKind.Undefined
                    ? With(bucket, [.. place, ("deleted", "false")])
                    : With(row, [.. place, ("projectId", AnswerTable.Cell(row, "key")), ("project", AnswerTable.Cell(row, "label")), Deleted(row)]);
            }
        }

        own[^1] = ("part", "rules");
        foreach (var unit in service.GetProperty("usage").EnumerateArray())
        {
            foreach (var bucket in unit.GetProperty("activity").EnumerateArray())
            {
                (string, string?)[] place = [.. own, .. Properties(bucket, "date", "start", "end"), ("unit", AnswerTable.Cell(unit, "unit")), ("deleted", "false")];
                foreach (var row in Entries(bucket))
                {
                    yield return With(row.ValueKind == JsonValueKind.Undefined ? bucket : row, place);
                }
            }
        }

        static IEnumerable<JsonElement> Entries(JsonElement bucket) => bucket.GetProperty("breakdown").EnumerateArray().DefaultIfEmpty();
    }

    private static IEnumerable<JsonElement> SummaryRows(JsonElement answer, string? zone)
    {
        // The range's own instants are in no part of the JSON; its zone is Paris.
        yield return Cards(answer, ("period", "current"), ("start", "2026-06-20T22:00:00Z"), ("end", "2026-06-24T22:00:00Z"), ("date", "2026-06-21"));
        if (answer.TryGetProperty("previous", out var previous))
        {
            yield return Cards(previous, [("period", "previous"), ("date", AnswerTable.Cell(answer.GetProperty("comparison"), "from")), .. Properties(answer.GetProperty("comparison"), "start", "end")]);
        }

        JsonElement Cards(JsonElement cards, params (string, string?)[] place) => With(cards.GetProperty("totals"), [
            .. Properties(cards, "uniqueModels", "uniqueMappings", "activeProjects", "totalProjects", "conversations"), .. place, ("timezone", zone)]);
    }

    private static (string, string?) Deleted(JsonElement row) => ("deleted", row.TryGetProperty("deleted", out _) ? "true" : "false");

    private static IEnumerable<(string, string?)> Properties(JsonElement row, params string[] names) => names.Select(name => (name, AnswerTable.Cell(row, name)));

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
