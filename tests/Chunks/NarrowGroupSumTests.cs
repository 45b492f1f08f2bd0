using Analytics.Engine.Kernels;
using Xunit;

namespace Analytics.Tests.Chunks;

/// <summary>The sum over narrow columns against the plain loop: every width, path and length, on memory that ends with the padding.</summary>
public class NarrowGroupSumTests
{
    private const int MaxLength = 260;

    public static TheoryData<InstructionPath> Paths => GuardedColumn.Paths;

    [Theory, MemberData(nameof(Paths))]
    public void Four_AnyWidthsLengthAndStart_EqualsPlainLoop(InstructionPath path)
    {
        var random = new Random(5);
        for (var length = 0; length <= MaxLength; length++)
        {
            for (var width = 0; width <= 8; width++)
            {
                Check(path, random, length, [width, random.Next(9), random.Next(9), random.Next(9)]);
            }
        }
    }

    [Fact]
    public void Four_CodeBeyondTheTotals_IsRefused()
    {
        using var column = new GuardedColumn([0, 3], 1, 1);

        Assert.Throws<ArgumentException>(() => NarrowGroupSum.Four(column.Narrow, new ColumnQuad(column.Narrow, column.Narrow, column.Narrow, column.Narrow), 0, 2, new long[12], 0));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(8)]
    public void CopyToAndTake_AnyWidth_GiveTheValues(int width)
    {
        var random = new Random(width);
        var values = Values(random, 100, width, 3);
        using var column = new GuardedColumn(values, width, 3);
        var all = new ulong[100];
        var some = new ulong[3];

        column.Narrow.CopyTo<ulong>(0, all);
        column.Narrow.Take<ulong>(10, [0, 5, 89], some);

        Assert.Equal(values, all);
        Assert.Equal([values[10], values[15], values[99]], some);
        Assert.Equal(values[42], column.Narrow[42]);
    }

    private static void Check(InstructionPath path, Random random, int length, int[] widths)
    {
        var first = random.Next(length + 1);
        var groupCount = random.Next(40) switch { 0 => 70_000, < 20 => 3, _ => 200 };
        var codeWidth = groupCount <= 256 ? random.Next(2) == 0 ? 1 : 2 : 4;
        ulong[] codes = [.. Enumerable.Range(0, length).Select(_ => (ulong)random.Next(groupCount))];
        var scales = new ulong[] { random.Next(2) == 0 ? 1ul : 50_000, 1, 1, random.Next(8) == 0 ? 7ul : 1 };
        var values = widths.Select((width, i) => Values(random, length, width, scales[i])).ToArray();
        using var code = new GuardedColumn(codes, codeWidth, 1);
        using var a = new GuardedColumn(values[0], widths[0], scales[0]);
        using var b = new GuardedColumn(values[1], widths[1], scales[1]);
        using var c = new GuardedColumn(values[2], widths[2], scales[2]);
        using var d = new GuardedColumn(values[3], widths[3], scales[3]);
        var copyStride = groupCount <= 256 ? 4 * groupCount : 0;
        var columns = new ColumnQuad(a.Narrow, b.Narrow, c.Narrow, d.Narrow);
        int[] groups = [.. codes[first..].Select(group => (int)group)];
        int[] rows = [.. Enumerable.Range(0, length - first).Where(_ => random.Next(3) == 0)];
        var what = $"{path}, {length} rows from {first}, widths {string.Join(' ', widths)}, codes of {codeWidth}";
        GuardedColumn.On(path, () =>
        {
            Compare("all", Enumerable.Range(0, length - first), totals => NarrowGroupSum.Four(code.Narrow, columns, first, length - first, totals, copyStride));
            Compare("own groups", Enumerable.Range(0, length - first), totals => NarrowGroupSum.Four(groups, groupCount - 1, columns, first, totals, copyStride));
            Compare("some", rows, totals => NarrowGroupSum.FourAt(code.Narrow, columns, first, rows, totals, copyStride));
            Compare("some of own groups", rows, totals => NarrowGroupSum.FourAt(groups, groupCount - 1, columns, first, rows, totals, copyStride));
        });

        void Compare(string kernel, IEnumerable<int> positions, Action<long[]> add)
        {
            var totals = new long[(4 * groupCount) + (3 * copyStride)];
            add(totals);
            var expected = new long[4 * groupCount];
            foreach (var row in positions)
            {
                for (var lane = 0; lane < 4; lane++)
                {
                    expected[(4 * groups[row]) + lane] += (long)values[lane][first + row];
                }
            }

            for (var i = 0; i < expected.Length; i++)
            {
                var sum = totals[i];
                for (var copy = 1; copyStride > 0 && copy < 4; copy++)
                {
                    sum += totals[i + (copy * copyStride)];
                }

                if (expected[i] != sum)
                {
                    Assert.Fail($"{kernel}, {what}: group {i / 4}, lane {i % 4}");
                }
            }
        }
    }

    /// <summary>Numbers that need the width, times the scale.</summary>
    private static ulong[] Values(Random random, int count, int width, ulong scale) =>
        [.. Enumerable.Range(0, count).Select(_ => width == 0 ? 0 : ((ulong)random.NextInt64() >> (8 * (8 - width))) / scale * scale)];
}
