using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Analytics.Storage.Directory;
using Analytics.Tests.Architecture;
using Analytics.Tests.Server;
using Xunit;

namespace Analytics.Tests.AccessMatrix;

/// <summary>
/// Every operation of the OpenAPI document, asked by every kind of caller, with things of a foreign organization in every
/// place where a request can name one. An operation that the table of expectations does not have fails the test.
/// </summary>
public class AccessMatrixTests
{
    private const string Legend =
        """
        # Who is answered what. Written and checked by AccessMatrixTests; the operations come from the OpenAPI document.
        #
        # Rows: where something of a foreign organization stands in the request. Columns: who asks. Two more owners:
        # "foreign" owns the foreign organization and asks for ours; "free" owns one on the free plan and asks for that.
        # mcookie and ocookie are a member and an owner with the dashboard's cookie; "jwt" is an owner whose JWT claims to
        # own the foreign organization. No answer holds a name of an organization that is none of the caller's business.
        #
        # 401   unknown token                 403i  the token is for ingest        403r  another role is required
        # 404o  unknown organization          403p  another plan is required       403f  the edit is forbidden
        # 404   unknown thing                 400   refused parameter or body      412   If-Match names another state
        """;

    private static readonly string[] Columns =
        ["none", "garbage", "revoked", "expired", "removed", "ingest", "member", "dev", "admin", "owner", "foreign", "free", "mcookie", "ocookie", "jwt"];

    // What names a thing of the foreign organization, by parameter.
    private static readonly Dictionary<string, string> ForeignFilters = new(StringComparer.Ordinal)
    {
        ["projectId"] = "prj_vexillum_0",
        ["apiKeyId"] = "key_vexillum_0",
        ["memberId"] = "u_vexillum",
        ["model"] = "vexillum-model",
        ["mapping"] = "azure/vexillum-model",
        ["provider"] = "vexillum",
        ["app"] = "app_vexillum",
        ["serviceType"] = "vexillum",
        ["agentId"] = "agt_vexillum_0",
        ["rule"] = "vexillum",
        ["unit"] = "vexillum",
        ["project_ids"] = "prj_vexillum_0",
        ["user_ids"] = "u_vexillum",
        ["api_key_ids"] = "key_vexillum_0",
        ["models"] = "vexillum-model",
        ["api_key"] = "key_vexillum_0",
        ["user_id"] = "u_vexillum",
    };

    private static readonly Dictionary<string, string> Letters = new(StringComparer.Ordinal)
    {
        ["ingest-token"] = "i",
        ["plan-required"] = "p",
        ["role-required"] = "r",
        ["unknown-organization"] = "o",
        ["forbidden-edit"] = "f",
    };

    [Fact]
    public async Task EveryOperation_EveryCaller_EveryPlace_IsAsExpected()
    {
        await using var server = await MatrixServer.StartAsync();
        var unknown = server.Operations.Where(operation => Expectations.Find(operation) is null).Select(operation => $"{operation} ({operation.Id})").ToArray();
        Assert.True(unknown.Length == 0, "Operations without an expectation, say in Expectations who may use them: " + string.Join(", ", unknown));
        Assert.Empty(Expectations.Known.Except(server.Operations.Select(operation => operation.Id)));

        var run = new MatrixRun(server);
        var foreignBefore = run.ForeignState();
        List<string> faults = [];
        List<(Operation Operation, string Grid)> grids = [];
        foreach (var operation in server.Operations)
        {
            var expectation = Expectations.Find(operation)!;
            List<(Place Place, string Row)> rows = [];
            foreach (var place in run.PlacesOf(operation, expectation))
            {
                List<string> codes = [];
                foreach (var principal in Principals.All)
                {
                    var expected = Expectations.Code(expectation, principal, place);
                    var (request, answer) = await run.AskAsync(operation, principal, place, isAllowed: expected[0] == '2');
                    var found = CodeOf(answer);
                    codes.Add(found);
                    var name = $"{principal} {operation}, foreign {place}: {request.ReplaceLineEndings(" ")}";
                    if (found != expected)
                    {
                        faults.Add($"{name}: found {found}, expected {expected}: {Shown(answer.Body)}");
                    }

                    if (answer.Status >= 400 && (answer.Problem is null || !answer.Body.Contains($"\"status\":{answer.Status}", StringComparison.Ordinal)))
                    {
                        faults.Add($"{name}: found {answer.Status} as {answer.MediaType}, expected a problem of that status: {Shown(answer.Body)}");
                    }

                    // The audit log says back what its own people have asked for.
                    var said = operation.Id == "audit" ? request + answer.Body : request;
                    faults.AddRange(MatrixServer.Leaks(principal, said, answer.Head + "\n" + answer.Body).Select(leak => $"{name}: found '{leak}' of another organization: {Shown(answer.Body)}"));
                }

                rows.Add((place, string.Concat(codes.Select(code => code.PadRight(9))).TrimEnd()));
            }

            grids.Add((operation, Grid(rows)));
        }

        Assert.True(faults.Count == 0, $"{faults.Count} faults, of these the first:\n" + string.Join('\n', faults.Take(40)));
        Assert.Equal(foreignBefore, run.ForeignState());
        await CompareAsync(Text(grids));
    }

