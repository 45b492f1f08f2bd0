using System.Runtime.InteropServices;
using Analytics.Engine.Arrow;
using Analytics.Engine.Usage;
using NodaTime;

namespace Analytics.Storage.Rollup;

/// <summary>Adds usage up to rollup rows: one row for each combination of dimensions in each interval.</summary>
/// <param name="grain">Length of the intervals; they start at multiples of it since the Unix epoch.</param>
/// <param name="schema">The table's columns: one of those of <see cref="UsageSchema"/>.</param>
public sealed class RollupBuilder(Duration grain, Schema schema)
{
    // A stored cell's largest cost, DECIMAL(18,12), and largest quantity, DECIMAL(18,6). A cell above is kept as as many
    // rows as needed.
    private const long MaxDecimal = 999_999_999_999_999_999;

    private static readonly Measure[] Decimals = [Measure.Cost, Measure.Quantity];

    private readonly long grainMicros = (long)(grain.TotalNanoseconds / 1_000);
    private readonly KeyDictionary[] dictionaries = [.. Dimensions.Stored.Select(_ => new KeyDictionary())];
    private readonly Dimension[] columns = [.. UsageSchema.DimensionsOf(schema)];
    private readonly Dictionary<RowKey, int> rowOf = [];
    private readonly List<RowKey> keys = [];
    private readonly List<UsageMeasures> rows = [];

    /// <summary>Length of the intervals.</summary>
    public Duration Grain { get; } = grain;

    /// <summary>Rows so far.</summary>
    public int RowCount => rows.Count;

    /// <summary>Adds a request, or a row that another system added up.</summary>
    /// <param name="time">Any instant of the interval.</param>
    /// <param name="dimensions">What it belongs to.</param>
    /// <param name="measures">What it adds, each value 0 or more; 0 where the table has no column.</param>
    public void Add(Instant time, UsageKeys dimensions, UsageMeasures measures) => Add(time, dimensions, string.Empty, string.Empty, string.Empty, measures);

    /// <summary>Adds a priced item.</summary>
    /// <param name="time">Any instant of the interval.</param>
    /// <param name="dimensions">What its request belongs to.</param>
    /// <param name="item">The item.</param>
    public void Add(Instant time, UsageKeys dimensions, PricedItem item)
    {
        UsageMeasures measures = default;
        measures[Measure.Quantity] = item.QuantityMicros;
        measures[Measure.Cost] = item.CostPicoUsd;
        Add(time, dimensions, item.Rule, item.Unit, string.Empty, measures);
    }

    /// <summary>Adds requests of a conversation.</summary>
    /// <param name="time">Any instant of the interval.</param>
    /// <param name="dimensions">What they belong to.</param>
    /// <param name="conversation">The conversation; not empty.</param>
    /// <param name="requests">How many.</param>
    public void Add(Instant time, UsageKeys dimensions, string conversation, long requests)
    {
        UsageMeasures measures = default;
        measures[Measure.RequestCount] = requests;
        Add(time, dimensions, string.Empty, string.Empty, conversation, measures);
    }

    private void Add(Instant time, UsageKeys dimensions, string rule, string unit, string conversation, UsageMeasures measures)
    {
        var micros = time.ToUnixMicroseconds();
        var key = new RowKey(
            micros - (((micros % grainMicros) + grainMicros) % grainMicros),
            dictionaries[0].CodeFor(dimensions.Project),
            dictionaries[1].CodeFor(dimensions.ApiKey),
            dictionaries[2].CodeFor(dimensions.Mapping),
            dictionaries[3].CodeFor(dimensions.App),
            dictionaries[4].CodeFor(dimensions.ServiceType),
            dictionaries[5].CodeFor(dimensions.Agent),
            dictionaries[6].CodeFor(rule),
            dictionaries[7].CodeFor(unit),
            dictionaries[8].CodeFor(conversation));
        foreach (var measure in Decimals)
        {
            while (measures[measure] > MaxDecimal)
            {
                UsageMeasures part = default;
                part[measure] = MaxDecimal;
                measures[measure] -= MaxDecimal;
                NewRow(key, part);
            }
        }

        if (!rowOf.TryGetValue(key, out var row) || !TryAdd(ref CollectionsMarshal.AsSpan(rows)[row], measures))
        {
            rowOf[key] = NewRow(key, measures);
        }
    }

