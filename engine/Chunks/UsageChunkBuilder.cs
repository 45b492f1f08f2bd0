using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Analytics.Engine.Arrow;
using Analytics.Engine.Kernels;
using Analytics.Engine.Usage;

namespace Analytics.Engine.Chunks;

/// <summary>Some consecutive rows of a record batch.</summary>
/// <param name="Rows">A batch of <see cref="UsageSchema"/>.</param>
/// <param name="First">First row.</param>
/// <param name="Count">Rows, 1 or more.</param>
/// <param name="Codes">For each stored dimension the table's code for each code of the batch.</param>
public readonly record struct ChunkPiece(RecordBatch Rows, int First, int Count, int[][] Codes);

/// <summary>Packs rows into chunks.</summary>
/// <remarks>
/// Blocks are cut from slabs of 32 MiB with huge pages, so that many small organisations share one. Not safe for use by
/// several threads at once: each loading thread has its own.
/// </remarks>
public sealed unsafe class UsageChunkBuilder
{
    private const int BytesPerException = sizeof(ulong) + sizeof(ushort);
    private const int SlabBytes = 32 << 20;

    // Of a column's rows, 1 in so many may be exceptions, if that makes it narrower: 10 bytes each instead of one or more
    // for every row.
    private const int RowsPerException = 100;

    private static readonly int[] Zeros = new int[UsageChunk.MaxRows];

    private static readonly NativeBuffer NoCodes = NativeBuffer.Create<byte, int>(UsageChunk.MaxRows + NarrowColumn.PaddingBytes, 0, static (bytes, _) => bytes.Clear());

    private readonly bool usesSlabs;
    private readonly List<ChunkPiece> pending = [];
    private readonly CodeScan[] scans = [.. Dimensions.Stored.Select(_ => new CodeScan())];
    private int pendingRows;
    private NativeArena? slab;

    /// <summary>Makes a builder.</summary>
    /// <param name="usesSlabs">Whether chunks share slabs: for loading. Otherwise each has a block of its own, which is freed with it.</param>
    public UsageChunkBuilder(bool usesSlabs = false) => this.usesSlabs = usesSlabs;

    /// <summary>Packs rows into as many full chunks as there are, and one for the rest.</summary>
    /// <param name="pieces">In time order.</param>
    /// <exception cref="ArgumentException">The rows are not in time order, or a measure is negative.</exception>
    public IReadOnlyList<UsageChunk> BuildAll(IEnumerable<ChunkPiece> pieces)
    {
        ArgumentNullException.ThrowIfNull(pieces);
        List<UsageChunk> chunks = [];
        foreach (var piece in pieces)
        {
            Append(piece, chunks);
        }

        Flush(chunks);
        return chunks;
    }

