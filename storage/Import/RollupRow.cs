using System.Globalization;
using System.Text;
using Analytics.Engine.Usage;
using Analytics.Storage.Directory;
using Analytics.Storage.Rollup;
using NodaTime;

namespace Analytics.Storage.Import;

/// <summary>One row that another system added up.</summary>
/// <param name="Time">Start of its interval.</param>
/// <param name="Keys">What it belongs to.</param>
/// <param name="Measures">What it adds.</param>
/// <param name="Labels">Names and owners that came with it.</param>
/// <param name="IsRounded">Whether its cost was rounded to 12 decimals.</param>
/// <param name="Items">What its cost is made of: costs sum to its cost.</param>
public readonly record struct RollupRow(Instant Time, UsageKeys Keys, UsageMeasures Measures, UsageLabels Labels, bool IsRounded, IReadOnlyList<PricedItem> Items);

/// <summary>The values of one row as a file has them, by field of <see cref="RollupMapping"/>.</summary>
/// <remarks>A value that breaks a rule is a <see cref="FieldException"/>.</remarks>
internal interface IRollupCells
{
    /// <summary>Whether a field is mapped.</summary>
    bool Has(string field);

    /// <summary>Start of the interval.</summary>
    Instant Time();

    /// <summary>A count, 0 or more; 0 where the row or the mapping has none.</summary>
    long Count(string field);

    /// <summary>A text that keeps <see cref="RollupRules.CheckText"/>; empty where the row or the mapping has none.</summary>
    string Text(string field);

    /// <summary>The cost, and whether it was rounded; null where the row or the mapping has none.</summary>
    (long? PicoUsd, bool IsRounded) Cost();
}

/// <summary>Rules for rows that another system added up, whatever file they are in.</summary>
internal static class RollupRules
{
    /// <summary>Which times are taken. An interval that begins in 9999 need not end in a year that there is.</summary>
    public const string ExpectedYears = "from 1970 to 9998";

    /// <summary>UTF-16 characters of a key or a label.</summary>
    public const int MaxTextLength = 128;

    /// <summary>Characters of a value that a message shows.</summary>
    private const int MaxShown = 40;

    private static readonly Instant Earliest = Instant.FromUtc(1970, 1, 1, 0, 0);
    private static readonly Instant End = Instant.FromUtc(9999, 1, 1, 0, 0);

    /// <summary>Reads and checks one row.</summary>
    /// <param name="cells">Its values.</param>
    /// <param name="mapping">Column by field.</param>
    /// <param name="project">Project of all rows where none is mapped; empty for none.</param>
    /// <param name="prices">Prices of rows without a cost.</param>
    /// <param name="number">Its number, for the rejection.</param>
    /// <param name="row">The row.</param>
    /// <param name="rejection">Why there is none.</param>
    public static bool TryRead(
        IRollupCells cells, RollupMapping mapping, string project, PriceTable prices, long number, out RollupRow row, out Rejection? rejection)
    {
        (row, rejection) = (default, null);
        try
        {
            row = Read(cells, project, prices);
            return true;
        }
        catch (FieldException exception)
        {
            var column = mapping.Columns.TryGetValue(exception.Field, out var name) ? $"column '{name}': " : string.Empty;
            rejection = new Rejection(number, exception.Code, exception.Field, column + exception.Message);
            return false;
        }
    }

    /// <summary>Reads a time.</summary>
    /// <exception cref="FieldException">It is none, or not of <see cref="ExpectedYears"/>.</exception>
    public static Instant ParseTime(string text) => UsageTime.TryParse(text, out var time) && IsTimely(time) ? time : throw NoTime(text);

    /// <summary>Whether a time is one of <see cref="ExpectedYears"/>.</summary>
    public static bool IsTimely(Instant time) => time >= Earliest && time < End;

