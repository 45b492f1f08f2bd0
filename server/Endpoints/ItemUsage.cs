using Analytics.Engine.Queries;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;

namespace Analytics.Server.Endpoints;

/// <summary>What was billed, by pricing rule. Quantities of different units are never added up, so each unit is a part of its own.</summary>
internal static class ItemUsage
{
    /// <summary>Quantities are millionths, decimals are written from 1e-12.</summary>
    public const int PartsPerMicro = 1_000_000;

    /// <summary>What items are asked for; they count no requests, but groups are ordered by these.</summary>
    public static IReadOnlyList<Measure> Measures { get; } = [Measure.Cost, Measure.RequestCount, Measure.Quantity];

    /// <summary>Writes the units, largest cost first, each with its rules and its buckets, as an array named <c>usage</c>.</summary>
    /// <param name="json">The answer.</param>
    /// <param name="items">Items by unit, then by rule.</param>
    /// <param name="cancellation">The caller went away.</param>
    public static async Task WriteAsync(UsageJson json, QueryResult items, CancellationToken cancellation)
    {
        json.Text.StartArray("usage");
        foreach (var (unit, code, rules) in Units(items))
        {
            json.Text.StartObject();
            json.Text.Text("unit", unit);
            Amount(json, Sum(rules, Measure.Quantity), Sum(rules, Measure.Cost));
            json.Text.StartArray("rules");
            foreach (var (group, sums) in rules)
            {
                Rule(json, items.Groups.Key(group, 1), sums[Measure.Quantity], sums[Measure.Cost]);
            }

            json.Text.EndArray();
            await BucketsAsync(json, items, code, cancellation);
            json.Text.EndObject();
        }

        json.Text.EndArray();
    }

    /// <summary>The units, largest cost first, each with its rules in the order of the ranking.</summary>
    /// <param name="items">Items by unit, then by rule.</param>
    public static IEnumerable<(string Unit, int Code, IReadOnlyList<GroupSums> Rules)> Units(QueryResult items) => items.Ranking
        .GroupBy(group => items.Groups.Code(group.Code))
        .Select(unit => (Unit: items.Groups.Table().Key(unit.Key), Code: unit.Key, Rules: (IReadOnlyList<GroupSums>)[.. unit]))
        .OrderByDescending(unit => Sum(unit.Rules, Measure.Cost))
        .ThenBy(unit => unit.Unit, StringComparer.Ordinal);

    private static async Task BucketsAsync(UsageJson json, QueryResult items, int unit, CancellationToken cancellation)
    {
        var reader = items.Read(Measures);
        json.Text.StartArray("activity");
        for (var bucket = 0; bucket < items.Plan.Buckets.Count; bucket++)
        {
            reader.MoveTo(bucket);
            var own = Enumerable.Range(0, reader.Count).Where(entry => items.Groups.Code(reader.Group(entry)) == unit).ToArray();
            json.Text.StartObject();
            json.Bucket(items.Plan, bucket);
            Amount(json, Sum(own, entry => reader.Value(entry, Measure.Quantity)), Sum(own, entry => reader.Value(entry, Measure.Cost)));
            json.Text.StartArray("breakdown");
            foreach (var entry in own)
            {
                Rule(json, items.Groups.Key(reader.Group(entry), 1), reader.Value(entry, Measure.Quantity), reader.Value(entry, Measure.Cost));
            }

            json.Text.EndArray();
            json.Text.EndObject();
            if (json.Text.HasPiece)
            {
                await json.Text.SendAsync(cancellation);
            }
        }

        json.Text.EndArray();
    }

    private static void Rule(UsageJson json, string rule, Int128 quantity, Int128 cost)
    {
        json.Text.StartObject();
        json.Text.Text("rule", rule);
        Amount(json, quantity, cost);
        json.Text.EndObject();
    }

    private static void Amount(UsageJson json, Int128 quantity, Int128 cost)
    {
        json.Text.Decimal("quantity", checked(quantity * PartsPerMicro));
        json.Money("cost", cost);
    }

    private static Int128 Sum(IEnumerable<GroupSums> groups, Measure measure) => Sum(groups, group => group.Sums[measure]);

    private static Int128 Sum<T>(IEnumerable<T> parts, Func<T, Int128> of) => parts.Aggregate((Int128)0, (sum, part) => checked(sum + of(part)));
}
