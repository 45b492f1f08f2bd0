using Analytics.Engine.Arrow;
using Analytics.Engine.Projections;
using Analytics.Engine.Usage;
using NodaTime;

namespace Analytics.Tests.Usage;

/// <summary>Usage rows, and batches and tables of them.</summary>
internal static class UsageSamples
{
    private static readonly string[][] Keys =
    [
        ["", "p1", "p2", "p3"],
        ["", "k10", "k11", "k12", "k13", "k21"],
        ["", "azure/gpt", "openai/gpt", "openai/mini", "self"],
        ["", "app1", "Zoë"],
        ["", "text", "image"],
        ["", "a1", "a2"],
        ["", "input_tokens", "output_tokens", "speech"],
        ["", "token", "second"],
        ["", "c1", "c2", "c3"],
    ];

    public static readonly Duration Grain = Duration.FromMinutes(15);

    /// <summary>Random rows within ten days of an instant, in time order. Values have many zeros and many ties.</summary>
    /// <param name="random">Seeded.</param>
    /// <param name="count">Rows.</param>
    /// <param name="near">The middle.</param>
    /// <param name="isHuge">Whether measures come near the end of 64 bits.</param>
    public static UsageRow[] Rows(Random random, int count, Instant near, bool isHuge)
    {
        var middle = near - Duration.FromTicks(((near.ToUnixTimeTicks() % Grain.BclCompatibleTicks) + Grain.BclCompatibleTicks) % Grain.BclCompatibleTicks);
        return
        [
            .. Enumerable.Range(0, count)
                .Select(_ => new UsageRow(
                    middle + (random.Next(-960, 960) * Grain),
                    [.. Keys.Select(keys => keys[random.Next(keys.Length)])],
                    [.. Measures.All.Select(_ => Value(random, isHuge))]))
                .OrderBy(row => row.Start),
        ];
    }

    /// <summary>A table of several batches, each merged from overlapping runs that have dictionaries of their own.</summary>
    /// <param name="random">Seeded; cuts the rows into stretches and runs.</param>
    /// <param name="rows">In time order.</param>
    /// <param name="names">Labels and lookups.</param>
    public static UsageTable Table(Random random, UsageRow[] rows, IUsageNames names)
    {
        var builder = new UsageTableBuilder();
        for (var first = 0; first < rows.Length;)
        {
            var stretch = rows.AsSpan(first, random.Next(1, Math.Min(rows.Length - first, 60) + 1)).ToArray();
            var runs = stretch.GroupBy(_ => random.Next(3)).Select(run => Batch([.. run])).ToArray();
            var grain = random.Next(2) == 0 ? Grain : Duration.FromHours(1);
            builder.Add(runs, [new Coverage(stretch[0].Start, stretch[^1].Start + grain, grain)]);
            first += stretch.Length;
        }

        return builder.Build(names);
    }

    /// <summary>Rows as a batch of <see cref="UsageSchema"/>; each dictionary has its keys in the order of their last use.</summary>
    public static RecordBatch Batch(params UsageRow[] rows)
    {
        var columns = new List<ArrowArray>
        {
            new PrimitiveArray<long>(ArrowType.TimestampMicrosUtc, [.. rows.Select(row => row.Start.ToUnixMicroseconds())]),
        };
        for (var dimension = 0; dimension < Dimensions.Stored.Count; dimension++)
        {
            string[] keys = [.. rows.Select(row => row.Keys[dimension]).Reverse().Distinct()];
            int[] codes = [.. rows.Select(row => Array.IndexOf(keys, row.Keys[dimension]))];
            columns.Add(new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, codes), StringArray.From(keys)));
        }

        foreach (var measure in Measures.All)
        {
            var type = UsageSchema.Schema.Fields[UsageSchema.ColumnOf(measure)].Type;
            columns.Add(new PrimitiveArray<long>(type, [.. rows.Select(row => row.Values[(int)measure])]));
        }

        return new RecordBatch(UsageSchema.Schema, columns);
    }

    /// <summary>The same table with a cube for every dimension, however small it is.</summary>
    /// <param name="table">A table.</param>
    /// <param name="names">Its labels and lookups.</param>
    /// <param name="budgetBytes">What the cubes may take.</param>
    public static UsageTable WithCubes(UsageTable table, IUsageNames names, long budgetBytes = long.MaxValue)
    {
        string[][] keys = [.. Dimensions.Stored.Select(dimension => Enumerable.Range(0, table.Table(dimension).Count).Select(table.Table(dimension).Key).ToArray())];
        return new UsageTable(table.Chunks, table.Coverage, keys, names, new UsageProjections(table.Chunks, keys.Select(all => all.Length), new ProjectionMemory(budgetBytes), buildsAtOnce: true));
    }

    /// <summary>All rows of a table, read back through its codes and keys.</summary>
    public static IEnumerable<UsageRow> RowsOf(UsageTable table)
    {
        foreach (var chunk in table.Chunks)
        {
            for (var row = 0; row < chunk.RowCount; row++)
            {
                var i = row;
                yield return new UsageRow(
                    Instants.FromUnixMicroseconds(chunk.RunStarts[chunk.RunOf(i)]),
                    [.. Dimensions.Stored.Select(dimension => table.Table(dimension).Key((int)chunk.Codes(dimension)[i]))],
                    [.. Measures.All.Select(measure => (long)chunk.Values(measure)[i])]);
            }
        }
    }

    private static long Value(Random random, bool isHuge) => random.Next(4) switch
    {
        0 => 0,
        1 => isHuge ? long.MaxValue - random.Next(3) : random.Next(3),
        2 => random.Next(3),
        _ => isHuge ? random.NextInt64() : random.Next(1_000_000),
    };
}
