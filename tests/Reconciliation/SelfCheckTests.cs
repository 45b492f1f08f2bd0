using System.Globalization;
using System.Text.Json;
using Analytics.Engine.Usage;
using Analytics.Storage;
using Analytics.Tests.Server;
using Xunit;

namespace Analytics.Tests.Reconciliation;

/// <summary><c>/analytics/selfcheck</c> agrees where all is well, and says what is wrong where something is.</summary>
public class SelfCheckTests
{
    private const string Directory =
        """
        {
          "organizations": [ { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": ["Europe/Paris"] } ],
          "users": [ { "id": "u_1", "name": "Ana" } ],
          "members": [ { "organizationId": "org_1", "userId": "u_1", "role": "owner" } ],
          "models": [ { "organizationId": "org_1", "mapping": "a/m", "model": "m", "provider": "a", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "1.25" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "10" } ] } ]
        }
        """;

    private const string Range = "organizationId=org_1&from=2026-06-20&to=2026-06-26&timezone=Asia/Kolkata";

    [Fact]
    public async Task SelfCheck_SoundData_AllWaysAgree()
    {
        await using var server = await StartAsync();
        var answer = await server.JsonAsync($"/analytics/selfcheck?{Range}", server.Token("org_1", "u_1"));

        Assert.Equal(
            [
                "rows", "by model", "by mapping", "by provider", "by project", "by apiKey", "by member", "by app", "by serviceType", "by agent", "by day",
                "priced items", "files of requests", "files of items",
            ],
            answer.GetProperty("checks").EnumerateArray().Select(check => check.GetProperty("name").GetString()));
        Assert.All(answer.GetProperty("checks").EnumerateArray(), check =>
        {
            Assert.True(check.GetProperty("agrees").GetBoolean());
            Assert.Equal("3.0004375", check.GetProperty("cost").GetRawText());
            Assert.Equal(check.GetProperty("name").GetString()!.Contains("items", StringComparison.Ordinal) ? "null" : "4", check.GetProperty("requestCount").GetRawText());
        });
        Assert.True(answer.GetProperty("agrees").GetBoolean());
        Assert.Equal((2, 10), (answer.GetProperty("filesVerified").GetInt32(), answer.GetProperty("rows").GetInt32()));
    }

    [Theory]
    [InlineData("&projectId=p2", "2")]
    [InlineData("&model=m&memberId=&app=web", "0.000325")]
    [InlineData("&app=web&app=", "3.0004375")]
    [InlineData("&provider=nobody", "0")]
    public async Task SelfCheck_Filters_AgreeToo(string filters, string cost)
    {
        await using var server = await StartAsync();
        var answer = await server.JsonAsync($"/analytics/selfcheck?{Range}{filters}", server.Token("org_1", "u_1"));

        Assert.True(answer.GetProperty("agrees").GetBoolean(), answer.GetRawText());
        Assert.All(answer.GetProperty("checks").EnumerateArray(), check => Assert.Equal(cost, check.GetProperty("cost").GetRawText()));
    }

