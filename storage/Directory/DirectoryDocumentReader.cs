using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using NodaTime;

namespace Analytics.Storage.Directory;

/// <summary>Reads a document and collects every problem on the way; entries with problems get placeholders.</summary>
internal sealed class DirectoryDocumentReader
{
    public const decimal MaxUsdPerMillion = 1_000_000;

    private const int MaxIdLength = 128;
    private const int MaxMappingLength = 256;
    private const int MaxTextLength = 512;
    private const int MaxFoundLength = 60;
    private const int MaxDecimals = 12;
    private const int MaxPriceTextLength = 64;

    // The provider also resolves fixed offsets such as UTC+05:30; its list of ids has only those of the tz database.
    private static readonly HashSet<string> ZoneIds = new(DateTimeZoneProviders.Tzdb.Ids, StringComparer.Ordinal);

    private readonly List<string> problems = [];

    private DirectoryDocumentReader()
    {
    }

    public static DirectoryDocument Read(ReadOnlySpan<byte> utf8)
    {
        var reader = new DirectoryDocumentReader();
        var document = reader.ReadDocument(utf8);
        return reader.problems.Count == 0 ? document : throw new DirectoryDocumentException(reader.problems);
    }

    private DirectoryDocument ReadDocument(ReadOnlySpan<byte> utf8)
    {
        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        if (utf8.StartsWith(mark))
        {
            utf8 = utf8[mark.Length..];
        }

        if (!Utf8.IsValid(utf8))
        {
            Add("$", "bytes that are not UTF-8", "JSON in UTF-8");
            return new DirectoryDocument();
        }

        try
        {
            using var json = JsonDocument.Parse(utf8.ToArray());
            return ReadRoot(json.RootElement);
        }
        catch (JsonException exception)
        {
            Add("$", $"no valid JSON at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}", "one JSON object");
            return new DirectoryDocument();
        }
    }

    private DirectoryDocument ReadRoot(JsonElement element)
    {
        var root = Object(element, "", ["organizations", "users", "members", "projects", "apiKeys", "agents", "models"]);
        return new DirectoryDocument
        {
            Organizations = Array(root, "organizations", ["id", "name", "plan", "timezones"], entry => entry.Id, "id", fields =>
            {
                var id = Id(fields, "id");
                return new OrganizationEntry(
                    id, OptionalText(fields, "name") ?? id, Choice(fields, "plan", DirectoryDocument.Plans), Zones(fields, "timezones"));
            }),
            Users = Array(root, "users", ["id", "name", "email", "identities"], entry => entry.Id, "id", fields =>
            {
                var id = Id(fields, "id");
                return new UserEntry(id, OptionalText(fields, "name") ?? id, OptionalText(fields, "email"))
                {
                    Identities = !fields.Has("identities") ? null : Array(
                        fields,
                        "identities",
                        ["issuer", "subject"],
                        entry => entry,
                        "subject",
                        identity => new IdentityEntry(
                            Text(identity, "issuer", MaxTextLength, $"an issuer of 1 to {MaxTextLength} characters") ?? "",
                            Text(identity, "subject", MaxTextLength, $"a subject of 1 to {MaxTextLength} characters") ?? "")),
                };
            }),
            Members = Array(
                root,
                "members",
                ["organizationId", "userId", "role"],
                entry => (entry.OrganizationId, entry.UserId),
                "userId",
                fields => new MemberEntry(
                    Id(fields, "organizationId"), Id(fields, "userId"), Choice(fields, "role", DirectoryDocument.Roles))),
            Projects = Array(
                root,
                "projects",
                ["id", "organizationId", "name", "color", "deleted"],
                entry => (entry.OrganizationId, entry.Id),
                "id",
                fields =>
                {
                    var id = Id(fields, "id");
                    return new ProjectEntry(
                        Id(fields, "organizationId"),
                        id,
                        OptionalText(fields, "name") ?? id,
                        Color(fields, "color"),
                        Flag(fields, "deleted"));
                }),
            ApiKeys = Array(
                root,
                "apiKeys",
                ["id", "organizationId", "projectId", "description", "createdBy", "deleted"],
                entry => (entry.OrganizationId, entry.Id),
                "id",
                fields =>
                {
                    var id = Id(fields, "id");
                    return new ApiKeyEntry(
                        Id(fields, "organizationId"),
                        id,
                        OptionalId(fields, "projectId"),
                        OptionalText(fields, "description") ?? id,
                        OptionalId(fields, "createdBy"),
                        Flag(fields, "deleted"));
                }),
            Agents = Array(
                root,
                "agents",
                ["id", "organizationId", "projectId", "name", "deleted"],
                entry => (entry.OrganizationId, entry.Id),
                "id",
                fields =>
                {
                    var id = Id(fields, "id");
                    return new AgentEntry(
                        Id(fields, "organizationId"),
                        id,
                        OptionalId(fields, "projectId"),
                        OptionalText(fields, "name") ?? id,
                        Flag(fields, "deleted"));
                }),
            Models = Array(
                root,
                "models",
                ["organizationId", "mapping", "model", "provider", "prices"],
                entry => (entry.OrganizationId, entry.Mapping),
                "mapping",
                fields => new ModelEntry(
                    OptionalId(fields, "organizationId"),
                    Text(fields, "mapping", MaxMappingLength, $"a mapping of 1 to {MaxMappingLength} characters") ?? "",
                    OptionalText(fields, "model"),
                    OptionalText(fields, "provider"),
                    Array(fields, "prices", ["rule", "unit", "usdPerMillion"], entry => entry.Rule, "rule", price => new PriceEntry(
                        Choice(price, "rule", DirectoryDocument.PriceRules),
                        Choice(price, "unit", ["token"]),
                        Price(price, "usdPerMillion")))
                    ?? [])),
        };
    }

