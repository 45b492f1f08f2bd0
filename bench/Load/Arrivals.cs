namespace Analytics.Bench.Load;

/// <summary>When requests are due. Nothing that happens later changes it: that is what makes the load open.</summary>
internal static class Arrivals
{
    /// <summary>One request each 1 / rate seconds.</summary>
    /// <param name="rate">Requests a second, above 0.</param>
    /// <param name="seconds">Length of the run.</param>
    /// <returns>Nanoseconds since the start, ascending.</returns>
    public static long[] Constant(double rate, double seconds) =>
        [.. Enumerable.Range(0, (int)(rate * seconds)).Select(i => (long)(i / rate * 1e9))];

    /// <summary>Independent arrivals: exponential gaps of 1 / rate seconds on average.</summary>
    /// <param name="rate">Requests a second, above 0.</param>
    /// <param name="seconds">Length of the run.</param>
    /// <param name="seed">The same seed, the same arrivals.</param>
    /// <returns>Nanoseconds since the start, ascending.</returns>
    public static long[] Poisson(double rate, double seconds, int seed)
    {
        var random = new Random(seed);
        List<long> due = [];
        for (var at = Gap(); at < seconds; at += Gap())
        {
            due.Add((long)(at * 1e9));
        }

        return [.. due];

        double Gap() => -Math.Log(1 - random.NextDouble()) / rate;
    }
}
