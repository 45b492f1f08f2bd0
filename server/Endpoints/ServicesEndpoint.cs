using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;

namespace Analytics.Server.Endpoints;

/// <summary><c>GET /analytics/services</c>: each service type by project, and what it was billed for.</summary>
internal static class ServicesEndpoint
{
    /// <summary>Service types where nothing else was asked for: each takes two scans.</summary>
    private const int DefaultTop = 50;

    private static readonly QueryParameter Top = QueryParameter.Top with
    {
        Description = "Service types that have an entry of their own, by cost; the others become one last entry with serviceType null and label Others.",
        Default = "50",
    };

    /// <summary>Parameters besides the shared ones.</summary>
    public static readonly IReadOnlyList<QueryParameter> Accepted = [QueryParameter.Bucket, Top];

    public static async Task Handle(Question question)
    {
        var request = question.Request;
        var query = new UsageQuery(request.From, request.To, request.Zone, SeriesParameters.Bucket(request), Dimension.Project);
        var top = request.Count(Top) ?? DefaultTop;
        if (request.Problem is { } problem)
        {
            await ProblemResponse.WriteAsync(question.Context, problem);
            return;
        }

        using var whole = await question.RunAsync(query with { Bucket = BucketSize.Range, GroupBy = Dimension.ServiceType, Top = top });
        var names = whole.Groups.Table();
        var shown = whole.Ranking.Select(group => group.Code).Where(code => code != GroupTable.Others).ToHashSet();
        List<Service> services = [];
        try
        {
            foreach (var (code, _) in whole.Ranking)
            {
                var keys = code == GroupTable.Others
                    ? Enumerable.Range(0, names.Count).Where(other => !shown.Contains(other)).Select(names.Key)
                    : [names.Key(code)];
                var own = query with { Predicates = [new Predicate(Dimension.ServiceType, [.. keys])] };
                var byProject = await question.RunAsync(own);
                services.Add(new Service(
                    code == GroupTable.Others ? null : names.Key(code),
                    code == GroupTable.Others ? "Others" : names.Label(code),
                    byProject,
                    await question.RunAsync(own with { GroupBy = Dimension.Unit, ThenBy = Dimension.Rule, Measures = ItemUsage.Measures }, question.Items)));
            }

            await question.AnswerAsync(async json =>
            {
                json.Text.Text("bucket", request.Choice(QueryParameter.Bucket));
                json.Range(whole.Plan);
                json.Totals(whole);
                json.Text.StartArray("services");
                foreach (var service in services)
                {
                    json.Text.StartObject();
                    json.Text.Text("serviceType", service.ServiceType);
                    json.Text.Text("label", service.Label);
                    json.Totals(service.ByProject);
                    await json.RankingAsync("projects", service.ByProject, question.Cancellation);
                    await json.BucketsAsync("activity", service.ByProject, Metric.Headline, question.Cancellation);
                    await ItemUsage.WriteAsync(json, service.Items, question.Cancellation);
                    json.Text.EndObject();
                }

                json.Text.EndArray();
            }, () => ServiceRows.Of(whole.Plan, services));
        }
        finally
        {
            foreach (var service in services)
            {
                service.ByProject.Dispose();
                service.Items.Dispose();
            }
        }
    }
}

/// <summary>One service type.</summary>
/// <param name="ServiceType">Such as text-generation; empty for usage that has none, null for Others.</param>
/// <param name="Label">What people read.</param>
/// <param name="ByProject">Its usage by bucket and project.</param>
/// <param name="Items">What was billed by bucket, unit and pricing rule.</param>
internal sealed record Service(string? ServiceType, string Label, QueryResult ByProject, QueryResult Items);
