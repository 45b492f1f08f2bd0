using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Storage.Directory;

namespace Analytics.Server.Endpoints;

/// <summary>How many API keys somebody or something has.</summary>
/// <param name="Created">Keys that are not deleted.</param>
/// <param name="Active">Keys used in the range, deleted ones too.</param>
internal readonly record struct KeyCounts(int Created, int Active)
{
    /// <summary>Counts them by owner; empty for keys that have none.</summary>
    /// <param name="question">The question; its filters apply to what is used.</param>
    /// <param name="ownerOf">A key's owner: its project, say.</param>
    public static async Task<IReadOnlyDictionary<string, KeyCounts>> ByAsync(Question question, Func<ApiKeyEntry, string?> ownerOf)
    {
        Dictionary<string, KeyCounts> counts = new(StringComparer.Ordinal);
        foreach (var key in question.Directory.ApiKeys.Values.Where(key => !key.Deleted))
        {
            Add(ownerOf(key), created: 1, active: 0);
        }

        using var usage = await question.RunAsync(BucketSize.Range, Dimension.ApiKey);
        foreach (var (code, sums) in usage.Ranking)
        {
            // Rows without a key are usage, but not of a key.
            if (usage.Groups.Key(code).Length > 0 && sums[Measure.RequestCount] > 0)
            {
                Add(question.Directory.ApiKeys.GetValueOrDefault(usage.Groups.Key(code)) is { } key ? ownerOf(key) : null, created: 0, active: 1);
            }
        }

        return counts;

        void Add(string? owner, int created, int active)
        {
            var known = counts.GetValueOrDefault(owner ?? string.Empty);
            counts[owner ?? string.Empty] = new KeyCounts(known.Created + created, known.Active + active);
        }
    }
}