    /// <summary>Adds rows to those that wait for a chunk to be full, and packs it when it is.</summary>
    /// <param name="piece">Rows that follow those before.</param>
    /// <param name="chunks">Gets the chunks.</param>
    /// <exception cref="ArgumentException">The rows are not in time order, or a measure is negative.</exception>
    public void Append(ChunkPiece piece, ICollection<UsageChunk> chunks)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        for (var rest = piece; rest.Count > 0;)
        {
            var count = Math.Min(rest.Count, UsageChunk.MaxRows - pendingRows);
            pending.Add(rest with { Count = count });
            pendingRows += count;
            rest = rest with { First = rest.First + count, Count = rest.Count - count };
            if (pendingRows == UsageChunk.MaxRows)
            {
                Flush(chunks);
            }
        }
    }

    /// <summary>Packs what waits.</summary>
    /// <param name="chunks">Gets the chunk, if anything waits.</param>
    public void Flush(ICollection<UsageChunk> chunks)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        try
        {
            if (pendingRows > 0)
            {
                chunks.Add(Build(CollectionsMarshal.AsSpan(pending)));
            }
        }
        finally
        {
            pending.Clear();
            pendingRows = 0;
        }
    }

    /// <summary>Whether rows of a batch wait, so that its memory is still needed.</summary>
    /// <param name="rows">The batch.</param>
    public bool NeedsStill(RecordBatch rows) => pending.Exists(piece => piece.Rows == rows);

    /// <summary>Packs rows.</summary>
    /// <param name="pieces">In time order; <see cref="UsageChunk.MaxRows"/> rows at most, 1 at least.</param>
    /// <exception cref="ArgumentException">The rows are not in time order, a measure is negative, or there are too many.</exception>
    public UsageChunk Build(ReadOnlySpan<ChunkPiece> pieces)
    {
        var rows = 0;
        foreach (var piece in pieces)
        {
            rows += piece.Count;
        }

        if (rows is 0 or > UsageChunk.MaxRows)
        {
            throw new ArgumentException($"Found {rows} rows, expected 1 to {UsageChunk.MaxRows}.", nameof(pieces));
        }

        var (runStarts, runEnds) = Runs(pieces);
        var shapes = new Shape[Dimensions.Stored.Count + Measures.Count];
        foreach (var dimension in Dimensions.Stored)
        {
            var scan = scans[(int)dimension];
            scan.Read(pieces, dimension, rows);
            shapes[(int)dimension] = new Shape(scan.Max <= byte.MaxValue ? 1 : scan.Max <= ushort.MaxValue ? 2 : 4, 1, (ulong)scan.Max, 0);
        }

        var totals = new Int128[Measures.Count];
        foreach (var measure in Measures.All)
        {
            (shapes[Dimensions.Stored.Count + (int)measure], totals[(int)measure]) = MeasureShape(pieces, measure, rows);
        }

        // Measures of zeros take nothing, but kernels load there all the same; codes of nothing but zeros are read from
        // memory that all chunks share.
        for (var dimension = 0; dimension < Dimensions.Stored.Count; dimension++)
        {
            shapes[dimension] = shapes[dimension] with { IsShared = scans[dimension].Max == 0 };
        }

        var size = shapes.Sum(shape => shape.IsShared ? 0 : SizeOf(rows, shape.Width) + SizeOf(shape.Exceptions, BytesPerException));
        for (var dimension = 0; dimension < Dimensions.Stored.Count; dimension++)
        {
            size += SizeOf(scans[dimension].RunCount(rows), shapes[dimension].Width) + SizeOf(scans[dimension].RunCount(rows), sizeof(ushort));
        }

        var block = Allocate(size + NarrowColumn.PaddingBytes);
        var columns = new NarrowColumn[shapes.Length];
        var address = block.Address;
        for (var i = 0; i < shapes.Length; i++)
        {
            if (shapes[i].IsShared)
            {
                columns[i] = new NarrowColumn(NoCodes.Address, shapes[i].Width, 1, 0);
                continue;
            }

            var exceptions = address + SizeOf(rows, shapes[i].Width);
            columns[i] = new NarrowColumn(address, shapes[i].Width, shapes[i].Scale, shapes[i].Max, exceptions, shapes[i].Exceptions);
            address = exceptions + SizeOf(shapes[i].Exceptions, BytesPerException);
        }

        var runs = new CodeRuns[Dimensions.Stored.Count];
        foreach (var dimension in Dimensions.Stored)
        {
            if (!shapes[(int)dimension].IsShared && !scans[(int)dimension].TryPack(columns[(int)dimension], rows))
            {
                PackCodes(pieces, dimension, columns[(int)dimension]);
            }

            runs[(int)dimension] = scans[(int)dimension].WriteRuns(ref address, columns[(int)dimension], rows);
        }

        foreach (var measure in Measures.All)
        {
            PackValues(pieces, measure, columns[Dimensions.Stored.Count + (int)measure]);
        }

        return new UsageChunk(
            block, columns[..Dimensions.Stored.Count], [.. scans.Select(scan => scan.Present())], runs, columns[Dimensions.Stored.Count..], totals, runStarts, runEnds);
    }

    private NativeBuffer Allocate(int size)
    {
        if (!usesSlabs)
        {
            return NativeBuffer.Create<byte, int>(size, 0, static (_, _) => { });
        }

        if (slab is null || !slab.TryTake(size, out var address))
        {
            slab = new NativeArena(Math.Max(size, SlabBytes));
            slab.TryTake(size, out address);
        }

        return NativeBuffer.Borrow(address, size, slab);
    }

    private static int SizeOf(int rows, int width) => width == 0 || rows == 0 ? 0 : (int)NativeArena.SizeOf(((long)rows * width) + NarrowColumn.PaddingBytes);

    private static (long[] Starts, int[] Ends) Runs(ReadOnlySpan<ChunkPiece> pieces)
    {
        List<long> starts = [];
        List<int> ends = [];
        var row = 0;
        foreach (var piece in pieces)
        {
            var times = piece.Rows.Column<PrimitiveArray<long>>(UsageSchema.BucketStart).Values.Slice(piece.First, piece.Count);
            while (!times.IsEmpty)
            {
                var length = times.IndexOfAnyExcept(times[0]);
                length = length < 0 ? times.Length : length;
                if (starts.Count > 0 && times[0] < starts[^1])
                {
                    throw new ArgumentException($"Row {row} starts before row {row - 1}; rows must be sorted by bucket_start.", nameof(pieces));
                }

                row += length;
                if (starts.Count > 0 && times[0] == starts[^1])
                {
                    ends[^1] = row;
                }
                else
                {
                    starts.Add(times[0]);
                    ends.Add(row);
                }

                times = times[length..];
            }
        }

        return ([.. starts], [.. ends]);
    }

    private static (Shape Shape, Int128 Total) MeasureShape(ReadOnlySpan<ChunkPiece> pieces, Measure measure, int rows)
    {
        var (min, max) = (0L, 0L);
        Int128 total = 0;
        foreach (var piece in pieces)
        {
            var values = Values(piece, measure);
            var bounds = ColumnSum.Bounds(values);
            (min, max) = (Math.Min(min, bounds.Min), Math.Max(max, bounds.Max));
            total += ColumnSum.Int64(values, bounds.Min, bounds.Max);
        }

        if (min < 0)
        {
            throw new ArgumentException($"Column '{measure.ColumnName()}' holds {min}; usage is never negative.", nameof(pieces));
        }

        var scale = measure == Measure.Cost && max > 0 ? CommonDivisor(pieces, measure) : 1;
        return (Narrower(pieces, measure, new Shape(NarrowColumn.WidthOf((ulong)max / scale), scale, (ulong)max, 0), rows / RowsPerException), total);
    }

    /// <summary>The narrowest shape with few exceptions, or the same shape if none is narrower.</summary>
    /// <remarks>
    /// Quotients of values that the divisor does not divide are larger than any of those that it does, so one comparison
    /// finds both kinds of exceptions. Counting stops at the first one too many; most columns have that soon.
    /// </remarks>
    private static Shape Narrower(ReadOnlySpan<ChunkPiece> pieces, Measure measure, Shape exact, int mostExceptions)
    {
        if (exact.Width <= 1 || mostExceptions == 0)
        {
            return exact;
        }

        var best = exact;
        if (measure == Measure.Cost && MajorityDivisor(pieces, measure) is var divisor && divisor > exact.Scale)
        {
            var width = Math.Max(1, NarrowColumn.WidthOf(exact.Max / divisor));
            if (width < exact.Width && CountAbove(pieces, measure, divisor, LargestOf(width, divisor), mostExceptions) is var count && count <= mostExceptions)
            {
                best = new Shape(width, divisor, exact.Max, count);
            }
        }

        while (best.Width > 1 && CountAbove(pieces, measure, best.Scale, LargestOf(best.Width - 1, best.Scale), mostExceptions) is var count && count <= mostExceptions)
        {
            best = best with { Width = best.Width - 1, Exceptions = count };
        }

        return best;
    }

    /// <summary>The largest quotient of a width. What no multiple's quotient can reach is no quotient.</summary>
    private static ulong LargestOf(int width, ulong divisor) => Math.Min(ulong.MaxValue >> (64 - (8 * width)), ulong.MaxValue / divisor);

    /// <summary>How many values have a quotient above a limit, or no quotient; some number above <paramref name="most"/> if more than that.</summary>
    private static int CountAbove(ReadOnlySpan<ChunkPiece> pieces, Measure measure, ulong divisor, ulong limit, int most)
    {
        const int Block = 1_024;
        var division = new DivisorTest(divisor);
        var count = 0;
        foreach (var piece in pieces)
        {
            for (var values = MemoryMarshal.Cast<long, ulong>(Values(piece, measure)); !values.IsEmpty && count <= most; values = values[Math.Min(Block, values.Length)..])
            {
                count += division.CountAbove(values[..Math.Min(Block, values.Length)], limit);
            }
        }

        return count;
    }

    /// <summary>The common divisor of most values: of eight small samples each has one, and most samples have no odd value.</summary>
    private static ulong MajorityDivisor(ReadOnlySpan<ChunkPiece> pieces, Measure measure)
    {
        const int Samples = 8;
        const int SampleSize = 8;
        Span<ulong> divisors = stackalloc ulong[Samples];
        divisors.Clear();
        var rows = 0;
        foreach (var piece in pieces)
        {
            rows += piece.Count;
        }

        var step = Math.Max(1, rows / (Samples * SampleSize));
        var (taken, next) = (0, 0);
        foreach (var piece in pieces)
        {
            var values = MemoryMarshal.Cast<long, ulong>(Values(piece, measure));
            for (; next < values.Length && taken < Samples * SampleSize; next += step)
            {
                if (values[next] != 0)
                {
                    ref var divisor = ref divisors[taken++ / SampleSize];
                    divisor = Gcd(divisor, values[next]);
                }
            }

            next -= values.Length;
        }

        divisors.Sort();
        var (most, mostCount) = (1ul, 0);
        foreach (var divisor in divisors)
        {
            var count = divisors.Count(divisor);
            if (divisor > 0 && count > mostCount)
            {
                (most, mostCount) = (divisor, count);
            }
        }

        return most;
    }

    /// <summary>The greatest common divisor of all values: prices are multiples of something, so costs are too.</summary>
    private static ulong CommonDivisor(ReadOnlySpan<ChunkPiece> pieces, Measure measure)
    {
        ulong divisor = 0;
        var test = default(DivisorTest);
        foreach (var piece in pieces)
        {
            foreach (var value in MemoryMarshal.Cast<long, ulong>(Values(piece, measure)))
            {
                if (divisor == 0 ? value != 0 : !test.Divides(value))
                {
                    divisor = Gcd(divisor, value);
                    if (divisor == 1)
                    {
                        return 1;
                    }

                    test = new DivisorTest(divisor);
                }
            }
        }

        return Math.Max(divisor, 1);
    }

    private static ulong Gcd(ulong a, ulong b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return a;
    }

    private static void PackCodes(ReadOnlySpan<ChunkPiece> pieces, Dimension dimension, NarrowColumn column)
    {
        var target = (byte*)column.Address;
        foreach (var piece in pieces)
        {
            var map = piece.Codes[(int)dimension];
            foreach (var code in Codes(piece, dimension))
            {
                // Four bytes are written whatever the width; the next value overwrites the rest, padding takes the last.
                Unsafe.WriteUnaligned(target, map[code]);
                target += column.Width;
            }
        }
    }

    private static void PackValues(ReadOnlySpan<ChunkPiece> pieces, Measure measure, NarrowColumn column)
    {
        if (column.Width == 0)
        {
            return;
        }

        if (column.ExceptionCount > 0)
        {
            PackWithExceptions(pieces, measure, column);
            return;
        }

        var target = (byte*)column.Address;
        var division = new DivisorTest(column.Scale);
        foreach (var piece in pieces)
        {
            var values = Values(piece, measure);
            if (column.Scale == 1)
            {
                foreach (var value in values)
                {
                    Unsafe.WriteUnaligned(target, value);
                    target += column.Width;
                }

                continue;
            }

            foreach (var value in values)
            {
                Unsafe.WriteUnaligned(target, division.Quotient((ulong)value));
                target += column.Width;
            }
        }
    }

    // An exception is stored as 0, and its addition is all of it.
    private static void PackWithExceptions(ReadOnlySpan<ChunkPiece> pieces, Measure measure, NarrowColumn column)
    {
        var target = (byte*)column.Address;
        var division = new DivisorTest(column.Scale);
        var limit = LargestOf(column.Width, column.Scale);
        fixed (ulong* additions = column.Additions)
        fixed (ushort* exceptionRows = column.ExceptionRows)
        {
            var (row, exception) = (0, 0);
            foreach (var piece in pieces)
            {
                foreach (var value in Values(piece, measure))
                {
                    var quotient = division.Quotient((ulong)value);
                    if (quotient > limit)
                    {
                        (additions[exception], exceptionRows[exception]) = ((ulong)value, (ushort)row);
                        exception++;
                        quotient = 0;
                    }

                    Unsafe.WriteUnaligned(target, quotient);
                    target += column.Width;
                    row++;
                }
            }
        }
    }

    /// <summary>A piece's codes; zeros where its table has no such column, whose map then is that of "none".</summary>
    private static ReadOnlySpan<int> Codes(ChunkPiece piece, Dimension dimension) =>
        UsageSchema.Codes(piece.Rows, dimension) is { } column ? column.Codes.Slice(piece.First, piece.Count) : Zeros.AsSpan(0, piece.Count);

    /// <summary>A piece's values; none where its table has no such column.</summary>
    private static ReadOnlySpan<long> Values(ChunkPiece piece, Measure measure) =>
        UsageSchema.Values(piece.Rows, measure) is { } column ? column.Values.Slice(piece.First, piece.Count) : default;

    private readonly record struct Shape(int Width, ulong Scale, ulong Max, int Exceptions, bool IsShared = false);

    /// <summary>What one pass over the codes of a dimension finds: which there are, and where they change.</summary>
    private sealed class CodeScan
    {
        private readonly ushort[] starts = new ushort[UsageChunk.MaxRows / CodeRuns.MinRowsPerRun];
        private readonly int[] codes = new int[UsageChunk.MaxRows / CodeRuns.MinRowsPerRun];
        private ulong[] present = new ulong[16];
        private bool[] seen = [];
        private int runs;

        /// <summary>The largest code.</summary>
        public int Max { get; private set; }

        /// <remarks>
        /// Changes are counted first, 8 codes at a time: clustered columns then go from run to run, others store a byte
        /// for each row, as there a branch on whether the code is a new one is often mispredicted.
        /// </remarks>
        public void Read(ReadOnlySpan<ChunkPiece> pieces, Dimension dimension, int rows)
        {
            Array.Clear(present);
            (runs, var lastCode) = (0, -1);
            foreach (var piece in pieces)
            {
                var values = Codes(piece, dimension);
                var map = piece.Codes[(int)dimension];
                runs += Changes(values) + (map[values[0]] == lastCode ? 0 : 1);
                lastCode = map[values[^1]];
            }

            if (RunCount(rows) > 0)
            {
                ReadRuns(pieces, dimension);
            }
            else
            {
                ReadCodes(pieces, dimension);
            }

            var word = present.AsSpan().LastIndexOfAnyExcept(0ul);
            Max = (64 * word) + 63 - BitOperations.LeadingZeroCount(present[word]);
        }

        /// <summary>Runs that are kept: all, or none if they are too short.</summary>
        public int RunCount(int rows) => (long)runs * CodeRuns.MinRowsPerRun <= rows ? runs : 0;

        public ulong[] Present() => present[..CodeSet.WordsOf((ulong)Max)];

        /// <summary>Writes the table of runs and passes it by.</summary>
        public CodeRuns WriteRuns(ref nint address, NarrowColumn column, int rows)
        {
            var count = RunCount(rows);
            if (count == 0)
            {
                return default;
            }

            var runCodes = new NarrowColumn(address, column.Width, 1, column.Max);
            var target = (byte*)address;
            foreach (var code in codes.AsSpan(0, count))
            {
                // As with columns, padding takes what the last one has too much.
                Unsafe.WriteUnaligned(target, code);
                target += column.Width;
            }

            address += SizeOf(count, column.Width);
            var startsAddress = address;
            starts.AsSpan(0, count).CopyTo(new Span<ushort>((void*)address, count));
            address += SizeOf(count, sizeof(ushort));
            return new CodeRuns(startsAddress, runCodes, count, rows);
        }

        /// <summary>Writes the column run by run, where it has a table of runs.</summary>
        public bool TryPack(NarrowColumn column, int rows)
        {
            var count = RunCount(rows);
            for (var run = 0; run < count; run++)
            {
                var (start, end) = (starts[run], run + 1 < count ? starts[run + 1] : rows);
                switch (column.Width)
                {
                    case 1:
                        new Span<byte>((byte*)column.Address + start, end - start).Fill((byte)codes[run]);
                        break;
                    case 2:
                        new Span<ushort>((ushort*)column.Address + start, end - start).Fill((ushort)codes[run]);
                        break;
                    default:
                        new Span<int>((int*)column.Address + start, end - start).Fill(codes[run]);
                        break;
                }
            }

            return count > 0;
        }

        /// <summary>How many codes differ from the one before.</summary>
        private static int Changes(ReadOnlySpan<int> codes)
        {
            var changes = Vector256<int>.Zero;
            ref var first = ref MemoryMarshal.GetReference(codes);
            var row = 1;
            for (; row + Vector256<int>.Count <= codes.Length; row += Vector256<int>.Count)
            {
                changes -= ~Vector256.Equals(Vector256.LoadUnsafe(ref first, (nuint)row), Vector256.LoadUnsafe(ref first, (nuint)row - 1));
            }

            var count = Vector256.Sum(changes);
            for (; row < codes.Length; row++)
            {
                count += codes[row] == codes[row - 1] ? 0 : 1;
            }

            return count;
        }

        private void ReadRuns(ReadOnlySpan<ChunkPiece> pieces, Dimension dimension)
        {
            var (run, row, lastCode) = (0, 0, -1);
            foreach (var piece in pieces)
            {
                var map = piece.Codes[(int)dimension];
                for (var rest = Codes(piece, dimension); !rest.IsEmpty;)
                {
                    var (code, length) = (map[rest[0]], rest.IndexOfAnyExcept(rest[0]));
                    length = length < 0 ? rest.Length : length;
                    if (code != lastCode)
                    {
                        Mark(code);
                        (starts[run], codes[run]) = ((ushort)row, code);
                        (run, lastCode) = (run + 1, code);
                    }

                    row += length;
                    rest = rest[length..];
                }
            }

            // Fewer than were counted only if a dictionary has a key twice.
            runs = run;
        }

        private void ReadCodes(ReadOnlySpan<ChunkPiece> pieces, Dimension dimension)
        {
            foreach (var piece in pieces)
            {
                var values = Codes(piece, dimension);
                var map = piece.Codes[(int)dimension];
                if (values.Length < map.Length)
                {
                    foreach (var code in values)
                    {
                        Mark(map[code]);
                    }

                    continue;
                }

                if (seen.Length < map.Length)
                {
                    seen = new bool[map.Length];
                }

                var isSeen = seen.AsSpan(0, map.Length);
                isSeen.Clear();
                foreach (var code in values)
                {
                    isSeen[code] = true;
                }

                for (var code = 0; code < map.Length; code++)
                {
                    if (isSeen[code])
                    {
                        Mark(map[code]);
                    }
                }
            }
        }

        private void Mark(int code)
        {
            if (code / 64 >= present.Length)
            {
                Array.Resize(ref present, Math.Max(2 * present.Length, CodeSet.WordsOf((uint)code)));
            }

            present[code / 64] |= 1ul << code;
        }
    }

    /// <summary>Exact division without dividing.</summary>
    /// <remarks>
    /// An odd divisor has an inverse modulo 2^64, and v times the inverse is the quotient where v is a multiple, and above
    /// any quotient where it is not. The twos of the divisor are a rotation, which carries lost bits to the top.
    /// </remarks>
    private readonly struct DivisorTest
    {
        private readonly ulong inverse;
        private readonly ulong largestQuotient;
        private readonly int twos;

        public DivisorTest(ulong divisor)
        {
            twos = BitOperations.TrailingZeroCount(divisor);
            var odd = divisor >> twos;
            inverse = odd;
            for (var i = 0; i < 5; i++)
            {
                // Newton: each step doubles the right bits, from 3 on.
                inverse *= 2 - (odd * inverse);
            }

            largestQuotient = ulong.MaxValue / divisor;
        }

        public ulong Quotient(ulong value) => BitOperations.RotateRight(value * inverse, twos);

        /// <summary>How many values have a quotient above a limit, or none.</summary>
        public int CountAbove(ReadOnlySpan<ulong> values, ulong limit)
        {
            var (inverses, limits) = (Vector512.Create(inverse), Vector512.Create(limit));
            var counts = Vector512<ulong>.Zero;
            var vectors = MemoryMarshal.Cast<ulong, Vector512<ulong>>(values);
            foreach (var vector in vectors)
            {
                // A shift by 64 is one by 0, so that no twos mean no rotation.
                var product = vector * inverses;
                counts -= Vector512.GreaterThan((product >> twos) | (product << (64 - twos)), limits);
            }

            var count = (int)Vector512.Sum(counts);
            foreach (var value in values[(vectors.Length * Vector512<ulong>.Count)..])
            {
                count += Quotient(value) > limit ? 1 : 0;
            }

            return count;
        }

        public bool Divides(ulong value) => Quotient(value) <= largestQuotient;
    }
}
