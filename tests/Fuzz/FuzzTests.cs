using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Analytics.Tests.AccessMatrix;
using Analytics.Tests.Architecture;
using Xunit;
using Xunit.Abstractions;

namespace Analytics.Tests.Fuzz;

/// <summary>
/// Requests that are not quite right, to every operation of the OpenAPI document and as every kind of caller, over several
/// connections at once: none of them makes the server fail, talk about its insides or about other organizations, or forget
/// to say in its own form what is wrong.
/// </summary>
public sealed partial class FuzzTests(ITestOutputHelper output)
{
    private const int Seed = 20_261_122;
    private const int RequestCount = 20_000;
    private const int ConnectionCount = 6;

    // The directory is put back as often, so that a caller who was removed does not stay without answers.
    private const int BatchSize = 1_000;

    [Fact]
    public async Task Requests_NotQuiteRight_AreAnsweredInOrder()
    {
        output.WriteLine($"Seed {Seed}: request n is new FuzzRequests(operations, {Seed}, token).Make(n).");
        await using var server = await MatrixServer.StartAsync();
        var requests = new FuzzRequests(server.Operations, Seed, server.SignInToken(Principal.Owner));
        var (home, foreign) = (await GoodAsync(server, Principal.Owner, MatrixServer.Home), await GoodAsync(server, Principal.Foreign, MatrixServer.Foreign));
        var foreignDirectory = ForeignDirectory(server);
        ConcurrentBag<string> faults = [];
        ConcurrentDictionary<int, int> statuses = [];
        ConcurrentDictionary<string, int> successes = [];
        for (var first = 0; first < RequestCount && faults.Count < 20; first += BatchSize)
        {
            server.RestorePeople();
            var next = first - 1;
            var end = Math.Min(first + BatchSize, RequestCount);
            await Task.WhenAll(Enumerable.Range(0, ConnectionCount).Select(_ => Task.Run(async () =>
            {
                using var connection = new FuzzConnection(server.Server.Address);
                for (var number = Interlocked.Increment(ref next); number < end; number = Interlocked.Increment(ref next))
                {
                    var request = requests.Make(number);
                    var answer = await AskAsync(server, connection, request);
                    foreach (var fault in Faults(server, request, answer))
                    {
                        faults.Add($"request {number} as {request.Principal}: {fault}\n{request}\n--- {answer?.Head}{(answer is null ? null : Shown(answer))}\n");
                    }

                    statuses.AddOrUpdate(answer?.Status ?? 0, 1, (_, count) => count + 1);
                    if (answer?.Status is >= 200 and < 300)
                    {
                        successes.AddOrUpdate(request.Operation.Id, 1, (_, count) => count + 1);
                    }
                }
            })));
        }

        output.WriteLine(string.Join(", ", statuses.OrderBy(status => status.Key).Select(status => $"{status.Key}: {status.Value}")));
        Assert.True(faults.IsEmpty, $"{faults.Count} faults, of these the first:\n" + string.Join('\n', faults.Take(10)));

        // Nearly right is what gets far: operations were also answered with success. Not these: there is no such token, the
        // last owner stays, and after ten wrong tokens nobody signs in for a minute.
        Assert.Empty(server.Operations.Select(operation => operation.Id).Except(successes.Keys).Except(["revokeToken", "deleteMember", "signIn"]));
        server.RestorePeople();
        Assert.Equal(home, await GoodAsync(server, Principal.Owner, MatrixServer.Home));
        Assert.Equal(foreign, await GoodAsync(server, Principal.Foreign, MatrixServer.Foreign));
        Assert.Equal(foreignDirectory, ForeignDirectory(server));
    }

    [Theory]
    [InlineData("System.NullReferenceException: x")]
    [InlineData("   at Analytics.Server.Endpoints.X.Y(String z) in /src/X.cs:line 7")]
    [InlineData("Could not find file '/tmp/data/catalog'.")]
    [InlineData("SQLite Error 19: 'UNIQUE constraint failed'")]
    [InlineData("cannot convert Newtonsoft.Json.Linq.JArray to System.String")]
    public void Insides_OfTheServer_AreFound(string text) => Assert.Matches(Insides(), text);

