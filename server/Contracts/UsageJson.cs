using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;

namespace Analytics.Server.Contracts;

/// <summary>The parts that all answers share, as JSON. Money and counts are written from integers, digit by digit.</summary>
/// <param name="text">Where it is written.</param>
/// <param name="isMoneyText">Whether costs are written as text.</param>
internal sealed class UsageJson(JsonText text, bool isMoneyText)
{
    private static readonly Metric[] AllMetrics = [.. Metric.All];

    /// <summary>What is written.</summary>
    public JsonText Text { get; } = text;

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
        Text.Text("timezone", plan.Query.Zone.Id);
        Text.Date("from", plan.Query.From);
        Text.Date("to", plan.Query.To);
        Text.Flag("exact", plan.IsExact);
        if (plan.Table.DataThrough is { } end)
        {
            Text.Instant("dataThrough", end);
        }
        else
        {
            Text.Text("dataThrough", null);
        }
    }

    /// <summary>An amount of money as a property: a number, or a text where the caller wants texts.</summary>
    /// <param name="name">The property.</param>
    /// <param name="pico">Pico-dollars, of either sign.</param>
    public void Money(string name, Int128 pico)
    {
        if (isMoneyText)
        {
            Text.Text(name, PicoDollars.Format(pico));
        }
        else
        {
            Text.Decimal(name, pico);
        }
    }

    /// <summary>All metrics as properties of the current object.</summary>
    public void Metrics(in UsageSums sums) => Metrics(new WholeSums(in sums), AllMetrics);

    /// <summary>Sums of the range, with those of the range that it is compared with, as an object; and that range.</summary>
    /// <param name="result">The answer.</param>
    /// <param name="name">The object's name.</param>
    public void Totals(QueryResult result, string name = "totals")
    {
        Text.StartObject(name);
        Metrics(result.Totals);
        if (result.Previous is { } previous)
        {
            Text.StartObject("previous");
            Metrics(previous.Totals);
            Text.EndObject();
        }

        Text.EndObject();
        if (result.Previous is { Range: var range })
        {
            Comparison(result.Plan, range);
        }
    }

    /// <summary>The range that is compared with, as an object.</summary>
    public void Comparison(QueryPlan plan, ComparisonRange range)
    {
        Text.StartObject("comparison");
        Text.Date("from", range.From);
        Text.Date("to", range.LastDay(plan.Query.Zone));
        Text.Instant("start", range.Start);
        Text.Instant("end", range.End);
        Text.EndObject();
    }

    /// <summary>Groups of a range with all metrics and their share of what they are ranked by, as an array.</summary>
    /// <param name="name">The array's name.</param>
    /// <param name="result">The answer.</param>
    /// <param name="cancellation">The caller went away.</param>
    public async Task RankingAsync(string name, QueryResult result, CancellationToken cancellation)
    {
        var rankBy = result.Plan.Query.RankBy;
        var whole = GroupOrder.Metric(rankBy, result.Totals);
        var groups = new EntryTexts(result.Groups);
        Text.StartArray(name);
        for (var i = 0; i < result.Ranking.Count; i++)
        {
            Text.StartObject();
            Text.Properties(groups.Properties(result.Ranking.Code(i)));
            Metrics(new OneGroup(result.Ranking, i), AllMetrics);
            Text.Decimal("share", Ratio.Millionths(GroupOrder.Metric(rankBy, result.Ranking[i].Sums), whole) * 1_000_000);
            if (result.Previous is { } previous)
            {
                Text.StartObject("previous");
                Metrics(new OneGroup(previous.Ranking, i), AllMetrics);
                Text.EndObject();
            }

            Text.EndObject();
            if (Text.HasPiece)
            {
                await Text.SendAsync(cancellation);
            }
        }

        Text.EndArray();
    }

    /// <summary>The buckets of a range with their breakdowns, as an array.</summary>
    /// <param name="name">The array's name.</param>
    /// <param name="result">The answer.</param>
    /// <param name="fields">Metrics of each breakdown entry.</param>
    /// <param name="cancellation">The caller went away.</param>
    /// <remarks>Long answers leave piece by piece, at the pace of the client.</remarks>
    public async Task BucketsAsync(string name, QueryResult result, IReadOnlyList<Metric> fields, CancellationToken cancellation)
    {
        Metric[] written = [.. fields];
        var groups = new EntryTexts(result.Groups);
        var reader = result.Read([.. fields.SelectMany(field => field.Measures).Distinct()]);
        var form = new EntryForm(fields, reader.Measures, isMoneyText);
        Text.StartArray(name);
        for (var i = 0; i < result.Plan.Buckets.Count; i++)
        {
            reader.MoveTo(i);
            StartBucket(result.Plan, i, reader.Totals(i));
            for (var entry = 0; entry < reader.Count;)
            {
                entry = Entries(reader, entry, groups, form, written);
                if (Text.HasPiece)
                {
                    await Text.SendAsync(cancellation);
                }
            }

            Text.EndArray();
            Text.EndObject();

            // Buckets without usage have no entries, and there may be millions of them.
            if (Text.HasPiece)
            {
                await Text.SendAsync(cancellation);
            }
        }

        Text.EndArray();
    }

    /// <summary>When a bucket is, as properties.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="index">The bucket.</param>
    public void Bucket(QueryPlan plan, int index)
    {
        var bucket = plan.Buckets[index];
        if (plan.Buckets.Size == BucketSize.Hour)
        {
            Text.LocalTime("date", bucket.Start, plan.Query.Zone.GetUtcOffset(bucket.Start));
        }
        else
        {
            Text.Date("date", bucket.Date);
        }

        Text.Instant("start", bucket.Start);
        Text.Instant("end", bucket.End);
        if (bucket.IsSkipped)
        {
            Text.Flag("skipped", true);
        }
    }

    /// <summary>Starts a bucket and its breakdown.</summary>
    private void StartBucket(QueryPlan plan, int index, in UsageSums totals)
    {
        Text.StartObject();
        Bucket(plan, index);
        Metrics(totals);
        Text.StartArray("breakdown");
    }

    /// <summary>Writes entries of a breakdown until there is a piece to send.</summary>
    /// <returns>The next entry.</returns>
    private int Entries(BucketReader reader, int next, EntryTexts groups, EntryForm form, Metric[] fields)
    {
        for (; next < reader.Count && !Text.HasPiece; next++)
        {
            Text.StartObject();
            Text.Properties(groups.Properties(reader.Group(next)));
            var sums = reader.Row(next);
            if (sums.IsEmpty)
            {
                Metrics(new OneCell(reader, next), fields);
            }
            else
            {
                Text.Advance(form.Write(sums, Text.GetSpan(form.MaxLength)));
            }

            Text.EndObject();
        }

        return next;
    }

    private void Metrics<TSums>(TSums sums, ReadOnlySpan<Metric> which)
        where TSums : ISums, allows ref struct
    {
        foreach (var metric in which)
        {
            Text.Properties(metric.Property);
            switch (metric.Form)
            {
                case MetricForm.Money when isMoneyText:
                    Text.QuotedDecimal(sums[metric.Measure]);
                    break;
                case MetricForm.Money:
                    Text.Decimal(sums[metric.Measure]);
                    break;
                case MetricForm.TotalTokens:
                    Text.Integer(checked(sums[Measure.InputTokens] + sums[Measure.OutputTokens]));
                    break;
                case MetricForm.ErrorRate:
                    Text.Decimal(Ratio.Millionths(sums[Measure.ErrorCount], sums[Measure.RequestCount]) * 1_000_000);
                    break;
                default:
                    Text.Integer(sums[metric.Measure]);
                    break;
            }
        }
    }

    /// <summary>Sums by measure. A group's are read one by one: all of them are 176 bytes, and an entry has three.</summary>
    private interface ISums
    {
        Int128 this[Measure measure] { get; }
    }

    private readonly ref struct WholeSums(ref readonly UsageSums sums) : ISums
    {
        private readonly ref readonly UsageSums sums = ref sums;

        public Int128 this[Measure measure] => sums[measure];
    }

    private readonly struct OneCell(BucketReader reader, int index) : ISums
    {
        public Int128 this[Measure measure] => reader.Value(index, measure);
    }

    private readonly struct OneGroup(GroupTable table, int index) : ISums
    {
        public Int128 this[Measure measure] => table.Value(index, measure);
    }
}
