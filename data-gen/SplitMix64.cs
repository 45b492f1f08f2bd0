namespace Analytics.DataGen;

/// <summary>A small seeded generator whose numbers are the same on every machine and in every runtime, unlike System.Random's.</summary>
/// <remarks>SplitMix64, by G. Steele, D. Lea and C. Flood (OOPSLA 2014): a counter and a mixing function.</remarks>
/// <param name="seed">Any number; equal seeds give equal sequences.</param>
internal struct SplitMix64(ulong seed)
{
    private const ulong Step = 0x9E3779B97F4A7C15;

    private ulong state = seed;

    /// <summary>A generator of its own for one thing at one time, so that no draw depends on what was drawn before.</summary>
    public static SplitMix64 For(ulong seed, long thing, long time) => new(Mix(Mix(seed + ((ulong)thing * Step)) + (ulong)time));

    /// <summary>Spreads a number over 64 bits; different numbers stay different.</summary>
    public static ulong Mix(ulong number)
    {
        number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9;
        number = (number ^ (number >> 27)) * 0x94D049BB133111EB;
        return number ^ (number >> 31);
    }

    /// <summary>64 random bits.</summary>
    public ulong Next() => Mix(state += Step);

    /// <summary>A number from 0 up to, not including, <paramref name="limit"/>.</summary>
    /// <param name="limit">1 or more.</param>
    public long Below(long limit) => (long)Math.BigMul(Next(), (ulong)limit, out _);

    /// <summary>A number from <paramref name="min"/> to <paramref name="max"/>, both included.</summary>
    public long Between(long min, long max) => min + Below(max - min + 1);

    /// <summary>Whether something of that chance happens.</summary>
    /// <param name="perMille">0 (never) to 1000 (always).</param>
    public bool Chance(long perMille) => Below(1000) < perMille;

    /// <summary>A whole number whose mean is <paramref name="parts"/> / <paramref name="unit"/>: rounded up or down by chance.</summary>
    public long Round(long parts, long unit) => (parts / unit) + (Below(unit) < parts % unit ? 1 : 0);
}