    [Fact]
    public void Leaks_NameOrIdOfOthers_IsFound()
    {
        Assert.Equal([MatrixServer.ForeignName], MatrixServer.Leaks(Principal.Owner, "GET /x", "{\"name\":\"Quagga key\"}"));
        Assert.Equal(["prj_vexillum_3"], MatrixServer.Leaks(Principal.Owner, "GET /x", "{\"id\":\"prj_vexillum_3\"}"));
        Assert.Empty(MatrixServer.Leaks(Principal.Owner, "GET /x/prj_vexillum_3", "no 'prj_vexillum_3', okapi"));
        Assert.Equal([MatrixServer.HomeName], MatrixServer.Leaks(Principal.Foreign, "GET /x", "okapi, quagga prj_vexillum_3"));
        Assert.Equal([MatrixServer.HomeName, MatrixServer.FreeName], MatrixServer.Leaks(Principal.None, "GET /x", "okapi gerenuk"));
    }

    private static string CodeOf(MatrixAnswer answer) => answer.Status.ToString(CultureInfo.InvariantCulture) + (answer.Problem is { } problem ? Letters.GetValueOrDefault(problem) : null);

    private static string Shown(string text) => text.Length > 300 ? text[..300] : text;

    /// <summary>Rows with the same answers in one.</summary>
    private static string Grid(List<(Place Place, string Row)> rows)
    {
        var text = new StringBuilder();
        foreach (var group in rows.GroupBy(row => row.Row, StringComparer.Ordinal))
        {
            var names = Lines(group.Select(row => row.Place.ToString()));
            text.Append("  ").Append(names[0].PadRight(34)).Append(group.Key).Append('\n');
            foreach (var more in names.Skip(1))
            {
                text.Append("  ").Append(more).Append('\n');
            }
        }

        return text.ToString();
    }

    private static List<string> Lines(IEnumerable<string> names)
    {
        List<string> lines = [];
        foreach (var name in names)
        {
            if (lines.Count > 0 && lines[^1].Length + 2 + name.Length <= 32)
            {
                lines[^1] += $", {name}";
            }
            else
            {
                lines.Add(name);
            }
        }

        return lines;
    }

    private static string Text(IEnumerable<(Operation Operation, string Grid)> grids)
    {
        var text = new StringBuilder(Legend.ReplaceLineEndings("\n")).Append('\n');
        foreach (var group in grids.GroupBy(grid => grid.Grid, grid => grid.Operation, StringComparer.Ordinal))
        {
            text.Append('\n');
            foreach (var operation in group)
            {
                text.Append(operation).Append('\n');
            }

            text.Append(new string(' ', 36)).AppendJoin(string.Empty, Columns.Select(column => column.PadRight(9))).Append('\n');
            text.Append(group.Key);
        }

        return string.Join('\n', text.ToString().Split('\n').Select(line => line.TrimEnd())).TrimEnd('\n') + "\n";
    }

