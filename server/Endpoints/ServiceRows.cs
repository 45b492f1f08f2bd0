using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
using Analytics.Server.Contracts.Formats;
using NodaTime;

namespace Analytics.Server.Endpoints;

/// <summary>
/// Service types as a long form: of each a row for each bucket and project, then, unit by unit, one for each bucket and
/// pricing rule. A bucket without usage is one row with nulls in the place of its project or rule.
/// </summary>
/// <remarks>
/// Costs by project and costs by rule are the same money, so the first column says which of the two a row is of. What is
/// billed has no requests and no tokens: these columns are null there.
/// </remarks>
internal static class ServiceRows
{
    private const string Projects = "projects";
    private const string Rules = "rules";

    /// <summary>The long form of an answer.</summary>
    /// <param name="plan">What was asked.</param>
    /// <param name="services">The service types in their order.</param>
    public static LongForm Of(QueryPlan plan, IReadOnlyList<Service> services)
    {
        var (parts, types, labels, keys, projects) = (new CodedTexts(), new CodedTexts(), new CodedTexts(), new CodedTexts(), new CodedTexts());
        var (units, rules) = (new CodedTexts(), new CodedTexts());
        parts.Add(Projects);
        parts.Add(Rules);
        foreach (var service in services)
        {
            types.Add(service.ServiceType ?? string.Empty);
            labels.Add(service.Label);
            foreach (var (code, _) in service.ByProject.Ranking)
            {
                keys.Add(service.ByProject.Groups.Key(code));
                projects.Add(service.ByProject.Groups.Label(code));
            }

            foreach (var (code, _) in service.Items.Ranking)
            {
                units.Add(service.Items.Groups.Key(code));
                rules.Add(service.Items.Groups.Key(code, 1));
            }
        }

        var isHour = services.Count > 0 && services[0].ByProject.Plan.Buckets.Size == BucketSize.Hour;
        return LongForm.Of(
            plan,
            services.SelectMany(service => ProjectRows(service).Concat(RuleRows(service))),
            [
                LongColumn<Row>.Coded("part", parts.ToArray(), row => parts.Add(row.Unit is null ? Projects : Rules)),
                LongColumn<Row>.OptionalCoded("serviceType", types.ToArray(), row => row.Service.ServiceType is { } type ? types.Add(type) : null),
                LongColumn<Row>.Coded("service", labels.ToArray(), row => labels.Add(row.Service.Label)),
                isHour ? LongColumn<Row>.Text("date", row => row.LocalTime) : LongColumn<Row>.Date("date", row => row.Bucket.Date),
                LongColumn<Row>.Instant("start", row => row.Bucket.Start),
                LongColumn<Row>.Instant("end", row => row.Bucket.End),
                LongColumn<Row>.OptionalCoded("projectId", keys.ToArray(), row => row.Project is { } code ? keys.Add(row.Service.ByProject.Groups.Key(code)) : null),
                LongColumn<Row>.OptionalCoded("project", projects.ToArray(), row => row.Project is { } code ? projects.Add(row.Service.ByProject.Groups.Label(code)) : null),
                LongColumn<Row>.Flag("deleted", row => row.Project is { } code && row.Service.ByProject.Groups.IsDeleted(code)),
                LongColumn<Row>.OptionalCoded("unit", units.ToArray(), row => row.Unit is { } unit ? units.Add(unit) : null),
                LongColumn<Row>.OptionalCoded("rule", rules.ToArray(), row => row.Rule is { } code ? rules.Add(row.Service.Items.Groups.Key(code, 1)) : null),
                LongColumn<Row>.OptionalMoney("quantity", row => row.Unit is null ? null : checked(row[Measure.Quantity] * ItemUsage.PartsPerMicro)),
                LongColumn<Row>.Money("cost", row => row[Measure.Cost]),
                LongColumn<Row>.OptionalCount("requestCount", row => row.Unit is null ? row[Measure.RequestCount] : null),
                LongColumn<Row>.OptionalCount("totalTokens", row => row.Unit is null ? checked(row[Measure.InputTokens] + row[Measure.OutputTokens]) : null),
            ]);
    }

    private static IEnumerable<Row> ProjectRows(Service service)
    {
        var reader = service.ByProject.Read([.. Metric.Headline.SelectMany(metric => metric.Measures).Distinct()]);
        for (var i = 0; i < service.ByProject.Plan.Buckets.Count; i++)
        {
            reader.MoveTo(i);
            var row = new Row(service, service.ByProject.Plan.Buckets[i], service.ByProject.Plan.Query.Zone, reader.Value);
            for (row.Index = 0; row.Index < reader.Count; row.Index++)
            {
                row.Project = reader.Group(row.Index);
                yield return row;
            }

            if (reader.Count == 0)
            {
                row.Index = Row.None;
                yield return row;
            }
        }
    }

    private static IEnumerable<Row> RuleRows(Service service)
    {
        var items = service.Items;
        var reader = items.Read(ItemUsage.Measures);
        foreach (var (unit, code, _) in ItemUsage.Units(items))
        {
            for (var i = 0; i < items.Plan.Buckets.Count; i++)
            {
                reader.MoveTo(i);
                var row = new Row(service, items.Plan.Buckets[i], items.Plan.Query.Zone, reader.Value) { Unit = unit };
                for (var entry = 0; entry < reader.Count; entry++)
                {
                    if (items.Groups.Code(reader.Group(entry)) == code)
                    {
                        (row.Index, row.Rule) = (entry, reader.Group(entry));
                        yield return row;
                    }
                }

                if (row.Rule is null)
                {
                    row.Index = Row.None;
                    yield return row;
                }
            }
        }
    }

    /// <summary>A bucket and, unless it has no usage, one of its projects or rules.</summary>
    private sealed class Row(Service service, TimeBucket bucket, DateTimeZone zone, Func<int, Measure, Int128> sum)
    {
        /// <summary>The position of what a bucket without usage has.</summary>
        public const int None = -1;

        private string? localTime;

        public Service Service => service;

        public TimeBucket Bucket => bucket;

        public string LocalTime => localTime ??= DateText.LocalTime(bucket.Start, zone.GetUtcOffset(bucket.Start));

        /// <summary>The position of the project or the rule in the bucket; <see cref="None"/> without usage.</summary>
        public int Index { get; set; }

        /// <summary>A project's number; null in rows of rules and in buckets without usage.</summary>
        public int? Project { get; set; }

        /// <summary>What is billed; null in rows of projects.</summary>
        public string? Unit { get; init; }

        /// <summary>A rule's number; null in rows of projects and in buckets without usage.</summary>
        public int? Rule { get; set; }

        public Int128 this[Measure measure] => Index == None ? 0 : sum(Index, measure);
    }
}
