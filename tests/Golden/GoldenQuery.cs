using System.Globalization;
using System.Text.RegularExpressions;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Storage.Rollup;
using NodaTime;
using NodaTime.Text;

namespace Analytics.Tests.Golden;

/// <summary>A question with its rows and its answer, read from a <c>.query</c> file. README.md describes the format.</summary>
internal sealed partial class GoldenQuery
{
    private const string OthersKey = "(others)";
    private const string Before = "before_";
    private static readonly string[] Required = ["name", "zone", "range", "rows", "query", "totals", "exact"];
    private static readonly string[] Optional = ["grain", "projects", "api_keys", "agents", "members", "models", "breakdown", "ranking", "earlier"];
    private static readonly string[] SumColumns = ["cost", "requests", "tokens"];

    // The section of the buckets says how the range is cut.
    private static readonly Dictionary<string, BucketSize> Sizes = new(StringComparer.Ordinal)
    {
        ["hours"] = BucketSize.Hour,
        ["days"] = BucketSize.Day,
        ["weeks"] = BucketSize.Week,
        ["months"] = BucketSize.Month,
        ["whole"] = BucketSize.Range,
    };

    private readonly string file;
    private readonly Dictionary<string, Section> sections = new(StringComparer.Ordinal);

    private GoldenQuery(string file)
    {
        this.file = file;
        Section? section = null;
        foreach (var (number, line) in System.IO.File.ReadLines(file).Index())
        {
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            var text = line;
            if (line[0] != ' ')
            {
                var word = line.Split(' ')[0];
                text = line[word.Length..];
                Require(Required.Contains(word) || Optional.Contains(word) || Sizes.ContainsKey(word), number, $"section '{word}' is unknown");
                Require(sections.TryAdd(word, section = new Section(word)), number, $"section '{word}' comes twice");
            }

            Require(section is not null, number, "the first line starts no section");
            section!.Lines.Add((number, Gap().Split(text.Trim())));
        }

        Require(Required.All(sections.ContainsKey), 0, $"it needs the sections {string.Join(", ", Required)}");
        Require(sections.Keys.Count(Sizes.ContainsKey) == 1, 0, $"it needs one section of {string.Join(", ", Sizes.Keys)}");
        var cut = sections.Keys.Single(Sizes.ContainsKey);
        var zone = DateTimeZoneProviders.Tzdb[Single("zone")];
        var range = Single("range").Split(" to ");
        Grain = Single("grain", "hour") switch
        {
            "hour" => Duration.FromHours(1),
            "quarter hour" => Duration.FromMinutes(15),
            var other => throw Fault(0, $"grain is '{other}', expected 'hour' or 'quarter hour'"),
        };
        Names = new NameTables
        {
            Projects = Things("projects"),
            ApiKeys = Things("api_keys"),
            Agents = Things("agents"),
            Members = Things("members"),
            Models = [.. Table("models", ["mapping", "model", "provider"]).Select(row => new NamedModel(row["mapping"], Said(row["model"]), Said(row["provider"])))],
        };
        Rows = [.. Table("rows", ["bucket_start"], [.. Dimensions.Stored.Select(dimension => dimension.ColumnName()), .. Measures.All.Select(measure => measure.ColumnName())]).Select(Row)];
        string[] measures = [.. Measures.All.Where(measure => measure != Measure.Cost).Select(measure => measure.ColumnName())];
        string[] before = [.. SumColumns.Select(column => Before + column)];
        BucketRows = Table(cut, ["date", "start", "end", "hours", .. SumColumns], measures);
        Breakdown = Table("breakdown", ["key", "label", .. SumColumns], ["date", "start", "deleted", "key_2", "label_2", "deleted_2", .. measures]);
        Ranking = Table("ranking", ["key", "label", .. SumColumns], ["deleted", "key_2", "label_2", "deleted_2", "share", .. before, .. measures]);
        Totals = Table("totals", SumColumns, [.. before, .. measures]);
        IsExact = Single("exact") == "true";
        Buckets = [.. BucketRows.Select(bucket => new TimeBucket(Date(bucket["date"]), Time(bucket["start"]), Time(bucket["end"])))];
        Earlier = Table("earlier", ["start", "end"]) is [var earlier] ? new EarlierRange(Time(earlier["start"]), Time(earlier["end"])) : null;

        var words = sections["query"].Lines.Select(line => string.Join("  ", line.Cells)).ToArray();
        var dimensions = words[0]["group by ".Length..].Split(" and ");
        Query = new UsageQuery(Date(range[0]), Date(range[1]), zone, Sizes[cut], DimensionOf(dimensions[0]))
        {
            ThenBy = dimensions.Length > 1 ? DimensionOf(dimensions[1]) : null,
        };
        foreach (var line in words.Skip(1))
        {
            Query = With(Query, line);
        }

        Require((Earlier is null) == (Query.Compare == Comparison.None), 0, "'compare with' and 'earlier' go together");
        Require(Single("name").Length > 0 && Single("exact") is "true" or "false", 0, "it has no name, or 'exact' is neither 'true' nor 'false'");
    }

