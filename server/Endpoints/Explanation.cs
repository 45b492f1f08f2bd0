using System.Numerics;
using Analytics.Engine.Queries;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
using Analytics.Server.Contracts.Formats;
using NodaTime;
using NodaTime.Text;

namespace Analytics.Server.Endpoints;

/// <summary>An earlier range that might have been compared with.</summary>
/// <param name="From">First local day.</param>
/// <param name="To">Last local day, inclusive.</param>
/// <param name="Cost">What it cost, as far as the range has elapsed, in pico-dollars.</param>
internal sealed record Candidate(LocalDate From, LocalDate To, Int128 Cost);

/// <summary>The change in cost by one dimension.</summary>
/// <param name="Dimension">Which.</param>
/// <param name="Plan">How it was come by.</param>
/// <param name="Names">Its keys and labels.</param>
/// <param name="Contributions">Its groups' parts, which sum to the change.</param>
internal sealed record ExplainedDimension(Dimension Dimension, QueryPlan Plan, DimensionTable Names, IReadOnlyList<CostContribution> Contributions)
{
    /// <summary>By group, what it cost in the weeks before; null where there are too few of them to say.</summary>
    public IReadOnlyDictionary<int, UsualCost>? Usual { get; init; }

    /// <summary>Whether a group's cost is further from all weeks before than those are from one another.</summary>
    /// <param name="contribution">The group.</param>
    public bool IsUnusual(CostContribution contribution)
    {
        if (Usual is null)
        {
            return false;
        }

        var (min, max) = Usual.GetValueOrDefault(contribution.Group);
        return contribution.Now.Cost > max + (max - min) || contribution.Now.Cost < min - (max - min);
    }
}

/// <summary>What a group cost in the weeks before, in pico-dollars.</summary>
/// <param name="Min">The lowest.</param>
/// <param name="Max">The highest.</param>
internal readonly record struct UsualCost(Int128 Min, Int128 Max);

/// <summary>A contribution that is worth a look.</summary>
/// <param name="Dimension">The dimension that it is of.</param>
/// <param name="Contribution">The contribution.</param>
internal sealed record Cause(ExplainedDimension Dimension, CostContribution Contribution);

/// <summary>A change in cost with all its parts, and how it is told.</summary>
/// <param name="dimensions">The change by each dimension.</param>
/// <param name="whole">The change of everything together.</param>
/// <param name="candidates">What might have been compared with, nearest first.</param>
/// <param name="isWeekday">Whether one of them was.</param>
/// <param name="top">Contributions of each dimension that have an entry of their own.</param>
internal sealed class Explanation(IReadOnlyList<ExplainedDimension> dimensions, CostContribution whole, IReadOnlyList<Candidate> candidates, bool isWeekday, int top)
{
    private readonly QueryPlan plan = dimensions[0].Plan;
    private readonly Cause? largest = Largest(dimensions, whole);
    private readonly Cause? unusual = Unusual(dimensions, whole);

    /// <summary>Writes it.</summary>
    public async Task WriteAsync(UsageJson json, CancellationToken cancellation)
    {
        json.Range(plan);
        WriteBaseline(json);
        WriteAmounts(json, whole);
        if (whole.Before.Cost == 0)
        {
            json.Text.Text("changeRate", null);
        }
        else
        {
            json.Text.Decimal("changeRate", SignedRatio(whole.Change, whole.Before.Cost));
        }

        json.Text.Text("sentence", Sentence());
        WriteCause(json, "largest", largest);
        WriteCause(json, "unusual", unusual);
        json.Text.StartArray("dimensions");
        foreach (var explained in dimensions)
        {
            await WriteDimensionAsync(json, explained, cancellation);
        }

        json.Text.EndArray();
    }

