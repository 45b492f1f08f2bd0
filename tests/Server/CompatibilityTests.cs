using System.Net;
using System.Text.Json;
using Analytics.Storage.Directory;
using Xunit;

namespace Analytics.Tests.Server;

/// <summary>OpenAI's and LiteLLM's shapes over the same data.</summary>
public class CompatibilityTests
{
    private const string Directory =
        """
        { "organizations": [ { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": [] }, { "id": "org_free", "name": "Small", "plan": "free", "timezones": [] } ],
          "users": [ { "id": "u_1", "name": "Ana" }, { "id": "u_2", "name": "Dev" } ],
          "members": [ { "organizationId": "org_1", "userId": "u_1", "role": "owner" }, { "organizationId": "org_1", "userId": "u_2", "role": "developer" }, { "organizationId": "org_free", "userId": "u_1", "role": "owner" } ],
          "projects": [ { "id": "p1", "organizationId": "org_1", "name": "Chat" }, { "id": "p2", "organizationId": "org_1", "name": "Voice" } ],
          "apiKeys": [ { "id": "k1", "organizationId": "org_1", "projectId": "p1", "description": "laptop", "createdBy": "u_1" }, { "id": "k2", "organizationId": "org_1", "projectId": "p2", "description": "robot" } ],
          "models": [ { "organizationId": "org_1", "mapping": "x/priced", "model": "m", "provider": "x", "prices": [
            { "rule": "input_tokens", "unit": "token", "usdPerMillion": "2" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "10" } ] } ] }
        """;

    // 2026-06-24 starts at 1782259200.
    private const long Day = 1_782_259_200;

    private const string Events =
        """
        {"id":"1","timestamp":"2026-06-24T10:30:00Z","organizationId":"org_1","projectId":"p1","apiKeyId":"k1","mapping":"x/priced","inputTokens":1000,"cachedInputTokens":400,"cacheWriteTokens":100,"outputTokens":100}
        {"id":"2","timestamp":"2026-06-24T23:30:00Z","organizationId":"org_1","projectId":"p2","apiKeyId":"k2","mapping":"y/n","inputTokens":10,"outputTokens":1,"cost":"0.5","status":"error"}
        {"id":"3","timestamp":"2026-06-26T10:00:00Z","organizationId":"org_1","projectId":"p1","apiKeyId":"k2","mapping":"y/n","inputTokens":10,"outputTokens":1,"cost":"0.000000000001","status":"client_error"}
        """;

    [Fact]
    public async Task Completions_ByDay_AsOpenAiWritesThem()
    {
        await using var server = await StartAsync();

        var answer = await server.JsonAsync($"/v1/organization/usage/completions?start_time={Day}&end_time={Day + (3 * 86_400)}", server.Token("org_1", "u_1"));

        Assert.Equal("page|false|-", Line(answer, "object", "has_more", "next_page"));
        Assert.Equal(
            $"bucket|{Day}|{Day + 86_400}\nbucket|{Day + 86_400}|{Day + (2 * 86_400)}\nbucket|{Day + (2 * 86_400)}|{Day + (3 * 86_400)}",
            PartsTests.Lines(answer.GetProperty("data"), "object", "start_time", "end_time"));
        Assert.Equal(
            "organization.usage.completions.result|1010|101|400|100|2|-|-|-|-|-",
            PartsTests.Lines(answer.GetProperty("data")[0].GetProperty("results"), "object", "input_tokens", "output_tokens", "input_cached_tokens", "input_cache_write_tokens", "num_model_requests", "project_id", "user_id", "api_key_id", "model", "batch"));
        Assert.Empty(answer.GetProperty("data")[1].GetProperty("results").EnumerateArray());
    }

