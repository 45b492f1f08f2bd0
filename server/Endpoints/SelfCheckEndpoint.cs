using System.Diagnostics;
using System.Globalization;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
using Analytics.Server.Contracts.Formats;
using Analytics.Server.Reconciliation;
using Analytics.Storage;

namespace Analytics.Server.Endpoints;

/// <summary><c>GET /analytics/selfcheck</c>: whether every way to a range's totals leads to the same.</summary>
internal static class SelfCheckEndpoint
{
    public static async Task Handle(Question question)
    {
        if (question.Request.Problem is { } problem)
        {
            await ProblemResponse.WriteAsync(question.Context, problem);
            return;
        }

        var start = Stopwatch.GetTimestamp();
        var selfCheck = new SelfCheck(question, question.Context.RequestServices.GetRequiredService<UsageStore>());
        await selfCheck.RunAsync();
        var elapsed = (Int128)(Stopwatch.GetElapsedTime(start).TotalMicroseconds * 1_000_000_000);
        var agrees = selfCheck.Checks.All(check => check.Problem is null);
        await question.AnswerAsync(json =>
        {
            json.Range(selfCheck.Plan);
            json.Text.Flag("agrees", agrees);
            json.Text.StartArray("checks");
            foreach (var check in selfCheck.Checks)
            {
                json.Text.StartObject();
                json.Text.Text("name", check.Name);
                Money(json, check.Cost);
                Count(json, check.RequestCount);
                json.Text.Flag("agrees", check.Problem is null);
                if (check.Problem is not null)
                {
                    json.Text.Text("problem", check.Problem);
                }

                json.Text.EndObject();
            }

            json.Text.EndArray();
            json.Text.Integer("filesVerified", selfCheck.FilesVerified);
            json.Text.Integer("rows", selfCheck.Rows);
            json.Text.Decimal("elapsedMs", elapsed);
            return Task.CompletedTask;
        }, Table);

        LongForm Table()
        {
            return new LongForm<Check>(
                selfCheck.Plan,
                selfCheck.Checks,
                [
                    LongColumn<Check>.Text("name", check => check.Name),
                    LongColumn<Check>.OptionalMoney("cost", check => check.Cost),

                    // A broken file may claim more than the column takes; then the problem says how many.
                    LongColumn<Check>.OptionalCount("requestCount", check => check.RequestCount <= long.MaxValue ? check.RequestCount : null),
                    LongColumn<Check>.Flag("agrees", check => check.Problem is null),
                    LongColumn<Check>.OptionalText("problem", check => check.Problem),
                ])
            {
                Facts = new Dictionary<string, string>
                {
                    ["agrees"] = agrees ? "true" : "false",
                    ["filesVerified"] = selfCheck.FilesVerified.ToString(CultureInfo.InvariantCulture),
                    ["rows"] = selfCheck.Rows.ToString(CultureInfo.InvariantCulture),
                    ["elapsedMs"] = PicoDollars.Format(elapsed),
                },
            };
        }
    }

    private static void Money(UsageJson json, Int128? cost)
    {
        if (cost is { } pico)
        {
            json.Money("cost", pico);
        }
        else
        {
            json.Text.Text("cost", null);
        }
    }

    private static void Count(UsageJson json, Int128? count)
    {
        if (count is { } requests)
        {
            json.Text.Integer("requestCount", requests);
        }
        else
        {
            json.Text.Text("requestCount", null);
        }
    }
}
