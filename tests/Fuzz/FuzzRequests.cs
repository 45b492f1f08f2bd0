using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Analytics.Tests.AccessMatrix;

namespace Analytics.Tests.Fuzz;

/// <summary>A request that is not quite right.</summary>
/// <param name="Principal">Who asks.</param>
/// <param name="Operation">What it was before it was changed.</param>
/// <param name="Method">The HTTP method.</param>
/// <param name="Target">Path and query: a character for each byte.</param>
/// <param name="Headers">Header fields besides those that every request has.</param>
/// <param name="Body">The body; null for none.</param>
internal sealed record FuzzRequest(Principal Principal, Operation Operation, string Method, string Target, IReadOnlyList<(string Name, string Value)> Headers, byte[]? Body)
{
    /// <summary>The bytes to send.</summary>
    /// <param name="host">The server.</param>
    /// <param name="credential">What makes the principal known; null for nothing.</param>
    public byte[] ToBytes(string host, (string Name, string Value)? credential)
    {
        var text = new StringBuilder().Append(Method).Append(' ').Append(Target).Append(" HTTP/1.1\r\nHost: ").Append(host).Append("\r\n");
        if (credential is var (credentialName, secret))
        {
            text.Append(credentialName).Append(": ").Append(secret).Append("\r\n");
        }

        foreach (var (name, value) in Headers)
        {
            text.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        if (Body is not null || Method is "POST" or "PUT")
        {
            text.Append("Content-Length: ").Append(Body?.Length ?? 0).Append("\r\n");
        }

        return [.. Encoding.Latin1.GetBytes(text.Append("\r\n").ToString()), .. Body ?? []];
    }

    /// <summary>The request as a person can send it again.</summary>
    public override string ToString()
    {
        var text = Encoding.Latin1.GetString(ToBytes("HOST", Principal == Principal.None ? null : ("Authorization", $"<{Principal}>")));
        var shown = new StringBuilder();
        foreach (var letter in text.Length > 4_000 ? text[..4_000] : text)
        {
            shown.Append(letter is '\n' or (>= ' ' and <= '~') ? letter.ToString() : letter == '\r' ? string.Empty : $"\\x{(int)letter:x2}");
        }

        return shown.Append(text.Length > 4_000 ? $"... ({text.Length} bytes)" : string.Empty).ToString();
    }
}

/// <summary>Makes requests from the OpenAPI document, and spoils them. The same seed and number make the same request.</summary>
/// <param name="operations">Of the document.</param>
/// <param name="seed">The seed.</param>
/// <param name="token">The token to sign in with.</param>
internal sealed class FuzzRequests(IReadOnlyList<Operation> operations, int seed, string token)
{
    // As who: mostly as who gets far.
    private static readonly Principal[] Callers =
    [
        Principal.Owner, Principal.Owner, Principal.Owner, Principal.Owner, Principal.Owner, Principal.Jwt, Principal.OwnerCookie, Principal.Admin, Principal.Admin, Principal.Member,
        Principal.MemberCookie, Principal.Developer, Principal.Foreign, Principal.Free, Principal.Ingest, Principal.None, Principal.Garbage,
    ];

    private static readonly string[] Dates =
    [
        "0001-01-01", "0001-01-02", "9999-12-28", "9999-12-29", "9999-12-30", "9999-12-31", "0000-01-01", "10000-01-01", "-0001-01-01", "2026-02-29", "2024-02-29", "2026-6-3", "2026-06-24T00:00",
        "20260624", "24.06.2026", "2026-13-01", "2026-06-00", "2026-06-31", "today", "%D9%A2%D9%A0%D9%A2%D9%A6-06-24", "2026-06-24Z", "+2026-06-24", "2026%E2%80%9106%E2%80%9124", "1582-10-10", "2011-12-30",
    ];

