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
    private const int MaxPartRows = 500_000;
    private const int MinPartRows = 100_000;

    private static readonly UsageLabels NoLabels = new();

    private UsageAppend part = store.Append(organization, grain);
    private int partRows;
    private Task<long> commit = Task.FromResult(0L);

    /// <summary>Sums of all rows so far, added up here and not by the store.</summary>
    public UsageSums Totals { get; private set; }

    /// <summary>Rows on disk.</summary>
    public long Rows { get; private set; }

    /// <summary>Adds a row.</summary>
    public void Add(Instant start, UsageKeys keys, UsageMeasures row)
    {
        part.Add(start, keys, row, NoLabels);
        partRows++;
        var totals = Totals;
        foreach (var measure in Measures.All)
        {
            totals[measure] += row[measure];
        }

        Totals = totals;
    }

    /// <summary>Tells that all rows of an interval are there: a large part can be written. It is at the end of a month where possible, because each part is a file in each of its months.</summary>
    /// <param name="isEndOfMonth">Whether the next interval is in another month (UTC).</param>
    public void EndInterval(bool isEndOfMonth)
    {
        if (partRows >= MaxPartRows || (isEndOfMonth && partRows >= MinPartRows))
        {
            Commit();
            (part, partRows) = (store.Append(organization, grain), 0);
        }
    }

    /// <summary>Writes what is left, and waits until all is on disk.</summary>
    public void Finish()
    {
        if (partRows > 0)
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
