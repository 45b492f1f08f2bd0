using Analytics.Engine.Arrow;
using Analytics.Storage.Catalog;
using Analytics.Storage.Rollup;
using NodaTime;

namespace Analytics.Storage;

/// <summary>Usage of one organisation on its way into the store. Nothing is there before <see cref="Commit"/>, all of it after.</summary>
public sealed class UsageAppend
{
    private readonly UsageStore store;
    private readonly RollupBuilder rollup;
    private readonly Dictionary<YearMonth, EventIds> ids = [];
    private readonly SeenThings seen;

    internal UsageAppend(UsageStore store, string organization, Duration grain)
    {
        this.store = store;
        Organization = organization;
        rollup = new RollupBuilder(grain);
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
            Add(usage.Timestamp, usage.Keys, usage.Measures, usage.Labels);
        }

        return result;
    }

    /// <summary>Adds a row that another system added up.</summary>
    /// <param name="time">Any instant of its interval.</param>
    /// <param name="keys">What it belongs to.</param>
    /// <param name="measures">What it adds.</param>
    /// <param name="labels">Names and owners that came with it.</param>
    public void Add(Instant time, UsageKeys keys, UsageMeasures measures, UsageLabels labels)
    {
        seen.Add(keys, labels);
        rollup.Add(time, keys, measures);
    }

    /// <summary>Makes all that was added durable and visible, in one step.</summary>
    /// <param name="source">The file it came from, so that it is not imported again; null for none. Its sequence is set here.</param>
    /// <returns>Rollup rows written.</returns>
    /// <exception cref="SyncFailedException">The disk did not take it.</exception>
    public long Commit(ImportedFile? source)
    {
        List<(string Table, YearMonth Month, RecordBatch Rows, Duration? Grain)> partitions =
        [
            .. rollup.Build().Select(part => (Tables.Requests, part.Month, part.Rows, (Duration?)part.Grain)),
            .. ids.Where(month => month.Value.AddedCount > 0)
                .OrderBy(month => month.Key)
                .Select(month => (Tables.EventIds, month.Key, month.Value.AddedRows(), (Duration?)null)),
        ];
        store.Commit(Organization, partitions, source, seen.ToRegistrations());
        return rollup.RowCount;
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
