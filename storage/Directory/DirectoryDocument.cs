using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Analytics.Storage.Directory;

/// <summary>
/// Who and what usage belongs to, as one JSON document: organisations, users, members, projects, API keys, agents and
/// models with prices.
/// </summary>
/// <remarks>
/// An array is null where the document does not have it, which says nothing about its things; an empty array says that
/// there are none. See <see cref="DirectoryStore.Import"/>.
/// </remarks>
public sealed record DirectoryDocument
{
    private static readonly JsonWriterOptions Readable = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
    };

    /// <summary>The plans there are.</summary>
    public static IReadOnlyList<string> Plans { get; } = ["free", "pro", "enterprise"];

    /// <summary>The roles there are, most powerful first.</summary>
    public static IReadOnlyList<string> Roles { get; } = ["owner", "admin", "developer", "member"];

    /// <summary>What can have a price, all in unit <c>token</c>.</summary>
    public static IReadOnlyList<string> PriceRules { get; } =
        ["input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens"];

    /// <summary>Organisations, or null where the document has no such array.</summary>
    public IReadOnlyList<OrganizationEntry>? Organizations { get; init; }

    /// <summary>Users, or null where the document has no such array.</summary>
    public IReadOnlyList<UserEntry>? Users { get; init; }

    /// <summary>Members, or null where the document has no such array.</summary>
    public IReadOnlyList<MemberEntry>? Members { get; init; }

    /// <summary>Projects, or null where the document has no such array.</summary>
    public IReadOnlyList<ProjectEntry>? Projects { get; init; }

    /// <summary>API keys, or null where the document has no such array.</summary>
    public IReadOnlyList<ApiKeyEntry>? ApiKeys { get; init; }

    /// <summary>Agents, or null where the document has no such array.</summary>
    public IReadOnlyList<AgentEntry>? Agents { get; init; }

    /// <summary>Models, or null where the document has no such array.</summary>
    public IReadOnlyList<ModelEntry>? Models { get; init; }

    /// <summary>Whether any user has identities, which decide who a JWT speaks for everywhere: only the operator may set them.</summary>
    public bool HasIdentities => Users?.Any(user => user.Identities is not null) == true;

    /// <summary>Every organisation that any entry names, each once, in ordinal order.</summary>
    /// <remarks>The operator's models name none.</remarks>
    public IReadOnlyList<string> NamedOrganizations()
    {
        var named = new SortedSet<string>(StringComparer.Ordinal);
        named.UnionWith((Organizations ?? []).Select(entry => entry.Id));
        named.UnionWith((Members ?? []).Select(entry => entry.OrganizationId));
        named.UnionWith((Projects ?? []).Select(entry => entry.OrganizationId));
        named.UnionWith((ApiKeys ?? []).Select(entry => entry.OrganizationId));
        named.UnionWith((Agents ?? []).Select(entry => entry.OrganizationId));
        named.UnionWith((Models ?? []).Select(entry => entry.OrganizationId).OfType<string>());
        return [.. named];
    }

    /// <summary>Reads and checks a document.</summary>
    /// <param name="utf8">One JSON object in UTF-8, with or without a byte order mark.</param>
    /// <returns>The document; a name or description that is absent is the id.</returns>
    /// <remarks>
    /// Unknown properties and repeated ones are refused, because a misspelt property would silently change nothing.
    /// Null counts as absent where a property is optional. What entries refer to is checked by
    /// <see cref="DirectoryStore.Import"/>, which knows what there is.
    /// </remarks>
    /// <exception cref="DirectoryDocumentException">The document breaks a rule; all problems are reported at once.</exception>
    public static DirectoryDocument Parse(ReadOnlySpan<byte> utf8) => DirectoryDocumentReader.Read(utf8);

    /// <summary>Writes the document, indented, with prices as decimal text; <see cref="Parse"/> reads it back.</summary>
    /// <returns>JSON in UTF-8, ending in a line feed. Arrays that are null are left out.</returns>
    public byte[] ToUtf8()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Readable))
        {
            json.WriteStartObject();
            WriteArray(json, "organizations", Organizations, entry =>
            {
                json.WriteString("id", entry.Id);
                json.WriteString("name", entry.Name);
                json.WriteString("plan", entry.Plan);
                json.WriteStartArray("timezones");
                foreach (var zone in entry.Timezones)
                {
                    json.WriteStringValue(zone);
                }

                json.WriteEndArray();
            });
            WriteArray(json, "users", Users, entry =>
            {
                json.WriteString("id", entry.Id);
                json.WriteString("name", entry.Name);
                WriteOptional(json, "email", entry.Email);
                WriteArray(json, "identities", entry.Identities, identity =>
                {
                    json.WriteString("issuer", identity.Issuer);
                    json.WriteString("subject", identity.Subject);
                });
            });
            WriteArray(json, "members", Members, entry =>
            {
                json.WriteString("organizationId", entry.OrganizationId);
                json.WriteString("userId", entry.UserId);
                json.WriteString("role", entry.Role);
            });
            WriteArray(json, "projects", Projects, entry =>
            {
                json.WriteString("id", entry.Id);
                json.WriteString("organizationId", entry.OrganizationId);
                json.WriteString("name", entry.Name);
                WriteOptional(json, "color", entry.Color);
                WriteDeleted(json, entry.Deleted);
            });
            WriteArray(json, "apiKeys", ApiKeys, entry =>
            {
                json.WriteString("id", entry.Id);
                json.WriteString("organizationId", entry.OrganizationId);
                WriteOptional(json, "projectId", entry.ProjectId);
                json.WriteString("description", entry.Description);
                WriteOptional(json, "createdBy", entry.CreatedBy);
                WriteDeleted(json, entry.Deleted);
            });
            WriteArray(json, "agents", Agents, entry =>
            {
                json.WriteString("id", entry.Id);
                json.WriteString("organizationId", entry.OrganizationId);
                WriteOptional(json, "projectId", entry.ProjectId);
                json.WriteString("name", entry.Name);
                WriteDeleted(json, entry.Deleted);
            });
            WriteArray(json, "models", Models, entry =>
            {
                WriteOptional(json, "organizationId", entry.OrganizationId);
                json.WriteString("mapping", entry.Mapping);
                WriteOptional(json, "model", entry.Model);
                WriteOptional(json, "provider", entry.Provider);
                if (entry.Prices.Count > 0)
                {
                    WriteArray(json, "prices", entry.Prices, price =>
                    {
                        json.WriteString("rule", price.Rule);
                        json.WriteString("unit", price.Unit);
                        json.WriteString("usdPerMillion", price.UsdPerMillion.ToString("0.############", CultureInfo.InvariantCulture));
                    });
                }
            });
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private static void WriteArray<T>(Utf8JsonWriter json, string name, IReadOnlyList<T>? entries, Action<T> write)
    {
        if (entries is null)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var entry in entries)
        {
            json.WriteStartObject();
            write(entry);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteOptional(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static void WriteDeleted(Utf8JsonWriter json, bool deleted)
    {
        if (deleted)
        {
            json.WriteBoolean("deleted", true);
        }
    }
}
