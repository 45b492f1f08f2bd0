using System.Globalization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Analytics.Server.Contracts;

/// <summary>
/// What holds for all operations of the OpenAPI document, so that no endpoint need say it: which errors each can have, each
/// with a sample, ids in paths, tags and conditions, and how to sign in.
/// </summary>
internal static class ApiCompletion
{
    private const string ProblemType = "application/problem+json";
    private const string Bearer = "bearer";
    private const string Jwt = "jwt";
    private const string Session = "session";
    private const string LongFormDescription = "The long form: a row for each bucket and key, or for each item.";

    private static readonly string[] Open = ["/healthz", "/readyz", "/session"];

    private static readonly string[] Unchecked = ["/healthz", "/readyz"];

    private static readonly Dictionary<string, (string Description, string Example)> Ids = new(StringComparer.Ordinal)
    {
        ["organizationId"] = ("The organization's id.", "org_1"),
        ["userId"] = ("The member's user id.", "u_1"),
        ["projectId"] = ("The project's id.", "prj_1"),
        ["apiKeyId"] = ("The API key's id.", "key_1"),
        ["agentId"] = ("The agent's id.", "agt_1"),
        ["tokenId"] = ("The token's public id.", "tok_0123456789abcdef"),
        ["id"] = ("The id of the thing.", "prj_1"),
        ["mapping"] = ("The mapping, with its slash encoded as %2F.", "azure/gpt-5.5"),
    };

    private static readonly Dictionary<int, (string Description, Problem Sample)> Problems = new()
    {
        [400] = ("A parameter or the body is wrong: each fault by its name or JSON path, with what was found and what was expected.", Problem.InvalidParameter("timezone", "found 'Europe/Pari', expected an IANA id such as 'Europe/Paris'.")),
        [401] = ("No or an unknown token.", Problem.Unauthorized),
        [403] = ("The organization's plan or the caller's role does not include this.", Problem.RoleRequired(["owner", "admin"])),
        [404] = ("No such organization, or nothing with this id in it, or the caller is not a member of it.", Problem.UnknownOrganization),
        [406] = ("The answer has none of the forms that were asked for.", Problem.NotAcceptable(Formats.AnswerFormat.JsonOnly)),
        [409] = ("What is asked for would break what is there.", Problem.Conflict("already-exists", "Already exists", "The organization has a project 'prj_2' already; PATCH changes it. Nothing was changed.")),
        [412] = ("If-Match names another version than the current one: somebody else was faster.", Problem.PreconditionFailed("\"mZ0mR8c2lSgqPMVw1cJcGw\"")),
        [413] = ("The body is too large.", Problem.BodyTooLarge(1 << 20)),
        [415] = ("The body is of another type, or compressed.", Problem.UnsupportedMedia("the Content-Type 'text/plain'", "application/json")),
        [429] = ("Too many requests; Retry-After says when to ask again.", new Problem("/problems/too-many-requests", "Too many requests", 429, "Found more requests a minute than this token may make. Ask again after the seconds that Retry-After says.")),
        [500] = ("The server failed; its log says why, under the request's id.", Problem.OfStatus(500, "The server failed to answer. Its log says why, under this request's id.") with { RequestId = "8f14e45fceea167a5a36dedd4bea2543" }),
        [503] = ("Large answers that are being written take all the memory they may; ask again in a few seconds.", Problem.Busy with { RequestId = "8f14e45fceea167a5a36dedd4bea2543" }),
    };

    private static readonly Dictionary<(string Status, string Phrase), string> Phrases = new()
    {
        [("200", "OK")] = "The answer.",
        [("201", "Created")] = "What was made.",
        [("204", "No Content")] = "Done; there is no body.",
        [("503", "Service Unavailable")] = "Not yet, or not any more: usage is being loaded, or the server was told to stop.",
    };

