using System.Globalization;
using Analytics.DataGen.Worlds;
using Analytics.Engine.Usage;
using Analytics.Storage.Rollup;

namespace Analytics.DataGen;

/// <summary>Requests that share all dimensions: one part of a workload.</summary>
internal sealed record Flow
{
    private const int Full = 1_000;
    private const long Million = 1_000_000;

    /// <summary>Position in its world: what its random numbers hang on.</summary>
    public required int Index { get; init; }

    /// <summary>What its rows belong to.</summary>
    public required UsageKeys Keys { get; init; }

    /// <summary>What it is a part of.</summary>
    public required Workload Workload { get; init; }

    /// <summary>Canonical provider.</summary>
    public required string Provider { get; init; }

    /// <summary>What its tokens cost.</summary>
    public required TokenPrice Price { get; init; }

    /// <summary>Millionths of a request on a plain weekday at the start of the year.</summary>
    public required long MicroRequestsPerDay { get; init; }

    /// <summary>The migration that it fades in, or null.</summary>
    public Migration? Leaving { get; init; }

    /// <summary>The migration that it rises in, or null.</summary>
    public Migration? Arriving { get; init; }

    /// <summary>All flows of a world.</summary>
    public static Flow[] Of(World world)
    {
        var projects = world.Directory.ApiKeys!.ToDictionary(key => key.Id, key => key.ProjectId ?? string.Empty, StringComparer.Ordinal);
        var models = world.Directory.Models!.ToDictionary(model => model.Mapping, StringComparer.Ordinal);
        List<Flow> flows = [];
        foreach (var workload in world.Workloads)
        {
            foreach (var (key, mapping, app, agent, share) in Combinations(workload))
            {
                var flow = Make(mapping);
                var leaving = world.Migrations.FirstOrDefault(migration => migration.From == mapping);
                flows.Add(flow with { Index = flows.Count, Leaving = leaving });
                if (leaving is not null)
                {
                    flows.Add(Make(leaving.To) with { Index = flows.Count, Arriving = leaving });
                }

                Flow Make(string route) => new()
                {
                    Index = 0,
                    Keys = new UsageKeys(projects[key], key, route, app, workload.ServiceType, agent),
                    Workload = workload,
                    Provider = models[route].Provider!,
                    Price = TokenPrice.Of(models[route]),
                    MicroRequestsPerDay = workload.RequestsPerDay * share,
                };
            }
        }

        return [.. flows];
    }

    /// <summary>Millionths of a request that an interval has on average.</summary>
    public long MicroRequests(Slot slot, int grainMinutes)
    {
        var rate = MicroRequestsPerDay * Workload.Rhythm.ShareOfHour(slot.Hour) / Full;
        rate = rate * Workload.Rhythm.Busyness(slot.DayOfWeek, slot.IsHoliday) / Full;
        rate = rate * slot.Growth / Full * Level(slot.Day) / Full;
        return rate * grainMinutes / 60;
    }

    /// <summary>The row of an interval; false where it has no request.</summary>
    public bool TryRow(Slot slot, int grainMinutes, ulong seed, out UsageMeasures row, List<PricedItem> items)
    {
        row = default;
        var rate = MicroRequests(slot, grainMinutes);
        if (rate == 0)
        {
            return false;
        }

        var random = SplitMix64.For(seed, Index, slot.Start.ToUnixTimeSeconds());
        var requests = random.Round(rate * random.Between(800, 1_200) / Full, Million);
        if (requests == 0)
        {
            return false;
        }

        row = Row(slot, requests, ref random, items);
        return true;
    }

    /// <summary>The conversation that an interval's requests are part of: of each flow with an agent one for each three hours; empty without an agent.</summary>
    public string Conversation(Slot slot, ulong seed) => Keys.Agent.Length == 0
        ? string.Empty
        : string.Create(CultureInfo.InvariantCulture, $"conv_{SplitMix64.For(seed, Index, (slot.Day * 64L) + (slot.Hour / 3)).Next():x16}");

