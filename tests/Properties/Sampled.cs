using FsCheck;
using FsCheck.Fluent;

namespace Analytics.Tests.Properties;

/// <summary>Properties over random cases. The seed of all cases is fixed; a failure prints it with the case.</summary>
internal static class Sampled
{
    private const ulong Seed = 20260329;

    /// <summary>Asserts <paramref name="property"/> for cases of a seed (any) and a size (small, shrunk on failure).</summary>
    public static void Check(int cases, Action<Random, int> property)
    {
        var forAll = Prop.ForAll(
            Gen.Choose(0, int.MaxValue).ToArbitrary(),
            ArbMap.Default.ArbFor<PositiveInt>(),
            (seed, size) => property(new Random(seed), size.Get));
        FsCheck.Check.One(Config.QuickThrowOnFailure.WithMaxTest(cases).WithReplay(Seed, 1), forAll.Label($"seed {Seed}"));
    }
}