    // What these requests have found: texts that are no Unicode, and a page that is no base64.
    [Theory]
    [InlineData("POST", "/admin/organizations/org_1/projects", "{\"id\":\"prj_x\",\"name\":\"\\ud800\"}", "/problems/invalid-body")]
    [InlineData("POST", "/admin/organizations/org_1/projects", "{\"id\":\"prj_x\",\"na\u00ffme\":\"a\"}", "/problems/invalid-body")]
    [InlineData("POST", "/admin/organizations/org_1/projects", "{\"id\":\"prj_x\",\"name\":\"\u00ff\"}", "/problems/invalid-body")]
    [InlineData("POST", "/admin/organizations/org_1/models", "{\"mapping\":\"a/b\",\"prices\":[{\"rule\":\"\\udfff\\ud800\"}]}", "/problems/invalid-body")]
    [InlineData("POST", "/admin/organizations/org_1/tokens", "{\"userId\":\"\\ud800\",\"kind\":\"read\"}", "/problems/invalid-body")]
    [InlineData("PATCH", "/admin/organizations/org_1/members/u_3", "{\"\\ud800\":1}", "/problems/invalid-body")]
    [InlineData("PATCH", "/admin/organizations/org_1", "{\"timez\u00d1nes\":[]}", "/problems/invalid-body")]
    [InlineData("PUT", "/admin/organizations/org_1/directory", "{\"projects\":[{\"id\":\"\\ud800\"}]}", "/problems/invalid-body")]
    [InlineData("GET", "/v1/organization/usage/completions?start_time=1782259200&page=a*b", null, "/problems/invalid-parameters")]
    [InlineData("GET", "/v1/organization/costs?start_time=1782259200&page=1782259200%3D", null, "/problems/invalid-parameters")]
    public async Task Requests_ThatOnceFailed_AreRefused(string method, string target, string? body, string problem)
    {
        await using var server = await MatrixServer.StartAsync();
        using var connection = new FuzzConnection(server.Server.Address);
        var bytes = body is null ? null : Encoding.Latin1.GetBytes(body);
        var request = new FuzzRequest(Principal.Owner, server.Operations[0], method, target, [("Content-Type", "application/json")], bytes);

        var answer = await AskAsync(server, connection, request);

        Assert.Equal(400, answer!.Status);
        Assert.Equal(problem, JsonDocument.Parse(answer.Body).RootElement.GetProperty("type").GetString());
    }

    // Types of .NET, frames of a stack, paths of files, and the words of the database.
    [GeneratedRegex(@"\w+Exception\b|\bSystem\.\w|\bMicrosoft\.\w|\bAnalytics\.\w+\.|\bNewtonsoft\.|\bNodaTime\.|\n\s+at \w|\.cs:line|\.dll\b|/tmp/|/root/|/home/|/src/|SQLite|constraint failed")]
    private static partial Regex Insides();

    private static async Task<FuzzAnswer?> AskAsync(MatrixServer server, FuzzConnection connection, FuzzRequest request)
    {
        var bytes = request.ToBytes(server.Server.Address.Authority, server.Credential(request.Principal));
        return await connection.ExchangeAsync(bytes, request.Method == "HEAD")
            // A kept connection may have been closed after the answer before; a new one may not.
            ?? await connection.ExchangeAsync(bytes, request.Method == "HEAD");
    }

