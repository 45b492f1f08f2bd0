namespace Analytics.DataGen;

/// <summary>Shares by popularity: the second has half of the first's, the third a third.</summary>
internal static class Zipf
{
    /// <summary>Shares in parts of a million. They sum to at most a million, and miss it by less than <paramref name="count"/>.</summary>
    /// <param name="count">1 or more.</param>
    public static long[] Shares(int count)
    {
        const long First = 1_000_000_000_000;
        var sum = Enumerable.Range(1, count).Sum(rank => First / rank);
        return [.. Enumerable.Range(1, count).Select(rank => First / rank * 1_000 / (sum / 1_000))];
    }
}