    private static readonly string[] Zones =
    [
        "UTC", "Europe/Paris", "Asia/Calcutta", "Asia/Kathmandu", "Pacific/Apia", "Pacific/Kiritimati", "Etc/GMT%2B12", "Etc/GMT-14", "Antarctica/Troll", "Australia/Lord_Howe", "America/St_Johns",
        "Africa/Monrovia", "UTC%2B05:30", "europe/paris", "Local", "EST5EDT", "GMT0", "..%2F..%2Fetc%2Fpasswd", "Europe%2FParis", "Europe/Paris%00", "%20UTC", "2147483648", "-1080", "1081", "-99999999999",
    ];

    private static readonly string[] Numbers =
    [
        "0", "-1", "-0", "1", "+1", "01", "00000000000000000000001", "2147483646", "2147483647", "2147483648", "-2147483648", "4294967296", "9223372036854775807", "9223372036854775808",
        "18446744073709551616", "253402214399", "253402214400", "253402300800", "1e9", "1.5", "1,000", "0x10", "NaN", "Infinity", "%D9%A1%D9%A2", "%EF%BC%91", "%201", "1%20", "1%00", "10000", "10001",
    ];

    private static readonly string[] Texts =
    [
        "", "%20", "%00", "%0D%0ASet-Cookie:%20a=b", "%", "%2", "%zz", "%25", "%2525", "%C0%AF", "%ED%A0%80", "%F4%90%80%80", "%FF%FE", "%EF%BB%BF", "%F0%9F%A6%93", "e%CC%81", "%C3%A9",
        "%E2%80%AE%E2%80%AD", "%1B[31m", "%7F", "+", "%2B", "&", "=", "==", ";", "#", "?", "%23", "%26", "[]", "a[]", "%5B%5D", "%22", "'", "%27%20OR%201=1--", "%3Cscript%3Ealert(1)%3C/script%3E",
        "*", "null", "undefined", "true", "{}", "%7B%22a%22:1%7D", "..", ".", "%2e%2e", "%2E%2E%2F%2E%2E%2F", "%2F", "%5C", "//", "prj_1,prj_2", "prj_1", "prj_vexillum_0", "key_vexillum_1", "u_vexillum",
        "org_vexillum", "azure/vexillum-model", "model,model", "model,project,app", "model,", ",", ",,,", "all", "cost,cost", "json", "csv", "arrow", "parquet", "CSV", "hour", "string",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ];

    // Bytes that no request may have: the server says so before any of our code is asked.
    private static readonly string[] RawTexts = ["\u0001", "\u007f", "\u00e9", "\u00ff\u00fe", "\t", "\u0000"];

    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "-0", "-1", "1.5", "1e400", "-1e-400", "123456789012345678901234567890", "0.1234567890123456789012345", "2147483648", "9223372036854775808", "\"\"", "\" \"",
        "\"\\u0000\"", "\"\\ud800\"", "\"\\udfff\\ud800\"", "\"\\ud83e\\udd93\"", "\"a\\nb\"", "\"\\u202e\"", "\"..\"", "\"a/b\"", "\"%2f\"", "\"'; DROP TABLE member; --\"", "\"<script>\"", "[]", "{}",
        "[[]]", "[null]", "[{}]", "[1,\"a\",null]", "{\"a\":1}", "{\"\":\"\"}", "{\"a\":1,\"a\":2}", "NaN", "Infinity", "undefined", "'a'", "01", "+1", ".5", "1.", "0x10", "\"unterminated", "tru", "\"\\x\"",
        "\"\\u12\"", "\"\t\"", "\"org_1\"", "\"org_free\"", "\"u_borrowed\"", "\"prj_taken_0\"", "\"prj_1\"", "\"u_1\"", "\"owner\"", "\"enterprise\"", "\"2030-01-31T00:00:00Z\"",
        "\"0001-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59.999999999Z\"", "\"10000-01-01T00:00:00Z\"", "\"Asia/Kolkata\"", "[\"Europe/Paris\",\"Europe/Paris\"]", "\"1e5\"", "\"-1\"", "\"0.0000000000001\"",
        "\"99999999999999999999999999\"",
    ];