    [Theory]
    [InlineData("group_by=model", "n 10\nm 1000", "model")]
    [InlineData("group_by=project_id&group_by=user_id", "p2 - 10\np1 u_1 1000", "project_id", "user_id")]
    [InlineData("group_by[]=api_key_id", "k2 - - 10\nk1 - - 1000", "api_key_id", "user_id", "model")]
    [InlineData("group_by=api_key_id,user_id,model,project_id", "p2 k2 - n 10\np1 k1 u_1 m 1000", "project_id", "api_key_id", "user_id", "model")]
    [InlineData("group_by=user_id&group_by=model&group_by=project_id&user_ids=u_1", "p1 u_1 m 1000", "project_id", "user_id", "model")]
    [InlineData("models[]=n&models[]=z", "10")]
    [InlineData("api_key_ids=k1&project_ids=p1", "1000")]
    [InlineData("group_by=batch&group_by=service_tier", "- - 1010", "batch", "service_tier")]
    public async Task Completions_GroupedAndFiltered(string query, string expected, params string[] names)
    {
        await using var server = await StartAsync();

        var answer = await server.JsonAsync($"/v1/organization/usage/completions?start_time={Day}&end_time={Day + 86_400}&{query}", server.Token("org_1", "u_1"));

        Assert.Equal(expected, PartsTests.Lines(answer.GetProperty("data")[0].GetProperty("results"), [.. names, "input_tokens"]).Replace('|', ' '));
    }

    [Fact]
    public async Task Completions_Pages_AreTheWholeRangeOnce()
    {
        await using var server = await StartAsync();
        var token = server.Token("org_1", "u_1");

        // From half past ten: the hour of the start is whole, the first day is not.
        var path = $"/v1/organization/usage/completions?start_time={Day + (10 * 3_600) + 1_800}&end_time={Day + (2 * 86_400) + (11 * 3_600)}&limit=2";
        var first = await server.JsonAsync(path, token);
        var second = await server.JsonAsync($"{path}&page={first.GetProperty("next_page").GetString()}", token);

        Assert.Equal($"{Day + (10 * 3_600)}|{Day + 86_400}\n{Day + 86_400}|{Day + (2 * 86_400)}", PartsTests.Lines(first.GetProperty("data"), "start_time", "end_time"));
        Assert.True(first.GetProperty("has_more").GetBoolean());
        Assert.Equal($"{Day + (2 * 86_400)}|{Day + (2 * 86_400) + (11 * 3_600)}", PartsTests.Lines(second.GetProperty("data"), "start_time", "end_time"));
        Assert.False(second.GetProperty("has_more").GetBoolean());
        Assert.Equal("1010", first.GetProperty("data")[0].GetProperty("results")[0].GetProperty("input_tokens").GetRawText());
        Assert.Equal("10", second.GetProperty("data")[0].GetProperty("results")[0].GetProperty("input_tokens").GetRawText());
    }

    [Fact]
    public async Task Completions_ByHour_DefaultsToTheFirst24()
    {
        await using var server = await StartAsync();

        var answer = await server.JsonAsync($"/v1/organization/usage/completions?start_time={Day}&bucket_width=1h", server.Token("org_1", "u_1"));

        Assert.Equal(24, answer.GetProperty("data").GetArrayLength());
        Assert.Equal("1000", answer.GetProperty("data")[10].GetProperty("results")[0].GetProperty("input_tokens").GetRawText());
        Assert.True(answer.GetProperty("has_more").GetBoolean());
    }

