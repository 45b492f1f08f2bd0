using System.Globalization;
using System.Text.Json.Nodes;
using Analytics.Server.Contracts;
using Analytics.Storage.Directory;

namespace Analytics.Server.Endpoints.Admin;

/// <summary>One kind of thing in the directory: how it is read, how it is written, and how it goes.</summary>
/// <param name="Path">Its part of the path, such as projects.</param>
/// <param name="Noun">What one of them is called.</param>
/// <param name="Key">The property that names one of them.</param>
/// <param name="Properties">All properties of a row.</param>
internal abstract record DirectoryRowKind(string Path, string Noun, string Key, IReadOnlyList<string> Properties)
{
    /// <summary>All kinds.</summary>
    public static IReadOnlyList<DirectoryRowKind> All { get; } =
    [
        new DirectoryRowKind<ProjectRow, ProjectRows>(
            "projects",
            "project",
            "id",
            ["id", "name", "color", "deleted"],
            document => document.Projects!.Select(entry => new ProjectRow { Id = entry.Id, Name = entry.Name, Color = entry.Color, Deleted = entry.Deleted }),
            row => row.Id,
            rows => new ProjectRows { Projects = rows }),
        new DirectoryRowKind<ApiKeyRow, ApiKeyRows>(
            "api-keys",
            "API key",
            "id",
            ["id", "projectId", "description", "createdBy", "deleted"],
            document => document.ApiKeys!.Select(entry => new ApiKeyRow { Id = entry.Id, ProjectId = entry.ProjectId, Description = entry.Description, CreatedBy = entry.CreatedBy, Deleted = entry.Deleted }),
            row => row.Id,
            rows => new ApiKeyRows { ApiKeys = rows })
        {
            Section = "apiKeys",
        },
        new DirectoryRowKind<MemberRow, MemberRows>("members", "member", "userId", ["userId", "name", "email", "role"], Members, row => row.UserId, rows => new MemberRows { Members = rows })
        {
            Split = SplitMember,
            Remove = (editor, key) => editor.RemoveMember(key),
        },
        new DirectoryRowKind<AgentRow, AgentRows>(
            "agents",
            "agent",
            "id",
            ["id", "projectId", "name", "deleted"],
            document => document.Agents!.Select(entry => new AgentRow { Id = entry.Id, ProjectId = entry.ProjectId, Name = entry.Name, Deleted = entry.Deleted }),
            row => row.Id,
            rows => new AgentRows { Agents = rows }),
        new DirectoryRowKind<ModelRow, ModelRows>("models", "model", "mapping", ["mapping", "model", "provider", "prices"], Models, row => row.Mapping, rows => new ModelRows { Models = rows })
        {
            Remove = (editor, key) => editor.RemoveModel(key),
        },
    ];

    /// <summary>The name of the list in documents and answers.</summary>
    public string Section { get; init; } = Path;

    /// <summary>How a row is taken away; null where it is marked deleted.</summary>
    public Func<OrganizationEditor, string, bool>? Remove { get; init; }

    /// <summary>A row as entries of a document.</summary>
    protected Func<JsonObject, DirectoryDocument, string, JsonObject>? Split { get; init; }

    /// <summary>One row, with its key; null where there is none.</summary>
    public abstract Reply? Find(DirectoryDocument document, string key);

    /// <summary>All rows.</summary>
    public abstract Reply List(DirectoryDocument document);

    /// <summary>Maps the paths of the kind.</summary>
    public abstract void Map(WebApplication app, string organization, DirectoryRowsEndpoint rows);

    /// <summary>Whether only the label of a row is there.</summary>
    public static bool IsDeleted(Reply row) => JsonNode.Parse(row.Json)!["deleted"]?.GetValue<bool>() == true;

    /// <summary>A document that has this row and nothing else.</summary>
    /// <param name="row">The row, whole.</param>
    /// <param name="current">What there is.</param>
    /// <param name="organizationId">The organisation.</param>
    /// <exception cref="DirectoryDocumentException">The row breaks a rule.</exception>
    public DirectoryDocument ToDocument(JsonObject row, DirectoryDocument current, string organizationId)
    {
        JsonObject document;
        if (Split is not null)
        {
            document = Split(row, current, organizationId);
        }
        else
        {
            var entry = (JsonObject)row.DeepClone();
            entry["organizationId"] = organizationId;
            document = new JsonObject { [Section] = new JsonArray(entry) };
        }

        return DirectoryDocument.Parse(System.Text.Encoding.UTF8.GetBytes(document.ToJsonString()));
    }

    /// <summary>The path in a row of a path in its document.</summary>
    public string RowPath(string path)
    {
        foreach (var prefix in (ReadOnlySpan<string>)[$"{Section}[0].", "users[0]."])
        {
            if (path.StartsWith(prefix, StringComparison.Ordinal))
            {
                var rest = path[prefix.Length..];
                return prefix.StartsWith("users", StringComparison.Ordinal) && rest == "id" ? "userId" : rest;
            }
        }

        return "$";
    }

