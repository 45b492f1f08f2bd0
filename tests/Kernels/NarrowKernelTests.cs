using Analytics.Engine.Kernels;
using Analytics.Tests.Chunks;
using Analytics.Tests.Properties;
using Xunit;

namespace Analytics.Tests.Kernels;

/// <summary>Kernels over codes of 1, 2 and 4 bytes against the plain loop: every path and length, on memory that ends with the padding.</summary>
public class NarrowKernelTests
{
    // 0 to 260 crosses four steps of 64 rows and their tails.
    private const int MaxLength = 260;

    public static TheoryData<InstructionPath> Paths => GuardedColumn.Paths;

    [Theory, MemberData(nameof(Paths))]
    public void SelectAndNarrow_AnyLengthStartWidthAndAcceptance_EqualPlainLoop(InstructionPath path) => GuardedColumn.On(path, () =>
    {
        for (var length = 0; length <= MaxLength; length++)
        {
            foreach (var width in (int[])[1, 2, 4])
            {
                var random = new Random((length * 8) + width);
                Check(random, length, width, random.Next(1, width == 1 ? 257 : 3_000));
            }
        }
    });

    [Theory, MemberData(nameof(Paths))]
    public void SelectAndNarrow_AnyCase_EqualPlainLoop(InstructionPath path) => GuardedColumn.On(path, () => Sampled.Check(300, (random, size) =>
    {
        var width = 1 << random.Next(3);
        Check(random, random.Next(1 + (20 * size)), width, random.Next(1, width == 1 ? 257 : 60_000));
    }));

    [Fact]
    public void Select_CodeWithoutEntryOrTooLittleRoom_IsRefused()
    {
        using var column = new GuardedColumn([0, 3], 1);

        Assert.Throws<ArgumentException>(() => NarrowFilter.Select(column.Narrow, 0, 2, new bool[3], new int[2]));
        Assert.Throws<ArgumentException>(() => NarrowFilter.Select(column.Narrow, 0, 2, new bool[4], new int[1]));
        Assert.Throws<ArgumentException>(() => NarrowFilter.Narrow(column.Narrow, 0, new bool[3], new int[2]));
    }

    [Theory]
    [InlineData(1, 256)]
    [InlineData(2, 256)]
    [InlineData(2, 4_097)]
    [InlineData(2, 65_536)]
    [InlineData(4, 100_000)]
    public void MarkAndMarkAt_AnyLength_SetABitForEachCode(int width, int codeCount)
    {
        for (var length = 0; length <= MaxLength; length++)
        {
            var random = new Random(length);
            ulong[] codes = [.. Enumerable.Range(0, length).Select(_ => (ulong)random.Next(codeCount))];
            var first = random.Next(length + 1);
            int[] rows = [.. Enumerable.Range(0, length - first).Where(_ => random.Next(3) == 0)];
            using var column = new GuardedColumn(codes, width);
            var words = CodeSet.WordsOf(column.Narrow.Max);
            using var all = new GuardedMemory<ulong>(new ulong[words]);
            using var some = new GuardedMemory<ulong>(new ulong[words]);
            all.Span[0] = 1ul << 63;

            CodeSet.Mark(column.Narrow, first, length - first, all.Span);
            CodeSet.MarkAt(column.Narrow, first, rows, some.Span);

            Assert.Equal(Bitmap(words, codes[first..].Append(63ul)), all.Span.ToArray());
            Assert.Equal(Bitmap(words, rows.Select(row => codes[first + row])), some.Span.ToArray());
        }
    }

    [Fact]
    public void Mark_BitmapTooShort_IsRefused()
    {
        using var column = new GuardedColumn([64], 1);

        Assert.Throws<ArgumentException>(() => CodeSet.Mark(column.Narrow, 0, 1, new ulong[1]));
        Assert.Throws<ArgumentException>(() => CodeSet.MarkAt(column.Narrow, 0, [0], new ulong[1]));
    }

