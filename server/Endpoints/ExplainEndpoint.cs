using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
using NodaTime;

namespace Analytics.Server.Endpoints;

/// <summary><c>GET /analytics/explain</c>: why a day or a range cost more or less than an earlier one that really was.</summary>
internal static class ExplainEndpoint
{
    /// <summary>Weeks that are looked back to.</summary>
    private const int Weeks = 8;

    /// <summary>Contributions of a dimension where nothing else was asked for.</summary>
    private const int DefaultTop = 10;

    /// <summary>Weeks that are enough to say what is usual.</summary>
    private const int MinUsual = 4;

    private const int DaysOfWeek = 7;

    private static readonly QueryParameter Date = new("date", "One local day, in place of from and to.", "2026-06-24") { Format = "date" };

    private static readonly QueryParameter Baseline = new(
        "baseline",
        "What the range is compared with: weekday, the same weekdays of the week whose cost is the lower median of the 8 weeks before (as far as there is data); or previous, as many days (or whole months) before. Cut where the data ends in the range.",
        "previous")
    {
        Words = ["weekday", "previous"],
        Default = "weekday",
    };

    private static readonly QueryParameter Top = QueryParameter.Top with
    {
        Description = "Contributions of each dimension that have an entry of their own; the others become one last entry with key null and label Others.",
        Default = "10",
    };

    /// <summary>Parameters besides the shared ones.</summary>
    public static readonly IReadOnlyList<QueryParameter> Accepted = [Date, Baseline, Top];

    // The more a thing is somebody's to change, the earlier: of equal causes the first is named.
    private static readonly IReadOnlyList<Dimension> Dimensions =
    [
        Dimension.ApiKey, Dimension.Project, Dimension.Agent, Dimension.App, Dimension.Mapping, Dimension.Model, Dimension.Provider, Dimension.Member, Dimension.ServiceType,
    ];

    public static async Task Handle(Question question)
    {
        var request = question.Request;
        var (from, to) = Range(request);
        var isWeekday = request.Choice(Baseline) == "weekday";
        var top = request.Count(Top) ?? DefaultTop;
        var step = DaysOfWeek * ((Period.DaysBetween(from, to) + DaysOfWeek) / DaysOfWeek);
        if (request.Problem is null && Period.DaysBetween(TimeBuckets.MinDate, from) < Math.Max(step, 2 * Period.DaysBetween(from, to)))
        {
            request.Fault("from", $"found {from:uuuu-MM-dd}, expected a range that has one of its length before it.");
        }

        if (request.Problem is { } problem)
        {
            await ProblemResponse.WriteAsync(question.Context, problem);
            return;
        }

        var query = new UsageQuery(from, to, request.Zone, BucketSize.Range, Dimension.ServiceType) { Measures = CostChange.Measures };
        var candidates = isWeekday ? await CandidatesAsync(question, query, step) : [];
        query = isWeekday
            ? query with { CompareFrom = LowerMedian(candidates)?.From ?? from.PlusDays(-step) }
            : query with { Compare = Comparison.Previous };
        List<ExplainedDimension> explained = [];
        CostContribution whole = default;
        foreach (var dimension in Dimensions)
        {
            using var result = await question.RunAsync(query with { GroupBy = dimension, ThenBy = dimension == Dimension.Mapping ? null : Dimension.Mapping });
            if (dimension == Dimension.Mapping)
            {
                whole = CostChange.Whole(result);
            }

            explained.Add(new ExplainedDimension(dimension, result.Plan, result.Groups.Table(), CostChange.ByGroup(result))
            {
                Usual = candidates.Count < MinUsual ? null : await UsualAsync(question, query with { GroupBy = dimension }, candidates),
            });
        }

        var explanation = new Explanation(explained, whole, candidates, isWeekday, top);
        await question.AnswerAsync(json => explanation.WriteAsync(json, question.Cancellation), explanation.ToLongForm);
    }

    /// <summary>The day that date names, or the range.</summary>
    private static (LocalDate From, LocalDate To) Range(ReadingRequest request)
    {
        if (request.Date("date") is not { } date)
        {
            return (request.From, request.To);
        }

        if (request.Single("from") is not null && (request.From, request.To) != (date, date))
        {
            request.Fault("date", "found it beside another 'from' and 'to', expected either a date or a range.");
        }

        return (date, date);
    }

    /// <summary>The same weekdays of the weeks before, nearest first, as far as there was data then.</summary>
    private static async Task<List<Candidate>> CandidatesAsync(Question question, UsageQuery query, int step)
    {
        List<Candidate> candidates = [];
        for (var i = 1; i <= Weeks && Period.DaysBetween(TimeBuckets.MinDate, query.From) >= step * i; i++)
        {
            var first = query.From.PlusDays(-step * i);
            using var result = await question.RunAsync(query with { CompareFrom = first });
            var coverage = result.Plan.Table.Coverage;
            if (result.Previous is not { } previous || coverage.Count == 0 || previous.Range.Start < coverage.Min(part => part.Start))
            {
                break;
            }

            candidates.Add(new Candidate(first, previous.Range.To, previous.Totals[Measure.Cost]));
        }

        return candidates;
    }

    /// <summary>The lowest and the highest cost of each group in the weeks before. A group without usage in any of them is not in it.</summary>
    private static async Task<Dictionary<int, UsualCost>> UsualAsync(Question question, UsageQuery query, List<Candidate> candidates)
    {
        Dictionary<int, List<Int128>> costs = [];
        foreach (var candidate in candidates)
        {
            using var result = await question.RunAsync(query with { CompareFrom = candidate.From });
            var before = result.Previous!.Ranking;
            for (var i = 0; i < before.Count; i++)
            {
                if (!costs.TryGetValue(before.Code(i), out var known))
                {
                    costs.Add(before.Code(i), known = []);
                }

                known.Add(before.Value(i, Measure.Cost));
            }
        }

        // What has no entry in a week cost nothing then.
        return costs.ToDictionary(group => group.Key, group => new UsualCost(group.Value.Count < candidates.Count ? 0 : group.Value.Min(), group.Value.Max()));
    }

    /// <summary>The one in the middle by cost, the cheaper of two middle ones; of equals the nearest. Null where there are none.</summary>
    private static Candidate? LowerMedian(List<Candidate> candidates) => candidates
        .OrderBy(candidate => candidate.Cost)
        .Skip((candidates.Count - 1) / 2)
        .FirstOrDefault();
}
