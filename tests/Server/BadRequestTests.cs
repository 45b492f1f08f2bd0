using System.Net;
using Xunit;

namespace Analytics.Tests.Server;

public class BadRequestTests
{
    private const string Organization = """{ "organizations": [ { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": [] } ] }""";

    // Query, the parameter at fault, and what the message says.
    private static readonly (string Query, string Parameter, string Message)[] Cases =
    [
        ("organizationId=org_1&timezone=Europe/Pari", "timezone", "found 'Europe/Pari', expected an IANA id such as 'Europe/Paris'."),
        ("organizationId=org_1&timezone=europe/paris", "timezone", "found 'europe/paris', expected an IANA id such as 'Europe/Paris'."),
        ("organizationId=org_1&timezone=UTC%2B05:30", "timezone", "found 'UTC+05:30', expected an IANA id such as 'Europe/Paris'."),
        ("organizationId=org_1&timezone=", "timezone", "found '', expected an IANA id such as 'Europe/Paris'."),
        ("organizationId=org_1&from=2026-06-26&to=2026-06-24", "from", "found 2026-06-26, which is after 'to' 2026-06-24; expected the same day or an earlier one."),
        ("organizationId=org_1&from=2026-06-26", "to", "found 'from' without 'to', expected both or neither."),
        ("organizationId=org_1&to=2026-06-26", "from", "found 'to' without 'from', expected both or neither."),
        ("organizationId=org_1&from=2026-02-30&to=2026-03-01", "from", "found '2026-02-30', which is no day of the calendar, expected a date as YYYY-MM-DD, such as 2026-06-24."),
        ("organizationId=org_1&from=24.06.2026&to=2026-06-24", "from", "found '24.06.2026', expected a date as YYYY-MM-DD, such as 2026-06-24."),
        ("organizationId=org_1&from=9999-12-30&to=9999-12-31", "to", "found 9999-12-31, expected a date from 0001-01-01 to 9999-12-29."),
        ("organizationId=org_1&from=2026-06-24&from=2026-06-25&to=2026-06-26", "from", "found it more than once, expected it once."),
        ("organizationId=org_1&groupBy=modell", "groupBy", "found 'modell', expected 'model', or another of model, mapping, provider, project, apiKey, member, app, serviceType, agent."),
        ("organizationId=org_1&groupBy=colour", "groupBy", "found 'colour', expected one of model, mapping, provider, project, apiKey, member, app, serviceType, agent."),
        ("organizationId=org_1&project=prj_1", "project", "unknown parameter, expected 'projectId', or another of organizationId, from, to, timezone, money, format, projectId, apiKeyId, memberId, model, mapping, provider, app, serviceType, agentId, groupBy, bucket, top, rankBy, compare, fields, explain."),
        ("organizationId=org_1&groupby=model", "groupby", "unknown parameter, expected 'groupBy', or another of organizationId, from, to, timezone, money, format, projectId, apiKeyId, memberId, model, mapping, provider, app, serviceType, agentId, groupBy, bucket, top, rankBy, compare, fields, explain."),
        ("organizationId=org_1&groupBy=model,colour", "groupBy", "found 'colour', expected one of model, mapping, provider, project, apiKey, member, app, serviceType, agent."),
        ("organizationId=org_1&groupBy=model,project,app", "groupBy", "found 3 dimensions in 'model,project,app', expected one or two."),
        ("organizationId=org_1&groupBy=apiKey,api_key", "groupBy", "found 'apiKey' twice, expected two different dimensions."),
        ("organizationId=org_1&groupBy=model,", "groupBy", "found '', expected one of model, mapping, provider, project, apiKey, member, app, serviceType, agent."),
        ("organizationId=org_1&compare=last", "compare", "found 'last', expected one of none, previous, previousYear."),
        ("organizationId=org_1&explain=yes", "explain", "found 'yes', expected one of none, plan."),
        ("organizationId=org_1&bucket=year", "bucket", "found 'year', expected one of hour, day, week, month."),
        ("organizationId=org_1&bucket=hour&from=0001-01-01&to=9999-12-29", "bucket", "found hour buckets of a range that has more than 4000000 of them, expected fewer; ask for longer buckets or a shorter range."),
        ("organizationId=org_1&top=0", "top", "found '0', expected a whole number from 1 to 2147483647."),
        ("organizationId=org_1&top=ten", "top", "found 'ten', expected a whole number from 1 to 2147483647."),
        ("organizationId=org_1&rankBy=costs", "rankBy", "found 'costs', expected 'cost', or another of cost, requests, tokens."),
        ("organizationId=org_1&fields=cost,tokens", "fields", "found 'tokens', expected one of cost, requestCount, errorCount, clientErrorCount, cacheHitCount, inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens, totalTokens, errorRate, unpricedRequestCount, all."),
        ("organizationId=org_1&money=float", "money", "found 'float', expected one of number, string."),
        ("organizationId=org_1&projectId=%zz", "query", "found '%zz', expected % and two hex digits."),
        ("organizationId=org_1&projectId=%", "query", "found '%', expected % and two hex digits."),
        ("organizationId=org_1&projectId=%ff%fe", "query", "found percent-encoded bytes that are not UTF-8, expected UTF-8."),
        ("groupBy=model", "organizationId", "found nothing, expected an organization's id."),
        ("organizationId=&groupBy=model", "organizationId", "found nothing, expected an organization's id."),
        ("organizationId=org_1&organizationId=org_2", "organizationId", "found it more than once, expected it once."),
    ];