    private static IEnumerable<string> Faults(MatrixServer server, FuzzRequest request, FuzzAnswer? answer)
    {
        if (answer is null)
        {
            // What is no HTTP may be cut off before it is sent.
            if (!IsNoHttp(request))
            {
                yield return "found no answer, expected one";
            }

            yield break;
        }

        var body = Encoding.UTF8.GetString(answer.Body);
        var said = answer.Head + body;
        if (Insides().Match(said) is { Success: true } inside)
        {
            yield return $"found '{inside.Value}' of the server's insides";
        }

        if (said.Contains(Repository.Root, StringComparison.Ordinal) || said.Contains(server.Server.Folder.Path, StringComparison.Ordinal))
        {
            yield return "found the path of a folder";
        }

        var sent = request.Target + Uri.UnescapeDataString(request.Target) + (request.Body is null ? string.Empty : Encoding.UTF8.GetString(request.Body));
        // Signing in answers whoever the token is of. The audit log says back what its own people have asked for.
        foreach (var leak in MatrixServer.Leaks(request.Operation.Id == "signIn" ? Principal.Owner : request.Principal, request.Operation.Id == "audit" ? sent + body : sent, said))
        {
            yield return $"found '{leak}' of another organization";
        }

        if (answer.Field("Set-Cookie") is { } cookie && !cookie.StartsWith("session=", StringComparison.Ordinal))
        {
            yield return $"found a cookie of the request's making: {cookie}";
        }

        var isJson = answer.Field("Content-Type")?.Contains("json", StringComparison.Ordinal) == true && answer.IsWhole && request.Method != "HEAD";
        JsonElement json = default;
        var isBroken = false;
        try
        {
            json = isJson && answer.Status is not (204 or 304) ? JsonDocument.Parse(answer.Body).RootElement : default;
        }
        catch (JsonException)
        {
            isBroken = true;
        }

        if (isBroken)
        {
            yield return "found a body that is no JSON";
        }
        else if (answer.Status >= 400 && request.Method != "HEAD")
        {
            if (answer.Field("X-Request-Id") is null)
            {
                // Kestrel's own answer to what is no HTTP: bare, and only there.
                if (answer.Body.Length > 0 || answer.Status != 400 || !IsNoHttp(request))
                {
                    yield return "found an answer that is none of ours to a request that is HTTP";
                }
            }
            else if (answer.Field("Content-Type") != "application/problem+json" || json.GetProperty("status").GetInt32() != answer.Status
                || json.GetProperty("title").GetString() is not { Length: > 0 } || json.GetProperty("detail").GetString() is not { Length: > 0 })
            {
                yield return $"found {answer.Status} as {answer.Field("Content-Type")}, expected a problem of that status";
            }
        }

        if (answer.Status >= 500 && !(answer.Status == 503 && body.Contains("\"/problems/busy\"", StringComparison.Ordinal)))
        {
            yield return $"found {answer.Status}, expected an answer or what is wrong with the request";
        }
    }

    private static bool IsNoHttp(FuzzRequest request) =>
        request.Target.Any(letter => letter is < '!' or > '~') || request.Headers.Any(header => header.Value.Any(letter => letter > '~')) || request.Target.Split('?')[0].Contains("%00", StringComparison.Ordinal);

    private static string Shown(FuzzAnswer answer)
    {
        var text = Encoding.UTF8.GetString(answer.Body);
        return text.Length > 1_000 ? text[..1_000] : text;
    }

    /// <summary>What a good request is answered: numbers, which no edit of the directory changes.</summary>
    private static async Task<string> GoodAsync(MatrixServer server, Principal principal, string organization)
    {
        var answer = await server.SendAsync(principal, "GET", $"/analytics/activity?organizationId={organization}&from=2026-06-20&to=2026-06-26&timezone=UTC");
        Assert.True(answer.Status == 200, $"{answer.Status} {answer.Body}");
        var json = JsonDocument.Parse(answer.Body).RootElement;
        var totals = json.GetProperty("totals");
        Assert.Equal(48, totals.GetProperty("requestCount").GetInt32());
        return totals.GetRawText() + string.Concat(json.GetProperty("activity").EnumerateArray().Select(day => day.GetProperty("cost").GetRawText() + ' '));
    }

    private static string ForeignDirectory(MatrixServer server) =>
        Encoding.UTF8.GetString(server.Directory.ReadDocument(MatrixServer.Foreign).ToUtf8()) + string.Join('\n', server.Directory.Tokens(MatrixServer.Foreign));
}