    private static async Task CompareAsync(string found)
    {
        var path = Path.Combine(Repository.Root, "tests", "AccessMatrix", "matrix.txt");
        var expected = File.Exists(path) ? (await File.ReadAllTextAsync(path)).ReplaceLineEndings("\n") : string.Empty;
        if (found == expected)
        {
            return;
        }

        var copy = Path.Combine(Repository.Root, "artifacts", "matrix.txt");
        await File.WriteAllTextAsync(copy, found);
        var line = found.Split('\n').Zip(expected.Split('\n')).TakeWhile(lines => lines.First == lines.Second).Count() + 1;
        Assert.Fail($"tests/AccessMatrix/matrix.txt differs from what the server answers, from line {line} on. What it answers is in artifacts/matrix.txt: read it, and if it is right, make it the new one.");
    }

    /// <summary>Makes the requests of the matrix.</summary>
    private sealed class MatrixRun(MatrixServer server)
    {
        private readonly Dictionary<string, string> foreignTags = new(StringComparer.Ordinal);
        private int number;

        /// <summary>All that nobody but the foreign organization may change.</summary>
        public string ForeignState() =>
            Encoding.UTF8.GetString(server.Directory.ReadDocument(MatrixServer.Foreign).ToUtf8()) + string.Join('\n', server.Directory.Tokens(MatrixServer.Foreign));

        /// <summary>Where this operation takes something of the foreign organization.</summary>
        public IEnumerable<Place> PlacesOf(Operation operation, Expectation expectation)
        {
            yield return new Place(PlaceKind.Nowhere);
            if (expectation.Surface is Surface.Public or Surface.Known or Surface.WhoIsSignedIn or Surface.SignIn or Surface.SignOut)
            {
                yield break;
            }

            yield return new Place(PlaceKind.Organization);
            if (operation.Parameters.Any(parameter => parameter is { In: "path", Name: not "organizationId" }))
            {
                yield return new Place(PlaceKind.Path);
            }

            foreach (var parameter in operation.Parameters.Where(parameter => parameter.In == "query"))
            {
                if (parameter.Name == "cursor")
                {
                    yield return new Place(PlaceKind.Cursor);
                }
                else if (parameter.Words.Count == 0 && ForeignFilters.ContainsKey(parameter.Name))
                {
                    yield return new Place(PlaceKind.Filter, parameter.Name);
                }
                else
                {
                    Assert.False(parameter.Name.EndsWith("Id", StringComparison.Ordinal) && parameter.Name != "organizationId", $"{operation}: the parameter {parameter.Name} takes an id that the matrix does not know");
                }
            }

            foreach (var property in expectation.Bodies.Keys)
            {
                yield return new Place(PlaceKind.Body, property);
            }

            if (operation.IsRead && ForeignTag(operation) is not null)
            {
                yield return new Place(PlaceKind.IfNoneMatch);
            }

            if (operation.Has("header", "If-Match"))
            {
                yield return new Place(PlaceKind.IfMatch);
            }
        }

        /// <summary>Asks.</summary>
        /// <param name="operation">What.</param>
        /// <param name="principal">Who.</param>
        /// <param name="place">Where something of the foreign organization stands.</param>
        /// <param name="isAllowed">Whether it is expected to succeed: then it is about a thing of its own, which nobody else needs.</param>
        /// <returns>The request as it can be read, and the answer.</returns>
        public async Task<(string Request, MatrixAnswer Answer)> AskAsync(Operation operation, Principal principal, Place place, bool isAllowed)
        {
            number++;
            var organization = place.Kind == PlaceKind.Organization && principal != Principal.Foreign ? MatrixServer.Foreign : principal.Target();
            var own = isAllowed && !operation.IsRead && operation.Method != "POST" ? Own(operation, organization) : null;
            var path = Path(operation, organization, principal.TargetOwner(), place.Kind == PlaceKind.Path ? ForeignKey(operation, (int)principal) : own) + Query(operation, organization, place);
            var body = operation.HasBody ? Body(operation, principal, organization, place, own) : null;
            List<(string Name, string Value)> headers = [];
            if (place.Kind is PlaceKind.IfNoneMatch or PlaceKind.IfMatch)
            {
                headers.Add((place.ToString(), ForeignTag(operation)!));
            }

            if (principal.IsCookie() && operation.Id is ("signIn" or "signOut"))
            {
                // They end the session that they are sent with.
                headers.Add(("Cookie", await server.SignInAsync(principal)));
            }

            var answer = await server.SendAsync(principal, operation.Method, path, body, headers);
            return ($"{operation.Method} {Uri.UnescapeDataString(path)} {string.Join(' ', headers.Where(header => header.Name != "Cookie"))} {(operation.Id == "signIn" ? null : body)}", answer);
        }