    /// <summary>Numbers are written as numbers. The one text among them is money, where money=string asks for it.</summary>
    public static Task NumbersAreNumbers(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellation)
    {
        var number = schema.Type & (JsonSchemaType.Integer | JsonSchemaType.Number);
        if (number is not (null or 0) && schema.Type!.Value.HasFlag(JsonSchemaType.String))
        {
            var isMoney = number == JsonSchemaType.Number && context.JsonPropertyInfo?.Name is not ("errorRate" or "share" or "quantity");
            schema.Type = isMoney ? schema.Type : schema.Type & ~JsonSchemaType.String;
            schema.Pattern = isMoney ? @"^-?(?:0|[1-9]\d*)(?:\.\d+)?$" : null;
            schema.Format = number == JsonSchemaType.Number ? null : schema.Format;
        }

        return Task.CompletedTask;
    }

    /// <summary>Completes a document whose operations are described.</summary>
    public static Task ApplyAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellation)
    {
        document.Components!.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "A token of one organization, made by 'analytics token create' or under /admin.",
            },
            [Jwt] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                BearerFormat = "JWT",
                Description = "An access token of an OpenID Connect issuer that the operator has configured.",
            },
            [Session] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Cookie,
                Name = "__Host-session",
                Description = "The dashboard's cookie. Changes need 'Sec-Fetch-Site: same-origin' or this server's Origin beside it.",
            },
        };
        document.Components.Responses ??= new Dictionary<string, IOpenApiResponse>();
        foreach (var (status, (description, sample)) in Problems)
        {
            document.Components.Responses[NameOf(status)] = new OpenApiResponse
            {
                Description = description,
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    [ProblemType] = new() { Schema = new OpenApiSchemaReference(nameof(Problem), document), Example = ProblemResponse.ToJson(sample) },
                },
            };
        }

        foreach (var (path, item) in document.Paths)
        {
            foreach (var (method, operation) in item.Operations ?? [])
            {
                Complete(document, path, method, operation);
            }
        }

        return Task.CompletedTask;
    }

    private static void Complete(OpenApiDocument document, string path, HttpMethod method, OpenApiOperation operation)
    {
        CompleteParameters(path, method, operation);
        operation.Responses ??= [];
        if (method == HttpMethod.Get && !Open.Contains(path))
        {
            operation.Responses["304"] = new OpenApiResponse { Description = "The caller has the current answer: If-None-Match names its ETag." };
        }

        // What an endpoint says about an error of its own stays; all others share one description and one sample.
        foreach (var status in StatusesOf(path, method).Concat(Statuses(operation.Responses)).Distinct().Where(Problems.ContainsKey))
        {
            var name = status.ToString(CultureInfo.InvariantCulture);
            if (!operation.Responses.TryGetValue(name, out var said) || said.Content is null || said.Content.TryGetValue(ProblemType, out _))
            {
                operation.Responses[name] = new OpenApiResponseReference(NameOf(status), document);
            }
        }

        if (operation.Responses.TryGetValue("200", out var success) && success.Content is { } content && content.ContainsKey("application/json") && path.StartsWith("/analytics/", StringComparison.Ordinal))
        {
            content["text/csv"] = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Description = LongFormDescription } };
            foreach (var binary in (string[])["application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"])
            {
                content[binary] = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary", Description = LongFormDescription } };
            }
        }

        foreach (var (name, response) in operation.Responses)
        {
            // What the framework says where nobody says more.
            if (response is OpenApiResponse said && Phrases.TryGetValue((name, said.Description ?? string.Empty), out var description))
            {
                said.Description = description;
            }
        }

        if (path == "/export/focus")
        {
            CompleteExport(operation);
        }

        operation.Responses = Ordered(operation.Responses!);
        if (!Open.Contains(path))
        {
            operation.Security =
            [
                .. ((string[])[Bearer, Jwt, Session]).Select(scheme => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(scheme, document)] = [] }),
            ];
        }
    }

    /// <summary>What an operation can answer with, besides its success.</summary>
    private static IEnumerable<int> StatusesOf(string path, HttpMethod method)
    {
        yield return 400;
        if (Unchecked.Contains(path))
        {
            yield break;
        }

        yield return 429;
        yield return 500;
        if (method != HttpMethod.Get && path != "/session")
        {
            yield return method == HttpMethod.Delete ? 412 : 413;
            if (method != HttpMethod.Delete)
            {
                yield return 415;
            }
        }

        if (Open.Contains(path))
        {
            yield break;
        }

        yield return 401;
        yield return 403;
        yield return 404;
        var isReading = !path.StartsWith("/admin/", StringComparison.Ordinal);
        if (isReading)
        {
            yield return 406;
            yield return 503;
        }
        else if (method != HttpMethod.Get)
        {
            yield return 409;
            if (method != HttpMethod.Post)
            {
                yield return 412;
            }
        }
    }

    private static void CompleteParameters(string path, HttpMethod method, OpenApiOperation operation)
    {
        List<IOpenApiParameter> parameters = [.. operation.Parameters ?? []];
        foreach (var segment in path.Split('/').Where(segment => segment.StartsWith('{')))
        {
            var name = segment.Trim('{', '}');
            var known = Ids[name];
            if (parameters.FirstOrDefault(parameter => parameter.Name == name && parameter.In == ParameterLocation.Path) is not OpenApiParameter parameter)
            {
                parameter = new OpenApiParameter { Name = name, In = ParameterLocation.Path };
                parameters.Insert(0, parameter);
            }

            parameter.Required = true;
            parameter.Schema ??= new OpenApiSchema { Type = JsonSchemaType.String };
            parameter.Description ??= known.Description;
            parameter.Example ??= name == "id" ? IdOf(path) : known.Example;
        }

        if (!Open.Contains(path) && method == HttpMethod.Get)
        {
            parameters.Add(Header("If-None-Match", "Tags of answers that the caller has, or *: where the current one is among them, the answer is 304 without a body.", "\"mZ0mR8c2lSgqPMVw1cJcGw\""));
        }
        else if (path.StartsWith("/admin/", StringComparison.Ordinal) && !path.Contains("/tokens", StringComparison.Ordinal) && (method == HttpMethod.Patch || method == HttpMethod.Put || method == HttpMethod.Delete))
        {
            parameters.Add(Header("If-Match", "The ETag of what the change was made to: where it is not the current one, nothing is changed and the answer is 412.", "*"));
        }

        operation.Parameters = parameters.Count == 0 ? null : parameters;
    }

    private static string IdOf(string path) => path.Contains("/api-keys/", StringComparison.Ordinal) ? "key_1" : path.Contains("/agents/", StringComparison.Ordinal) ? "agt_1" : "prj_1";

    private static OpenApiParameter Header(string name, string description, string example) => new()
    {
        Name = name,
        In = ParameterLocation.Header,
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        Example = example,
    };

    /// <summary>FOCUS is a table in any case.</summary>
    private static void CompleteExport(OpenApiOperation operation)
    {
        if (operation.Parameters?.FirstOrDefault(parameter => parameter.Name == QueryParameter.OutputFormat.Name) is OpenApiParameter format)
        {
            format.Example = Formats.AnswerFormat.Csv.Name;
            ((OpenApiSchema)format.Schema!).Enum = [.. Formats.AnswerFormat.Tables.Select(table => (System.Text.Json.Nodes.JsonNode)table.Name)];
        }

        foreach (var binary in Formats.AnswerFormat.Tables.Where(table => table != Formats.AnswerFormat.Csv))
        {
            operation.Responses!["200"].Content![binary.MediaType] = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } };
        }
    }

    private static string NameOf(int status) => $"Problem{status.ToString(CultureInfo.InvariantCulture)}";

    private static int[] Statuses(OpenApiResponses responses) =>
        [.. responses.Keys.Select(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var status) ? status : 0)];

    private static OpenApiResponses Ordered(OpenApiResponses responses)
    {
        var ordered = new OpenApiResponses();
        foreach (var (status, response) in responses.OrderBy(response => response.Key, StringComparer.Ordinal))
        {
            ordered.Add(status, response);
        }

        return ordered;
    }
}
