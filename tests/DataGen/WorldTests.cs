using Analytics.DataGen;
using Analytics.DataGen.Worlds;
using Analytics.Engine.Usage;
using Analytics.Storage.Rollup;
using NodaTime;
using Xunit;

namespace Analytics.Tests.DataGen;

/// <summary>
/// What a reader of the demonstration finds: rhythm of the organisation's own days, popularity, launch, migration,
/// burst, the job that doubles, the experiment that burns budget, and keys whose owners are gone.
/// </summary>
public class WorldTests
{
    private const ulong Seed = 20260624;
    private static readonly Instant End = Instant.FromUtc(2026, 6, 25, 0, 0);
    private static readonly World Demo = World.Meridian();
    private static readonly Flow[] Flows = Flow.Of(Demo);
    private static readonly Slot[] Slots = Slot.Year(Demo, Seed, End);
    private static readonly DateTimeZone Paris = DateTimeZoneProviders.Tzdb["Europe/Paris"];

    public static TheoryData<string> Names => ["demo", "juniper", "kaveri"];

    [Theory, MemberData(nameof(Names))]
    public void World_Workloads_NameWhatTheDirectoryHas(string id)
    {
        var world = WorldOf(id);
        var flows = Flow.Of(world);
        var directory = world.Directory;

        Assert.Empty(flows.Select(flow => flow.Keys.Agent).Where(agent => agent.Length > 0).Except(directory.Agents!.Select(agent => agent.Id)));
        Assert.Empty(flows.Select(flow => flow.Keys.Project).Except(directory.Projects!.Select(project => project.Id)));
        Assert.Empty(directory.ApiKeys!.Select(key => key.Id).Except(flows.Select(flow => flow.Keys.ApiKey)));
        Assert.Empty(directory.Models!.Select(model => model.Mapping).Except(flows.Select(flow => flow.Keys.Mapping)));
        Assert.Contains(directory.Models!, model => model.Prices.Count == 0 || id == "kaveri");
        Assert.All(directory.NamedOrganizations(), named => Assert.Equal(id, named));
    }

    [Fact]
    public void Rhythms_Hours_SumToADay()
    {
        foreach (var rhythm in Enum.GetValues<Rhythm>())
        {
            Assert.Equal(1_000, Enumerable.Range(0, 24).Sum(hour => rhythm.ShareOfHour(hour)));
        }
    }

    [Fact]
    public void Office_AcrossADaylightSavingChange_KeepsItsLocalHours()
    {
        // Clocks go forward on 2026-03-29.
        var before = ByLocalHour(new LocalDate(2026, 3, 16), new LocalDate(2026, 3, 28));
        var after = ByLocalHour(new LocalDate(2026, 3, 30), new LocalDate(2026, 4, 11));

        Assert.All([before, after], hours =>
        {
            Assert.Equal(9, Array.IndexOf(hours, hours.Max()));
            Assert.InRange(hours[8..18].Sum() * 100 / hours.Sum(), 82, 90);
            Assert.True(hours[12] < hours[11] && hours[12] < hours[13], "People have lunch.");
        });

        static long[] ByLocalHour(LocalDate from, LocalDate until)
        {
            var hours = new long[24];
            foreach (var (_, slot, row) in Rows(flow => flow.Workload.Name == "coding at the desk", slot => Within(slot, from, until)))
            {
                hours[slot.Hour] += row[Measure.RequestCount];
            }

            return hours;
        }
    }

    [Fact]
    public void Office_WeekendsAndHolidays_AreQuiet()
    {
        var friday = OfficeRequests(new LocalDate(2026, 4, 24));

        Assert.InRange(OfficeRequests(new LocalDate(2026, 4, 25)) * 100 / friday, 5, 15);
        Assert.InRange(OfficeRequests(new LocalDate(2026, 5, 1)) * 100 / friday, 4, 12);

        static Int128 OfficeRequests(LocalDate day) => Sum(flow => flow.Workload.Rhythm == Rhythm.Office, day, day.PlusDays(1))[Measure.RequestCount];
    }