    /// <summary>The rows by month (UTC) of their interval, sorted by time and then by the dimensions' keys.</summary>
    public IReadOnlyList<RollupPartition> Build()
    {
        var ranks = dictionaries.Select(Ranks).ToArray();
        var order = Enumerable.Range(0, rows.Count).ToArray();
        Array.Sort(order, (x, y) =>
        {
            var (a, b) = (keys[x], keys[y]);
            var byStart = a.Start.CompareTo(b.Start);
            for (var i = 0; byStart == 0 && i < ranks.Length; i++)
            {
                byStart = ranks[i][a[i]].CompareTo(ranks[i][b[i]]);
            }

            // Rows of one key are told apart by their values, so that equal input gives equal files.
            for (var i = 0; byStart == 0 && i < Measures.Count; i++)
            {
                byStart = rows[x][(Measure)i].CompareTo(rows[y][(Measure)i]);
            }

            return byStart;
        });

        return [.. order
            .GroupBy(row => Month(keys[row].Start))
            .Select(month => new RollupPartition(month.Key, Batch([.. month]), Grain))];
    }

    private static YearMonth Month(long micros)
    {
        var date = Instants.FromUnixMicroseconds(micros).InUtc().Date;
        return new YearMonth(date.Year, date.Month);
    }

    private static bool TryAdd(ref UsageMeasures row, UsageMeasures added)
    {
        var sum = row;
        foreach (var measure in Measures.All)
        {
            var limit = measure is Measure.Cost or Measure.Quantity ? MaxDecimal : long.MaxValue;
            if (row[measure] > limit - added[measure])
            {
                return false;
            }

            sum[measure] = row[measure] + added[measure];
        }

        row = sum;
        return true;
    }

    private static int[] Ranks(KeyDictionary dictionary)
    {
        var sorted = Enumerable.Range(0, dictionary.Keys.Count).ToArray();
        Array.Sort(sorted, (x, y) => string.CompareOrdinal(dictionary.Keys[x], dictionary.Keys[y]));
        var ranks = new int[sorted.Length];
        for (var rank = 0; rank < sorted.Length; rank++)
        {
            ranks[sorted[rank]] = rank;
        }

        return ranks;
    }

    private int NewRow(RowKey key, UsageMeasures measures)
    {
        keys.Add(key);
        rows.Add(measures);
        return rows.Count - 1;
    }

    private RecordBatch Batch(int[] order)
    {
        ArrowArray[] arrays =
        [
            new PrimitiveArray<long>(ArrowType.TimestampMicrosUtc, [.. order.Select(row => keys[row].Start)]),
            .. columns.Select(dimension => new DictionaryArray(
                new PrimitiveArray<int>(ArrowType.Int32, [.. order.Select(row => keys[row][(int)dimension])]),
                dictionaries[(int)dimension].ToArray())),
            .. UsageSchema.MeasuresOf(schema).Select(measure => new PrimitiveArray<long>(
                schema.Fields[schema.IndexOf(measure.ColumnName())].Type,
                [.. order.Select(row => rows[row][measure])])),
        ];
        return new RecordBatch(schema, arrays);
    }

    private readonly record struct RowKey(
        long Start, int Project, int ApiKey, int Mapping, int App, int ServiceType, int Agent, int Rule, int Unit, int Conversation)
    {
        public int this[int dimension] => dimension switch
        {
            0 => Project,
            1 => ApiKey,
            2 => Mapping,
            3 => App,
            4 => ServiceType,
            5 => Agent,
            6 => Rule,
            7 => Unit,
            _ => Conversation,
        };
    }
}

/// <summary>The rollup rows of one month.</summary>
/// <param name="Month">The month in UTC.</param>
/// <param name="Rows">Rows of one table of <see cref="UsageSchema"/>, sorted by time and then by the dimensions' keys.</param>
/// <param name="Grain">Length of the intervals.</param>
public sealed record RollupPartition(YearMonth Month, RecordBatch Rows, Duration Grain);