    /// <summary>Reads a count; an empty text is 0.</summary>
    /// <exception cref="FieldException">It is none.</exception>
    public static long ParseCount(string field, string text)
    {
        if (text.Length == 0)
        {
            return 0;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? count
            : throw new FieldException("invalid-value", field, $"found '{Short(text)}', expected an integer, 0 or more, of at most 64 bits.");
    }

    /// <summary>Reads a cost; an empty text is none.</summary>
    /// <exception cref="FieldException">It is no amount, or too large a one.</exception>
    public static (long? PicoUsd, bool IsRounded) ParseCost(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            return (null, false);
        }

        return PicoDollars.TryParse(utf8, out var pico, out var isRounded) switch
        {
            PicoDollarsResult.Ok => (pico, isRounded),
            PicoDollarsResult.TooLarge => throw TooLarge(Encoding.UTF8.GetString(utf8)),
            _ => throw NoAmount(Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, 4 * MaxShown)])),
        };
    }

    /// <summary>Checks a text that becomes a key or a label.</summary>
    /// <returns>The text.</returns>
    /// <exception cref="FieldException">It is too long, or has control characters.</exception>
    public static string CheckText(string field, string text) => text.Length <= MaxTextLength && !text.Any(char.IsControl)
        ? text
        : throw new FieldException("invalid-text", field, $"found {text.Length} characters or a control character, expected plain text of at most {MaxTextLength}.");

    /// <summary>The rejection of a text that is no time, or not one of <see cref="ExpectedYears"/>.</summary>
    public static FieldException NoTime(string text) =>
        new("invalid-timestamp", RollupMapping.BucketStart, $"found '{Short(text)}', expected {UsageTime.Expected}, {ExpectedYears}.");

    /// <summary>The rejection of a cost that does not fit.</summary>
    public static FieldException TooLarge(string text) =>
        new("too-large", RollupMapping.Cost, $"found '{text}', expected at most 9223372.036854775807.");

    /// <summary>The rejection of a cost that is none.</summary>
    public static FieldException NoAmount(string text) =>
        new("invalid-value", RollupMapping.Cost, $"found '{Short(text)}', expected {UsageRules.ExpectedCost}.");

    private static string Short(string text) => text.Length > MaxShown ? text[..MaxShown] : text;

    private static RollupRow Read(IRollupCells cells, string project, PriceTable prices)
    {
        var time = cells.Time();
        UsageMeasures measures = default;
        foreach (var (field, measure) in RollupMapping.Counts)
        {
            measures[measure] = cells.Count(field);
        }

        UsageRules.CheckParts(measures);
        foreach (var part in (ReadOnlySpan<Measure>)[Measure.ErrorCount, Measure.ClientErrorCount, Measure.CacheHitCount])
        {
            if (measures[part] > measures[Measure.RequestCount])
            {
                throw new FieldException("part-exceeds-whole", "requestCount", $"found {measures[Measure.RequestCount]} with {measures[part]} in {part.ColumnName()}, expected at least that many.");
            }
        }

        var keys = new UsageKeys(
            cells.Has("projectId") ? cells.Text("projectId") : project,
            cells.Text("apiKeyId"),
            cells.Text("mapping"),
            cells.Text("app"),
            cells.Text("serviceType"),
            cells.Text("agentId"));
        var (cost, isRounded) = cells.Cost();
        isRounded |= UsageRules.Price(ref measures, cost, keys.Mapping, IsAllCacheHits(measures), prices, out var items);
        var labels = new UsageLabels(
            Label("projectName"),
            Label("apiKeyDescription"),
            Label("memberId"),
            Label("memberName"),
            Label("model"),
            Label("provider"));
        return new RollupRow(time, keys, measures, labels, isRounded, items);

        string? Label(string field) => cells.Text(field) is { Length: > 0 } text ? text : null;
    }

    // The tokens of a row cannot be split between hits and others, so only a row of nothing but hits costs nothing.
    private static bool IsAllCacheHits(UsageMeasures measures) =>
        measures[Measure.RequestCount] > 0 && measures[Measure.CacheHitCount] == measures[Measure.RequestCount];
}