    [Fact]
    public void Shares_KeysAndMappings_FollowTheirOrder()
    {
        var rows = Rows(flow => flow.Workload.Name == "search", slot => Within(slot, new LocalDate(2026, 5, 1), new LocalDate(2026, 5, 15))).ToList();

        foreach (var (names, keyOf) in ((IReadOnlyList<string>, Func<Flow, string>)[])
        [
            (["key_api_prod", "key_api_eu", "key_api_us", "key_api_mobile", "key_api_partner"], flow => flow.Keys.ApiKey),
            (["openai/gpt-5.5-mini", "google/gemini-3-flash", "azure/gpt-5.5-mini", "google/gemini-3-flash-lite"], flow => flow.Keys.Mapping),
        ])
        {
            var requests = names.Select(name => rows.Where(row => keyOf(row.Flow) == name).Sum(row => row.Row[Measure.RequestCount])).ToArray();
            Assert.Equal(requests.OrderDescending(), requests);
            Assert.InRange(requests[0] * 100 / requests[1], 190, 210);
        }
    }

    [Fact]
    public void NightlyJob_FromThe22ndOfTheLastFullMonth_SendsTwiceTheTokens()
    {
        var change = new LocalDate(2026, 5, 22);

        var before = Sum(flow => flow.Keys.ApiKey == "key_etl", change.PlusDays(-14), change);
        var first = Sum(flow => flow.Keys.ApiKey == "key_etl", change, change.PlusDays(1));
        var after = Sum(flow => flow.Keys.ApiKey == "key_etl", change, new LocalDate(2026, 6, 25));

        Assert.InRange(TokensOfAHundred(first) / TokensOfAHundred(before), 1.9m, 2.1m);
        Assert.InRange(TokensOfAHundred(after) / TokensOfAHundred(before), 1.95m, 2.05m);
        Assert.Equal("prod-etl", Demo.Directory.ApiKeys!.Single(key => key.Id == "key_etl").Description);

        static decimal TokensOfAHundred(UsageSums sums) => (decimal)(sums.TotalTokens * 100 / sums[Measure.RequestCount]);
    }

    [Fact]
    public void Experiment_SmallTraffic_BecomesALargeShareOfCost()
    {
        int[] weeks = [20, 10, 5, 1];
        var shares = weeks.Select(weeksBack =>
        {
            var from = new LocalDate(2026, 6, 24).PlusDays(-7 * weeksBack);
            var all = Sum(_ => true, from, from.PlusDays(7));
            var experiment = Sum(flow => flow.Keys.ApiKey == "key_swarm", from, from.PlusDays(7));
            Assert.InRange(experiment[Measure.RequestCount] * 1_000 / all[Measure.RequestCount], 0, 5);
            return (int)(experiment[Measure.Cost] * 100 / all[Measure.Cost]);
        }).ToArray();

        Assert.Equal(0, shares[0]);
        Assert.Equal(shares.Order(), shares);
        Assert.InRange(shares[^1], 20, 50);
    }

    [Fact]
    public void Launch_BeforeItsDay_HasNoRequest()
    {
        var launch = Slots.First(slot => slot.Day == 196).Start.InZone(Paris).Date;

        Assert.True(Sum(flow => flow.Keys.Project == "prj_voice", launch.PlusDays(-9), launch).IsZero);
        Assert.True(Sum(flow => flow.Keys.Project == "prj_voice", launch.PlusDays(40), launch.PlusDays(41))[Measure.RequestCount] > 10_000);
    }

    [Fact]
    public void Migration_AfterSevenWeeks_HasMovedAllRequests()
    {
        var start = Slots.First(slot => slot.Day == 170).Start.InZone(Paris).Date;

        Assert.Equal((true, false), SonnetIn(start.PlusDays(-3)));
        Assert.Equal((true, true), SonnetIn(start.PlusDays(24)));
        Assert.Equal((false, true), SonnetIn(start.PlusDays(50)));

        static (bool Old, bool New) SonnetIn(LocalDate day) => (
            !Sum(flow => flow.Keys.Mapping == "anthropic/claude-sonnet-4", day, day.PlusDays(1)).IsZero,
            !Sum(flow => flow.Keys.Mapping == "anthropic/claude-sonnet-5", day, day.PlusDays(1)).IsZero);
    }