    /// <summary>The same as a table: a row for each dimension and contribution. A dimension's rows sum to the change.</summary>
    public LongForm ToLongForm()
    {
        var names = new CodedTexts();
        foreach (var explained in dimensions)
        {
            names.Add(NameOf(explained.Dimension));
        }

        return new LongForm<Cause>(
            plan,
            dimensions.SelectMany(explained => Shown(explained).Select(contribution => new Cause(explained, contribution))),
            [
                LongColumn<Cause>.Coded("dimension", names.ToArray(), row => names.Add(NameOf(row.Dimension.Dimension))),
                LongColumn<Cause>.OptionalText("key", row => Key(row.Dimension, row.Contribution)),
                LongColumn<Cause>.Text("label", row => Label(row.Dimension, row.Contribution)),
                LongColumn<Cause>.Flag("deleted", row => IsDeleted(row.Dimension, row.Contribution)),
                LongColumn<Cause>.Money("cost", row => row.Contribution.Now.Cost),
                LongColumn<Cause>.Money("baselineCost", row => row.Contribution.Before.Cost),
                LongColumn<Cause>.Money("change", row => row.Contribution.Change),
                LongColumn<Cause>.Money("volume", row => row.Contribution.Volume),
                LongColumn<Cause>.Money("mix", row => row.Contribution.Mix),
                LongColumn<Cause>.Money("price", row => row.Contribution.Price),
                LongColumn<Cause>.Count("requestCount", row => row.Contribution.Now.Requests),
                LongColumn<Cause>.Count("baselineRequestCount", row => row.Contribution.Before.Requests),
                LongColumn<Cause>.Count("totalTokens", row => row.Contribution.Now.Tokens),
                LongColumn<Cause>.Count("baselineTotalTokens", row => row.Contribution.Before.Tokens),
                LongColumn<Cause>.Money("share", row => SignedRatio(row.Contribution.Change, whole.Change)),
                LongColumn<Cause>.Text("sentence", row => SentenceOf(row.Dimension, row.Contribution)),
            ])
        {
            Facts = new Dictionary<string, string>
            {
                ["baseline"] = isWeekday ? "weekday" : "previous",
                ["baselineFrom"] = LocalDatePattern.Iso.Format(plan.Comparison!.Value.From),
                ["baselineTo"] = LocalDatePattern.Iso.Format(plan.Comparison.Value.LastDay(plan.Query.Zone)),
                ["sentence"] = Sentence(),
            },
        };
    }

    /// <summary>
    /// What makes most of the change: the group whose part of it is furthest above its part of the earlier cost. A group that
    /// had half of the cost and has half of the change explains nothing.
    /// </summary>
    private static Cause? Largest(IReadOnlyList<ExplainedDimension> dimensions, CostContribution whole) =>
        Most(dimensions, contribution => Excess(contribution, whole) * Int128.Sign(whole.Change), (_, _) => true);

    /// <summary>What does not do as it did in the weeks before, of either direction, from a hundredth of the earlier cost on.</summary>
    private static Cause? Unusual(IReadOnlyList<ExplainedDimension> dimensions, CostContribution whole) =>
        Most(dimensions, contribution => BigInteger.Abs(Excess(contribution, whole)), (dimension, contribution) =>
            Int128.Abs(contribution.Change) >= whole.Before.Cost / 100 && dimension.IsUnusual(contribution));

    private static Cause? Most(
        IReadOnlyList<ExplainedDimension> dimensions, Func<CostContribution, BigInteger> score, Func<ExplainedDimension, CostContribution, bool> isMeant)
    {
        Cause? cause = null;
        var most = BigInteger.Zero;
        foreach (var dimension in dimensions)
        {
            // Usage that has no key, agent or the like is nothing to look at.
            foreach (var contribution in dimension.Contributions.Where(contribution => contribution.Group != 0 && isMeant(dimension, contribution)))
            {
                var next = score(contribution);
                if (next > most)
                {
                    (most, cause) = (next, new Cause(dimension, contribution));
                }
            }
        }

        return cause;
    }

    /// <summary>A part of the change, less what its part of the earlier cost would make of the change; times the whole earlier cost, which keeps it an integer.</summary>
    private static BigInteger Excess(CostContribution contribution, CostContribution whole) => whole.Before.Cost == 0
        ? contribution.Change
        : ((BigInteger)contribution.Change * whole.Before.Cost) - ((BigInteger)whole.Change * contribution.Before.Cost);

    private static string NameOf(Dimension dimension) => UsageJson.DimensionNames.First(name => name.Value == dimension).Key;

    // Parts of 1e-12, as decimals are written. The ratio has 6 of them, rounded half to even.
    private static Int128 SignedRatio(Int128 part, Int128 whole) =>
        Int128.Sign(part) * Int128.Sign(whole) * Ratio.Millionths(Int128.Abs(part), Int128.Abs(whole)) * 1_000_000;

    private static void WriteAmounts(UsageJson json, CostContribution contribution)
    {
        json.Money("cost", contribution.Now.Cost);
        json.Money("baselineCost", contribution.Before.Cost);
        json.Money("change", contribution.Change);
        json.Money("volume", contribution.Volume);
        json.Money("mix", contribution.Mix);
        json.Money("price", contribution.Price);
        json.Text.Integer("requestCount", contribution.Now.Requests);
        json.Text.Integer("baselineRequestCount", contribution.Before.Requests);
        json.Text.Integer("totalTokens", contribution.Now.Tokens);
        json.Text.Integer("baselineTotalTokens", contribution.Before.Tokens);
    }