    [Fact]
    public async Task Costs_AreExact_ByProjectAndLineItem()
    {
        await using var server = await StartAsync();
        var token = server.Token("org_1", "u_1");

        var whole = await server.JsonAsync($"/v1/organization/costs?start_time={Day}&end_time={Day + (3 * 86_400)}", token);
        var items = await server.JsonAsync($"/v1/organization/costs?start_time={Day}&end_time={Day + 86_400}&group_by=line_item&group_by=project_id", token);

        // 600 fresh and 400 read tokens at 2 dollars per million, 100 at 10.
        Assert.Equal(["0.503", "-", "0.000000000001"], whole.GetProperty("data").EnumerateArray().Select(day => day.GetProperty("results") is var results && results.GetArrayLength() == 0 ? "-" : results[0].GetProperty("amount").GetProperty("value").GetRawText()));
        Assert.Equal(
            """
            n, request|p2|{"value":0.5,"currency":"usd"}
            m, input_tokens|p1|{"value":0.001,"currency":"usd"}
            m, output_tokens|p1|{"value":0.001,"currency":"usd"}
            m, cached_input_tokens|p1|{"value":0.0008,"currency":"usd"}
            m, cache_write_tokens|p1|{"value":0.0002,"currency":"usd"}
            """,
            PartsTests.Lines(items.GetProperty("data")[0].GetProperty("results"), "line_item", "project_id", "amount"));
    }

