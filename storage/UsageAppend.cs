using Analytics.Engine.Arrow;
using Analytics.Engine.Usage;
using Analytics.Storage.Catalog;
using Analytics.Storage.Rollup;
using NodaTime;

namespace Analytics.Storage;

/// <summary>Usage of one organisation on its way into the store. Nothing is there before <see cref="Commit"/>, all of it after.</summary>
public sealed class UsageAppend
{
    private const string AgentServiceType = "agent";

    private readonly UsageStore store;
    private readonly RollupBuilder requests;
    private readonly RollupBuilder items;
    private readonly RollupBuilder conversations;
    private readonly Dictionary<YearMonth, EventIds> ids = [];
    private readonly SeenThings seen;

    internal UsageAppend(UsageStore store, string organization, Duration grain)
    {
        this.store = store;
        Organization = organization;
        requests = new RollupBuilder(grain, UsageSchema.Requests);
        items = new RollupBuilder(grain, UsageSchema.Items);
        conversations = new RollupBuilder(grain, UsageSchema.Conversations);
        seen = new SeenThings(organization);
    }

    /// <summary>Organisation id.</summary>
    public string Organization { get; }

    /// <summary>Adds a request unless its id is known.</summary>
    /// <param name="usage">The request.</param>
    /// <returns>Whether it was new.</returns>
    public EventIdResult Add(UsageEvent usage)
    {
        ArgumentNullException.ThrowIfNull(usage);
        var result = IdsOf(usage.Timestamp).Add(usage.Id, usage.ContentHash);
        if (result == EventIdResult.Added)
        {
            Add(usage.Timestamp, usage.Keys, usage.Measures, usage.Labels, usage.Items ?? PricedItem.Whole(usage.Measures));
            AddConversation(usage.Timestamp, usage.Keys, usage.Conversation, 1);
        }

        return result;
    }

    /// <summary>Adds a row whose cost was said as a whole.</summary>
    /// <param name="time">Any instant of its interval.</param>
    /// <param name="keys">What it belongs to.</param>
    /// <param name="measures">What it adds.</param>
    /// <param name="labels">Names and owners that came with it.</param>
    public void Add(Instant time, UsageKeys keys, UsageMeasures measures, UsageLabels labels) => Add(time, keys, measures, labels, PricedItem.Whole(measures));

    /// <summary>Adds a row that another system added up.</summary>
    /// <param name="time">Any instant of its interval.</param>
    /// <param name="keys">What it belongs to.</param>
    /// <param name="measures">What it adds.</param>
    /// <param name="labels">Names and owners that came with it.</param>
    /// <param name="parts">What its cost is made of; costs sum to the row's.</param>
    /// <exception cref="ArgumentException">They do not.</exception>
    public void Add(Instant time, UsageKeys keys, UsageMeasures measures, UsageLabels labels, IReadOnlyList<PricedItem> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        Int128 cost = 0;
        foreach (var item in parts)
        {
            cost += item.CostPicoUsd;
        }

        if (cost != measures[Measure.Cost])
        {
            throw new ArgumentException($"Found items of {cost} pico-dollars, expected {measures[Measure.Cost]}.", nameof(parts));
        }

        seen.Add(keys, labels);
        requests.Add(time, keys, measures);
        foreach (var item in parts)
        {
            items.Add(time, keys, item);
        }
    }

    /// <summary>Adds requests of a conversation with an agent. What belongs to no agent is no conversation, whatever it is called.</summary>
    /// <param name="time">Any instant of their interval.</param>
    /// <param name="keys">What they belong to.</param>
    /// <param name="conversation">The conversation; empty for none.</param>
    /// <param name="count">Requests, 1 or more.</param>
    public void AddConversation(Instant time, UsageKeys keys, string conversation, long count)
    {
        ArgumentNullException.ThrowIfNull(conversation);
        if (conversation.Length > 0 && (keys.Agent.Length > 0 || keys.ServiceType == AgentServiceType))
        {
            conversations.Add(time, keys, conversation, count);
        }
    }

    /// <summary>Rows of all tables so far.</summary>
    public int RowCount => requests.RowCount + items.RowCount + conversations.RowCount;

    /// <summary>Makes all that was added durable and visible, in one step.</summary>
    /// <param name="source">The file it came from, so that it is not imported again; null for none. Its sequence is set here.</param>
    /// <returns>Rollup rows of requests written.</returns>
    /// <exception cref="SyncFailedException">The disk did not take it.</exception>
    public long Commit(ImportedFile? source)
    {
        List<(string Table, YearMonth Month, RecordBatch Rows, Duration? Grain)> partitions =
        [
            .. requests.Build().Select(part => (Tables.Requests, part.Month, part.Rows, (Duration?)part.Grain)),
            .. items.Build().Select(part => (Tables.Items, part.Month, part.Rows, (Duration?)part.Grain)),
            .. conversations.Build().Select(part => (Tables.Conversations, part.Month, part.Rows, (Duration?)part.Grain)),
            .. ids.Where(month => month.Value.AddedCount > 0)
                .OrderBy(month => month.Key)
                .Select(month => (Tables.EventIds, month.Key, month.Value.AddedRows(), (Duration?)null)),
        ];
        store.Commit(Organization, partitions, source, seen.ToRegistrations());
        return requests.RowCount;
    }

    private EventIds IdsOf(Instant time)
    {
        var date = time.InUtc().Date;
        var month = new YearMonth(date.Year, date.Month);
        if (!ids.TryGetValue(month, out var known))
        {
            ids.Add(month, known = store.ReadEventIds(Organization, month));
        }

        return known;
    }
}