    [Fact]
    public void Burst_InTheLastThirtyDays_FailsThreeInTenAtOneProvider()
    {
        var burst = Slots.Where(slot => slot.Burst is not null && slot.Start > End - Duration.FromDays(30)).ToArray();

        Assert.Equal(2, burst.Length);
        Assert.Equal(new LocalDateTime(2026, 6, 14, 14, 0), burst[0].Start.InZone(Paris).LocalDateTime);
        Assert.InRange(ErrorPercent("openai", burst), 27, 33);
        Assert.InRange(ErrorPercent("google", burst), 0, 2);
        Assert.InRange(ErrorPercent("openai", Slots.Where(slot => slot.Burst is null && slot.Start > End - Duration.FromDays(12))), 0, 1);

        static int ErrorPercent(string provider, IEnumerable<Slot> slots)
        {
            var these = slots.ToHashSet();
            var sums = Add(Rows(flow => flow.Provider == provider, these.Contains));
            return (int)(sums[Measure.ErrorCount] * 100 / sums[Measure.RequestCount]);
        }
    }

    [Fact]
    public void Keys_DeletedOrOwnerless_HaveUsage()
    {
        var keys = Demo.Directory.ApiKeys!.ToDictionary(key => key.Id);
        var members = Demo.Directory.Members!.Select(member => member.UserId).ToHashSet();
        var used = Rows(_ => true, slot => slot.Day is 20 or 364).Select(row => (row.Slot.Day, Key: keys[row.Flow.Keys.ApiKey], row.Flow.Keys.App)).ToList();

        Assert.Contains(used, row => row.Key.Deleted && row.Day == 20);
        Assert.DoesNotContain(used, row => row.Key.Deleted && row.Day == 364);
        Assert.Contains(used, row => row.Day == 364 && row.Key.CreatedBy is { } creator && !members.Contains(creator));
        Assert.Contains(used, row => row.Key.CreatedBy is null);
        Assert.Contains(used, row => row.App.Length == 0);
    }

    [Fact]
    public void Rows_All_KeepTheRulesOfUsage()
    {
        foreach (var (flow, _, row) in Rows(_ => true, slot => slot.Day is 100 or 363))
        {
            Assert.True(row[Measure.ErrorCount] + row[Measure.ClientErrorCount] + row[Measure.CacheHitCount] <= row[Measure.RequestCount]);
            Assert.True(row[Measure.CachedInputTokens] + row[Measure.CacheWriteTokens] <= row[Measure.InputTokens]);
            Assert.True(row[Measure.ReasoningTokens] <= row[Measure.OutputTokens]);
            Assert.Equal(flow.Keys.Mapping == "local/qwen-4-72b" ? row[Measure.RequestCount] - row[Measure.CacheHitCount] : 0, row[Measure.UnpricedCount]);
        }
    }

    [Fact]
    public void Year_EndInTheMiddleOfADay_HasNoIntervalAfterIt()
    {
        var end = Instant.FromUtc(2026, 3, 29, 13, 0);

        Assert.Equal(end, Slot.Year(Demo, Seed, end)[^1].Start + Duration.FromHours(1));
        Assert.Equal(end, Slot.Year(World.Kaveri(), Seed, end)[^1].Start + Duration.FromMinutes(15));
    }

    [Fact]
    public void Rows_AnotherSeed_Differ()
    {
        Flow flow = Flows.First(flow => flow.Workload.Name == "search");

        Assert.True(flow.TryRow(Slots[500], 60, Seed, out var one, []) && flow.TryRow(Slots[500], 60, Seed, out var same, []) && flow.TryRow(Slots[500], 60, Seed + 1, out var other, []) && one == same && one != other);
    }

    private static World WorldOf(string id) => id switch { "demo" => Demo, "juniper" => World.Juniper(), _ => World.Kaveri() };

    private static bool Within(Slot slot, LocalDate from, LocalDate until) => slot.Start.InZone(Paris).Date is var date && date >= from && date < until;

    private static IEnumerable<(Flow Flow, Slot Slot, UsageMeasures Row)> Rows(Func<Flow, bool> flows, Func<Slot, bool> slots)
    {
        Slot[] these = [.. Slots.Where(slots)];
        foreach (var flow in Flows.Where(flows))
        {
            foreach (var slot in these)
            {
                if (flow.TryRow(slot, Demo.GrainMinutes, Seed, out var row, []))
                {
                    yield return (flow, slot, row);
                }
            }
        }
    }

    private static UsageSums Sum(Func<Flow, bool> flows, LocalDate from, LocalDate until) => Add(Rows(flows, slot => Within(slot, from, until)));

    private static UsageSums Add(IEnumerable<(Flow Flow, Slot Slot, UsageMeasures Row)> rows)
    {
        UsageSums sums = default;
        foreach (var (_, _, row) in rows)
        {
            foreach (var measure in Measures.All)
            {
                sums[measure] += row[measure];
            }
        }

        return sums;
    }
}