    [Fact]
    public async Task Activity_BadParameter_IsNamedWithWhatWasFoundAndExpected()
    {
        await using var server = await RunningServer.StartAsync(Organization, "org_1", string.Empty);
        var token = server.Token("org_1", "u_1");
        foreach (var (query, parameter, message) in Cases)
        {
            using var response = await server.GetAsync($"/analytics/activity?{query}", token);

            Assert.Equal((query, HttpStatusCode.BadRequest), (query, response.StatusCode));
            var problem = await AccessTests.ProblemAsync(response);
            Assert.Equal("/problems/invalid-parameters", problem.GetProperty("type").GetString());
            var errors = problem.GetProperty("errors");
            Assert.True(errors.TryGetProperty(parameter, out var messages), errors.GetRawText());
            Assert.Equal(message, messages[0].GetString());
        }
    }

    [Theory]
    [InlineData("/analytics/organizations?limit=1", "limit", "unknown parameter, expected format.")]
    [InlineData("/v1/organization/costs?start_time=1&bucket_width=1h", "bucket_width", "found '1h', expected 1d.")]
    [InlineData("/user/daily/activity?start_date=2026-06-01&end_date=June", "end_date", "found 'June', expected a date as YYYY-MM-DD, such as 2026-06-24.")]
    public async Task OtherPaths_BadParameter_IsNamedAlone(string path, string parameter, string message)
    {
        await using var server = await RunningServer.StartAsync(Organization, "org_1", string.Empty);

        using var response = await server.GetAsync(path, server.Token("org_1", "u_1"));

        var error = Assert.Single((await AccessTests.ProblemAsync(response)).GetProperty("errors").EnumerateObject());
        Assert.Equal((parameter, message), (error.Name, Assert.Single(error.Value.EnumerateArray()).GetString()));
    }

    [Fact]
    public async Task Activity_SeveralBadParameters_AreAllNamed()
    {
        await using var server = await RunningServer.StartAsync(Organization, "org_1", string.Empty);

        using var response = await server.GetAsync("/analytics/activity?organizationId=org_1&timezone=Mars&groupBy=x&form=2026-01-01", server.Token("org_1", "u_1"));

        var errors = (await AccessTests.ProblemAsync(response)).GetProperty("errors");
        Assert.Equal(["form", "groupBy", "timezone"], errors.EnumerateObject().Select(error => error.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task UnknownPathAndMethod_AreProblems()
    {
        await using var server = await RunningServer.StartAsync(Organization, "org_1", string.Empty);

        using var unknown = await server.GetAsync("/analytics/nothing");
        using var method = await server.GetAsync("/analytics/activity", method: HttpMethod.Delete);
        using var health = await server.GetAsync("/healthz");

        Assert.Equal("/problems/unknown-path", (await AccessTests.ProblemAsync(unknown)).GetProperty("type").GetString());
        Assert.Equal("/problems/method-not-allowed", (await AccessTests.ProblemAsync(method)).GetProperty("type").GetString());
        Assert.Equal("ok", await health.Content.ReadAsStringAsync());
    }
}
