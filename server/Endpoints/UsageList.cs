using Analytics.Engine.Queries;
using Analytics.Engine.Usage;
using Analytics.Storage;

namespace Analytics.Server.Endpoints;

/// <summary>Usage of a range by thing, as lists of members, projects and API keys show it: what has no usage is in it too.</summary>
internal static class UsageList
{
    /// <summary>Puts things in the order of all answers: cost descending, requests descending, label, key.</summary>
    /// <param name="usage">Usage by <paramref name="dimension"/>.</param>
    /// <param name="dimension">What is listed.</param>
    /// <param name="known">Keys that have a row even without usage.</param>
    /// <param name="names">Labels.</param>
    /// <returns>One row a key. Rows sum to the usage's totals.</returns>
    public static IReadOnlyList<ListedUsage> Of(QueryResult usage, Dimension dimension, IEnumerable<string> known, DirectoryNames names)
    {
        var rows = usage.Ranking.ToDictionary(group => usage.Groups.Key(group.Code), group => group.Sums, StringComparer.Ordinal);
        foreach (var key in known)
        {
            rows.TryAdd(key, default);
        }

        return
        [
            .. rows.Select(row => new ListedUsage(row.Key, names.NameOf(dimension, row.Key), row.Value))
                .OrderByDescending(row => row.Sums[Measure.Cost])
                .ThenByDescending(row => row.Sums[Measure.RequestCount])
                .ThenBy(row => row.Name.Label, StringComparer.Ordinal)
                .ThenBy(row => row.Key, StringComparer.Ordinal),
        ];
    }
}

/// <summary>One thing of a list.</summary>
/// <param name="Key">Its id; empty for usage that has none.</param>
/// <param name="Name">What people read.</param>
/// <param name="Sums">Its usage in the range.</param>
internal readonly record struct ListedUsage(string Key, Name Name, UsageSums Sums);