    [Fact]
    public async Task SelfCheck_OneRowInMemoryChanged_SaysWhichAndByHowMuch()
    {
        await using var server = await StartAsync();
        var chunk = server.Store.Snapshot("org_1").Usage.Chunks.Single();
        var costs = chunk.Values(Measure.Cost);
        var before = Enumerable.Range(0, chunk.RowCount).Select(row => costs[row]).ToArray();

        // Behind its back: one bit of one stored cost.
        unsafe
        {
            *(byte*)(costs.Address + costs.Width) ^= 1;
        }

        var row = Enumerable.Range(0, chunk.RowCount).First(at => costs[at] != before[at]);
        var difference = (Int128)before[row] - costs[row];
        var answer = await server.JsonAsync($"/analytics/selfcheck?{Range}", server.Token("org_1", "u_1"));
        var problems = Problems(answer);

        Assert.False(answer.GetProperty("agrees").GetBoolean());
        Assert.Contains("files of requests", problems.Keys);
        Assert.Contains("priced items", problems.Keys);
        Assert.Contains(
            $"project '{server.Store.Snapshot("org_1").Usage.Table(Dimension.Project).Key((int)chunk.Codes(Dimension.Project)[row])}'", problems["files of requests"], StringComparison.Ordinal);
        Assert.Contains($"cost differs by {PicoDollars.Format(difference)}", problems["files of requests"], StringComparison.Ordinal);
        Assert.Contains($"cost differs by {PicoDollars.Format(-difference)}", problems["priced items"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Tables.Requests)]
    [InlineData(Tables.Items)]
    public async Task SelfCheck_AnyFlippedByteOfAFile_GivesTheSameDigitsOrSaysWhichFile(string table)
    {
        await using var server = await StartAsync();
        var token = server.Token("org_1", "u_1");
        var file = server.Store.Manifest.Files.Single(file => file.Table == table);
        var path = server.Store.Folder.File(file.Path);
        var bytes = await File.ReadAllBytesAsync(path);
        var found = 0;
        for (var offset = 0; offset < bytes.Length; offset += 3)
        {
            bytes[offset] ^= 0x10;
            await File.WriteAllBytesAsync(path, bytes);
            var answer = await server.JsonAsync($"/analytics/selfcheck?{Range}", token);
            bytes[offset] ^= 0x10;
            var problems = Problems(answer);
            found += problems.Count;
            Assert.All(problems, problem => Assert.Equal((true, true), (problem.Key == $"files of {table}", problem.Value.Contains(file.Path, StringComparison.Ordinal) || problem.Value.Contains("differs by", StringComparison.Ordinal))));
            Assert.All(answer.GetProperty("checks").EnumerateArray(), check => Assert.True(!check.GetProperty("agrees").GetBoolean() || check.GetProperty("cost").GetRawText() == "3.0004375"));
        }

        Assert.True(found > bytes.Length / 30, $"{found} of {bytes.Length / 3} flips were noticed.");
    }

    [Fact]
    public async Task SelfCheck_FileGone_IsSaid()
    {
        await using var server = await StartAsync();
        var file = server.Store.Manifest.Files.Single(file => file.Table == Tables.Items);
        File.Delete(server.Store.Folder.File(file.Path));

        var answer = await server.JsonAsync($"/analytics/selfcheck?{Range}", server.Token("org_1", "u_1"));

        Assert.Equal(["files of items"], Problems(answer).Keys);
        Assert.Contains("Found no file", Problems(answer)["files of items"], StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Problems(JsonElement answer) => answer.GetProperty("checks").EnumerateArray()
        .Where(check => check.TryGetProperty("problem", out _))
        .ToDictionary(check => check.GetProperty("name").GetString()!, check => check.GetProperty("problem").GetString()!);

    private static Task<RunningServer> StartAsync()
    {
        string Event(int number, string time, string more) => string.Create(
            CultureInfo.InvariantCulture, $$"""{"id":"{{number}}","timestamp":"{{time}}","organizationId":"org_1","projectId":"p{{1 + (number / 4)}}","apiKeyId":"k{{number % 2}}","mapping":"a/m",{{more}}}""");
        return RunningServer.StartAsync(Directory, "org_1", string.Join('\n',
            Event(1, "2026-06-24T10:05:00Z", "\"inputTokens\":100,\"outputTokens\":20,\"app\":\"web\""),
            Event(2, "2026-06-24T11:05:00Z", "\"inputTokens\":90,\"outputTokens\":0"),
            Event(3, "2026-06-25T10:05:00Z", "\"cost\":1,\"items\":[{\"rule\":\"speech\",\"unit\":\"second\",\"quantity\":2.5,\"cost\":0.75},{\"rule\":\"setup\",\"unit\":\"call\",\"quantity\":1,\"cost\":0.25}]"),
            Event(4, "2026-06-25T10:05:00Z", "\"cost\":2"),
            Event(5, "2026-06-01T10:05:00Z", "\"cost\":4")));
    }
}
