using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
using NodaTime.Text;

namespace Analytics.Tests.Server;

/// <summary>
/// The shared parts of an answer by the framework's JSON writer, NodaTime's patterns and the engine's money text: slow and
/// plain, what the server's own writer is compared with.
/// </summary>
internal sealed class PlainJson(bool isMoneyText)
{
    private static readonly OffsetDateTimePattern LocalTime = OffsetDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm:sso<+HH:mm>");

    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Range, totals, buckets and ranking as one object.</summary>
    public string Answer(QueryResult result, IReadOnlyList<Metric> fields) => Object(json =>
    {
        var plan = result.Plan;
        json.WriteString("timezone", plan.Query.Zone.Id);
        json.WriteString("from", LocalDatePattern.Iso.Format(plan.Query.From));
        json.WriteString("to", LocalDatePattern.Iso.Format(plan.Query.To));
        json.WriteBoolean("exact", plan.IsExact);
        json.WriteString("dataThrough", plan.Table.DataThrough is { } end ? InstantPattern.ExtendedIso.Format(end) : null);
        json.WriteStartObject("totals");
        Metrics(json, result.Totals, Metric.All);
        json.WriteEndObject();
        json.WriteStartArray("activity");
        Measure[] shown = [.. fields.SelectMany(field => field.Measures), .. GroupOrder.MeasuresFor(plan.Query.RankBy)];
        foreach (var (sums, i) in result.Buckets.Select((sums, i) => (sums, i)))
        {
            var bucket = plan.Buckets[i];
            json.WriteStartObject();
            json.WriteString("date", plan.Buckets.Size == BucketSize.Hour
                ? LocalTime.Format(bucket.Start.InZone(plan.Query.Zone).ToOffsetDateTime())
                : LocalDatePattern.Iso.Format(bucket.Date));
            json.WriteString("start", InstantPattern.ExtendedIso.Format(bucket.Start));
            json.WriteString("end", InstantPattern.ExtendedIso.Format(bucket.End));
            if (bucket.IsSkipped)
            {
                json.WriteBoolean("skipped", true);
            }

            Metrics(json, sums.Totals, Metric.All);
            json.WriteStartArray("breakdown");

            // An entry that would show zeros only is left out.
            foreach (var (code, group) in sums.Breakdown.Where(group => shown.Any(measure => group.Sums[measure] != 0)))
            {
                json.WriteStartObject();
                Group(json, result.Groups, code);
                Metrics(json, group, fields);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("ranking");
        foreach (var (code, sums) in result.Ranking)
        {
            json.WriteStartObject();
            Group(json, result.Groups, code);
            Metrics(json, sums, Metric.All);
            var rankBy = plan.Query.RankBy;
            Number(json, "share", Ratio.Millionths(GroupOrder.Metric(rankBy, sums), GroupOrder.Metric(rankBy, result.Totals)) * 1_000_000);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    /// <summary>One object by the framework's writer.</summary>
    public static string Object(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Options))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>A number of 1e-12 parts.</summary>
    public static void Number(Utf8JsonWriter json, string name, Int128 pico)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(PicoDollars.Format(pico));
    }

    private static void Group(Utf8JsonWriter json, GroupNames groups, int code)
    {
        json.WriteString("key", code == GroupTable.Others ? null : groups.Key(code));
        json.WriteString("label", code == GroupTable.Others ? "Others" : groups.Label(code));
        if (code != GroupTable.Others && groups.IsDeleted(code))
        {
            json.WriteBoolean("deleted", true);
        }
    }

    private void Metrics(Utf8JsonWriter json, UsageSums sums, IReadOnlyList<Metric> which)
    {
        foreach (var metric in which)
        {
            switch (metric.Name)
            {
                case "cost" when isMoneyText:
                    json.WriteString("cost", PicoDollars.Format(sums[Measure.Cost]));
                    break;
                case "cost":
                    Number(json, "cost", sums[Measure.Cost]);
                    break;
                case "errorRate":
                    Number(json, "errorRate", sums.ErrorRateMillionths * 1_000_000);
                    break;
                default:
                    json.WritePropertyName(metric.Name);
                    json.WriteRawValue(Count(metric.Name, sums).ToString(CultureInfo.InvariantCulture));
                    break;
            }
        }
    }

    private static Int128 Count(string name, UsageSums sums) => name switch
    {
        "requestCount" => sums[Measure.RequestCount],
        "errorCount" => sums[Measure.ErrorCount],
        "clientErrorCount" => sums[Measure.ClientErrorCount],
        "cacheHitCount" => sums[Measure.CacheHitCount],
        "inputTokens" => sums[Measure.InputTokens],
        "cachedInputTokens" => sums[Measure.CachedInputTokens],
        "cacheWriteTokens" => sums[Measure.CacheWriteTokens],
        "outputTokens" => sums[Measure.OutputTokens],
        "reasoningTokens" => sums[Measure.ReasoningTokens],
        "totalTokens" => sums.TotalTokens,
        "unpricedRequestCount" => sums[Measure.UnpricedCount],
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };
}
