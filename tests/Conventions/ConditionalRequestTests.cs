using System.Net;
using Analytics.Storage.Directory;
using Analytics.Tests.Server;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Analytics.Tests.Conventions;

/// <summary>Tags and 304: forms of the header; equal questions; different answers; nothing before authorisation and parameters.</summary>
public class ConditionalRequestTests
{
    private const string Question = ConventionsServer.Question;

    [Fact]
    public async Task IfNoneMatch_InEveryForm_GivesNotModifiedWithoutBody()
    {
        await using var server = await ConventionsServer.StartAsync();
        var token = server.Token("org_1", "u_1");
        using var first = await server.GetAsync(Question, token);
        var tag = first.Headers.ETag!.ToString();
        var opaque = first.Headers.ETag.Tag;

        Assert.StartsWith("W/\"", tag, StringComparison.Ordinal);
        Assert.Equal("no-cache, private", first.Headers.CacheControl!.ToString());
        foreach (var header in (string[])[tag, opaque, $"\"x\", {tag}", $"{opaque}, \"y,z\"", $"\"a,b\",{opaque}", "*", " * "])
        {
            using var response = await SendAsync(server, Question, token, header);

            Assert.Equal((header, HttpStatusCode.NotModified), (header, response.StatusCode));
            Assert.Equal(tag, response.Headers.ETag!.ToString());
            Assert.Equal("no-cache, private", response.Headers.CacheControl!.ToString());
            Assert.Empty(await response.Content.ReadAsByteArrayAsync());
        }

        foreach (var header in (string[])["\"x\"", opaque.Trim('"'), "W/\"\"", $"\"{opaque.Trim('"')}x\""])
        {
            using var response = await SendAsync(server, Question, token, header);

            Assert.Equal((header, HttpStatusCode.OK), (header, response.StatusCode));
            Assert.NotEmpty(await response.Content.ReadAsByteArrayAsync());
        }
    }

    [Fact]
    public async Task IfNoneMatch_CallerWithoutRights_GetsTheRefusalAndNever304()
    {
        await using var server = await ConventionsServer.StartAsync();
        using var first = await server.GetAsync(Question, server.Token("org_1", "u_1"));
        var tag = first.Headers.ETag!.ToString();
        (string? Token, HttpStatusCode Expected)[] callers =
        [
            (null, HttpStatusCode.Unauthorized),
            ("ana_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", HttpStatusCode.Unauthorized),
            (server.Token("org_2", "u_9"), HttpStatusCode.NotFound),
            (server.Token("org_1", "u_3"), HttpStatusCode.Forbidden),
            (server.Token("org_1", "u_1", kind: TokenKind.Ingest), HttpStatusCode.Forbidden),
        ];

        foreach (var (token, expected) in callers)
        {
            foreach (var header in (string[])[tag, "*"])
            {
                using var response = await SendAsync(server, Question, token, header);

                Assert.Equal(expected, response.StatusCode);
                Assert.Null(response.Headers.ETag);
                Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
                Assert.Contains("\"status\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task IfNoneMatch_WrongParameter_IsRefused()
    {
        await using var server = await ConventionsServer.StartAsync();
        var token = server.Token("org_1", "u_1");
        using var first = await server.GetAsync(Question, token);
        foreach (var wrong in (string[])["&groupBy=colour", "&unknown=1", "&top=0", "&timezone=Mars", "&projectId=%zz", "&money=float", "&bucket=day&bucket=day"])
        {
            foreach (var header in (string[])[first.Headers.ETag!.ToString(), "*"])
            {
                using var response = await SendAsync(server, Question + wrong, token, header);

                Assert.Equal((wrong, HttpStatusCode.BadRequest), (wrong, response.StatusCode));
                Assert.Null(response.Headers.ETag);
                Assert.Contains("invalid-parameters", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Tag_AnotherViewOrVersion_IsAnother()
    {
        await using var server = await ConventionsServer.StartAsync();
        var owner = server.Token("org_1", "u_1");
        var before = await TagAsync(server, Question, owner);

        Assert.Equal(before, await TagAsync(server, Question, server.Token("org_1", "u_1")));
        Assert.NotEqual(before, await TagAsync(server, Question, server.Token("org_1", "u_2")));

        // Another organisation's directory is none of this one's business.
        server.Store.Directory.EnsureMember("org_2", "u_10", "member");
        Assert.Equal(before, await TagAsync(server, Question, owner));

        server.Store.Directory.Import(DirectoryDocument.Parse("""{ "projects": [ { "id": "prj_1", "organizationId": "org_1", "name": "Renamed" } ] }"""u8));
        var renamed = await TagAsync(server, Question, owner);
        Assert.NotEqual(before, renamed);

        await AddEventAsync(server, "more");
        Assert.NotEqual(renamed, await TagAsync(server, Question, owner));
    }

    [Fact]
    public async Task Tag_QuestionSpeltAnotherWay_IsTheSame()
    {
        await using var server = await ConventionsServer.StartAsync();
        var token = server.Token("org_1", "u_1");
        string[][] equal =
        [
            ["", "&bucket=day", "&groupBy=model", "&money=number", "&compare=none", "&fields=cost,requestCount,totalTokens", "&fields=totalTokens,cost,requestCount", "&timezone=Europe%2FParis", "&timezone=Europe/Paris", "&format=json"],
            ["&groupBy=apiKey", "&groupBy=api_key", "&groupBy=%61piKey"],
            ["&groupBy=member,apiKey", "&groupBy=user,%20api_key"],
            ["&projectId=prj_1&projectId=prj_2", "&projectId=prj_2&projectId=prj_1", "&projectId=prj_1&projectId=prj_2&projectId=prj_1"],
            ["&top=2&bucket=week", "&bucket=week&top=2", "&bucket=week&top=02"],
            ["&fields=all", "&fields=cost,all"],
        ];

        List<string> tags = [];
        foreach (var spellings in equal)
        {
            // A parameter that this version does not have is no spelling.
            List<string> found = [];
            foreach (var spelling in spellings)
            {
                using var response = await server.GetAsync(Question + spelling, token);
                if (response.IsSuccessStatusCode)
                {
                    found.Add(response.Headers.ETag!.ToString());
                }
            }

            Assert.True(found.Count >= spellings.Length - 1, string.Join(' ', spellings));
            Assert.Single(found.Distinct());
            tags.Add(found[0]);
        }

        Assert.Equal(tags.Count, tags.Distinct().Count());

        // The present is noon of 26 June, and the default range the last seven days.
        Assert.Equal(tags[0], await TagAsync(server, "/analytics/activity?organizationId=org_1", token));
        Assert.Equal(tags[0], await TagAsync(server, "/analytics/activity?to=2026-06-26&organizationId=org_1&from=2026-06-20", token));
    }

    [Fact]
    public async Task Tag_ManyQuestions_EqualAnswersOfEqualTags()
    {
        await using var server = await ConventionsServer.StartAsync();
        var token = server.Token("org_1", "u_1");
        Dictionary<string, string> answers = new(StringComparer.Ordinal);
        Dictionary<string, string> tagOf = new(StringComparer.Ordinal);
        string[][] choices =
        [
            ["", "&groupBy=model", "&groupBy=project", "&groupBy=apiKey", "&groupBy=api_key", "&groupBy=project,app", "&groupBy=app,project"],
            ["", "&bucket=day", "&bucket=week", "&bucket=month", "&bucket=hour"],
            ["", "&top=1", "&top=2", "&top=10"],
            ["", "&money=string", "&money=number"],
            ["", "&projectId=prj_1", "&projectId=prj_1&projectId=prj_2", "&projectId=prj_2&projectId=prj_1", "&app=", "&app=app_1"],
            ["", "&timezone=UTC", "&timezone=Asia/Tokyo", "&timezone=Europe/Paris"],
            ["", "&compare=previous", "&rankBy=tokens", "&fields=all", "&fields=cost"],
        ];
        var questions = Gen.CollectToArray(choices.Select(Gen.Elements)).Sample(30, new Rnd(17), 300);
        foreach (var question in questions)
        {
            var path = Question + string.Concat(question);
            using var response = await server.GetAsync(path, token);
            Assert.True(response.IsSuccessStatusCode, path);
            var tag = response.Headers.ETag!.ToString();
            var answer = await response.Content.ReadAsStringAsync();

            // One tag, one answer; and a spelling that means the same has the same tag.
            Assert.True(answers.TryAdd(tag, answer) || answers[tag] == answer, path);
            var normal = Normal(question);
            Assert.True(tagOf.TryAdd(normal, tag) || tagOf[normal] == tag, path);
        }

        Assert.Equal(tagOf.Count, answers.Count);

        static string Normal(string[] question) => string.Concat(question
            .Select(part => part.Replace("api_key", "apiKey", StringComparison.Ordinal).Replace("&projectId=prj_2&projectId=prj_1", "&projectId=prj_1&projectId=prj_2", StringComparison.Ordinal))
            .Where(part => part is not ("&groupBy=model" or "&bucket=day" or "&money=number" or "&timezone=Europe/Paris")));
    }

    private static async Task<string> TagAsync(RunningServer server, string question, string token)
    {
        using var response = await server.GetAsync(question, token);
        Assert.True(response.IsSuccessStatusCode, question);
        return response.Headers.ETag!.ToString();
    }

    private static async Task<HttpResponseMessage> SendAsync(RunningServer server, string question, string? token, string ifNoneMatch)
    {
        using var request = server.Request(HttpMethod.Get, question, token);
        Assert.True(request.Headers.TryAddWithoutValidation("If-None-Match", ifNoneMatch));
        return await server.SendAsync(request);
    }

    private static async Task AddEventAsync(RunningServer server, string id)
    {
        var line = $$"""{"id":"{{id}}","timestamp":"2026-06-21T10:00:00Z","organizationId":"org_1","projectId":"prj_1","apiKeyId":"key_1","mapping":"azure/gpt-5.1","inputTokens":1,"outputTokens":1,"cost":"1"}""";
        await new Analytics.Storage.Import.FileImport(server.Store, Analytics.Storage.Files.Physical, "org_1", RunningServer.Now)
            .EventsAsync(server.Folder.Write($"{id}.ndjson", line), isAgain: false, CancellationToken.None);
    }
}