    [Fact]
    public void PairCodesWrite_AnyWidthsLengthAndStart_EqualsPlainLoop()
    {
        for (var length = 0; length <= MaxLength; length++)
        {
            foreach (var (leftWidth, rightWidth) in from left in (int[])[1, 2, 4] from right in (int[])[1, 2, 4] select (left, right))
            {
                var random = new Random(length);
                var (leftCount, rightCount) = (random.Next(1, 257), random.Next(1, 257));
                ulong[] left = [.. Enumerable.Range(0, length).Select(_ => (ulong)random.Next(leftCount))];
                ulong[] right = [.. Enumerable.Range(0, length).Select(_ => (ulong)random.Next(rightCount))];
                var first = random.Next(length + 1);
                using var leftColumn = new GuardedColumn(left, leftWidth);
                using var rightColumn = new GuardedColumn(right, rightWidth);
                using var target = new GuardedMemory<int>(new int[length - first]);

                PairCodes.Write(leftColumn.Narrow, rightColumn.Narrow, rightCount, first, target.Span);

                Assert.Equal(Enumerable.Range(first, length - first).Select(row => (int)((left[row] * (ulong)rightCount) + right[row])), target.Span.ToArray());
            }
        }
    }

    [Fact]
    public void PairCodesWrite_LargestPair_FitsAndOneMoreIsRefused()
    {
        using var left = new GuardedColumn([int.MaxValue / 1_000], 4);
        using var right = new GuardedColumn([int.MaxValue % 1_000], 2);
        using var beyond = new GuardedColumn([(int.MaxValue % 1_000) + 1], 2);
        var target = new int[1];

        PairCodes.Write(left.Narrow, right.Narrow, 1_000, 0, target);

        Assert.Equal(int.MaxValue, target[0]);
        Assert.Throws<ArgumentException>(() => PairCodes.Write(left.Narrow, beyond.Narrow, 1_000, 0, target));
        Assert.Throws<ArgumentException>(() => PairCodes.Write(left.Narrow, right.Narrow, int.MaxValue % 1_000, 0, target));
    }

    private static void Check(Random random, int length, int width, int codeCount)
    {
        ulong[] codes = [.. Enumerable.Range(0, length).Select(_ => (ulong)random.Next(codeCount))];
        var share = random.Next(5); // none, one, some, most, all
        var accepted = new bool[codeCount + random.Next(3)];
        for (var i = 0; i < codeCount; i++)
        {
            accepted[i] = share switch { 0 => false, 1 => i == codeCount / 2, 2 => random.Next(10) == 0, 3 => random.Next(10) != 0, _ => true };
        }

        var first = random.Next(length + 1);
        var count = random.Next(length - first + 1);
        int[] expected = [.. Enumerable.Range(0, count).Where(row => accepted[codes[first + row]])];
        int[] odd = [.. Enumerable.Range(0, count).Where(row => row % 3 != 0)];
        using var column = new GuardedColumn(codes, width);
        using var guardedAccepted = new GuardedMemory<bool>(accepted);
        using var rows = new GuardedMemory<int>(new int[count]);
        using var narrowed = new GuardedMemory<int>(odd);

        var found = NarrowFilter.Select(column.Narrow, first, count, guardedAccepted.Span, rows.Span);
        var kept = NarrowFilter.Narrow(column.Narrow, first, guardedAccepted.Span, narrowed.Span);

        Assert.Equal(expected, rows.Span[..found].ToArray());
        Assert.Equal(odd.Where(row => accepted[codes[first + row]]), narrowed.Span[..kept].ToArray());
    }

    private static ulong[] Bitmap(int words, IEnumerable<ulong> codes)
    {
        var bitmap = new ulong[words];
        foreach (var code in codes)
        {
            bitmap[code / 64] |= 1ul << (int)(code % 64);
        }

        return bitmap;
    }
}