    [Fact]
    public async Task LiteLlm_HasDaysWithUsage_TheLatestFirst()
    {
        await using var server = await StartAsync();

        var answer = await server.JsonAsync("/user/daily/activity?start_date=2026-06-20&end_date=2026-06-26", server.Token("org_1", "u_1"));

        Assert.Equal("2026-06-26\n2026-06-24", PartsTests.Lines(answer.GetProperty("results"), "date"));
        var day = answer.GetProperty("results")[1];
        Assert.Equal("0.503|1010|101|400|100|1111|1|1|2", Line(day.GetProperty("metrics"), "spend", "prompt_tokens", "completion_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "total_tokens", "successful_requests", "failed_requests", "api_requests"));
        var breakdown = day.GetProperty("breakdown");
        Assert.Equal(["y/n", "x/priced"], breakdown.GetProperty("models").EnumerateObject().Select(model => model.Name));
        Assert.Equal(["n", "m"], breakdown.GetProperty("model_groups").EnumerateObject().Select(model => model.Name));
        Assert.Equal(["y", "x"], breakdown.GetProperty("providers").EnumerateObject().Select(provider => provider.Name));
        Assert.Equal("""{"key_alias":"laptop","team_id":"p1"}""", breakdown.GetProperty("api_keys").GetProperty("k1").GetProperty("metadata").GetRawText());
        Assert.Equal("0.003", breakdown.GetProperty("models").GetProperty("x/priced").GetProperty("api_key_breakdown").GetProperty("k1").GetProperty("metrics").GetProperty("spend").GetRawText());
        Assert.Equal("0.503000000001|3|1|2|1|1|false", Line(answer.GetProperty("metadata"), "total_spend", "total_api_requests", "total_successful_requests", "total_failed_requests", "page", "total_pages", "has_more"));
    }

    [Theory]
    [InlineData("", "2026-06-26 0.000000000001", "2026-06-24 0.503")]
    [InlineData("&timezone=-120", "2026-06-26 0.000000000001", "2026-06-25 0.5", "2026-06-24 0.003")]
    [InlineData("&model=x/priced", "2026-06-24 0.003")]
    [InlineData("&model=n", "2026-06-26 0.000000000001", "2026-06-24 0.5")]
    [InlineData("&api_key=k2&timezone=0", "2026-06-26 0.000000000001", "2026-06-24 0.5")]
    [InlineData("&user_id=u_1", "2026-06-24 0.003")]
    [InlineData("&page=2&page_size=1", "2026-06-24 0.503")]
    [InlineData("&page=3&page_size=1")]
    [InlineData("&user_id=u_2")]
    public async Task LiteLlm_FiltersZonesAndPages(string query, params string[] days)
    {
        await using var server = await StartAsync();

        var answer = await server.JsonAsync($"/user/daily/activity?start_date=2026-06-20&end_date=2026-06-26{query}", server.Token("org_1", "u_1"));

        Assert.Equal(days, answer.GetProperty("results").EnumerateArray().Select(day => $"{day.GetProperty("date").GetString()} {day.GetProperty("metrics").GetProperty("spend").GetRawText()}"));
    }

    [Theory]
    [InlineData("/v1/organization/usage/completions", "start_time")]
    [InlineData("/v1/organization/usage/completions?start_time=soon", "start_time")]
    [InlineData("/v1/organization/usage/completions?start_time=2000000&end_time=1000000", "end_time")]
    [InlineData("/v1/organization/usage/completions?start_time=2000000&bucket_width=1m", "bucket_width")]
    [InlineData("/v1/organization/usage/completions?start_time=2000000&limit=32", "limit")]
    [InlineData("/v1/organization/usage/completions?start_time=2000000&group_by=team", "group_by")]
    [InlineData("/v1/organization/usage/completions?start_time=2000000&page=abc", "page")]
    [InlineData("/v1/organization/usage/completions?start_time=2000000&batch=true", "batch")]
    [InlineData("/v1/organization/costs?start_time=2000000&bucket_width=1h", "bucket_width")]
    [InlineData("/v1/organization/costs?start_time=2000000&group_by=project_id,api_key_id,line_item", "group_by")]
    [InlineData("/v1/organization/costs?start_time=2000000&organizationId=", "organizationId")]
    [InlineData("/user/daily/activity?end_date=2026-06-24", "start_date")]
    [InlineData("/user/daily/activity?start_date=2026-06-25&end_date=2026-06-24", "start_date")]
    [InlineData("/user/daily/activity?start_date=2026-06-24&end_date=2026-06-24&timezone=Europe/Paris", "timezone")]
    [InlineData("/user/daily/activity?start_date=2026-06-24&end_date=2026-06-24&page_size=1001", "page_size")]
    [InlineData("/user/daily/activity?start_date=2026-06-24&end_date=2026-06-24&team_id=t", "team_id")]
    public async Task BadParameter_IsNamed(string path, string parameter)
    {
        await using var server = await StartAsync();

        using var response = await server.GetAsync(path, server.Token("org_1", "u_1"));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal([parameter], (await AccessTests.ProblemAsync(response)).GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    [Fact]
    public async Task Access_IsThatOfActivity()
    {
        await using var server = await StartAsync();
        foreach (var path in (string[])[$"/v1/organization/usage/completions?start_time={Day}", $"/v1/organization/costs?start_time={Day}", "/user/daily/activity?start_date=2026-06-24&end_date=2026-06-24"])
        {
            Assert.Equal("200 -", await StatusAsync(path, server.Token("org_1", "u_1")));
            Assert.Equal("200 -", await StatusAsync($"{path}&organizationId=org_1", server.Token("org_1", "u_1")));
            Assert.Equal("401 unauthorized", await StatusAsync(path, null));
            Assert.Equal("404 unknown-organization", await StatusAsync($"{path}&organizationId=org_free", server.Token("org_1", "u_1")));
            Assert.Equal("403 plan-required", await StatusAsync(path, server.Token("org_free", "u_1")));
            Assert.Equal("403 role-required", await StatusAsync(path, server.Token("org_1", "u_2")));
            Assert.Equal("403 ingest-token", await StatusAsync(path, server.Token("org_1", "u_1", kind: TokenKind.Ingest)));
        }

        async Task<string> StatusAsync(string path, string? token)
        {
            using var response = await server.GetAsync(path, token);
            var type = response.IsSuccessStatusCode ? "-" : (await AccessTests.ProblemAsync(response)).GetProperty("type").GetString()!.Replace("/problems/", string.Empty, StringComparison.Ordinal);
            return $"{(int)response.StatusCode} {type}";
        }
    }

    private static Task<RunningServer> StartAsync() => RunningServer.StartAsync(Directory, "org_1", Events);

    private static string Line(JsonElement row, params string[] names) => string.Join('|', names.Select(name => row.GetProperty(name) is var value && value.ValueKind == JsonValueKind.Null ? "-"
        : value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText()));
}
