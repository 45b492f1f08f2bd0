using System.Globalization;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Server.Contracts.Formats;
using Analytics.Server.Conventions;
using Analytics.Storage.Directory;
using Microsoft.Extensions.Primitives;
using NodaTime;
using NodaTime.Text;

namespace Analytics.Server.Contracts;

/// <summary>The parameters that every reading endpoint takes, checked. All faults are found at once.</summary>
internal sealed class ReadingRequest
{
    private const int MaxShown = 100;
    private readonly IQueryCollection query;
    private readonly StringValues accept;
    private readonly Dictionary<string, string[]> errors = new(StringComparer.Ordinal);

    private AnswerFormat? format;

    private ReadingRequest(IQueryCollection query, StringValues accept) => (this.query, this.accept) = (query, accept);

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
    /// <param name="http">The request.</param>
    /// <param name="accepted">What this endpoint accepts besides <see cref="QueryParameter.Shared"/>.</param>
    /// <param name="organization">The organisation, for its reporting zone.</param>
    /// <param name="now">The present, for ranges that end today.</param>
    public static ReadingRequest Read(HttpRequest http, IReadOnlyList<QueryParameter> accepted, OrganizationEntry organization, Instant now)
    {
        var query = http.Query;
        var request = new ReadingRequest(query, http.Headers.Accept);
        foreach (var (name, messages) in QueryFaults.Of(http, [.. QueryParameter.Shared.Concat(accepted).Select(parameter => parameter.Name)]))
        {
            request.errors[name] = messages;
        }

        request.ReadZone(organization);
        request.ReadRange(now);
        request.ReadFormat();
        request.IsMoneyText = request.Choice(QueryParameter.Money) == "string";
        request.Predicates = [.. request.Filters(QueryParameter.Filters)];
        return request;
    }

    /// <summary>Reads nothing yet but for the format, where there is one: for an interface whose parameters have other names. What they ask for is told by <see cref="Ask"/>.</summary>
    /// <param name="http">The request.</param>
    /// <param name="accepted">All parameters of the interface.</param>
    public static ReadingRequest ReadNamed(HttpRequest http, IReadOnlyList<QueryParameter> accepted)
    {
        var request = new ReadingRequest(http.Query, http.Headers.Accept);
        foreach (var (name, messages) in QueryFaults.Of(http, [.. accepted.Select(parameter => parameter.Name)]))
        {
            request.errors[name] = messages;
        }

        if (accepted.Contains(QueryParameter.OutputFormat))
        {
            request.ReadFormat();
        }

        return request;
    }

    /// <summary>Sets what is asked for.</summary>
    /// <param name="from">First local day.</param>
    /// <param name="to">Last local day, inclusive.</param>
    /// <param name="zone">Zone whose days are counted.</param>
    /// <param name="predicates">Filters.</param>
    public void Ask(LocalDate from, LocalDate to, DateTimeZone zone, IReadOnlyList<Predicate> predicates) => (From, To, Zone, Predicates) = (from, to, zone, predicates);

    /// <summary>What is wrong with the parameters, or null.</summary>
    public Problem? Problem =>
        errors.Count > 0 ? Contracts.Problem.InvalidParameters(errors)
        : FormatOf(AnswerFormat.All) is null ? Contracts.Problem.NotAcceptable(AnswerFormat.All)
        : null;

    /// <summary>How the answer is to be written: by <c>format</c>, else by <c>Accept</c>.</summary>
    /// <param name="offers">What can be served.</param>
    /// <returns>Null where none of them is wanted.</returns>
    public AnswerFormat? FormatOf(IReadOnlyList<AnswerFormat> offers) =>
        format is null ? AnswerFormat.Wanted(accept, offers) : offers.Contains(format) ? format : null;

    /// <summary>Those filters that are given, as predicates.</summary>
    public IEnumerable<Predicate> Filters(IReadOnlyList<(QueryParameter Parameter, Engine.Usage.Dimension Dimension)> filters) => filters
        .Where(filter => query.ContainsKey(filter.Parameter.Name))
        .Select(filter => new Predicate(filter.Dimension, [.. query[filter.Parameter.Name].Select(key => key ?? string.Empty)]));

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
    /// <returns>The word; the default where the parameter is absent or wrong.</returns>
    public string Choice(QueryParameter parameter)
    {
        var value = Single(parameter.Name) ?? parameter.Default!;
        if (!parameter.Words.Contains(value))
        {
            Fault(parameter.Name, $"found '{Shown(value)}', expected {DidYouMean.Suggest(value, parameter.Words)}.");
            return parameter.Default!;
        }

        return value;
    }

    /// <summary>A parameter that is a whole number, 1 or more; null where it is absent or wrong.</summary>
    public int? Count(QueryParameter parameter)
    {
        if (Single(parameter.Name) is not { } text)
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= 1 && count <= parameter.Max)
        {
            return count;
        }

        Fault(parameter.Name, $"found '{Shown(text)}', expected a whole number from 1 to {parameter.Max}.");
        return null;
    }

    /// <summary>Metrics by name, in the order in which they are always written.</summary>
    public IReadOnlyList<Metric> Metrics(QueryParameter parameter)
    {
        var text = Single(parameter.Name) ?? parameter.Default!;
        var names = text.Split(',', StringSplitOptions.TrimEntries);
        if (names.Contains("all"))
        {
            return Metric.All;
        }

        if (names.FirstOrDefault(name => Metric.All.All(metric => metric.Name != name)) is { } unknown)
        {
            Fault(parameter.Name, $"found '{Shown(unknown)}', expected {DidYouMean.Suggest(unknown, [.. Metric.All.Select(metric => metric.Name), "all"])}.");
        }

        return [.. Metric.All.Where(metric => names.Contains(metric.Name))];
    }

    /// <summary>A value as faults show it: its start says enough, and an answer is not as long as whatever was sent.</summary>
    public static string Shown(string text)
    {
        if (text.Length <= MaxShown)
        {
            return text;
        }

        var length = char.IsHighSurrogate(text[MaxShown - 1]) ? MaxShown - 1 : MaxShown;
        return string.Concat(text.AsSpan(0, length), "…");
    }

    /// <summary>Notes a fault.</summary>
    public void Fault(string name, string message) => errors.TryAdd(name, [message]);

    private void ReadFormat()
    {
        if (query.ContainsKey(QueryParameter.OutputFormat.Name))
        {
            var name = Choice(QueryParameter.OutputFormat with { Default = AnswerFormat.Json.Name });
            format = AnswerFormat.All.First(known => known.Name == name);
        }
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
            Fault("timezone", $"found '{Shown(id)}', expected an IANA id such as '{closest ?? "Europe/Paris"}'.");
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

    /// <summary>A parameter that is a date; null where it is absent or wrong.</summary>
    public LocalDate? Date(string name)
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
            : $"found '{Shown(text)}'{(HasFormOfDate(text) ? ", which is no day of the calendar" : string.Empty)}, expected a date as YYYY-MM-DD, such as 2026-06-24.");
        return null;

        static bool HasFormOfDate(string text) => text.Length == 10 && text.Select((letter, i) => i is 4 or 7 ? letter == '-' : char.IsAsciiDigit(letter)).All(fits => fits);
    }
}