        private static string Path(Operation operation, string organization, string owner, string? key) => operation.Parameters
            .Where(parameter => parameter.In == "path")
            .Aggregate(operation.Path, (path, parameter) => path.Replace($"{{{parameter.Name}}}", Uri.EscapeDataString(
                parameter.Name == "organizationId" ? organization : key ?? (parameter.Name == "userId" ? owner : parameter.Example)), StringComparison.Ordinal));

        private string Query(Operation operation, string organization, Place place)
        {
            List<string> parts = [];
            foreach (var parameter in operation.Parameters.Where(parameter => parameter.In == "query"))
            {
                if (parameter.Name == "organizationId")
                {
                    parts.Add($"organizationId={organization}");
                }
                else if (parameter.Name == "from")
                {
                    parts.Add("from=2026-06-20");
                }
                else if (parameter.Name == "to")
                {
                    parts.Add("to=2026-06-26");
                }
                else if (place.Kind == PlaceKind.Filter && parameter.Name == place.Name)
                {
                    parts.Add($"{parameter.Name}={Uri.EscapeDataString(ForeignFilters[parameter.Name])}");
                }
                else if (place.Kind == PlaceKind.Cursor && parameter.Name == "cursor")
                {
                    parts.Add($"cursor={ForeignCursor(operation)}&limit=1");
                }
                else if (parameter.IsRequired)
                {
                    parts.Add($"{parameter.Name}={Uri.EscapeDataString(parameter.Example)}");
                }
            }

            return parts.Count == 0 ? string.Empty : "?" + string.Join('&', parts);
        }

        private string Body(Operation operation, Principal principal, string organization, Place place, string? own)
        {
            if (operation.Id == "signIn")
            {
                return new JsonObject { ["token"] = server.SignInToken(principal) }.ToJsonString();
            }

            if (operation.Id == "replaceDirectory")
            {
                return Document(organization, place).ToJsonString();
            }

            var body = JsonNode.Parse(operation.Sample!)!.AsObject();
            foreach (var name in (string[])["userId", "createdBy"])
            {
                if (body[name]?.GetValue<string>() == "u_1")
                {
                    body[name] = principal.TargetOwner();
                }
            }

            if (operation.Method == "POST" && operation.Id != "makeToken")
            {
                var key = KeyOf(operation);
                body[key] = $"{body[key]!.GetValue<string>()}_{number}";
            }

            if (place.Kind == PlaceKind.Body)
            {
                body[place.Name] = place.Name switch
                {
                    "organizationId" => MatrixServer.Foreign,
                    "projectId" => "prj_vexillum_0",
                    "createdBy" => "u_vexillum",
                    "id" when operation.Id == "changeOrganization" => MatrixServer.Foreign,
                    "userId" when operation.Id == "makeToken" => "u_vexillum",
                    _ when operation.Path.Contains("/members", StringComparison.Ordinal) => "u_vexillum",
                    _ => ForeignKey(operation, (int)principal).Replace("vexillum", "taken", StringComparison.Ordinal),
                };
            }
            else if (own is not null && body.ContainsKey(KeyOf(operation)))
            {
                body[KeyOf(operation)] = own;
            }

            return body.ToJsonString();
        }

        /// <summary>The directory as it is, which may be put back; with something foreign in one of its lists.</summary>
        private JsonObject Document(string organization, Place place)
        {
            var own = Read(organization);
            if (place.Kind != PlaceKind.Body)
            {
                return own;
            }

            var foreign = Read(MatrixServer.Foreign);
            if (!own.ContainsKey(place.Name))
            {
                return foreign;
            }

            var entry = foreign[place.Name]!.AsArray()[^1]!.DeepClone();
            if (place.Name == "members")
            {
                // Not as an owner: that an admin may not make owners is another rule.
                entry["organizationId"] = organization;
                entry["role"] = "member";
            }

            own[place.Name]!.AsArray().Add(entry);
            return own;

            JsonObject Read(string id) => JsonNode.Parse(server.Directory.ReadDocument(id).ToUtf8())!.AsObject();
        }

