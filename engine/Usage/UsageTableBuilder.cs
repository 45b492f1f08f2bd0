using Analytics.Engine.Arrow;

namespace Analytics.Engine.Usage;

/// <summary>Makes one table of sorted runs that were written at different times with dictionaries of their own.</summary>
public sealed class UsageTableBuilder
{
    private readonly KeyDictionary[] keys = [.. Dimensions.Stored.Select(_ => new KeyDictionary())];
    private readonly List<UsageBatch> batches = [];
    private readonly List<Coverage> coverage = [];

    /// <summary>Adds all rows of one stretch of time. Stretches are added in ascending order and do not overlap.</summary>
    /// <param name="runs">Batches of <see cref="UsageSchema"/>, each sorted by time; they may overlap one another.</param>
    /// <param name="covered">Time and grain of the files that the runs came from.</param>
    /// <exception cref="ArgumentException">A run is not sorted by time, or a measure is negative.</exception>
    public void Add(IReadOnlyList<RecordBatch> runs, IEnumerable<Coverage> covered)
    {
        ArgumentNullException.ThrowIfNull(runs);
        coverage.AddRange(covered);
        var filled = runs.Where(run => run.RowCount > 0).ToArray();
        if (filled.Length == 0)
        {
            return;
        }

        var order = MergeOrder(filled);
        var columns = UsageSchema.Schema.Fields.Select((field, index) => field.Type is ArrowType.DictionaryType
            ? (ArrowArray)GatherCodes(filled, order, index)
            : GatherValues(filled, order, index, field.Type)).ToArray();
        batches.Add(new UsageBatch(new RecordBatch(UsageSchema.Schema, columns)));
        GC.KeepAlive(filled);
    }

    /// <summary>Makes the table.</summary>
    /// <param name="names">Labels and lookups.</param>
    public UsageTable Build(IUsageNames names) => new(batches, coverage, [.. keys.Select(dictionary => dictionary.Keys)], names);

    /// <summary>Positions of all rows in time order, as (run, row); rows of one instant stay in the order of their runs.</summary>
    private static (int Run, int Row)[] MergeOrder(RecordBatch[] runs)
    {
        var order = new (int Run, int Row)[runs.Sum(run => run.RowCount)];
        var next = new PriorityQueue<(int Run, int Row), (long Start, int Run)>();
        for (var run = 0; run < runs.Length; run++)
        {
            next.Enqueue((run, 0), (Starts(runs[run])[0], run));
        }

        for (var i = 0; i < order.Length;)
        {
            var (run, row) = next.Dequeue();
            var starts = Starts(runs[run]);

            // Rows come in long stretches of one run: copy until another run's next row is due.
            var limit = next.TryPeek(out _, out var other) ? other : (Start: long.MaxValue, Run: int.MaxValue);
            do
            {
                order[i++] = (run, row++);
            }
            while (row < starts.Length && (starts[row], run).CompareTo(limit) < 0);
            if (row < starts.Length)
            {
                next.Enqueue((run, row), (starts[row], run));
            }
        }

        return order;
    }

    private static ReadOnlySpan<long> Starts(RecordBatch run) => run.Column<PrimitiveArray<long>>(UsageSchema.BucketStart).Values;

    private static PrimitiveArray<long> GatherValues(RecordBatch[] runs, (int Run, int Row)[] order, int column, ArrowType type)
    {
        var buffer = NativeBuffer.Create<long, int>(order.Length, column, (target, index) =>
        {
            for (var i = 0; i < target.Length;)
            {
                var stretch = Stretch(order, i);
                runs[order[i].Run].Column<PrimitiveArray<long>>(index).Values.Slice(order[i].Row, stretch).CopyTo(target[i..]);
                i += stretch;
            }
        });
        return new PrimitiveArray<long>(type, buffer);
    }

    private DictionaryArray GatherCodes(RecordBatch[] runs, (int Run, int Row)[] order, int column)
    {
        var dictionary = keys[column - UsageSchema.ColumnOf(Dimension.Project)];
        var codes = runs.Select(run => dictionary.CodesFor(run.Column<DictionaryArray>(column).Dictionary)).ToArray();
        var buffer = NativeBuffer.Create<int, int>(order.Length, column, (target, index) =>
        {
            for (var i = 0; i < target.Length;)
            {
                var (run, row) = order[i];
                var stretch = Stretch(order, i);
                var map = codes[run];
                foreach (var code in runs[run].Column<DictionaryArray>(index).Codes.Slice(row, stretch))
                {
                    target[i++] = map[code];
                }
            }
        });
        return new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, buffer), dictionary.ToArray());
    }

    /// <summary>How many positions from <paramref name="first"/> on are consecutive rows of one run.</summary>
    private static int Stretch((int Run, int Row)[] order, int first)
    {
        var length = 1;
        while (first + length < order.Length
            && order[first + length].Run == order[first].Run
            && order[first + length].Row == order[first].Row + length)
        {
            length++;
        }

        return length;
    }
}

/// <summary>Distinct keys in the order of their first appearance. Code 0 is the empty key, "none".</summary>
public sealed class KeyDictionary
{
    private readonly List<string> keys = [string.Empty];
    private readonly Dictionary<string, int> codes = new(StringComparer.Ordinal) { [string.Empty] = 0 };
    private StringArray? array;

    /// <summary>Keys by code. Codes never change; new keys come at the end.</summary>
    public IReadOnlyList<string> Keys => keys;

    /// <summary>The code of a key, given out now if it is new.</summary>
    /// <param name="key">Compared by ordinal.</param>
    public int CodeFor(string key)
    {
        if (!codes.TryGetValue(key, out var code))
        {
            code = keys.Count;
            keys.Add(key);
            codes.Add(key, code);
            array = null;
        }

        return code;
    }

    /// <summary>The code of each text of another dictionary, given out now where new.</summary>
    /// <param name="dictionary">Texts.</param>
    public int[] CodesFor(StringArray dictionary)
    {
        ArgumentNullException.ThrowIfNull(dictionary);
        var result = new int[dictionary.Length];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = CodeFor(dictionary[i]);
        }

        return result;
    }

    /// <summary>The keys so far as an Arrow array.</summary>
    public StringArray ToArray() => array ??= StringArray.From(keys);
}
