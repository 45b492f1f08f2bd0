using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Storage.Directory;
using NodaTime;
using NodaTime.Text;

namespace Analytics.Server.Contracts;

/// <summary>The parameters that every reading endpoint takes, checked. All faults are found at once.</summary>
internal sealed class ReadingRequest
{
    private static readonly (string Name, Dimension Dimension)[] Filters =
    [
        ("projectId", Dimension.Project),
        ("apiKeyId", Dimension.ApiKey),
        ("memberId", Dimension.Member),
        ("model", Dimension.Model),
        ("mapping", Dimension.Mapping),
        ("provider", Dimension.Provider),
        ("app", Dimension.App),
        ("serviceType", Dimension.ServiceType),
        ("agentId", Dimension.Agent),
    ];

    private readonly IQueryCollection query;
    private readonly Dictionary<string, string[]> errors = new(StringComparer.Ordinal);

    private ReadingRequest(IQueryCollection query) => this.query = query;

    /// <summary>Names that every reading endpoint accepts.</summary>
    public static IReadOnlyList<string> Shared { get; } =
        ["organizationId", "from", "to", "timezone", "money", .. Filters.Select(filter => filter.Name)];

    /// <summary>First local day.</summary>
    public LocalDate From { get; private set; }

    /// <summary>Last local day, inclusive.</summary>
    public LocalDate To { get; private set; }

    /// <summary>Zone whose days are counted.</summary>
    public DateTimeZone Zone { get; private set; } = DateTimeZone.Utc;

    /// <summary>Filters.</summary>
    public IReadOnlyList<Predicate> Predicates { get; private set; } = [];

    /// <summary>Whether money is written as text.</summary>
    public bool IsMoneyText { get; private set; }

    /// <summary>Reads the shared parameters.</summary>
    /// <param name="query">The query string.</param>
    /// <param name="accepted">Names that this endpoint accepts besides <see cref="Shared"/>.</param>
    /// <param name="organization">The organisation, for its reporting zone.</param>
    /// <param name="now">The present, for ranges that end today.</param>
    public static ReadingRequest Read(IQueryCollection query, IReadOnlyList<string> accepted, OrganizationEntry organization, Instant now)
    {
        var request = new ReadingRequest(query);
        request.RefuseUnknown([.. Shared, .. accepted]);
        request.ReadZone(organization);
        request.ReadRange(now);
        request.IsMoneyText = request.Choice("money", "number", "number", "string") == "string";
        request.Predicates =
        [
            .. Filters.Where(filter => query.ContainsKey(filter.Name))
                .Select(filter => new Predicate(filter.Dimension, [.. query[filter.Name].Select(key => key ?? string.Empty)])),
        ];
        return request;
    }

    /// <summary>What is wrong with the parameters, or null.</summary>
    public Problem? Problem => errors.Count == 0 ? null : Contracts.Problem.InvalidParameters(errors);

    /// <summary>A parameter that may be given once, or null.</summary>
    public string? Single(string name)
    {
        var values = query[name];
        if (values.Count > 1)
        {
            Fault(name, "found it more than once, expected it once.");
        }

        return values.Count == 0 ? null : values[0] ?? string.Empty;
    }

    /// <summary>A parameter that is one of a few words.</summary>
    public string Choice(string name, string absent, params IReadOnlyList<string> words)
    {
        var value = Single(name) ?? absent;
        if (!words.Contains(value))
        {
            Fault(name, $"found '{value}', expected {DidYouMean.Suggest(value, words)}.");
            return absent;
        }

        return value;
    }

    /// <summary>Notes a fault.</summary>
    public void Fault(string name, string message) => errors.TryAdd(name, [message]);

    private void RefuseUnknown(IReadOnlyList<string> accepted)
    {
        foreach (var name in query.Keys.Where(name => !accepted.Contains(name, StringComparer.Ordinal)))
        {
            Fault(name, $"unknown parameter, expected {DidYouMean.Suggest(name, accepted)}.");
        }

        // Query keys fold case; a name in another case is as unknown as a misspelt one, and found above.
    }

    private void ReadZone(OrganizationEntry organization)
    {
        var id = Single("timezone");
        if (id is null)
        {
            Zone = organization.Timezones is [var first, ..] ? DateTimeZoneProviders.Tzdb[first] : DateTimeZone.Utc;
        }
        else if (DateTimeZoneProviders.Tzdb.Ids.Contains(id))
        {
            Zone = DateTimeZoneProviders.Tzdb[id];
        }
        else
        {
            var closest = DidYouMean.Closest(id, DateTimeZoneProviders.Tzdb.Ids);
            Fault("timezone", $"found '{id}', expected an IANA id such as '{closest ?? "Europe/Paris"}'.");
        }
    }

    private void ReadRange(Instant now)
    {
        var (from, to) = (Date("from"), Date("to"));
        if (from is null && to is null && !query.ContainsKey("from") && !query.ContainsKey("to"))
        {
            To = now.InZone(Zone).Date;
            From = To.PlusDays(-6);
            return;
        }

        foreach (var (name, other) in (ReadOnlySpan<(string, string)>)[("from", "to"), ("to", "from")])
        {
            if (!query.ContainsKey(name))
            {
                Fault(name, $"found '{other}' without '{name}', expected both or neither.");
            }
        }

        if (from is { } first && to is { } last)
        {
            (From, To) = (first, last);
            if (first > last)
            {
                Fault("from", $"found {first:uuuu-MM-dd}, which is after 'to' {last:uuuu-MM-dd}; expected the same day or an earlier one.");
            }
        }
    }

    private LocalDate? Date(string name)
    {
        if (Single(name) is not { } text)
        {
            return null;
        }

        var parsed = LocalDatePattern.Iso.Parse(text);
        if (parsed.Success && parsed.Value >= TimeBuckets.MinDate && parsed.Value <= TimeBuckets.MaxDate)
        {
            return parsed.Value;
        }

        Fault(name, parsed.Success
            ? $"found {text}, expected a date from {TimeBuckets.MinDate:uuuu-MM-dd} to {TimeBuckets.MaxDate:uuuu-MM-dd}."
            : $"found '{text}', expected a date as YYYY-MM-DD, such as 2026-06-24.");
        return null;
    }
}
