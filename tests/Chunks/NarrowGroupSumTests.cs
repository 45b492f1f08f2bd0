using System.Runtime.InteropServices;
using Analytics.Engine.Chunks;
using Analytics.Engine.Kernels;
using Analytics.Tests.Kernels;
using Xunit;

namespace Analytics.Tests.Chunks;

/// <summary>The sum over narrow columns against the plain loop: every width, path and length, on memory that ends with the padding.</summary>
public class NarrowGroupSumTests
{
    private const int MaxLength = 70;

    public static TheoryData<InstructionPath> Paths => [.. Enum.GetValues<InstructionPath>().Where(path => path <= InstructionPaths.Best)];

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
        using var column = new Column([0, 3], 1, 1);

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
        using var column = new Column(values, width, 3);
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
        using var code = new Column(codes, codeWidth, 1);
        using var a = new Column(values[0], widths[0], scales[0]);
        using var b = new Column(values[1], widths[1], scales[1]);
        using var c = new Column(values[2], widths[2], scales[2]);
        using var d = new Column(values[3], widths[3], scales[3]);
        var copyStride = groupCount <= 256 ? 4 * groupCount : 0;
        var totals = new long[(4 * groupCount) + (3 * copyStride)];
        var before = InstructionPaths.Current;
        try
        {
            InstructionPaths.Current = path;
            NarrowGroupSum.Four(code.Narrow, new ColumnQuad(a.Narrow, b.Narrow, c.Narrow, d.Narrow), first, length - first, totals, copyStride);
        }
        finally
        {
            InstructionPaths.Current = before;
        }

        var expected = new long[4 * groupCount];
        for (var row = first; row < length; row++)
        {
            for (var lane = 0; lane < 4; lane++)
            {
                expected[(4 * (int)codes[row]) + lane] += (long)values[lane][row];
            }
        }

        for (var i = 0; i < expected.Length; i++)
        {
            var sum = totals[i];
            for (var copy = 1; copyStride > 0 && copy < 4; copy++)
            {
                sum += totals[i + (copy * copyStride)];
            }

            Assert.True(expected[i] == sum, $"{path}, {length} rows from {first}, widths {string.Join(' ', widths)}, codes of {codeWidth}: group {i / 4}, lane {i % 4}");
        }
    }

    /// <summary>Numbers that need the width, times the scale.</summary>
    private static ulong[] Values(Random random, int count, int width, ulong scale) =>
        [.. Enumerable.Range(0, count).Select(_ => width == 0 ? 0 : ((ulong)random.NextInt64() >> (8 * (8 - width))) / scale * scale)];

    /// <summary>A column whose padding is the last memory there is.</summary>
    private sealed class Column : IDisposable
    {
        private readonly GuardedMemory<byte> memory;

        public Column(ulong[] values, int width, ulong scale)
        {
            var bytes = new byte[(values.Length * width) + NarrowColumn.PaddingBytes];
            new Random(1).NextBytes(bytes);
            for (var i = 0; i < values.Length; i++)
            {
                BitConverter.GetBytes(values[i] / scale).AsSpan(0, width).CopyTo(bytes.AsSpan(i * width));
            }

            memory = new GuardedMemory<byte>(bytes);
            Narrow = new NarrowColumn(AddressOf(memory.Span), width, scale, values.Length == 0 || width == 0 ? 0 : values.Max());
        }

        public NarrowColumn Narrow { get; }

        public void Dispose() => memory.Dispose();

        private static unsafe nint AddressOf(Span<byte> span) => (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(span));
    }
}
