using Analytics.Engine.Usage;

namespace Analytics.Tests.Usage;

/// <summary>Names made from keys. Labels repeat, so that an order by label alone would not be total.</summary>
/// <param name="edition">Changes labels, members and what is deleted, as an edited directory does.</param>
internal sealed class SampleNames(int edition = 0) : IUsageNames
{
    public Name NameOf(Dimension dimension, string key) => key.Length == 0
        ? new Name("(none)")
        : new Name($"{dimension} {(key[^1] + edition) % 3}", (key[^1] + edition) % 5 == 0);

    /// <summary>Mapping "provider/model" gives both; API key "k12" belongs to member "m2", "k10" to nobody.</summary>
    public string Derive(Dimension derived, string storedKey) => (derived, storedKey) switch
    {
        (_, "") => string.Empty,
        (Dimension.Provider, _) => storedKey.Split('/')[0],
        (Dimension.Model, _) => storedKey.Split('/')[^1],
        (Dimension.Member, [.., '0']) => string.Empty,
        (Dimension.Member, _) => $"m{(storedKey[^1] + edition) % 4}",
        _ => throw new ArgumentOutOfRangeException(nameof(derived)),
    };
}
