using System.Globalization;
using Analytics.Engine.Queries;
using Analytics.Engine.Usage;
using NodaTime;

namespace Analytics.Server.Endpoints;

/// <summary>Changes in cost as sentences. Amounts in them are rounded to cents; the exact ones stand beside them.</summary>
internal static class ExplanationText
{
    private const long PicoPerCent = PicoDollars.PerDollar / 100;

    /// <summary>What a group is called in a sentence, with its dimension.</summary>
    public static string Named(ExplainedDimension explained, CostContribution contribution)
    {
        var label = explained.Names.Label(contribution.Group);
        var kind = explained.Dimension switch
        {
            Dimension.ApiKey => "API key",
            Dimension.ServiceType => "Service type",
            _ => explained.Dimension.ToString(),
        };
        return contribution.Group == 0 ? $"Usage without {(kind[0] is 'A' or 'O' ? "an" : "a")} {LowerFirst(kind)}" : $"{kind} '{label}'";
    }

    /// <summary>A group's part of the change.</summary>
    /// <param name="subject">The group.</param>
    /// <param name="contribution">Its part.</param>
    public static string Of(string subject, CostContribution contribution) => contribution.Change == 0
        ? $"{subject} cost {Dollars(contribution.Now.Cost)}, as before."
        : $"{subject} cost {Dollars(contribution.Now.Cost)}, {More(contribution.Change)} than before: {Reason(contribution)}.";

    /// <summary>The change of everything.</summary>
    /// <param name="plan">The ranges.</param>
    /// <param name="whole">The change.</param>
    /// <param name="weeks">Weeks that the earlier range is the median of; null where it is simply the one before.</param>
    public static string OfWhole(QueryPlan plan, CostContribution whole, int? weeks)
    {
        var range = plan.Comparison!.Value;
        var baseline = Days(range.From, range.LastDay(plan.Query.Zone));
        // Of more days than a week, the earlier ranges are several weeks apart.
        var (one, many) = Period.DaysBetween(plan.Query.From, plan.Query.To) >= 7 ? ("earlier range", "earlier ranges") : ("week", "weeks before");
        var why = weeks switch
        {
            null => string.Empty,
            0 => ", before which there is no data",
            1 => $", the only {one} before that has data",
            _ => $", the median of {weeks} {many}",
        };
        var percent = whole.Before.Cost == 0 || whole.Change == 0 ? string.Empty : $" ({Percent(whole.Change, whole.Before.Cost)})";
        return whole.Change == 0
            ? $"{Days(plan.Query.From, plan.Query.To)} cost {Dollars(whole.Now.Cost)}, as much as {baseline}{why}."
            : $"{Days(plan.Query.From, plan.Query.To)} cost {Dollars(whole.Now.Cost)}, {More(whole.Change)}{percent} than {baseline}{why}.";
    }

    /// <summary>The group that does not do as it did.</summary>
    public static string OfUnusual(Cause cause) =>
        $"Out of the ordinary is {Inside(cause)}, {More(cause.Contribution.Change)}: {Reason(cause.Contribution)}.";

    /// <summary>The group that makes most of the change.</summary>
    public static string OfLargest(Cause cause, CostContribution whole)
    {
        var part = Int128.Abs(cause.Contribution.Change).CompareTo(Int128.Abs(whole.Change)) switch
        {
            > 0 => "more than all of that",
            0 => "all of that",
            _ => $"{Percent(cause.Contribution.Change, whole.Change).TrimStart('+')} of that",
        };
        return $"The largest part is {Inside(cause)}, {part}: {Reason(cause.Contribution)}.";
    }

    /// <summary>Why everything together changed, where no group stands out.</summary>
    public static string OfReason(CostContribution whole)
    {
        var reason = Reason(whole);
        return $"{string.Concat(reason[..1].ToUpperInvariant(), reason.AsSpan(1))}.";
    }

    // Named, in the middle of a sentence.
    private static string Inside(Cause cause) => LowerFirst(Named(cause.Dimension, cause.Contribution));

    /// <summary>What the largest of the three parts means.</summary>
    private static string Reason(CostContribution contribution)
    {
        if (contribution.Before == default)
        {
            return "it had no usage before";
        }

        if (contribution.Now == default)
        {
            return "it has no usage now";
        }

        var (volume, mix, price) = (contribution.Volume, contribution.Mix, contribution.Price);
        var isRise = contribution.Change > 0;

        // Parts of the change's own direction only: the others did not make it.
        var (v, m, p) = isRise ? (volume, mix, price) : (-volume, -mix, -price);
        if (v >= m && v >= p)
        {
            return contribution.Now.Tokens != 0 && contribution.Before.Tokens != 0
                ? $"it used {Times(contribution.Now.Tokens, contribution.Before.Tokens)} the tokens"
                : $"it made {Times(contribution.Now.Requests, contribution.Before.Requests)} the requests";
        }

        return m >= p
            ? $"it used {(isRise ? "dearer" : "cheaper")} mappings"
            : $"it paid {(isRise ? "more" : "less")} for the same quantity of a mapping";
    }

    private static string More(Int128 change) => $"{Dollars(Int128.Abs(change))} {(change > 0 ? "more" : "less")}";

    private static string Days(LocalDate from, LocalDate to) => from == to
        ? $"{from.DayOfWeek} {from:uuuu-MM-dd}"
        : $"{from:uuuu-MM-dd} to {to:uuuu-MM-dd}";

    /// <summary>Dollars and cents, rounded half to even; smaller amounts say that they are.</summary>
    private static string Dollars(Int128 pico)
    {
        if (pico > 0 && pico < PicoPerCent)
        {
            return "less than $0.01";
        }

        var (cents, rest) = Int128.DivRem(pico, PicoPerCent);
        cents += rest * 2 > PicoPerCent || (rest * 2 == PicoPerCent && Int128.IsOddInteger(cents)) ? 1 : 0;
        return string.Create(CultureInfo.InvariantCulture, $"${cents / 100:#,0}.{cents % 100:00}");
    }

    // One decimal, rounded half to even.
    private static string Percent(Int128 part, Int128 whole)
    {
        var permille = Ratio.Millionths(Int128.Abs(part), Int128.Abs(whole)) / 1_000;
        return string.Create(CultureInfo.InvariantCulture, $"{(Int128.Sign(part) == Int128.Sign(whole) ? "+" : "-")}{permille / 10:#,0}.{permille % 10} %");
    }

    private static string Times(Int128 now, Int128 before)
    {
        if (before == 0)
        {
            return "many times";
        }

        var hundredths = Ratio.Millionths(now, before) / 10_000;
        return string.Create(CultureInfo.InvariantCulture, $"{hundredths / 100:#,0}.{hundredths % 100:00} times");
    }

    private static string LowerFirst(string text) => text.StartsWith("API", StringComparison.Ordinal) ? text : string.Concat(text[..1].ToLowerInvariant(), text.AsSpan(1));
}
