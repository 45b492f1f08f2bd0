using System.Runtime.Intrinsics.X86;
using Analytics.Engine.Kernels;
using Xunit;

namespace Analytics.Tests.Kernels;

/// <summary>Every kernel against the plain loop, on memory that ends where the input ends.</summary>
public class KernelTests
{
    // 0 to 260 crosses every vector width up to 512 bits, its tail and its double.
    private const int MaxLength = 260;

    // Every path that the machine has, and the one that it chooses.
    private static readonly GroupSum.FourColumns[] Paths = [GroupSum.Four, GroupSum.FourPortable, .. Avx2.IsSupported ? (GroupSum.FourColumns[])[GroupSum.FourAvx2] : []];

    [Fact]
    public void GroupSumFour_AnyLengthAlignmentAndCopies_EqualsPlainLoop()
    {
        for (var length = 0; length <= MaxLength; length++)
        {
            foreach (var path in Paths)
            {
                // The guarded end makes the start of the values fall on every multiple of 8 bytes, of the codes on every 4.
                var random = new Random(length);
                var groupCount = random.Next(1, 20);
                var columns = Enumerable.Range(0, 4).Select(_ => Enumerable.Range(0, length).Select(_ => random.NextInt64()).ToArray()).ToArray();
                int[] groups = [.. Enumerable.Range(0, length).Select(_ => random.Next(groupCount))];
                foreach (var copyStride in (int[])[0, 4 * groupCount])
                {
                    long[] before = [.. Enumerable.Range(0, (4 * groupCount) + (3 * copyStride)).Select(_ => random.NextInt64(1_000))];
                    using var codes = new GuardedMemory<int>(groups);
                    using var a = new GuardedMemory<long>(columns[0]);
                    using var b = new GuardedMemory<long>(columns[1]);
                    using var c = new GuardedMemory<long>(columns[2]);
                    using var d = new GuardedMemory<long>(columns[3]);
                    using var totals = new GuardedMemory<long>(before);

                    path(codes.Span, a.Span, b.Span, c.Span, d.Span, totals.Span, copyStride);

                    var expected = new long[4 * groupCount];
                    var actual = new long[4 * groupCount];
                    for (var i = 0; i < expected.Length; i++)
                    {
                        for (var copy = 0; copy < (copyStride == 0 ? 1 : 4); copy++)
                        {
                            expected[i] += before[i + (copy * copyStride)];
                            actual[i] += totals.Span[i + (copy * copyStride)];
                        }
                    }

                    for (var row = 0; row < length; row++)
                    {
                        for (var lane = 0; lane < 4; lane++)
                        {
                            expected[(4 * groups[row]) + lane] += columns[lane][row];
                        }
                    }

                    Assert.Equal(expected, actual);
                }
            }
        }
    }

    [Fact]
    public void GroupSumFour_LengthOrGroupThatDoesNotFit_IsRefused()
    {
        var totals = new long[8];
        long[] values = [1, 2];

        Assert.Throws<ArgumentException>(() => GroupSum.Four([0, 1], values, values, values, [1], totals));
        Assert.Throws<ArgumentException>(() => GroupSum.Four([0, 2], values, values, values, values, totals));
        Assert.Throws<ArgumentException>(() => GroupSum.Four([0, -1], values, values, values, values, totals));
        Assert.Throws<ArgumentException>(() => GroupSum.Four([0, 1], values, values, values, values, totals, copyStride: 8));
    }

    [Fact]
    public void GroupSumInt64_BeyondSixtyFourBits_IsExactInOneHundredTwentyEight()
    {
        long[] values = [.. Enumerable.Repeat(long.MaxValue, 260)];
        int[] groups = [.. Enumerable.Range(0, 260).Select(row => row % 2)];
        var totals = new Int128[2];

        GroupSum.Int64(values, groups, totals);

        Assert.All(totals, total => Assert.Equal((Int128)long.MaxValue * 130, total));
    }

}