    private static IEnumerable<MemberRow> Members(DirectoryDocument document)
    {
        var users = document.Users!.ToDictionary(user => user.Id, StringComparer.Ordinal);
        return document.Members!.Select(entry => new MemberRow { UserId = entry.UserId, Name = users[entry.UserId].Name, Email = users[entry.UserId].Email, Role = entry.Role });
    }

    private static IEnumerable<ModelRow> Models(DirectoryDocument document) => document.Models!.Select(entry => new ModelRow
    {
        Mapping = entry.Mapping,
        Model = entry.Model,
        Provider = entry.Provider,
        Prices =
        [
            .. entry.Prices.Select(price => new PriceRow { Rule = price.Rule, Unit = price.Unit, UsdPerMillion = price.UsdPerMillion.ToString("0.############", CultureInfo.InvariantCulture) }),
        ],
    });

    // Name and address are the user's, the role is the membership's. Who was here before keeps the labels that are not given.
    private static JsonObject SplitMember(JsonObject row, DirectoryDocument current, string organizationId)
    {
        var id = row["userId"]?.DeepClone();
        var known = current.Users!.FirstOrDefault(user => id?.GetValueKind() == System.Text.Json.JsonValueKind.String && user.Id == id.GetValue<string>());
        var user = new JsonObject { ["id"] = id };
        foreach (var (name, label) in (ReadOnlySpan<(string, string?)>)[("name", known?.Name), ("email", known?.Email)])
        {
            user[name] = row.TryGetPropertyValue(name, out var given) ? given?.DeepClone() : label;
        }

        var member = new JsonObject { ["organizationId"] = organizationId };
        if (id is not null)
        {
            member["userId"] = id.DeepClone();
        }
        else
        {
            user.Remove("id");
        }

        if (row.TryGetPropertyValue("role", out var role))
        {
            member["role"] = role?.DeepClone();
        }

        return new JsonObject { ["users"] = new JsonArray(user), ["members"] = new JsonArray(member) };
    }
}

/// <summary>A kind with the type of its rows.</summary>
/// <typeparam name="T">A row.</typeparam>
/// <typeparam name="TList">All rows.</typeparam>
internal sealed record DirectoryRowKind<T, TList>(
    string Path,
    string Noun,
    string Key,
    IReadOnlyList<string> Properties,
    Func<DirectoryDocument, IEnumerable<T>> Rows,
    Func<T, string> KeyOf,
    Func<IReadOnlyList<T>, TList> ToList)
    : DirectoryRowKind(Path, Noun, Key, Properties)
{
    /// <inheritdoc/>
    public override Reply? Find(DirectoryDocument document, string key) =>
        Rows(document).FirstOrDefault(row => KeyOf(row) == key) is { } row ? Reply.Of(StatusCodes.Status200OK, row) : null;

    /// <inheritdoc/>
    public override Reply List(DirectoryDocument document) => Reply.Of(StatusCodes.Status200OK, ToList([.. Rows(document)]));

    /// <inheritdoc/>
    public override void Map(WebApplication app, string organization, DirectoryRowsEndpoint rows)
    {
        var (list, row) = ($"{organization}/{Path}", $"{organization}/{Path}/{{{Key}}}");
        var (sample, post, patch) = DirectorySamples.Rows[Path];
        var name = char.ToUpperInvariant(Section[0]) + Section[1..];
        var one = name[..^1];
        app.MapGet(list, (Delegate)rows.List)
            .Describe($"list{name}", $"All rows of the kind {Noun}, by id{(Remove is null ? ", deleted ones too" : string.Empty)}.")
            .Answers<TList>(StatusCodes.Status200OK, "The rows.", $$"""{ "{{Section}}": [ {{sample}} ] }""");
        app.MapPost(list, (Delegate)rows.Post)
            .Describe($"add{one}", $"Adds: {Noun}.")
            .Takes<T>(post, required: Path == "members" ? [Key, "role"] : [Key])
            .Answers<T>(StatusCodes.Status201Created, "The row as it is now. Location says where it is.", sample);
        app.MapGet(row, (Delegate)rows.Get)
            .Describe($"get{one}", $"One row of the kind {Noun}.")
            .Answers<T>(StatusCodes.Status200OK, "The row.", sample);
        app.MapPatch(row, (Delegate)rows.Patch)
            .Describe($"change{one}", $"Changes: {Noun}. What is given replaces, null takes away, what is not given stays (RFC 7386). Usage keeps its sums.")
            .Takes<T>(patch, required: [])
            .Answers<T>(StatusCodes.Status200OK, "The row as it is now.", sample);
        app.MapDelete(row, (Delegate)rows.Delete)
            .Describe($"delete{one}", $"Takes away: {Noun}. {(Remove is null ? "The label stays, marked deleted, with its history." : Path == "members" ? "Their usage stays, as a former member's." : "What usage and the operator said about it applies again.")}")
            .AnswersNothing("It is gone.");
    }
}