    public Duration Grain { get; }

    public IReadOnlyList<GoldenRow> Rows { get; }

    public NameTables Names { get; }

    public UsageQuery Query { get; }

    public bool IsExact { get; }

    /// <summary>The earlier range as the file says it; null without a comparison.</summary>
    public EarlierRange? Earlier { get; }

    /// <summary>The buckets' edges as the file says them.</summary>
    public IReadOnlyList<TimeBucket> Buckets { get; }

    public IReadOnlyList<Dictionary<string, string>> BucketRows { get; }

    public IReadOnlyList<Dictionary<string, string>> Breakdown { get; }

    public IReadOnlyList<Dictionary<string, string>> Ranking { get; }

    public IReadOnlyList<Dictionary<string, string>> Totals { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="FormatException">The file breaks a rule; the message says which line.</exception>
    public static GoldenQuery Read(string file) => new(file);

    /// <summary>The first cell in which an answer is another than the file's, or null.</summary>
    public string? FirstDifference(Answer answer) =>
        Compare("buckets", BucketRows, answer.Buckets, BucketCell)
        ?? Compare("breakdown", Breakdown, [.. answer.Buckets.SelectMany(bucket => bucket.Groups.Select(group => (bucket, group)))], (row, column) =>
            column is "date" or "start" ? BucketCell(row.bucket, column) : GroupCell(row.group, column, row.bucket.Sums))
        ?? Compare("ranking", Ranking, answer.Ranking, (group, column) => GroupCell(group, column, answer.Totals))
        ?? Compare("totals", Totals, [answer], (whole, column) => SumCell(whole.Totals, whole.Earlier, column));

    [GeneratedRegex(" {2,}")]
    private static partial Regex Gap();

    private static string? Compare<T>(string table, IReadOnlyList<Dictionary<string, string>> expected, IReadOnlyList<T> found, Func<T, string, string> cell)
    {
        for (var i = 0; i < Math.Min(expected.Count, found.Count); i++)
        {
            foreach (var (column, text) in expected[i])
            {
                var actual = cell(found[i], column);
                if (actual != text)
                {
                    return $"{table}, row {i + 1} ({string.Join("  ", expected[i].Values)}), {column}: found '{actual}', expected '{text}'.";
                }
            }
        }

        return expected.Count == found.Count ? null : $"{table}: found {found.Count} rows, expected {expected.Count}.";
    }

    private static string BucketCell(AnswerBucket bucket, string column) => column switch
    {
        "date" => LocalDatePattern.Iso.Format(bucket.Bucket.Date),
        "start" => Minutes.Format(bucket.Bucket.Start),
        "end" => Minutes.Format(bucket.Bucket.End),
        "hours" => ((decimal)(bucket.Bucket.End - bucket.Bucket.Start).TotalMinutes / 60).ToString("0.####", CultureInfo.InvariantCulture),
        _ => SumCell(bucket.Sums, null, column),
    };

    private static string GroupCell(AnswerGroup group, string column, UsageSums whole) => column switch
    {
        "key" => group.Names.Count > 0 ? group.Names[0].Key : OthersKey,
        "label" => group.Names.Count > 0 ? group.Names[0].Label : string.Empty,
        "deleted" => group.Names.Count > 0 && group.Names[0].IsDeleted ? "yes" : "no",
        "key_2" => group.Names.Count > 1 ? group.Names[1].Key : string.Empty,
        "label_2" => group.Names.Count > 1 ? group.Names[1].Label : string.Empty,
        "deleted_2" => group.Names.Count > 1 && group.Names[1].IsDeleted ? "yes" : "no",
        "share" => PicoDollars.Format(Ratio.Millionths(group.Sums[Measure.Cost], whole[Measure.Cost]) * 1_000_000),
        _ => SumCell(group.Sums, group.Earlier, column),
    };

    private static string SumCell(UsageSums sums, UsageSums? earlier, string column) => column switch
    {
        _ when column.StartsWith(Before, StringComparison.Ordinal) => earlier is { } other ? SumCell(other, null, column[Before.Length..]) : "nothing",
        "cost" => PicoDollars.Format(sums[Measure.Cost]),
        "requests" => sums[Measure.RequestCount].ToString(CultureInfo.InvariantCulture),
        "tokens" => sums.TotalTokens.ToString(CultureInfo.InvariantCulture),
        _ => sums[Measures.All.First(measure => measure.ColumnName() == column)].ToString(CultureInfo.InvariantCulture),
    };

    private static InstantPattern Minutes { get; } = InstantPattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm'Z'");

    private static LocalDate Date(string text) => LocalDatePattern.Iso.Parse(text).GetValueOrThrow();

    private static Instant Time(string text) => Minutes.Parse(text).GetValueOrThrow();

    private static string? Said(string text) => text.Length == 0 ? null : text;

    private static Dimension DimensionOf(string name) => Dimensions.All.First(dimension =>
        name == (dimension.IsStored() ? dimension.ColumnName() : dimension.ToString().ToLowerInvariant()));

    // "where app in chat, -", "and project in prj_1", "top 3 by tokens", "by requests", "compare with previous year".
    private static UsageQuery With(UsageQuery query, string line) => line.Split(' ', 4) switch
    {
        ["where" or "and", var dimension, "in", var keys] => query with
        {
            Predicates = [.. query.Predicates, new Predicate(DimensionOf(dimension), [.. keys.Split(", ").Select(key => key == "-" ? string.Empty : key)])],
        },
        ["top", var count, "by", var metric] => query with { Top = int.Parse(count, CultureInfo.InvariantCulture), RankBy = RankOf(metric) },
        ["by", var metric] => query with { RankBy = RankOf(metric) },
        ["compare", "with", "previous"] => query with { Compare = Comparison.Previous },
        ["compare", "with", "previous", "year"] => query with { Compare = Comparison.PreviousYear },
        _ => throw new FormatException($"'{line}' is no part of a query."),
    };

    private static RankBy RankOf(string metric) => Enum.Parse<RankBy>(metric, ignoreCase: true);

    private static GoldenRow Row(Dictionary<string, string> cells)
    {
        string Key(Dimension dimension) => cells.GetValueOrDefault(dimension.ColumnName(), string.Empty);
        UsageMeasures measures = default;
        foreach (var measure in Measures.All)
        {
            var text = cells.GetValueOrDefault(measure.ColumnName(), "0");
            measures[measure] = measure == Measure.Cost
                ? (long)(decimal.Parse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) * 1_000_000_000_000m)
                : long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
        }

        var keys = new UsageKeys(Key(Dimension.Project), Key(Dimension.ApiKey), Key(Dimension.Mapping), Key(Dimension.App), Key(Dimension.ServiceType), Key(Dimension.Agent));
        return new GoldenRow(Time(cells["bucket_start"]), keys, measures);
    }