    private Fields Object(JsonElement element, string path, string[] accepted)
    {
        var values = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (element.ValueKind != JsonValueKind.Object)
        {
            Add(path.Length == 0 ? "$" : path, Found(element), "an object");
            return new Fields(path, values, IsObject: false);
        }

        foreach (var property in element.EnumerateObject())
        {
            var name = PropertyName(property);
            if (!accepted.Contains(name, StringComparer.Ordinal))
            {
                Add(Join(path, Shorten(name)), "an unknown property", $"one of {string.Join(", ", accepted)}");
            }
            else if (!values.TryAdd(name, property.Value))
            {
                Add(Join(path, name), "the property again", "it once");
            }
        }

        return new Fields(path, values, IsObject: true);
    }

    private List<TEntry>? Array<TEntry, TKey>(
        Fields parent, string name, string[] accepted, Func<TEntry, TKey> keyOf, string keyName, Func<Fields, TEntry> read)
        where TKey : notnull
    {
        if (!parent.Values.TryGetValue(name, out var element))
        {
            return null;
        }

        var path = Join(parent.Path, name);
        if (element.ValueKind != JsonValueKind.Array)
        {
            Add(path, Found(element), "an array");
            return null;
        }

        var entries = new List<TEntry>();
        var first = new Dictionary<TKey, string>();
        foreach (var item in element.EnumerateArray())
        {
            var fields = Object(item, $"{path}[{entries.Count}]", accepted);
            var before = problems.Count;
            // What is no object was reported as such; its missing properties are no news.
            var entry = read(fields);
            if (!fields.IsObject)
            {
                problems.RemoveRange(before, problems.Count - before);
            }
            else if (problems.Count == before && !first.TryAdd(keyOf(entry), fields.Path))
            {
                Add(Join(fields.Path, keyName), $"{Found(fields.Values[keyName])} again", $"it once; {first[keyOf(entry)]} has it");
            }

            entries.Add(entry);
        }

        return entries;
    }

    private string Id(Fields fields, string name) => Text(fields, name, MaxIdLength, $"an id of 1 to {MaxIdLength} characters") ?? "";

    private string? OptionalId(Fields fields, string name) => fields.Has(name) ? Id(fields, name) : null;

    private string? OptionalText(Fields fields, string name)
    {
        // An empty label is no label.
        return fields.Has(name) && Unescape(fields.Values[name]) != ""
            ? Text(fields, name, MaxTextLength, $"a text of at most {MaxTextLength} characters")
            : null;
    }

    private string? Text(Fields fields, string name, int maxLength, string expected)
    {
        if (!fields.Values.TryGetValue(name, out var element))
        {
            Add(Join(fields.Path, name), "nothing", expected);
            return null;
        }

        var text = Unescape(element);
        if (text is null || text.Length == 0 || text.Length > maxLength)
        {
            var length = text?.Length > maxLength ? $" of {text.Length} characters" : "";
            Add(Join(fields.Path, name), Found(element) + length, expected);
            return null;
        }

        if (text.Any(char.IsControl))
        {
            Add(Join(fields.Path, name), Found(element), expected + " without control characters");
            return null;
        }

        return text;
    }

    private string Choice(Fields fields, string name, IReadOnlyList<string> choices)
    {
        if (fields.Values.TryGetValue(name, out var element)
            && Unescape(element) is { } text && choices.Contains(text, StringComparer.Ordinal))
        {
            return text;
        }

        Add(
            Join(fields.Path, name),
            fields.Values.ContainsKey(name) ? Found(element) : "nothing",
            choices.Count == 1 ? choices[0] : $"one of {string.Join(", ", choices)}");
        return "";
    }

