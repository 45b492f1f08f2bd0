namespace Analytics.DataGen;

/// <summary>Whole parts of a whole, by weight.</summary>
internal static class Apportionment
{
    /// <summary>Shares a count so that the parts sum to it exactly, each less than 1 away from its due.</summary>
    /// <param name="count">0 or more.</param>
    /// <param name="weights">0 or more each, not all 0.</param>
    public static long[] Of(long count, long[] weights)
    {
        var whole = weights.Aggregate((Int128)0, (sum, weight) => sum + weight);
        var parts = new long[weights.Length];
        Int128 reached = 0;
        var given = 0L;
        for (var i = 0; i < weights.Length; i++)
        {
            reached += weights[i];
            var due = (long)(count * reached / whole);
            parts[i] = due - given;
            given = due;
        }

        return parts;
    }
}

/// <summary>Picks things at random, each as often as its weight says.</summary>
internal sealed class Popularity
{
    private readonly long[] reached;

    public Popularity(IEnumerable<long> weights)
    {
        var sum = 0L;
        reached = [.. weights.Select(weight => sum += weight)];
    }

    /// <summary>The position of one thing.</summary>
    public int Pick(ref SplitMix64 random)
    {
        // The first position whose sum is above the draw: where sums are equal, those after the first have weight 0.
        var (low, high) = (0, reached.Length - 1);
        var drawn = random.Below(reached[^1]);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = reached[middle] > drawn ? (low, middle) : (middle + 1, high);
        }

        return low;
    }
}