    private NamedThing[] Things(string section) =>
        [.. Table(section, ["key", "label"], ["deleted", "creator"]).Select(row =>
            new NamedThing(row["key"], row["label"], row.GetValueOrDefault("deleted") == "yes", Said(row.GetValueOrDefault("creator", string.Empty))))];

    private string Single(string section, string? absent = null) => sections.TryGetValue(section, out var found)
        ? found.Lines.Count == 1 ? string.Join("  ", found.Lines[0].Cells) : throw Fault(found.Lines[1].Number, $"section '{section}' has more than one line")
        : absent ?? throw Fault(0, $"there is no section '{section}'");

    private List<Dictionary<string, string>> Table(string section, string[] required, params string[] optional)
    {
        List<Dictionary<string, string>> rows = [];
        if (!sections.TryGetValue(section, out var found))
        {
            return rows;
        }

        var (first, columns) = found.Lines[0];
        Require(required.All(columns.Contains), first, $"'{section}' lacks a column of {string.Join(", ", required)}");
        Require(columns.All(column => required.Contains(column) || optional.Contains(column)), first, $"'{section}' has an unknown column");
        foreach (var (number, cells) in found.Lines.Skip(1))
        {
            Require(cells.Length == columns.Length, number, $"{cells.Length} cells under {columns.Length} columns");
            rows.Add(columns.Zip(cells).ToDictionary(cell => cell.First, cell => cell.Second == "-" ? string.Empty : cell.Second));
        }

        return rows;
    }

    private void Require(bool isMet, int number, string otherwise)
    {
        if (!isMet)
        {
            throw Fault(number, otherwise);
        }
    }

    private FormatException Fault(int number, string what) => new($"{Path.GetFileName(file)}, line {number + 1}: {what}.");

    private sealed record Section(string Name)
    {
        public List<(int Number, string[] Cells)> Lines { get; } = [];
    }
}
