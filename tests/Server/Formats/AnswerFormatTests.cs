using System.Net;
using Analytics.Server.Contracts.Formats;
using Xunit;

namespace Analytics.Tests.Server.Formats;

/// <summary>Which form an answer has: by format, by Accept with its qualities, or refused.</summary>
public class AnswerFormatTests
{
    private const string Directory =
        """
        { "organizations": [ { "id": "org/1 é", "name": "Acme", "plan": "enterprise", "timezones": ["Europe/Paris"] } ],
          "users": [ { "id": "u_1", "name": "Ana" } ], "members": [ { "organizationId": "org/1 é", "userId": "u_1", "role": "owner" } ] }
        """;

    private const string Query = "/analytics/activity?organizationId=org%2F1%20%C3%A9&from=2026-06-24&to=2026-06-24";

    [Theory]
    [InlineData(null, "json")]
    [InlineData("*/*", "json")]
    [InlineData("text/csv", "csv")]
    [InlineData("TEXT/CSV; charset=utf-8", "csv")]
    [InlineData("text/*", "csv")]
    [InlineData("application/*", "json")]
    [InlineData("application/vnd.apache.arrow.stream", "arrow")]
    [InlineData("application/vnd.apache.parquet", "parquet")]
    [InlineData("text/csv, */*", "csv")]
    [InlineData("*/*, text/csv", "csv")]
    [InlineData("application/json;q=0.5, application/vnd.apache.parquet;q=0.9", "parquet")]
    [InlineData("application/vnd.apache.parquet, text/csv", "parquet")]
    [InlineData("*/*, application/json;q=0", "csv")]
    [InlineData("text/*;q=0.2, text/csv;q=0.8, application/json;q=0.5", "csv")]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "json")]
    [InlineData("text/html", null)]
    [InlineData("application/json;q=0", null)]
    [InlineData("this is no header", "json")]
    public void Wanted_Accept_IsTheOfferOfTheHighestQuality(string? accept, string? format) =>
        Assert.Equal(format, AnswerFormat.Wanted(accept, AnswerFormat.All)?.Name);

    [Fact]
    public void Wanted_OnlyJsonIsOffered_IsJsonWhereTheClientTakesIt()
    {
        Assert.Equal(AnswerFormat.Json, AnswerFormat.Wanted("text/csv, application/json;q=0.1", AnswerFormat.JsonOnly));
        Assert.Null(AnswerFormat.Wanted("text/csv", AnswerFormat.JsonOnly));
    }

    [Theory]
    [InlineData("", null, "application/json; charset=utf-8", null)]
    [InlineData("&format=csv", null, "text/csv; charset=utf-8; header=present", "analytics-activity-org-1---2026-06-24-2026-06-24.csv")]
    [InlineData("", "application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.stream", "analytics-activity-org-1---2026-06-24-2026-06-24.arrows")]
    [InlineData("&format=parquet", "text/csv", "application/vnd.apache.parquet", "analytics-activity-org-1---2026-06-24-2026-06-24.parquet")]
    [InlineData("&format=json", "text/html", "application/json; charset=utf-8", null)]
    public async Task Answer_IsWhatFormatSaysAndElseAccept(string format, string? accept, string type, string? fileName)
    {
        await using var server = await RunningServer.StartAsync(Directory, "org/1 é", string.Empty);

        using var response = await server.GetAsync(Query + format, server.Token("org/1 é", "u_1"), accept: accept);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(type, response.Content.Headers.ContentType!.ToString());
        Assert.Equal(fileName is null ? null : $"attachment; filename={fileName}", response.Content.Headers.ContentDisposition?.ToString().Replace("\"", "", StringComparison.Ordinal));
        Assert.Contains("Accept", response.Headers.Vary);
        Assert.NotEmpty(await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Answer_ToHead_IsTheHeaderWithoutRows()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org/1 é", string.Empty);

        // Four thousand years of days: nobody waits for them.
        using var response = await server.GetAsync(Query.Replace("from=2026-06-24", "from=0001-01-01", StringComparison.Ordinal) + "&format=parquet", server.Token("org/1 é", "u_1"), HttpMethod.Head);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/vnd.apache.parquet", response.Content.Headers.ContentType!.ToString());
        Assert.NotNull(response.Content.Headers.ContentDisposition);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Answer_NothingThatIsServedIsWanted_Is406AfterFaultsOfParameters()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org/1 é", string.Empty);
        var token = server.Token("org/1 é", "u_1");

        using var refused = await server.GetAsync(Query, token, accept: "text/html");
        using var wrong = await server.GetAsync(Query + "&top=0", token, accept: "text/html");
        using var unknown = await server.GetAsync(Query + "&format=xlsx", token);

        Assert.Equal(HttpStatusCode.NotAcceptable, refused.StatusCode);
        var problem = await AccessTests.ProblemAsync(refused);
        Assert.Equal("/problems/not-acceptable", problem.GetProperty("type").GetString());
        Assert.Contains("text/csv", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, unknown.StatusCode);
        Assert.Equal("found 'xlsx', expected one of json, csv, arrow, parquet.", (await AccessTests.ProblemAsync(unknown)).GetProperty("errors").GetProperty("format")[0].GetString());
    }
}