        /// <summary>A thing that only one request is about; null where the operation is about none.</summary>
        private string? Own(Operation operation, string organization)
        {
            if (operation.Id == "revokeToken")
            {
                return server.Directory.IssueToken(organization, organization == MatrixServer.Free ? "u_free" : "u_3", TokenKind.Read, RunningServer.Now).Entry.Id;
            }

            if (operation.Parameters.All(parameter => parameter.In != "path" || parameter.Name == "organizationId"))
            {
                return null;
            }

            var (key, list) = (ForeignKey(operation, number).Replace("vexillum", "own", StringComparison.Ordinal), operation.Path.Split('/')[4]);
            var document = list switch
            {
                "projects" => Rows("projects", new JsonObject { ["id"] = key, ["organizationId"] = organization, ["name"] = "own" }),
                "api-keys" => Rows("apiKeys", new JsonObject { ["id"] = key, ["organizationId"] = organization, ["projectId"] = "prj_1", ["description"] = "own" }),
                "agents" => Rows("agents", new JsonObject { ["id"] = key, ["organizationId"] = organization, ["name"] = "own" }),
                "models" => Rows("models", new JsonObject { ["mapping"] = key, ["organizationId"] = organization, ["model"] = "own", ["provider"] = "azure", ["prices"] = new JsonArray() }),
                _ => null,
            };
            if (document is null)
            {
                server.Directory.EnsureMember(organization, key, "member");
            }
            else
            {
                server.Directory.Edit(organization, OwnerOf(organization), editor => editor.Put(DirectoryDocument.Parse(Encoding.UTF8.GetBytes(document.ToJsonString()))));
            }

            return key;

            static AuditActor OwnerOf(string organization) => new("token", organization == MatrixServer.Free ? "u_free" : "u_1", null, null, RunningServer.Now);

            static JsonObject Rows(string name, JsonObject row) => new() { [name] = new JsonArray(row) };
        }

        private static string KeyOf(Operation operation) => operation.Path.Split('/').ElementAtOrDefault(4) switch
        {
            "members" => "userId",
            "models" => "mapping",
            _ => "id",
        };

        /// <summary>The key of a thing that the foreign organization has and no other.</summary>
        private string ForeignKey(Operation operation, int index)
        {
            var segments = operation.Path.Split('/');
            return (segments[1] == "admin" ? segments[4] : segments[2]) switch
            {
                "projects" => $"prj_vexillum_{index}",
                "api-keys" => $"key_vexillum_{index}",
                "agents" => $"agt_vexillum_{index}",
                "models" => $"azure/vexillum-{index}",
                "tokens" => server.ForeignTokenId,
                "members" => index < Principals.All.Count ? "u_vexillum" : $"u_vexillum_{index}",
                var other => throw new InvalidOperationException($"{operation}: the matrix does not know how a thing of '{other}' is named"),
            };
        }

        /// <summary>The tag under which the foreign owner is shown the same of their own; null where they are shown none.</summary>
        private string? ForeignTag(Operation operation)
        {
            var read = operation.IsRead ? operation : server.Operations.Single(other => other.IsRead && other.Path == operation.Path);
            if (!foreignTags.TryGetValue(read.Id, out var tag))
            {
                foreignTags[read.Id] = tag = AskForeign(read, string.Empty).Tag ?? string.Empty;
            }

            return tag.Length > 0 ? tag : null;
        }

        private string ForeignCursor(Operation operation) =>
            JsonNode.Parse(AskForeign(operation, "&limit=1").Body)!["nextCursor"]!.GetValue<string>();

        private MatrixAnswer AskForeign(Operation operation, string more)
        {
            var path = Path(operation, MatrixServer.Foreign, "u_vexillum", operation.Id == "getToken" ? server.ForeignTokenId : null) + Query(operation, MatrixServer.Foreign, default) + more;
            var answer = server.SendAsync(Principal.Foreign, "GET", path).GetAwaiter().GetResult();
            Assert.True(answer.Status == 200, $"{path}: {answer.Status} {answer.Body}");
            return answer;
        }
    }
}
