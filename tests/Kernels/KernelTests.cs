using Analytics.Engine.Kernels;
using Xunit;

namespace Analytics.Tests.Kernels;

/// <summary>Every kernel against the plain loop, on memory that ends where the input ends.</summary>
public class KernelTests
{
    // 0 to 260 crosses every vector width up to 512 bits, its tail and its double.
    private const int MaxLength = 260;

    [Fact]
    public void GroupSumInt64_AnyLength_EqualsPlainLoop()
    {
        for (var length = 0; length <= MaxLength; length++)
        {
            var random = new Random(length);
            var groupCount = random.Next(1, 20);
            long[] values = [.. Enumerable.Range(0, length).Select(_ => random.NextInt64(1_000))];
            int[] groups = [.. Enumerable.Range(0, length).Select(_ => random.Next(groupCount))];
            long[] before = [.. Enumerable.Range(0, groupCount).Select(_ => random.NextInt64(1_000))];
            using var guardedValues = new GuardedMemory<long>(values);
            using var guardedGroups = new GuardedMemory<int>(groups);
            using var narrow = new GuardedMemory<long>(before);
            using var wide = new GuardedMemory<Int128>([.. before.Select(total => (Int128)total)]);
            using var counts = new GuardedMemory<long>(before);

            GroupSum.Int64(guardedValues.Span, guardedGroups.Span, narrow.Span);
            GroupSum.Int64(guardedValues.Span, guardedGroups.Span, wide.Span);
            GroupSum.Count(guardedGroups.Span, counts.Span);

            for (var group = 0; group < groupCount; group++)
            {
                var expected = before[group] + values.Where((_, row) => groups[row] == group).Sum();
                Assert.Equal(expected, narrow.Span[group]);
                Assert.Equal(expected, wide.Span[group]);
                Assert.Equal(before[group] + groups.Count(other => other == group), counts.Span[group]);
            }
        }
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

    [Fact]
    public void Filter_AnyLengthAndAcceptance_EqualsPlainLoop()
    {
        for (var length = 0; length <= MaxLength; length++)
        {
            var random = new Random(length);
            var codeCount = random.Next(1, 20);
            int[] codes = [.. Enumerable.Range(0, length).Select(_ => random.Next(codeCount))];
            long[] values = [.. Enumerable.Range(0, length).Select(_ => random.NextInt64())];
            bool[] accepted = [.. Enumerable.Range(0, codeCount).Select(_ => random.Next(3) < length % 4)]; // none, some, most, all
            int[] expected = [.. Enumerable.Range(0, length).Where(row => accepted[codes[row]])];
            using var guardedCodes = new GuardedMemory<int>(codes);
            using var guardedValues = new GuardedMemory<long>(values);
            using var guardedAccepted = new GuardedMemory<bool>(accepted);
            using var rows = new GuardedMemory<int>(new int[length]);
            using var narrowed = new GuardedMemory<int>([.. Enumerable.Range(0, length).Where(row => row % 3 != 0)]);
            using var taken = new GuardedMemory<long>(new long[expected.Length]);

            var count = Filter.Rows(guardedCodes.Span, guardedAccepted.Span, rows.Span);
            var kept = Filter.Narrow(guardedCodes.Span, guardedAccepted.Span, narrowed.Span);
            using var exactRows = new GuardedMemory<int>(rows.Span[..count]);
            Filter.Take(guardedValues.Span, exactRows.Span, taken.Span);

            Assert.Equal(expected, rows.Span[..count]);
            Assert.Equal(expected.Where(row => row % 3 != 0), narrowed.Span[..kept].ToArray());
            Assert.Equal(expected.Select(row => values[row]), taken.Span.ToArray());
        }
    }
}
