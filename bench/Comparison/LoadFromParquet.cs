using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Analytics.Engine.Arrow;
using Analytics.Engine.Usage;
using Analytics.Storage;
using Analytics.Storage.Catalog;
using Analytics.Storage.Parquet;

namespace Analytics.Bench.Comparison;

/// <summary>All usage files of a data folder into memory, and back to disk: this reader and writer beside DuckDB's.</summary>
/// <remarks>
/// Both read every column of the same files, from the page cache, on all cores, and keep all rows: here as the chunks that the
/// engine answers from and, beside that, as Arrow record batches; in DuckDB as a table in memory (which it does not compress). Both write the rows of one file, DuckDB with
/// Snappy and with Zstandard. Sums of all columns are compared before anything is timed.
/// </remarks>
internal static class LoadFromParquet
{
    private static readonly string[] Columns = [.. UsageSchema.Requests.Fields.Select(field => field.Name)];

    /// <summary>Compares and prints a table.</summary>
    public static int Run(string data, int rounds, TextWriter output)
    {
        if (DuckDb.WhyNot is { } reason)
        {
            output.WriteLine($"error: {reason}");
            return 69;
        }

        var (files, paths) = FilesOf(data);
        if (files.Length == 0)
        {
            output.WriteLine($"error: '{data}' has no usage.");
            return 65;
        }

        var rows = files.Sum(file => file.Rows);
        using var duck = DuckDb.Open(Environment.ProcessorCount);
        CompareSums(paths, duck);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rows:N0} rows in {files.Length} files of {files.Sum(file => file.SizeBytes) / 1e6:N1} MB, {Columns.Length} columns, {Environment.ProcessorCount} threads, {rounds} interleaved rounds, medians."));
        output.WriteLine($"DuckDB {DuckDb.Version}, .NET {Environment.Version}, {RuntimeInformation.RuntimeIdentifier}. The sums of all columns were compared and are equal.");
        output.WriteLine();
        TimeReading(data, paths, rows, duck, rounds, output);
        output.WriteLine();
        TimeWriting(paths, duck, rounds, output);
        return 0;
    }

    private static (DataFile[] Files, string[] Paths) FilesOf(string data)
    {
        using var store = UsageStore.Open(data, Files.Physical);
        var files = store.Manifest.Files.Where(file => file.Table == Tables.Requests).ToArray();
        return (files, Array.ConvertAll(files, file => store.Folder.File(file.Path)));
    }

    private static void TimeReading(string data, string[] paths, long rows, DuckDb duck, int rounds, TextWriter output)
    {
        List<double> engine = [], ours = [], theirs = [];
        var bytes = 0L;
        for (var round = -1; round < rounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            using (var store = UsageStore.Open(data, Files.Physical))
            {
                store.Load();
                engine.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                bytes = store.Manifest.Files.Select(file => file.Organization).Distinct().Sum(organization => store.Snapshot(organization).Usage.Chunks.Sum(chunk => chunk.SizeBytes));
            }

            start = Stopwatch.GetTimestamp();
            var batches = Read(paths, Environment.ProcessorCount);
            var here = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            foreach (var column in batches.SelectMany(batch => batch.Columns))
            {
                Free(column);
            }

            start = Stopwatch.GetTimestamp();
            duck.Run($"CREATE OR REPLACE TABLE loaded AS {Select(paths)}");
            var there = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            duck.Run("DROP TABLE loaded");
            if (round < 0)
            {
                engine.Clear();
                continue;
            }

            ours.Add(here);
            theirs.Add(there);
        }

        output.WriteLine("| load | time | rows/s | ratio |");
        output.WriteLine("|---|---:|---:|---:|");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| chunks of the engine, {bytes / (double)rows:N1} bytes a row (the store's opening in it) | {Median(engine):N0} ms | {rows / Median(engine) / 1000:N1} M | {Median(theirs) / Median(engine):N1} x |"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| record batches | {Median(ours):N0} ms | {rows / Median(ours) / 1000:N1} M | {Median(theirs) / Median(ours):N1} x |"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| DuckDB table | {Median(theirs):N0} ms | {rows / Median(theirs) / 1000:N1} M | 1 |"));
    }

    private static void TimeWriting(string[] paths, DuckDb duck, int rounds, TextWriter output)
    {
        var path = paths.MaxBy(path => new FileInfo(path).Length)!;
        var batches = Read([path], Environment.ProcessorCount);
        duck.Run($"CREATE OR REPLACE TABLE written AS {Select([path])}");
        var target = Path.Combine(Path.GetTempPath(), $"analytics-bench-{Environment.ProcessId}.parquet");
        var rows = batches.Sum(batch => batch.RowCount);
        (string Name, Action Write)[] writers =
        [
            ("ours (Snappy where it pays)", () => Write(target, batches)),
            ("DuckDB, Snappy", () => duck.Run($"COPY written TO {DuckDb.Quote(target)} (FORMAT parquet, COMPRESSION snappy)")),
            ("DuckDB, Zstandard", () => duck.Run($"COPY written TO {DuckDb.Quote(target)} (FORMAT parquet, COMPRESSION zstd)")),
        ];
        var times = Array.ConvertAll(writers, _ => new List<double>());
        var sizes = new long[writers.Length];
        for (var round = -1; round < rounds; round++)
        {
            for (var i = 0; i < writers.Length; i++)
            {
                File.Delete(target);
                var start = Stopwatch.GetTimestamp();
                writers[i].Write();
                if (round >= 0)
                {
                    times[i].Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }

                sizes[i] = new FileInfo(target).Length;
            }
        }

        File.Delete(target);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The largest file, {rows:N0} rows, written (not synced):"));
        output.WriteLine();
        output.WriteLine("| write | time | rows/s | size | bytes a row |");
        output.WriteLine("|---|---:|---:|---:|---:|");
        for (var i = 0; i < writers.Length; i++)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {writers[i].Name} | {Median(times[i]):N0} ms | {rows / Median(times[i]) / 1000:N1} M | {sizes[i] / 1e6:N2} MB | {sizes[i] / (double)rows:N1} |"));
        }
    }

    /// <summary>Reads all row groups of all files, several at a time.</summary>
    private static RecordBatch[] Read(string[] paths, int threads)
    {
        var opened = paths.Select(path => Files.Physical.OpenRead(path)).ToArray();
        try
        {
            var groups = opened
                .SelectMany((file, i) => Groups(ParquetReader.Open(file, paths[i])))
                .ToArray();
            var batches = new RecordBatch[groups.Length];
            Parallel.ForEach(
                Partitioner.Create(Enumerable.Range(0, groups.Length), EnumerablePartitionerOptions.NoBuffering),
                new ParallelOptions { MaxDegreeOfParallelism = threads },
                i => batches[i] = groups[i].Reader.ReadRowGroup(groups[i].Group, Columns));
            return batches;
        }
        finally
        {
            Array.ForEach(opened, file => file.Dispose());
        }

        static IEnumerable<(ParquetReader Reader, int Group)> Groups(ParquetReader reader) =>
            Enumerable.Range(0, reader.RowGroups.Count).Select(group => (reader, group));
    }

    private static void Write(string path, RecordBatch[] batches)
    {
        using var file = Files.Physical.Create(path);
        var writer = new ParquetWriter(file, UsageSchema.Requests);
        foreach (var batch in batches)
        {
            writer.WriteRowGroup(batch);
        }

        writer.Finish();
    }

    private static void CompareSums(string[] paths, DuckDb duck)
    {
        var sums = string.Join(", ", UsageSchema.Requests.Fields.Select(field => field.Type switch
        {
            ArrowType.TimestampType => $"sum(epoch_us({field.Name})::HUGEINT)::VARCHAR",
            ArrowType.DictionaryType => $"sum(strlen({field.Name}))::VARCHAR",
            ArrowType.DecimalType => $"(sum({field.Name}) * 1000000000000)::HUGEINT::VARCHAR",
            _ => $"sum({field.Name})::VARCHAR",
        }));
        var theirs = duck.Run($"SELECT {sums} FROM ({Select(paths)})").Rows[0];
        var batches = Read(paths, Environment.ProcessorCount);
        for (var column = 0; column < Columns.Length; column++)
        {
            Int128 ours = 0;
            foreach (var batch in batches)
            {
                ours += Sum(batch.Columns[column]);
            }

            if (ours.ToString(CultureInfo.InvariantCulture) != theirs[column])
            {
                throw new InvalidOperationException($"{Columns[column]}: the sum is {ours} here and {theirs[column]} in DuckDB. Nothing was timed.");
            }
        }
    }

    private static Int128 Sum(ArrowArray column)
    {
        Int128 sum = 0;
        switch (column)
        {
            case PrimitiveArray<long> numbers:
                foreach (var value in numbers.Values)
                {
                    sum += value;
                }

                break;
            case DictionaryArray texts:
                foreach (var code in texts.Codes)
                {
                    sum += texts.Dictionary.Utf8(code).Length;
                }

                break;
        }

        GC.KeepAlive(column);
        return sum;
    }

    // What the finalizer would do some time later, perhaps within somebody else's time.
    private static void Free(ArrowArray column)
    {
        switch (column)
        {
            case PrimitiveArray<long> numbers:
                numbers.Buffer.Dispose();
                break;
            case DictionaryArray texts:
                texts.Indices.Buffer.Dispose();
                break;
        }
    }

    private static string Select(string[] paths) =>
        $"SELECT {string.Join(", ", Columns)} FROM read_parquet([{string.Join(", ", paths.Select(DuckDb.Quote))}], hive_partitioning = false)";

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
