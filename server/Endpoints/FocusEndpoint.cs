using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
using Analytics.Server.Focus;

namespace Analytics.Server.Endpoints;

/// <summary><c>GET /export/focus</c>: the range's costs as FOCUS rows, for tools that read the bills of all clouds.</summary>
internal static class FocusEndpoint
{
    public static async Task Handle(Question question)
    {
        if (question.Request.Problem is { } problem)
        {
            await ProblemResponse.WriteAsync(question.Context, problem);
            return;
        }

        var request = question.Request;
        var plan = QueryPlan.For(
            new UsageQuery(request.From, request.To, request.Zone, BucketSize.Day, Dimension.Project) { Predicates = request.Predicates },
            question.Items,
            usesProjections: false);

        // Rows are read day by day, at the client's pace, outside of the places for scans.
        await question.ScanAsync(plan, () => true);
        await question.AnswerTableAsync(new FocusExport(plan, question.Directory).ToLongForm);
    }
}
