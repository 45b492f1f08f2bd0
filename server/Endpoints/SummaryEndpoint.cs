using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Access;
using Analytics.Server.Contracts;
using Analytics.Server.Contracts.Formats;
using Analytics.Storage.Directory;
using NodaTime;

namespace Analytics.Server.Endpoints;

/// <summary><c>GET /analytics/summary</c>: the cards of a range, and those of the range that it is compared with.</summary>
internal static class SummaryEndpoint
{
    /// <summary>Parameters besides the shared ones.</summary>
    public static readonly IReadOnlyList<QueryParameter> Accepted = [QueryParameter.Compare];

    public static async Task Handle(Question question)
    {
        // Every member may see projects and keys; what is not of some of them is of the whole organisation.
        var request = question.Request;
        var isOfParts = request.Predicates.Any(predicate => predicate.Dimension is Dimension.Project or Dimension.ApiKey);
        var compare = SeriesParameters.Compare(request);
        if ((isOfParts ? request.Problem : question.Refusal(Surface.OrganizationWide) ?? request.Problem) is { } problem)
        {
            await ProblemResponse.WriteAsync(question.Context, problem);
            return;
        }

        using var models = await RunAsync(Dimension.Model);
        using var mappings = await RunAsync(Dimension.Mapping);
        using var projects = await RunAsync(Dimension.Project);
        var bucket = models.Plan.Buckets[0];
        var current = CardsOf(result => result.Ranking, models.Totals, await ConversationCounts.CountAsync(question)) with
        {
            Date = request.From,
            Start = bucket.Start,
            End = bucket.End,
        };
        var before = models.Previous is { Range: var range } earlier
            ? CardsOf(result => result.Previous!.Ranking, earlier.Totals, await ConversationCounts.CountAsync(question, range)) with
            {
                Date = range.From,
                Start = range.Start,
                End = range.End,
            }
            : null;
        await question.AnswerAsync(json =>
        {
            json.Range(models.Plan);
            if (models.Previous is { } previous)
            {
                json.Comparison(models.Plan, previous.Range);
            }

            Write(json, current);
            if (before is not null)
            {
                json.Text.StartObject("previous");
                Write(json, before);
                json.Text.EndObject();
            }

            return Task.CompletedTask;
        }, () => Table(models.Plan, current, before));

        ValueTask<QueryResult> RunAsync(Dimension dimension) =>
            question.RunAsync(new UsageQuery(request.From, request.To, request.Zone, BucketSize.Range, dimension) { Compare = compare });

        Cards CardsOf(Func<QueryResult, GroupTable> groupsOf, UsageSums totals, int conversations)
        {
            var active = Used(projects);
            return new Cards
            {
                Totals = totals,
                UniqueModels = Used(models).Count,
                UniqueMappings = Used(mappings).Count,
                ActiveProjects = active.Count,

                // A deleted project that was used is one of those that there were.
                TotalProjects = active.Union(question.Directory.Projects.Values.Where(IsSelected).Select(project => project.Id)).Count(),
                Conversations = conversations,
            };

            // Rows without a project are usage, but not of a project; likewise models.
            HashSet<string> Used(QueryResult result) =>
            [
                .. groupsOf(result).Where(group => group.Sums[Measure.RequestCount] > 0)
                    .Select(group => result.Groups.Key(group.Code)).Where(key => key.Length > 0),
            ];
        }

        bool IsSelected(ProjectEntry project) => !project.Deleted && SeriesParameters.Accepts(request, Dimension.Project, project.Id);
    }

    private static void Write(UsageJson json, Cards cards)
    {
        json.Text.StartObject("totals");
        json.Metrics(cards.Totals);
        json.Text.EndObject();
        json.Text.Integer("uniqueModels", cards.UniqueModels);
        json.Text.Integer("uniqueMappings", cards.UniqueMappings);
        json.Text.Integer("activeProjects", cards.ActiveProjects);
        json.Text.Integer("totalProjects", cards.TotalProjects);
        json.Text.Integer("conversations", cards.Conversations);
    }

    /// <summary>A row for the range and, with a comparison, one for the earlier range.</summary>
    private static LongForm<Cards> Table(QueryPlan plan, Cards current, Cards? before)
    {
        var (periods, previous) = (new CodedTexts(), 1);
        periods.Add("current");
        periods.Add("previous");
        return LongForm.Of(
            plan,
            before is null ? [current] : [current, before],
            [
                .. before is null ? (LongColumn<Cards>[])[] : [LongColumn<Cards>.Coded("period", periods.ToArray(), cards => cards == before ? previous : 0)],
                LongColumn<Cards>.Date("date", cards => cards.Date),
                LongColumn<Cards>.Instant("start", cards => cards.Start),
                LongColumn<Cards>.Instant("end", cards => cards.End),
                .. LongColumn<Cards>.Metrics(Metric.All, (cards, measure) => cards.Totals[measure]),
                LongColumn<Cards>.Count("uniqueModels", cards => cards.UniqueModels),
                LongColumn<Cards>.Count("uniqueMappings", cards => cards.UniqueMappings),
                LongColumn<Cards>.Count("activeProjects", cards => cards.ActiveProjects),
                LongColumn<Cards>.Count("totalProjects", cards => cards.TotalProjects),
                LongColumn<Cards>.Count("conversations", cards => cards.Conversations),
            ]);
    }

    private sealed record Cards
    {
        /// <summary>The first day.</summary>
        public LocalDate Date { get; init; }

        public Instant Start { get; init; }

        /// <summary>Exclusive.</summary>
        public Instant End { get; init; }

        public required UsageSums Totals { get; init; }

        public required int UniqueModels { get; init; }

        public required int UniqueMappings { get; init; }

        public required int ActiveProjects { get; init; }

        public required int TotalProjects { get; init; }

        public required int Conversations { get; init; }
    }
}
