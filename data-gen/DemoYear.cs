using Analytics.Engine.Usage;
using Analytics.Storage;
using Analytics.Storage.Directory;
using Analytics.Storage.Rollup;
using NodaTime;

namespace Analytics.DataGen;

/// <summary>A year of the demonstration's organisation, hour by hour: the same for the same seed and end, on every machine.</summary>
/// <param name="seed">Any number.</param>
/// <param name="end">End of the last hour.</param>
internal sealed class DemoYear(ulong seed, Instant end)
{
    // Thousandths of a day's requests by local hour; each row sums to 1000.
    private static readonly int[] OfficeHours = [2, 1, 1, 1, 2, 6, 18, 45, 88, 104, 101, 92, 61, 84, 102, 98, 83, 52, 25, 13, 9, 6, 4, 2];
    private static readonly int[] CustomerHours = [14, 8, 5, 4, 5, 10, 24, 41, 52, 55, 56, 57, 58, 56, 54, 54, 56, 61, 68, 74, 72, 56, 37, 23];
    private static readonly int[] NightHours = [60, 210, 330, 240, 120, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    private readonly SplitMix64 random = new(seed);
    private readonly DateTimeZone zone = DateTimeZoneProviders.Tzdb[DemoOrganization.Zone];

    /// <summary>Puts directory and usage into a store, in one commit.</summary>
    /// <param name="store">An empty store.</param>
    /// <returns>Sums of all rows, and their number.</returns>
    public (UsageSums Totals, long Rows) WriteTo(UsageStore store)
    {
        store.Directory.Import(DemoOrganization.Directory());
        var prices = store.Directory.Read(DemoOrganization.Id).Prices;
        var append = store.Append(DemoOrganization.Id, Duration.FromHours(1));
        var totals = new Int128[Measures.Count];
        var start = end - Duration.FromDays(365);
        for (var hour = start; hour < end; hour += Duration.FromHours(1))
        {
            var local = hour.InZone(zone).LocalDateTime;
            var growth = 1000 + (600 * (long)(hour - start).TotalHours / (365 * 24));
            foreach (var stream in DemoOrganization.Streams)
            {
                var measures = Hour(stream, local, growth, prices);
                if (measures[Measure.RequestCount] == 0)
                {
                    continue;
                }

                append.Add(hour, stream.Keys, measures, new UsageLabels());
                foreach (var measure in Measures.All)
                {
                    totals[(int)measure] += measures[measure];
                }
            }
        }

        var rows = append.Commit(source: null);
        UsageSums sums = default;
        foreach (var measure in Measures.All)
        {
            sums[measure] = totals[(int)measure];
        }

        return (sums, rows);
    }

    private UsageMeasures Hour(Stream stream, LocalDateTime local, long growth, PriceTable prices)
    {
        UsageMeasures measures = default;

        // In thousandths of a request: a day's mean by hour, weekday, growth and chance.
        var perHour = stream.RequestsPerDay * Share(stream.Rhythm, local.Hour) * Weekday(stream.Rhythm, local.DayOfWeek) / 1000 * growth / 1000;
        var requests = random.Round(perHour * random.Between(800, 1200) / 1000);
        if (requests == 0)
        {
            return measures;
        }

        // The story of every usage review: from the 22nd of the month before on, the nightly job sends its input twice.
        var size = stream.Keys.ApiKey == DemoOrganization.NightlyKey && IsAfterTheChange(local.Date) ? 2 : 1;
        var input = requests * stream.InputTokens * size * random.Between(850, 1150) / 1000;
        var output = requests * stream.OutputTokens * random.Between(850, 1150) / 1000;
        measures[Measure.RequestCount] = requests;
        measures[Measure.ErrorCount] = random.Round(requests * 6);
        measures[Measure.ClientErrorCount] = Math.Min(requests - measures[Measure.ErrorCount], random.Round(requests * 4));
        measures[Measure.InputTokens] = input;
        measures[Measure.CachedInputTokens] = input * stream.CachedPercent / 100 * random.Between(800, 1000) / 1000;
        measures[Measure.OutputTokens] = output;
        measures[Measure.ReasoningTokens] = output * stream.ReasoningPercent / 100 * random.Between(800, 1000) / 1000;
        var counts = new TokenCounts(
            input,
            measures[Measure.CachedInputTokens],
            0,
            output,
            measures[Measure.ReasoningTokens]);
        if (prices.TryPrice(stream.Keys.Mapping, counts, out var cost) == PriceOutcome.Priced)
        {
            measures[Measure.Cost] = cost.PicoUsd;
        }
        else
        {
            measures[Measure.UnpricedCount] = requests;
        }

        return measures;
    }

    private bool IsAfterTheChange(LocalDate date)
    {
        var last = end.InZone(zone).Date;
        var change = new LocalDate(last.Year, last.Month, 1).PlusMonths(-1).PlusDays(21);
        return date >= change;
    }

    private static int Share(Rhythm rhythm, int hour) => rhythm switch
    {
        Rhythm.Office => OfficeHours[hour],
        Rhythm.Customers => CustomerHours[hour],
        Rhythm.Nightly => NightHours[hour],
        _ => 42,
    };

    private static int Weekday(Rhythm rhythm, IsoDayOfWeek day) => (rhythm, day) switch
    {
        (Rhythm.Office, IsoDayOfWeek.Saturday or IsoDayOfWeek.Sunday) => 90,
        (Rhythm.Customers, IsoDayOfWeek.Saturday) => 1250,
        (Rhythm.Customers, IsoDayOfWeek.Sunday) => 1150,
        (Rhythm.Office, IsoDayOfWeek.Friday) => 850,
        _ => 1000,
    };
}