    private void WriteBaseline(UsageJson json)
    {
        var range = plan.Comparison!.Value;
        json.Text.StartObject("baseline");
        json.Text.Text("kind", isWeekday ? "weekday" : "previous");
        json.Text.Date("from", range.From);
        json.Text.Date("to", range.LastDay(plan.Query.Zone));
        json.Text.Instant("start", range.Start);
        json.Text.Instant("end", range.End);
        json.Text.StartArray("candidates");
        foreach (var candidate in candidates)
        {
            json.Text.StartObject();
            json.Text.Date("from", candidate.From);
            json.Text.Date("to", candidate.To);
            json.Money("cost", candidate.Cost);
            json.Text.EndObject();
        }

        json.Text.EndArray();
        json.Text.EndObject();
    }

    private async Task WriteDimensionAsync(UsageJson json, ExplainedDimension explained, CancellationToken cancellation)
    {
        var sum = Sum(explained.Contributions);
        json.Text.StartObject();
        json.Text.Text("dimension", NameOf(explained.Dimension));
        json.Money("change", sum.Change);
        json.Money("volume", sum.Volume);
        json.Money("mix", sum.Mix);
        json.Money("price", sum.Price);
        json.Text.StartArray("contributions");
        foreach (var contribution in Shown(explained))
        {
            json.Text.StartObject();
            WriteContribution(json, explained, contribution);
            json.Text.EndObject();
            if (json.Text.HasPiece)
            {
                await json.Text.SendAsync(cancellation);
            }
        }

        json.Text.EndArray();
        json.Text.EndObject();
    }

    /// <summary>A dimension's contributions, largest first; what top cuts off is one last entry.</summary>
    private IEnumerable<CostContribution> Shown(ExplainedDimension explained)
    {
        var ordered = explained.Contributions
            .Where(contribution => contribution.Before != default || contribution.Now != default)
            .OrderByDescending(contribution => Int128.Abs(contribution.Change))
            .ThenByDescending(contribution => contribution.Now.Requests)
            .ThenBy(contribution => explained.Names.Label(contribution.Group), StringComparer.Ordinal)
            .ThenBy(contribution => explained.Names.Key(contribution.Group), StringComparer.Ordinal)
            .ToList();
        return ordered.Count <= top ? ordered : ordered.Take(top).Append(Sum(ordered.Skip(top)) with { Group = GroupTable.Others });
    }

    private void WriteContribution(UsageJson json, ExplainedDimension explained, CostContribution contribution)
    {
        json.Text.Text("key", Key(explained, contribution));
        json.Text.Text("label", Label(explained, contribution));
        if (IsDeleted(explained, contribution))
        {
            json.Text.Flag("deleted", true);
        }

        WriteAmounts(json, contribution);
        json.Text.Decimal("share", SignedRatio(contribution.Change, whole.Change));
        json.Text.Text("sentence", SentenceOf(explained, contribution));
    }

    private static bool IsOthers(CostContribution contribution) => contribution.Group == GroupTable.Others;

    private static string? Key(ExplainedDimension explained, CostContribution contribution) => IsOthers(contribution) ? null : explained.Names.Key(contribution.Group);

    private static string Label(ExplainedDimension explained, CostContribution contribution) => IsOthers(contribution) ? GroupCodes.Others : explained.Names.Label(contribution.Group);

    private static bool IsDeleted(ExplainedDimension explained, CostContribution contribution) => !IsOthers(contribution) && explained.Names.IsDeleted(contribution.Group);

    private static string SentenceOf(ExplainedDimension explained, CostContribution contribution) =>
        ExplanationText.Of(IsOthers(contribution) ? "The rest" : ExplanationText.Named(explained, contribution), contribution);

    private static CostContribution Sum(IEnumerable<CostContribution> contributions) => contributions.Aggregate(
        default(CostContribution),
        (sum, next) => new CostContribution(0, sum.Before + next.Before, sum.Now + next.Now, checked(sum.Volume + next.Volume), checked(sum.Mix + next.Mix), checked(sum.Price + next.Price)));

    private void WriteCause(UsageJson json, string name, Cause? cause)
    {
        if (cause is null)
        {
            json.Text.Text(name, null);
            return;
        }

        json.Text.StartObject(name);
        json.Text.Text("dimension", NameOf(cause.Dimension.Dimension));
        WriteContribution(json, cause.Dimension, cause.Contribution);
        json.Text.EndObject();
    }

    private string Sentence()
    {
        List<string> sentences = [ExplanationText.OfWhole(plan, whole, isWeekday ? candidates.Count : null)];
        if (unusual is not null)
        {
            sentences.Add(ExplanationText.OfUnusual(unusual));
        }

        if (largest is not null && largest != unusual)
        {
            sentences.Add(ExplanationText.OfLargest(largest, whole));
        }

        if (largest is null && whole.Change != 0)
        {
            sentences.Add(ExplanationText.OfReason(whole));
        }

        return string.Join(' ', sentences);
    }
}
