using System.Numerics;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Tests.Queries;
using Analytics.Tests.Usage;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Properties;

/// <summary>What holds for every explained change: random rows, also near the end of 64 bits, and any earlier range.</summary>
public class CostChangeProperties
{
    private const int Cases = 200;
    private static readonly LocalDate Middle = new(2026, 3, 29);

    [Fact]
    public void ByGroup_AnyDimension_SumsToTheChangeExactly() => ForAll((table, _, query) =>
    {
        foreach (var dimension in Dimensions.All)
        {
            var result = Run(query, dimension, table);
            var parts = CostChange.ByGroup(result);

            Assert.Equal(result.Totals[Measure.Cost] - result.Previous!.Totals[Measure.Cost], Sum(parts.Select(part => part.Change)));
            Assert.All(parts, part => Assert.Equal(part.Change, part.Volume + part.Mix + part.Price));
            Assert.Equal(Sum(parts.Select(part => part.Change)), Sum(parts.SelectMany(part => (Int128[])[part.Volume, part.Mix, part.Price])));
        }
    });

    [Fact]
    public void ByGroup_AnyDimension_IsThePlainFormula() => ForAll((table, rows, query) =>
    {
        var names = new SampleNames();
        foreach (var dimension in Dimensions.All)
        {
            var result = Run(query, dimension, table);

            var expected = rows.GroupBy(row => PlainEvaluator.KeyOf(row, dimension, names))
                .Select(group => $"{group.Key}: {Plain(group, query)}")
                .Where(text => !text.EndsWith(": 0 0 0 0", StringComparison.Ordinal));
            var found = CostChange.ByGroup(result)
                .Select(part => $"{table.Table(dimension).Key(part.Group)}: {part.Change} {part.Volume} {part.Mix} {part.Price}")
                .Where(text => !text.EndsWith(": 0 0 0 0", StringComparison.Ordinal));
            Assert.Equal(expected.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
        }
    });

    [Fact]
    public void ByGroup_NothingButMoreOfTheSame_IsVolume() => Sampled.Check(Cases, (random, size) =>
    {
        // The day before as it was, the day as so many times the same.
        var times = random.Next(1, 9);
        var noon = Middle.AtMidnight().InUtc().ToInstant() + Duration.FromHours(12);
        var before = UsageSamples.Rows(random, random.Next(1, size + 2), noon, isHuge: false).Select(row => row with { Start = noon - Duration.FromDays(1) }).ToArray();
        UsageRow[] rows = [.. before, .. before.Select(row => new UsageRow(noon, row.Keys, [.. row.Values.Select(value => value * times)]))];
        var table = UsageSamples.Table(random, rows, new SampleNames());
        var query = new UsageQuery(Middle, Middle, DateTimeZone.Utc, BucketSize.Range, Dimension.Mapping) { CompareFrom = Middle.PlusDays(-1) };

        foreach (var dimension in Dimensions.All)
        {
            Assert.All(CostChange.ByGroup(Run(query, dimension, table)), part =>
            {
                // What has no quantity at all has no price either: its cost is told by volume too, but for rounding there is none.
                Assert.Equal(part.Change, part.Volume);
                Assert.Equal((0, 0), (part.Mix, part.Price));
            });
        }
    });

    [Fact]
    public void CompareFrom_AnyDay_IsTheSumOfThoseDays() => ForAll((table, _, query) =>
    {
        var first = query.CompareFrom!.Value;
        var result = Run(query, Dimension.Project, table);
        var direct = Run(query with { From = first, To = first.PlusDays(Period.DaysBetween(query.From, query.To)) }, Dimension.Project, table);

        // The data of these tables ends after the range, or the whole range is without data.
        if (table.DataThrough is null || table.DataThrough >= result.Plan.Buckets.End)
        {
            Assert.Equal(direct.Totals, result.Previous!.Totals);
        }
    });

    private static string Plain(IEnumerable<UsageRow> group, UsageQuery query)
    {
        var mappings = group.GroupBy(row => row.Keys[(int)Dimension.Mapping]).Select(mapping =>
        {
            var (before, now) = (mapping.Where(row => IsIn(row, query.CompareFrom!.Value, query)), mapping.Where(row => IsIn(row, query.From, query)));
            var hasTokens = Tokens(before) + Tokens(now) > 0;
            return (HasTokens: hasTokens, B: Of(before, Measure.Cost), C: Of(now, Measure.Cost),
                Q: hasTokens ? Tokens(before) : Of(before, Measure.RequestCount), R: hasTokens ? Tokens(now) : Of(now, Measure.RequestCount));
        }).ToList();
        BigInteger volume = 0, mix = 0, change = 0;
        foreach (var unit in mappings.GroupBy(mapping => mapping.HasTokens))
        {
            BigInteger b = 0, c = 0, q = 0, r = 0, expected = 0;
            foreach (var mapping in unit)
            {
                (b, c, q, r) = (b + mapping.B, c + mapping.C, q + mapping.Q, r + mapping.R);
                expected += mapping.Q == 0 ? mapping.C : Divide(mapping.B * mapping.R, mapping.Q);
            }

            var atMix = q == 0 ? c : Divide(b * r, q);
            volume += atMix - b;
            mix += BigInteger.Min(expected, Limit) - atMix;
            change += c - b;
        }

        return $"{change} {volume} {mix} {change - volume - mix}";
    }

    private static readonly BigInteger Limit = BigInteger.Parse("1000000000000000000000000000000", System.Globalization.CultureInfo.InvariantCulture);

    private static BigInteger Divide(BigInteger part, BigInteger whole)
    {
        // Round half to even by doubling: floor((2 * part + whole) / (2 * whole)), one less where that was a tie to an odd number.
        var rounded = ((2 * part) + whole) / (2 * whole);
        var isTie = ((2 * part) + whole) % (2 * whole) == 0;
        return BigInteger.Min(isTie && !rounded.IsEven ? rounded - 1 : rounded, Limit);
    }

    private static bool IsIn(UsageRow row, LocalDate first, UsageQuery query)
    {
        var day = row.Start.InUtc().Date;
        return first <= day && day <= first.PlusDays(Period.DaysBetween(query.From, query.To));
    }

    private static BigInteger Of(IEnumerable<UsageRow> rows, Measure measure) => rows.Aggregate(BigInteger.Zero, (sum, row) => sum + row.Values[(int)measure]);

    private static BigInteger Tokens(IEnumerable<UsageRow> rows) => Of(rows, Measure.InputTokens) + Of(rows, Measure.OutputTokens);

    private static Int128 Sum(IEnumerable<Int128> parts) => parts.Aggregate((Int128)0, (sum, part) => sum + part);

    private static void ForAll(Action<UsageTable, UsageRow[], UsageQuery> property) => Sampled.Check(Cases, (random, size) =>
    {
        var middle = Middle.AtMidnight().InUtc().ToInstant();
        var rows = UsageSamples.Rows(random, random.Next(size * 4), middle, isHuge: random.Next(3) == 0);

        // A row far behind, so that all ranges have elapsed.
        rows = [.. rows, UsageRow.Of(middle + Duration.FromDays(60), "p1", 1)];
        var from = Middle.PlusDays(random.Next(-5, 9));
        var days = random.Next(4);
        var query = new UsageQuery(from, from.PlusDays(days), DateTimeZone.Utc, BucketSize.Range, Dimension.Project) { CompareFrom = from.PlusDays(-random.Next(days + 1, 12)) };
        property(UsageSamples.Table(random, rows, new SampleNames()), rows, query);
    });

    private static QueryResult Run(UsageQuery query, Dimension dimension, UsageTable table) => QueryExecutor.Run(
        QueryPlan.For(query with { GroupBy = dimension, ThenBy = dimension == Dimension.Mapping ? null : Dimension.Mapping, Measures = CostChange.Measures }, table),
        CancellationToken.None);
}
