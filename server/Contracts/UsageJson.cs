using System.Globalization;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using NodaTime;
using NodaTime.Text;

namespace Analytics.Server.Contracts;

/// <summary>The parts that all answers share, as JSON. Money and counts are written from integers, digit by digit.</summary>
/// <param name="writer">Writes into <paramref name="body"/>.</param>
/// <param name="body">What the client reads.</param>
/// <param name="isMoneyText">Whether costs are written as text.</param>
internal sealed class UsageJson(Utf8JsonWriter writer, PipeWriter body, bool isMoneyText)
{
    // Always with digits, +00:00 for UTC, so that all hours of an answer look alike.
    private static readonly OffsetDateTimePattern LocalTime = OffsetDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm:sso<+HH:mm>");

    /// <summary>Label of what a cut at the top leaves.</summary>
    public const string Others = "Others";

    /// <summary>Names are written as they are: the answer is JSON in UTF-8 and never part of a page.</summary>
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The writer.</summary>
    public Utf8JsonWriter Writer { get; } = writer;

    /// <summary>Names of dimensions in parameters and answers.</summary>
    public static IReadOnlyDictionary<string, Dimension> DimensionNames { get; } = new Dictionary<string, Dimension>(StringComparer.Ordinal)
    {
        ["model"] = Dimension.Model,
        ["mapping"] = Dimension.Mapping,
        ["provider"] = Dimension.Provider,
        ["project"] = Dimension.Project,
        ["apiKey"] = Dimension.ApiKey,
        ["member"] = Dimension.Member,
        ["app"] = Dimension.App,
        ["serviceType"] = Dimension.ServiceType,
        ["agent"] = Dimension.Agent,
    };

    /// <summary>Range, zone and exactness of an answer.</summary>
    public void Range(QueryPlan plan)
    {
        Writer.WriteString("timezone", plan.Query.Zone.Id);
        Writer.WriteString("from", Date(plan.Query.From));
        Writer.WriteString("to", Date(plan.Query.To));
        Writer.WriteBoolean("exact", plan.IsExact);
        if (plan.Table.DataThrough is { } end)
        {
            Writer.WriteString("dataThrough", Instant(end));
        }
        else
        {
            Writer.WriteNull("dataThrough");
        }
    }

    /// <summary>Metrics as properties of the current object.</summary>
    /// <param name="sums">The sums.</param>
    /// <param name="which">Which; all if null.</param>
    public void Metrics(in UsageSums sums, IReadOnlyList<Metric>? which = null)
    {
        foreach (var metric in which ?? Metric.All)
        {
            metric.Write(this, sums);
        }
    }

    /// <summary>Key, label and deletion of a group, as properties of the current object.</summary>
    public void Group(GroupNames groups, int code)
    {
        if (code == GroupTable.Others)
        {
            Writer.WriteNull("key");
            Writer.WriteString("label", Others);
            return;
        }

        Writer.WriteString("key", groups.Key(code));
        Writer.WriteString("label", groups.Label(code));
        if (groups.IsDeleted(code))
        {
            Writer.WriteBoolean("deleted", true);
        }
    }

    /// <summary>Groups of a range with all metrics and their share of what they are ranked by, as an array.</summary>
    public void Ranking(string name, QueryResult result)
    {
        var rankBy = result.Plan.Query.RankBy;
        var whole = GroupOrder.Metric(rankBy, result.Totals);
        Writer.WriteStartArray(name);
        foreach (var (code, sums) in result.Ranking)
        {
            Writer.WriteStartObject();
            Group(result.Groups, code);
            Metrics(sums);
            Millionths("share", Ratio.Millionths(GroupOrder.Metric(rankBy, sums), whole));
            Writer.WriteEndObject();
        }

        Writer.WriteEndArray();
    }

    /// <summary>The buckets of a range with their breakdowns, as an array.</summary>
    /// <param name="name">The array's name.</param>
    /// <param name="result">The answer.</param>
    /// <param name="fields">Metrics of each breakdown entry.</param>
    /// <param name="cancellation">The caller went away.</param>
    public async Task BucketsAsync(string name, QueryResult result, IReadOnlyList<Metric> fields, CancellationToken cancellation)
    {
        long sent = 0;
        Writer.WriteStartArray(name);
        for (var i = 0; i < result.Buckets.Count; i++)
        {
            Bucket(result.Plan, i, result.Buckets[i], result.Groups, fields);

            // Long answers leave piece by piece, at the pace of the client: the writer only fills the pipe's buffer.
            if (Writer.BytesPending + Writer.BytesCommitted - sent > 1 << 15)
            {
                sent = Writer.BytesPending + Writer.BytesCommitted;
                await Writer.FlushAsync(cancellation);
                if ((await body.FlushAsync(cancellation)).IsCompleted)
                {
                    // Nobody reads any more. Kestrel takes and drops what is written then, as fast as it comes.
                    throw new OperationCanceledException(cancellation);
                }
            }
        }

        Writer.WriteEndArray();
    }

    /// <summary>An exact amount of dollars.</summary>
    public void Money(string name, Int128 pico)
    {
        if (isMoneyText)
        {
            Writer.WriteString(name, PicoDollars.Format(pico));
        }
        else
        {
            Decimal(name, pico);
        }
    }

    /// <summary>An integer of any size.</summary>
    public void Integer(string name, Int128 value)
    {
        if (value >= long.MinValue && value <= long.MaxValue)
        {
            Writer.WriteNumber(name, (long)value);
        }
        else
        {
            Writer.WritePropertyName(name);
            Writer.WriteRawValue(value.ToString(CultureInfo.InvariantCulture), skipInputValidation: true);
        }
    }

    private static string Date(LocalDate date) => LocalDatePattern.Iso.Format(date);

    private static string Instant(Instant instant) => InstantPattern.ExtendedIso.Format(instant);

    /// <summary>A ratio in millionths, as a number with up to 6 decimals.</summary>
    public void Millionths(string name, Int128 millionths) => Decimal(name, millionths * 1_000_000);

    /// <summary>A number with up to 12 decimals.</summary>
    private void Decimal(string name, Int128 pico)
    {
        Span<byte> digits = stackalloc byte[PicoDollars.MaxFormatLength];
        Writer.WritePropertyName(name);
        Writer.WriteRawValue(digits[..PicoDollars.Format(pico, digits)], skipInputValidation: true);
    }

    private void Bucket(QueryPlan plan, int index, BucketSums sums, GroupNames groups, IReadOnlyList<Metric> fields)
    {
        var bucket = plan.Buckets[index];
        Writer.WriteStartObject();
        Writer.WriteString("date", plan.Buckets.Size == BucketSize.Hour
            ? LocalTime.Format(bucket.Start.InZone(plan.Query.Zone).ToOffsetDateTime())
            : Date(bucket.Date));
        Writer.WriteString("start", Instant(bucket.Start));
        Writer.WriteString("end", Instant(bucket.End));
        if (bucket.IsSkipped)
        {
            Writer.WriteBoolean("skipped", true);
        }

        Metrics(sums.Totals);
        Writer.WriteStartArray("breakdown");
        foreach (var (code, group) in sums.Breakdown)
        {
            Writer.WriteStartObject();
            Group(groups, code);
            Metrics(group, fields);
            Writer.WriteEndObject();
        }

        Writer.WriteEndArray();
        Writer.WriteEndObject();
    }
}