    /// <summary>The row of so many requests.</summary>
    /// <param name="slot">The interval.</param>
    /// <param name="requests">Requests, 1 or more.</param>
    /// <param name="random">Random numbers.</param>
    /// <param name="items">Gets what the cost is made of.</param>
    public UsageMeasures Row(Slot slot, long requests, ref SplitMix64 random, List<PricedItem> items)
    {
        var errors = random.Round(requests * ErrorPerMille(slot), Full);
        var clientErrors = Math.Min(requests - errors, random.Round(requests * Workload.ClientErrorPerMille, Full));
        var answered = requests - errors - clientErrors;
        var hits = Math.Min(answered, random.Round(requests * Workload.CacheHitPerMille, Full));
        var paid = TokensOf(slot, answered - hits, ref random);
        var fromCache = TokensOf(slot, hits, ref random);
        var cost = Price.Cost(paid);
        UsageMeasures row = default;
        row[Measure.RequestCount] = requests;
        row[Measure.ErrorCount] = errors;
        row[Measure.ClientErrorCount] = clientErrors;
        row[Measure.CacheHitCount] = hits;
        row[Measure.UnpricedCount] = cost is null ? requests - hits : 0;
        row[Measure.InputTokens] = paid.Input + fromCache.Input;
        row[Measure.CachedInputTokens] = paid.CachedInput;
        row[Measure.CacheWriteTokens] = paid.CacheWrite;
        row[Measure.OutputTokens] = paid.Output + fromCache.Output;
        row[Measure.ReasoningTokens] = paid.Reasoning + fromCache.Reasoning;
        row[Measure.Cost] = cost ?? 0;
        items.Clear();
        if (cost is not null)
        {
            Price.AddItems(paid, Keys.ServiceType, answered - hits, items);
        }

        return row;
    }

    /// <summary>How many of a thousand requests fail.</summary>
    public int ErrorPerMille(Slot slot) => slot.Burst is { } burst && burst.Provider == Provider ? burst.Percent * 10 : Workload.ErrorPerMille;

    /// <summary>Tokens of so many answered requests. Few requests differ more than many.</summary>
    public Tokens TokensOf(Slot slot, long requests, ref SplitMix64 random)
    {
        if (requests == 0)
        {
            return default;
        }

        var spread = requests switch { < 4 => 700, < 50 => 300, _ => 100 };
        var times = Workload.Doubles && slot.IsAfterTheChange ? 2 : 1;
        var input = requests * Workload.InputTokens * times * random.Between(Full - spread, Full + spread) / Full;
        var output = requests * Workload.OutputTokens * times * random.Between(Full - spread, Full + spread) / Full;
        var cached = input * Workload.CachedPercent / 100 * random.Between(800, 1_000) / Full;
        return new Tokens(
            input,
            cached,
            (input - cached) * Workload.CacheWritePercent / 100,
            output,
            output * Workload.ReasoningPercent / 100 * random.Between(800, 1_000) / Full);
    }

    private static IEnumerable<(string Key, string Mapping, string App, string Agent, long Share)> Combinations(Workload workload) =>
        from key in Shared(workload.Keys)
        from mapping in Shared(workload.Mappings)
        from app in Shared(workload.Apps)
        from agent in Shared(workload.Agents)
        select (key.Name, mapping.Name, app.Name, agent.Name, key.Share * mapping.Share / Million * app.Share / Million * agent.Share / Million);

    private static IEnumerable<(string Name, long Share)> Shared(IReadOnlyList<string> names) => names.Zip(Zipf.Shares(names.Count));

    private static int Ramp(int day, int first, int days) => days == 0
        ? (day >= first ? Full : 0)
        : Math.Clamp((day - first + 1) * Full / days, 0, Full);

    /// <summary>Thousandths of its height on a day.</summary>
    private int Level(int day)
    {
        var level = Ramp(day, Workload.From, Workload.RiseDays);
        if (Workload.Until < int.MaxValue)
        {
            level = level * (Full - Ramp(day, Workload.Until - Workload.FadeDays, Workload.FadeDays)) / Full;
        }

        level = Leaving is null ? level : level * (Full - Ramp(day, Leaving.Day, Leaving.Days)) / Full;
        return Arriving is null ? level : level * Ramp(day, Arriving.Day, Arriving.Days) / Full;
    }
}
