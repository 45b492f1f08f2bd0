using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using NodaTime;

namespace Analytics.Server.Contracts.Formats;

/// <summary>Buckets with their breakdowns as a long form: a row for each bucket and key, and one with nulls for a bucket without usage.</summary>
/// <remarks>
/// With a comparison the earlier range follows as one bucket, and the column <c>period</c> says <c>current</c> or
/// <c>previous</c>: its sums are of the range, so beside the rows of a bucket they would be added up many times.
/// </remarks>
internal static class BucketRows
{
    private const string Current = "current";
    private const string Previous = "previous";

    /// <summary>The long form of an answer.</summary>
    /// <param name="result">The answer.</param>
    /// <param name="fields">Metrics of each row.</param>
    /// <param name="facts">What else the metadata says.</param>
    public static LongForm Of(QueryResult result, IReadOnlyList<Metric> fields, IReadOnlyDictionary<string, string>? facts = null)
    {
        var names = result.Groups;
        var groups = Enumerable.Range(0, result.Ranking.Count).Select(result.Ranking.Code).ToArray();
        List<LongColumn<Entry>> columns = [];
        if (result.Previous is not null)
        {
            var (periods, previous) = (new CodedTexts(), 1);
            periods.Add(Current);
            periods.Add(Previous);
            columns.Add(LongColumn<Entry>.Coded("period", periods.ToArray(), entry => entry.IsPrevious ? previous : 0));
        }

        // An hour is a local time with its offset, as in JSON: two hours of one day may have the same date and time.
        columns.Add(result.Plan.Buckets.Size == BucketSize.Hour
            ? LongColumn<Entry>.Text("date", entry => entry.LocalTime)
            : LongColumn<Entry>.Date("date", entry => entry.Date));
        columns.Add(LongColumn<Entry>.Instant("start", entry => entry.Start));
        columns.Add(LongColumn<Entry>.Instant("end", entry => entry.End));
        for (var dimension = 0; dimension < names.Dimensions; dimension++)
        {
            var place = dimension;
            var number = place == 0 ? string.Empty : "2";
            var codes = new GroupCodes(names.Table(place), groups.Select(group => Code(group, place)));
            columns.Add(LongColumn<Entry>.OptionalCoded("key" + number, codes.Keys, entry => entry.Group is { } group ? codes.Key(Code(group, place)) : null));
            columns.Add(LongColumn<Entry>.OptionalCoded("label" + number, codes.Labels, entry => entry.Group is { } group ? codes.Label(Code(group, place)) : null));
        }

        columns.Add(LongColumn<Entry>.Flag("deleted", entry => entry.Group is { } group && group != GroupTable.Others
            && (names.IsDeleted(group) || (names.Dimensions == 2 && names.IsDeleted(group, 1)))));
        columns.AddRange(LongColumn<Entry>.Metrics(fields, (entry, measure) => entry[measure]));
        return new LongForm<Entry>(result.Plan, Rows(result, fields), columns) { Facts = facts ?? new Dictionary<string, string>() };

        int Code(int group, int dimension) => group == GroupTable.Others ? group : names.Code(group, dimension);
    }

    private static IEnumerable<Entry> Rows(QueryResult result, IReadOnlyList<Metric> fields)
    {
        var buckets = result.Plan.Buckets;
        var reader = result.Read([.. fields.SelectMany(field => field.Measures).Distinct()]);
        for (var i = 0; i < buckets.Count; i++)
        {
            reader.MoveTo(i);
            var entry = new Entry(buckets[i], buckets.Zone, reader.Value);
            for (entry.Index = 0; entry.Index < reader.Count; entry.Index++)
            {
                entry.Group = reader.Group(entry.Index);
                yield return entry;
            }

            if (reader.Count == 0)
            {
                yield return entry;
            }
        }

        if (result.Previous is not { } previous)
        {
            yield break;
        }

        var (range, isEmpty) = (previous.Range, true);
        var earlier = new Entry(new TimeBucket(range.From, range.Start, range.End), buckets.Zone, previous.Ranking.Value) { IsPrevious = true };
        for (earlier.Index = 0; earlier.Index < previous.Ranking.Count; earlier.Index++)
        {
            // Groups of this range stand in the ranking of the earlier one too.
            if (!previous.Ranking[earlier.Index].Sums.IsZero)
            {
                earlier.Group = previous.Ranking.Code(earlier.Index);
                isEmpty = false;
                yield return earlier;
            }
        }

        if (isEmpty)
        {
            earlier.Group = null;
            yield return earlier;
        }
    }

    /// <summary>A bucket and, unless it has no usage, one of its groups.</summary>
    private sealed class Entry(TimeBucket bucket, DateTimeZone zone, Func<int, Measure, Int128> sum)
    {
        private string? localTime;

        public bool IsPrevious { get; init; }

        /// <summary>A group's number; null for a bucket without usage.</summary>
        public int? Group { get; set; }

        /// <summary>The group's position.</summary>
        public int Index { get; set; }

        public LocalDate Date => bucket.Date;

        public Instant Start => bucket.Start;

        public Instant End => bucket.End;

        public string LocalTime => localTime ??= DateText.LocalTime(bucket.Start, zone.GetUtcOffset(bucket.Start));

        public Int128 this[Measure measure] => Group is null ? 0 : sum(Index, measure);
    }
}