    private string? Color(Fields fields, string name)
    {
        if (!fields.Has(name))
        {
            return null;
        }

        var element = fields.Values[name];
        if (Unescape(element) is { Length: 7 } text && text[0] == '#' && text.Skip(1).All(char.IsAsciiHexDigit))
        {
            return text;
        }

        Add(Join(fields.Path, name), Found(element), "a color such as #4e79a7");
        return null;
    }

    private bool Flag(Fields fields, string name)
    {
        if (!fields.Has(name))
        {
            return false;
        }

        var element = fields.Values[name];
        if (element.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            Add(Join(fields.Path, name), Found(element), "true or false");
        }

        return element.ValueKind == JsonValueKind.True;
    }

    private List<string> Zones(Fields fields, string name)
    {
        var zones = new List<string>();
        if (!fields.Has(name))
        {
            return zones;
        }

        var array = fields.Values[name];
        if (array.ValueKind != JsonValueKind.Array)
        {
            Add(Join(fields.Path, name), Found(array), "an array of time zones");
            return zones;
        }

        var position = 0;
        foreach (var element in array.EnumerateArray())
        {
            var zone = Unescape(element);
            if (zone is null || !ZoneIds.Contains(zone))
            {
                Add($"{Join(fields.Path, name)}[{position}]", Found(element), "an IANA time zone such as Europe/Paris");
            }
            else if (zones.Contains(zone, StringComparer.Ordinal))
            {
                Add($"{Join(fields.Path, name)}[{position}]", $"{Found(element)} again", "it once");
            }
            else
            {
                zones.Add(zone);
            }

            position++;
        }

        return zones;
    }

    private decimal Price(Fields fields, string name)
    {
        var found = "nothing";
        if (fields.Values.TryGetValue(name, out var element))
        {
            found = Found(element);
            var text = element.ValueKind == JsonValueKind.Number ? element.GetRawText() : Unescape(element);
            if (text is not null && TryReadPrice(text, out var price))
            {
                return price;
            }
        }

        Add(Join(fields.Path, name), found, $"a price of 0 to 1000000 with at most {MaxDecimals} decimals, such as \"1.25\"");
        return 0;
    }

    // decimal.Parse rounds what has too many digits (1e-30 becomes 0) instead of refusing it, so the number of decimals
    // is counted on the text first.
    private static bool TryReadPrice(string text, out decimal price)
    {
        price = 0;
        if (text.Length is 0 or > MaxPriceTextLength || !char.IsAsciiDigit(text[0]))
        {
            return false;
        }

        var exponentAt = text.AsSpan().IndexOfAny('e', 'E');
        var exponent = 0;
        if (exponentAt >= 0
            && !int.TryParse(text.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent))
        {
            return false;
        }

        var digits = exponentAt < 0 ? text : text[..exponentAt];
        var point = digits.IndexOf('.', StringComparison.Ordinal);
        var fraction = point < 0 ? "" : digits[(point + 1)..].TrimEnd('0');
        if (Math.Abs((long)exponent) > MaxPriceTextLength || fraction.Length - exponent > MaxDecimals)
        {
            return false;
        }

        const NumberStyles Style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return decimal.TryParse(text, Style, CultureInfo.InvariantCulture, out price) && price <= MaxUsdPerMillion;
    }

    private void Add(string path, string found, string expected) => problems.Add($"{path}: found {found}, expected {expected}");

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    // JSON escapes control characters, so raw text is safe to print.
    private static string Found(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        _ => Shorten(element.GetRawText()),
    };

    private static string Shorten(string text) => text.Length <= MaxFoundLength ? text : $"{text.AsSpan(0, MaxFoundLength)}...";

    // Half of a surrogate pair can be written as an escape and is no text.
    private static string? Unescape(JsonElement element)
    {
        try
        {
            return element.ValueKind == JsonValueKind.String ? element.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string PropertyName(JsonProperty property)
    {
        try
        {
            return new string([.. property.Name.Select(character => char.IsControl(character) ? '?' : character)]);
        }
        catch (InvalidOperationException)
        {
            return "?";
        }
    }

    private sealed record Fields(string Path, Dictionary<string, JsonElement> Values, bool IsObject)
    {
        /// <summary>True where an optional property has a value.</summary>
        public bool Has(string name) => Values.TryGetValue(name, out var element) && element.ValueKind != JsonValueKind.Null;
    }
}