    private static readonly string[] Tags = ["*", "\"x\"", "W/\"x\"", "\"", "W/", ",,,", "x", "\"a\", \"b\"", "W/\"a\",*", "\"\u00e9\"", ""];

    private static readonly string[] Accepts =
    [
        "*/*", "text/csv", "text/csv;q=0", "application/json;q=0", ";q=", "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream", "a/b;q=1.5", "text/*", "*", "/", ",", "text/csv;q=NaN",
        "application/json;charset=utf-16", "",
    ];

    private readonly Operation[] readings = [.. operations.Where(operation => !operation.Path.StartsWith("/admin/", StringComparison.Ordinal))];
    private readonly Operation[] edits = [.. operations.Where(operation => operation.Path.StartsWith("/admin/", StringComparison.Ordinal))];

    /// <summary>One request.</summary>
    /// <param name="number">Its number.</param>
    public FuzzRequest Make(int number)
    {
        var random = new Random(unchecked((seed * 1_000_003) + number));
        var operation = random.Next(10) < 7 ? Pick(random, readings) : Pick(random, edits);
        var principal = Pick(random, Callers);
        if (operation.Path == "/session" && principal.IsCookie())
        {
            // Signing out would end what later requests are made with.
            principal = Principal.Owner;
        }

        List<(string Name, string Value)> headers = principal.IsCookie() && random.Next(10) > 0 ? [("Sec-Fetch-Site", "same-origin")] : [];
        var method = operation.Method;
        if (random.Next(25) == 0)
        {
            method = Pick(random, ["HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "FOO", "get"]);
        }

        if (random.Next(8) == 0)
        {
            headers.Add(("Accept", Pick(random, Accepts)));
        }

        if (random.Next(operation.Parameters.Any(parameter => parameter.In == "header") ? 6 : 40) == 0)
        {
            headers.Add((Pick(random, ["If-None-Match", "If-Match"]), Pick(random, Tags)));
        }

        byte[]? body = null;
        if (operation.HasBody || random.Next(60) == 0)
        {
            body = Body(random, operation);
            headers.Add(("Content-Type", random.Next(12) > 0 ? "application/json" : Pick(random, ["application/merge-patch+json", "text/plain", "application/json; charset=utf-16", "a", ";", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"])));
        }

        return new FuzzRequest(principal, operation, method, Target(random, operation, principal), headers, body);
    }

    private static T Pick<T>(Random random, IReadOnlyList<T> choices) => choices[random.Next(choices.Count)];

    private static string Target(Random random, Operation operation, Principal principal)
    {
        var path = operation.Parameters.Where(parameter => parameter.In == "path").Aggregate(operation.Path, (filled, parameter) => filled.Replace(
            $"{{{parameter.Name}}}",
            random.Next(5) == 0 ? Nasty(random)
                : parameter.Name == "organizationId" ? principal.Target()
                : parameter.Name == "userId" ? principal.TargetOwner()
                : Uri.EscapeDataString(parameter.Example),
            StringComparison.Ordinal));
        if (random.Next(60) == 0)
        {
            path = path.Insert(random.Next(1, path.Length + 1), Nasty(random));
        }

        var query = Query(random, operation, principal);
        for (var count = random.Next(4) - 1; count > 0; count--)
        {
            Spoil(random, query);
        }

        var text = string.Join('&', query.Select(part => $"{part.Name}={part.Value}"));
        if (random.Next(25) == 0)
        {
            text = text.Insert(random.Next(text.Length + 1), random.Next(8) == 0 ? Pick(random, RawTexts) : Pick(random, Texts));
        }

        return text.Length == 0 ? path : $"{path}?{text}";
    }

    /// <summary>A query that is right, with some of what may be asked.</summary>
    private static List<(string Name, string Value)> Query(Random random, Operation operation, Principal principal)
    {
        List<(string Name, string Value)> parts = [];
        var day = random.Next(20, 26);
        var last = random.Next(day, 27);
        foreach (var parameter in operation.Parameters.Where(parameter => parameter.In == "query"))
        {
            var isRange = parameter.Name is "from" or "to";
            if (parameter.IsRequired || parameter.Name == "organizationId" || isRange || random.Next(8) == 0)
            {
                parts.Add((parameter.Name, parameter.Name switch
                {
                    "organizationId" => principal.Target(),
                    "from" or "start_date" => $"2026-06-{day}",
                    "to" or "end_date" => $"2026-06-{last}",
                    _ when parameter.Words.Count > 0 => Pick(random, parameter.Words),
                    _ => Uri.EscapeDataString(parameter.Example),
                }));
            }
        }

        if (random.Next(12) == 0)
        {
            parts.RemoveAll(part => part.Name is "from" or "to");
        }

        return parts;
    }

    private static void Spoil(Random random, List<(string Name, string Value)> query)
    {
        var at = query.Count == 0 ? 0 : random.Next(query.Count);
        if (query.Count == 0)
        {
            query.Add((Pick(random, ["organizationId", "limit", "before", "x", "", "%", "from"]), Nasty(random)));
            return;
        }

        var (name, value) = query[at];
        switch (random.Next(12))
        {
            case 0:
                query.RemoveAt(at);
                break;
            case 1:
                query.Insert(random.Next(query.Count + 1), random.Next(2) == 0 ? (name, value) : (name, Nasty(random)));
                break;
            case 2:
                var other = random.Next(query.Count);
                (query[at], query[other]) = ((name, query[other].Value), (query[other].Name, value));
                break;
            case 3:
                query[at] = (Pick(random, [name.ToUpperInvariant(), name + "[]", name + "%00", name[..(name.Length / 2)], "%20" + name, string.Concat(name.Reverse()), "_"]), value);
                break;
            case 4:
                query[at] = (name, value.Insert(random.Next(value.Length + 1), Pick(random, Texts)));
                break;
            case 5:
                query[at] = (name, value[..random.Next(value.Length + 1)]);
                break;
            case 6 when random.Next(4) == 0:
                query[at] = (name, new string('A', random.Next(1, 60_000)));
                break;
            case 6:
                query.AddRange(Enumerable.Range(0, random.Next(1, 300)).Select(i => (Pick(random, ["projectId", "model", name]), i.ToString(CultureInfo.InvariantCulture))));
                break;
            case 7:
                // Both ends at once: what lies between the limits of time is a long answer.
                var limit = random.Next(2) == 0 ? ("0001-01-01", $"0001-01-0{random.Next(1, 4)}") : ($"9999-12-2{random.Next(6, 10)}", Pick(random, ["9999-12-29", "9999-12-30", "9999-12-31"]));
                Replace(query, "from", limit.Item1);
                Replace(query, "to", limit.Item2);
                break;
            default:
                query[at] = (name, Fitting(random, name));
                break;
        }
    }

    private static void Replace(List<(string Name, string Value)> query, string name, string value)
    {
        query.RemoveAll(part => part.Name == name);
        query.Add((name, value));
    }

    /// <summary>A value that is nearly what the parameter takes.</summary>
    private static string Fitting(Random random, string name) => random.Next(4) == 0 ? Nasty(random) : name switch
    {
        // From the first day to the present is an answer of a million rows: rarely.
        "from" or "start_date" => random.Next(40) == 0 ? Pick(random, Dates) : Pick(random, Dates[4..]),
        "to" or "end_date" => random.Next(40) == 0 ? Pick(random, Dates) : Pick(random, [.. Dates[..2], .. Dates[4..]]),
        "date" => Pick(random, Dates),
        "timezone" => Pick(random, Zones),
        "top" or "limit" or "before" or "page" or "page_size" or "start_time" or "end_time" => Pick(random, Numbers),
        _ => Pick(random, Texts),
    };

    private static string Nasty(Random random) => random.Next(8) switch
    {
        0 => Pick(random, Numbers),
        1 => Pick(random, Dates[4..]),
        2 => Pick(random, Zones),
        _ => Pick(random, Texts),
    };

    private byte[] Body(Random random, Operation operation)
    {
        var sample = operation.Id == "signIn" ? $$"""{"token":"{{token}}"}""" : operation.Sample ?? "{}";
        var text = sample;
        for (var count = random.Next(3); count > 0; count--)
        {
            text = SpoilValue(random, text);
        }

        text = random.Next(14) switch
        {
            0 => text[..random.Next(text.Length + 1)],
            1 => text.Insert(text.IndexOf('{', StringComparison.Ordinal) + 1, "\"name\":1,\"name\":2,"),
            2 => text + Pick(random, ["}", "x", ",", "{}", "\u0000", "//"]),
            3 when random.Next(2) == 0 => new string(Pick(random, ["[", "{\"a\":"]) == "[" ? '[' : '{', random.Next(1, 30_000)),
            3 => string.Concat(Enumerable.Repeat("{\"name\":", random.Next(1, 3_000))) + "1",
            4 => Pick(random, Values),
            5 => text.Insert(random.Next(text.Length + 1), Pick(random, ["\u0000", "\"", "\\", ",", "/**/", "\uFEFF", "\u202e", "\u0001", ":", "{"])),
            6 when random.Next(3) == 0 => text.Insert(text.IndexOf('{', StringComparison.Ordinal) + 1, $"\"name\":\"{new string('é', random.Next(1, 100_000))}\","),
            _ => text,
        };
        var bytes = random.Next(40) == 0 ? Encoding.Unicode.GetBytes(text) : Encoding.UTF8.GetBytes(text);
        if (bytes.Length > 0 && random.Next(25) == 0)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        return bytes;
    }

    /// <summary>Another value, or none, in one place of a JSON text. What is no JSON any more stays as it is.</summary>
    private static string SpoilValue(Random random, string text)
    {
        try
        {
            return JsonNode.Parse(text) is { } root ? SpoilValue(random, root) : Pick(random, Values);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            // It is spoilt already: half a surrogate pair, or a property that is there twice.
            return text;
        }
    }

    private static string SpoilValue(Random random, JsonNode root)
    {
        const string Mark = "here-comes-another-value";
        List<JsonNode> owners = [];
        Collect(root, owners);
        if (owners.Count == 0)
        {
            return Pick(random, Values);
        }

        var owner = Pick(random, owners);
        if (owner is JsonArray array)
        {
            if (array.Count > 0 && random.Next(3) > 0)
            {
                array[random.Next(array.Count)] = Mark;
            }
            else
            {
                array.Add((JsonNode?)Mark);
            }
        }
        else if (owner is JsonObject properties)
        {
            var names = properties.Select(property => property.Key).ToArray();
            if (names.Length == 0 || random.Next(5) == 0)
            {
                properties[Pick(random, ["identities", "organizationId", "Name", "__proto__", "", "id", "role", "plan", "deleted", "$ref"])] = Mark;
            }
            else if (Pick(random, names) is var name && random.Next(5) > 0)
            {
                properties[name] = Mark;
            }
            else
            {
                properties.Remove(name);
            }
        }

        return root.ToJsonString().Replace($"\"{Mark}\"", Pick(random, Values), StringComparison.Ordinal);
    }

    private static void Collect(JsonNode? node, List<JsonNode> owners)
    {
        IEnumerable<JsonNode?> children;
        if (node is JsonObject properties)
        {
            children = properties.Select(property => property.Value);
        }
        else if (node is JsonArray array)
        {
            children = array;
        }
        else
        {
            return;
        }

        owners.Add(node);
        foreach (var child in children)
        {
            Collect(child, owners);
        }
    }
}
