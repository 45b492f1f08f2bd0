using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Analytics.Tests.Architecture;
using Analytics.Tests.Server;
using Xunit;

namespace Analytics.Tests.Conventions;

/// <summary>
/// The OpenAPI document is complete, it is what is committed, and it is true: each operation is asked as its samples say,
/// with success and with each fault that can be provoked, and each answer is what its schema says.
/// </summary>
public class OpenApiDocumentTests
{
    private static readonly string[] Order = ["get", "post", "patch", "put", "delete"];

    // Samples that cannot succeed as they stand: there is no such token or session, and the last owner stays.
    private static readonly string[] NoSuccess = ["session", "signIn", "signOut", "deleteMember", "revokeToken"];

    [Fact]
    public async Task Document_IsTheCommittedOne()
    {
        await using var server = await ConventionsServer.StartAsync();
        using var response = await server.GetAsync("/openapi/v1.json");
        var text = (await response.Content.ReadAsStringAsync()).ReplaceLineEndings("\n").TrimEnd('\n') + "\n";

        var committed = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "openapi.json"));

        var line = text.Split('\n').Zip(committed.Split('\n')).TakeWhile(lines => lines.First == lines.Second).Count() + 1;
        Assert.True(text == committed, $"docs/openapi.json differs from what the server says, from line {line} on. Renew it: ./analytics openapi > docs/openapi.json");
    }

    [Fact]
    public async Task Document_EveryOperation_SaysEverything()
    {
        await using var server = await ConventionsServer.StartAsync();
        var document = await DocumentAsync(server);
        var schema = new JsonSchema(document);
        HashSet<string> names = new(StringComparer.Ordinal);
        List<string> faults = [];

        Assert.Equal(["bearer", "jwt", "session"], document.GetProperty("components").GetProperty("securitySchemes").EnumerateObject().Select(scheme => scheme.Name));
        foreach (var (path, method, operation) in Operations(document))
        {
            var name = $"{method} {path}";
            Expect(operation.TryGetProperty("operationId", out var id) && names.Add(id.GetString()!), "has no operationId of its own");
            Expect(operation.TryGetProperty("summary", out var summary) && summary.GetString()!.Length > 10, "has no summary");
            Expect(operation.TryGetProperty("tags", out var tags) && tags.GetArrayLength() > 0, "has no tag");
            foreach (var parameter in Parameters(operation))
            {
                var parameterName = parameter.GetProperty("name").GetString();
                Expect(parameter.TryGetProperty("description", out var description) && description.GetString()!.Length > 5, $"parameter {parameterName} has no description");
                Expect(parameter.TryGetProperty("example", out var example), $"parameter {parameterName} has no example");
                Expect(parameter.TryGetProperty("schema", out var type) && schema.Check(type, example).Count == 0, $"the example of {parameterName} is not what its schema says");
            }

            if (operation.TryGetProperty("requestBody", out var body))
            {
                Samples(body, "the body");
            }

            foreach (var response in operation.GetProperty("responses").EnumerateObject())
            {
                var resolved = schema.Resolve(response.Value);
                Expect(resolved.GetProperty("description").GetString()!.Length > 5, $"{response.Name} has no description");
                if (response.Name is not ("204" or "304"))
                {
                    Expect(resolved.TryGetProperty("content", out _), $"{response.Name} has no content");
                    Samples(resolved, response.Name);
                }
            }

            void Samples(JsonElement owner, string what)
            {
                foreach (var media in owner.TryGetProperty("content", out var content) ? content.EnumerateObject() : Enumerable.Empty<JsonProperty>())
                {
                    Expect(media.Value.TryGetProperty("schema", out var type), $"{what} as {media.Name} has no schema");
                    if (media.Name.EndsWith("json", StringComparison.Ordinal))
                    {
                        if (!media.Value.TryGetProperty("example", out var sample))
                        {
                            Expect(path is "/healthz" or "/readyz" or "/session" || path.EndsWith("/audit", StringComparison.Ordinal), $"{what} has no sample");
                        }
                        else if (schema.Check(type, sample) is { Count: > 0 } wrong)
                        {
                            faults.Add($"{name}: the sample of {what} is not what its schema says: {string.Join("; ", wrong)}");
                        }
                    }
                }
            }

            void Expect(bool isTrue, string fault)
            {
                if (!isTrue)
                {
                    faults.Add($"{name} {fault}");
                }
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Fact]
    public async Task Server_AskedAsTheDocumentSays_AnswersWhatItSays()
    {
        await using var server = await ConventionsServer.StartAsync();
        var token = server.Token("org_1", "u_1");
        var document = await DocumentAsync(server);
        List<string> faults = [];

        // First what reads, then what adds, changes and takes away, so that the things of the samples are there for as long as they are needed.
        foreach (var (path, method, operation) in Operations(document).OrderBy(operation => Array.IndexOf(Order, operation.Method)))
        {
            var filled = Fill(path, operation);
            foreach (var query in Queries(operation))
            {
                var status = await AskAsync(method, filled + query, operation, token, string.Empty);
                if (status >= 300 && !NoSuccess.Contains(operation.GetProperty("operationId").GetString()))
                {
                    faults.Add($"{method} {filled}{query}: {status}, expected success");
                }
            }

            var first = Queries(operation).First();
            if (operation.TryGetProperty("security", out _))
            {
                Expect(401, await AskAsync(method, filled + first, operation, null, string.Empty));
                Expect(401, await AskAsync(method, filled + first, operation, "ana_" + new string('A', 43), string.Empty));
                if (path != "/analytics/organizations")
                {
                    Expect(404, await AskAsync(method, (filled + first).Replace("org_1", "org_2", StringComparison.Ordinal), operation, token, string.Empty));
                }
            }

            if (path != "/session")
            {
                Expect(400, await AskAsync(method, filled + (first.Length > 0 ? first + "&" : "?") + "colour=red", operation, token, string.Empty));
            }

            void Expect(int expected, int found)
            {
                if (expected != found)
                {
                    faults.Add($"{method} {path}: {found}, expected {expected}");
                }
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));

        async Task<int> AskAsync(string method, string pathAndQuery, JsonElement operation, string? asWho, string note)
        {
            using var request = server.Request(new HttpMethod(method.ToUpperInvariant()), pathAndQuery, asWho);
            if (operation.TryGetProperty("requestBody", out var body))
            {
                var sample = body.GetProperty("content").GetProperty("application/json").TryGetProperty("example", out var example) ? example.GetRawText() : """{ "token": "ana_unknown" }""";
                request.Content = new StringContent(sample, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
            }

            foreach (var header in Parameters(operation).Where(parameter => parameter.GetProperty("in").GetString() == "header"))
            {
                request.Headers.TryAddWithoutValidation(header.GetProperty("name").GetString()!, header.GetProperty("example").GetString());
            }

            using var response = await server.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            faults.AddRange(Faults(document, operation, (int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, text).Select(fault => $"{method} {pathAndQuery}{note}: {fault}"));
            return (int)response.StatusCode;
        }
    }

    [Fact]
    public async Task Server_AskedForTables_GivesThemWhereTheDocumentSaysSo()
    {
        await using var server = await ConventionsServer.StartAsync();
        var token = server.Token("org_1", "u_1");
        var document = await DocumentAsync(server);
        List<string> faults = [];
        foreach (var (path, method, operation) in Operations(document).Where(operation => operation.Path.StartsWith("/analytics/", StringComparison.Ordinal)))
        {
            var content = operation.GetProperty("responses").GetProperty("200").GetProperty("content");
            foreach (var type in (string[])["application/json", "text/csv", "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"])
            {
                using var request = server.Request(HttpMethod.Get, Fill(path, operation) + Queries(operation).First(), token);
                request.Headers.TryAddWithoutValidation("Accept", type);
                using var response = await server.SendAsync(request);
                var isServed = response.IsSuccessStatusCode && response.Content.Headers.ContentType!.MediaType == type;
                if (isServed != content.TryGetProperty(type, out _))
                {
                    faults.Add($"{path} as {type}: {response.StatusCode} {response.Content.Headers.ContentType}");
                }
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Fact]
    public async Task Faults_WrongSchema_AreFound()
    {
        await using var server = await ConventionsServer.StartAsync();
        var token = server.Token("org_1", "u_1");
        var answer = (await server.JsonAsync(ConventionsServer.Question, token)).GetRawText();
        var document = await DocumentAsync(server);
        Assert.Empty(FaultsOf(_ => { }));

        Assert.NotEmpty(FaultsOf(schemas => schemas["ComparedMetrics"]!["properties"]!.AsObject().Remove("inputTokens")));
        Assert.NotEmpty(FaultsOf(schemas => schemas["ComparedMetrics"]!["required"]!.AsArray().Add("colour")));
        Assert.NotEmpty(FaultsOf(schemas => schemas["ComparedMetrics"]!["properties"]!["errorRate"]!["type"] = "string"));
        Assert.NotEmpty(FaultsOf(schemas => schemas["ActivityResponse"]!["properties"]!["activity"]!["type"] = "object"));
        Assert.NotEmpty(Faults(document, Operation(document), 418, "application/json", answer));
        Assert.NotEmpty(Faults(document, Operation(document), 200, "text/html", answer));

        IReadOnlyList<string> FaultsOf(Action<JsonNode> change)
        {
            var changed = JsonNode.Parse(document.GetRawText())!;
            change(changed["components"]!["schemas"]!);
            var read = JsonDocument.Parse(changed.ToJsonString()).RootElement;
            return Faults(read, Operation(read), 200, "application/json", answer);
        }

        static JsonElement Operation(JsonElement read) => read.GetProperty("paths").GetProperty("/analytics/activity").GetProperty("get");
    }

    private static IReadOnlyList<string> Faults(JsonElement document, JsonElement operation, int status, string? type, string text)
    {
        var schema = new JsonSchema(document);
        if (!operation.GetProperty("responses").TryGetProperty($"{status}", out var response))
        {
            return [$"{status} is not in the document: {text}"];
        }

        response = schema.Resolve(response);
        if (!response.TryGetProperty("content", out var content))
        {
            return text.Length == 0 ? [] : [$"{status} has a body, and none in the document"];
        }

        if (type is null || !content.TryGetProperty(type, out var media))
        {
            return [$"{status} is of type '{type}', which the document does not have"];
        }

        return type.EndsWith("json", StringComparison.Ordinal) ? schema.Check(media.GetProperty("schema"), JsonDocument.Parse(text).RootElement) : [];
    }

    private static IEnumerable<(string Path, string Method, JsonElement Operation)> Operations(JsonElement document) =>
        document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(operation => (path.Name, operation.Name, operation.Value)));

    private static JsonElement[] Parameters(JsonElement operation) => operation.TryGetProperty("parameters", out var parameters) ? [.. parameters.EnumerateArray()] : [];

    private static string Fill(string path, JsonElement operation) => Parameters(operation).Where(parameter => parameter.GetProperty("in").GetString() == "path")
        .Aggregate(path, (filled, parameter) => filled.Replace($"{{{parameter.GetProperty("name").GetString()}}}", Uri.EscapeDataString(parameter.GetProperty("example").GetString()!), StringComparison.Ordinal));

    /// <summary>The required parameters alone, and with each of the others.</summary>
    private static IEnumerable<string> Queries(JsonElement operation)
    {
        var parameters = Parameters(operation).Where(parameter => parameter.GetProperty("in").GetString() == "query").ToArray();
        var required = parameters.Where(parameter => parameter.TryGetProperty("required", out var value) && value.GetBoolean()).Select(Example).ToArray();
        var range = parameters.Where(parameter => parameter.GetProperty("name").GetString() is "from" or "to").Select(Example).ToArray();
        yield return Query([.. required, .. range]);
        foreach (var parameter in parameters.Where(parameter => !required.Concat(range).Contains(Example(parameter))))
        {
            yield return Query([.. required, .. range, Example(parameter)]);
        }

        static string Query(string[] parts) => parts.Length == 0 ? string.Empty : "?" + string.Join('&', parts);

        static string Example(JsonElement parameter)
        {
            var example = parameter.GetProperty("example");
            var value = example.ValueKind == JsonValueKind.Array ? example[0] : example;
            return $"{parameter.GetProperty("name").GetString()}={Uri.EscapeDataString(value.ToString())}";
        }
    }

    private static async Task<JsonElement> DocumentAsync(RunningServer server)
    {
        using var response = await server.GetAsync("/openapi/v1.json");
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }
}
