using System.Runtime.InteropServices;
using Analytics.Engine.Arrow;
using Analytics.Engine.Usage;
using NodaTime;

namespace Analytics.Storage.Rollup;

/// <summary>Adds requests up to rollup rows: one row for each combination of dimensions in each interval.</summary>
/// <param name="grain">Length of the intervals; they start at multiples of it since the Unix epoch.</param>
public sealed class RollupBuilder(Duration grain)
{
    // A stored cell's largest cost: DECIMAL(18,12). A cell above is kept as as many rows as needed.
    private const long MaxCostPicoUsd = 999_999_999_999_999_999;

    private readonly long grainMicros = (long)(grain.TotalNanoseconds / 1_000);
    private readonly KeyDictionary[] dictionaries = [.. Dimensions.Stored.Select(_ => new KeyDictionary())];
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
    /// <param name="measures">What it adds, each value 0 or more.</param>
    public void Add(Instant time, UsageKeys dimensions, UsageMeasures measures)
    {
        var micros = time.ToUnixMicroseconds();
        var key = new RowKey(
            micros - (((micros % grainMicros) + grainMicros) % grainMicros),
            dictionaries[0].CodeFor(dimensions.Project),
            dictionaries[1].CodeFor(dimensions.ApiKey),
            dictionaries[2].CodeFor(dimensions.Mapping),
            dictionaries[3].CodeFor(dimensions.App),
            dictionaries[4].CodeFor(dimensions.ServiceType),
            dictionaries[5].CodeFor(dimensions.Agent));
        while (measures[Measure.Cost] > MaxCostPicoUsd)
        {
            UsageMeasures part = default;
            part[Measure.Cost] = MaxCostPicoUsd;
            measures[Measure.Cost] -= MaxCostPicoUsd;
            NewRow(key, part);
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
            var limit = measure == Measure.Cost ? MaxCostPicoUsd : long.MaxValue;
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
        ArrowArray[] columns =
        [
            new PrimitiveArray<long>(ArrowType.TimestampMicrosUtc, [.. order.Select(row => keys[row].Start)]),
            .. Dimensions.Stored.Select(dimension => new DictionaryArray(
                new PrimitiveArray<int>(ArrowType.Int32, [.. order.Select(row => keys[row][(int)dimension])]),
                dictionaries[(int)dimension].ToArray())),
            .. Measures.All.Select(measure => new PrimitiveArray<long>(
                measure == Measure.Cost ? ArrowType.PicoDollars : ArrowType.Int64,
                [.. order.Select(row => rows[row][measure])])),
        ];
        return new RecordBatch(UsageSchema.Schema, columns);
    }

    private readonly record struct RowKey(long Start, int Project, int ApiKey, int Mapping, int App, int ServiceType, int Agent)
    {
        public int this[int dimension] => dimension switch
        {
            0 => Project,
            1 => ApiKey,
            2 => Mapping,
            3 => App,
            4 => ServiceType,
            _ => Agent,
        };
    }
}

/// <summary>The rollup rows of one month.</summary>
/// <param name="Month">The month in UTC.</param>
/// <param name="Rows">Rows of <see cref="UsageSchema"/>, sorted by time and then by the dimensions' keys.</param>
/// <param name="Grain">Length of the intervals.</param>
public sealed record RollupPartition(YearMonth Month, RecordBatch Rows, Duration Grain);
