using Analytics.Engine.Usage;
using Analytics.Storage;
using Analytics.Storage.Rollup;
using NodaTime;

namespace Analytics.DataGen;

/// <summary>Puts the rows of one organisation into a store, part by part: while one part is written, the next is made.</summary>
/// <param name="store">The store.</param>
/// <param name="organization">Organisation id.</param>
/// <param name="grain">Length of the rollup intervals.</param>
internal sealed class RollupWriter(UsageStore store, string organization, Duration grain)
{
    // A part takes about 600 bytes a row until it is written, and there are two.
    private const int MaxPartRows = 1_000_000;
    private const int MinPartRows = 200_000;

    private static readonly UsageLabels NoLabels = new();

    private UsageAppend part = store.Append(organization, grain);
    private Task<long> commit = Task.FromResult(0L);

    /// <summary>Sums of all rows so far, added up here and not by the store.</summary>
    public UsageSums Totals { get; private set; }

    /// <summary>Rows on disk.</summary>
    public long Rows { get; private set; }

    /// <summary>Adds a row.</summary>
    /// <param name="start">Start of its interval.</param>
    /// <param name="keys">What it belongs to.</param>
    /// <param name="row">What it adds up to.</param>
    /// <param name="items">What its cost is made of.</param>
    public void Add(Instant start, UsageKeys keys, UsageMeasures row, IReadOnlyList<PricedItem> items)
    {
        part.Add(start, keys, row, NoLabels, items);
        var totals = Totals;
        foreach (var measure in Measures.All)
        {
            totals[measure] += row[measure];
        }

        Totals = totals;
    }

    /// <summary>Adds requests of a conversation.</summary>
    public void AddConversation(Instant start, UsageKeys keys, string conversation, long requests) => part.AddConversation(start, keys, conversation, requests);

    /// <summary>Tells that all rows of an interval are there: a large part can be written. It is at the end of a month where possible, because each part is a file in each of its months.</summary>
    /// <param name="isEndOfMonth">Whether the next interval is in another month (UTC).</param>
    public void EndInterval(bool isEndOfMonth)
    {
        if (part.RowCount >= MaxPartRows || (isEndOfMonth && part.RowCount >= MinPartRows))
        {
            Commit();
            part = store.Append(organization, grain);
        }
    }

    /// <summary>Writes what is left, and waits until all is on disk.</summary>
    public void Finish()
    {
        if (part.RowCount > 0)
        {
            Commit();
        }

        Rows += commit.GetAwaiter().GetResult();
        commit = Task.FromResult(0L);
    }

    private void Commit()
    {
        Rows += commit.GetAwaiter().GetResult();
        var full = part;
        commit = Task.Run(() => full.Commit(source: null));
    }
}
