namespace Analytics.DataGen;

/// <summary>A small seeded generator whose numbers are the same on every machine and in every runtime, unlike System.Random's.</summary>
/// <remarks>SplitMix64, by G. Steele, D. Lea and C. Flood (OOPSLA 2014): a counter and a mixing function.</remarks>
/// <param name="seed">Any number; equal seeds give equal sequences.</param>
public sealed class SplitMix64(ulong seed)
{
    private ulong state = seed;

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        state += 0x9E3779B97F4A7C15;
        var mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }

    /// <summary>A number from 0 up to, not including, <paramref name="limit"/>.</summary>
    /// <param name="limit">1 or more.</param>
    public long Below(long limit) => (long)Math.BigMul(Next(), (ulong)limit, out _);

    /// <summary>A number from <paramref name="min"/> to <paramref name="max"/>, both included.</summary>
    /// <param name="min">The smallest.</param>
    /// <param name="max">The largest.</param>
    public long Between(long min, long max) => min + Below(max - min + 1);

    /// <summary>A whole number whose mean is <paramref name="thousandths"/> / 1000: rounded up or down by chance.</summary>
    /// <param name="thousandths">0 or more.</param>
    public long Round(long thousandths) => (thousandths / 1000) + (Below(1000) < thousandths % 1000 ? 1 : 0);
}
