using System.Globalization;
using Analytics.Engine.Arrow;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
using Analytics.Server.Endpoints;
using Analytics.Storage;
using Analytics.Storage.Catalog;

namespace Analytics.Server.Reconciliation;

/// <summary>One way to come by the range's totals, and whether it comes to the same as the rows.</summary>
/// <param name="Name">What was added up.</param>
/// <param name="Cost">In pico-dollars; null where it could not be added up.</param>
/// <param name="RequestCount">Null where the way has no requests.</param>
/// <param name="Problem">What differs, and where; null where all agrees.</param>
internal sealed record Check(string Name, Int128? Cost, Int128? RequestCount, string? Problem);

/// <summary>Recomputes a range's totals in every way that there is, and compares each with the plain sum of its rows.</summary>
/// <remarks>
/// The plain sum reads row by row, without kernels, cubes or totals. Beside it: every dimension and the days as questions
/// are answered, cubes included; priced items; and the files as they are on disk now, whose own statistics must be those of
/// the manifest too.
/// </remarks>
/// <param name="question">Range, zone and filters.</param>
/// <param name="store">Where the files are.</param>
internal sealed class SelfCheck(Question question, UsageStore store)
{
    private static readonly string[] SummedColumns = ["bucket_start", Measure.Cost.ColumnName()];

    private readonly List<Check> checks = [];

    /// <summary>What was compared.</summary>
    public IReadOnlyList<Check> Checks => checks;

    /// <summary>Files that were read and are what the manifest says.</summary>
    public int FilesVerified { get; private set; }

    /// <summary>Rows that were added up one by one.</summary>
    public long Rows { get; private set; }

    /// <summary>The plan of the plain sum.</summary>
    public QueryPlan Plan { get; } = question.PlanRows();

    /// <summary>Runs all checks.</summary>
    public async Task RunAsync()
    {
        var plain = await question.ScanAsync(Plan, () => Sum(Plan));
        checks.Add(new Check("rows", plain.Cost, plain.Requests, null));
        foreach (var (name, dimension) in UsageJson.DimensionNames)
        {
            using var result = await question.RunAsync(BucketSize.Range, dimension);
            var (cost, requests) = ((Int128)0, (Int128)0);
            foreach (var (_, sums) in result.Ranking)
            {
                (cost, requests) = (cost + sums[Measure.Cost], requests + sums[Measure.RequestCount]);
            }

            Compare($"by {name}", (cost, requests), plain, () => DifferingGroups(dimension));
        }

        Compare("by day", await DaysAsync(), plain, () => DifferingGroups(Dimension.Project));
        var itemPlan = question.PlanRows(question.Items);
        var items = await question.ScanAsync(itemPlan, () => Sum(itemPlan));
        Compare("priced items", (items.Cost, null), plain, () => Between(Plan, itemPlan, hasRequests: false));
        await CompareFilesAsync("files of requests", Tables.Requests, Plan, plain);
        await CompareFilesAsync("files of items", Tables.Items, itemPlan, (items.Cost, null));
    }

    private void Compare(string name, (Int128 Cost, Int128? Requests) found, (Int128 Cost, Int128? Requests) expected, Func<string> where)
    {
        var agrees = found.Cost == expected.Cost && (found.Requests is null || found.Requests == expected.Requests);
        checks.Add(new Check(name, found.Cost, found.Requests, agrees ? null : string.Create(
            CultureInfo.InvariantCulture,
            $"found a cost of {PicoDollars.Format(found.Cost)}{(found.Requests is { } requests ? $" and {requests} requests" : string.Empty)}, expected {PicoDollars.Format(expected.Cost)}{(found.Requests is null ? string.Empty : $" and {expected.Requests} requests")} by the rows. {where()}.")));
    }

    private async Task<(Int128 Cost, Int128? Requests)> DaysAsync()
    {
        using var result = await question.RunAsync(BucketSize.Day, Dimension.Project);
        var (cost, requests) = ((Int128)0, (Int128)0);
        var reader = result.Read([Measure.Cost, Measure.RequestCount]);
        for (var day = 0; day < result.Plan.Buckets.Count; day++)
        {
            reader.MoveTo(day);
            for (var i = 0; i < reader.Count; i++)
            {
                (cost, requests) = (cost + reader.Value(i, Measure.Cost), requests + reader.Value(i, Measure.RequestCount));
            }
        }

        return (cost, requests);
    }

    /// <summary>Reads the files that overlap the range, and adds up their rows in it.</summary>
    private async Task CompareFilesAsync(string name, string table, QueryPlan plan, (Int128 Cost, Int128? Requests) expected)
    {
        List<string> problems = [];
        var found = await question.ScanAsync(plan, () =>
        {
            var sums = ((Int128)0, expected.Requests is null ? null : (Int128?)0);
            foreach (var file in FilesOf(table))
            {
                try
                {
                    sums = AddFile(file, sums, problems);
                    FilesVerified++;
                }
                catch (CorruptFileException exception)
                {
                    // Where the data folder lies is not for those who ask over HTTP.
                    problems.Add(exception.Message.Replace(store.Folder.Root + Path.DirectorySeparatorChar, string.Empty, StringComparison.Ordinal));
                }
            }

            return sums;
        });
        if (problems.Count == 0)
        {
            Compare(name, found, expected, () => BetweenFiles(table, plan));
        }
        else
        {
            checks.Add(new Check(name, null, null, string.Join(' ', problems)));
        }
    }

    private (Int128 Cost, Int128? Requests) AddFile(DataFile file, (Int128 Cost, Int128? Requests) sums, List<string> problems)
    {
        var filter = new FileFilter(question);
        string[] columns = [.. SummedColumns, .. sums.Requests is null ? [] : (string[])[Measure.RequestCount.ColumnName()], .. filter.Columns];
        var (fileCost, fileRequests) = ((Int128)0, (Int128)0);
        foreach (var rows in store.ReadRows(file, columns))
        {
            question.Cancellation.ThrowIfCancellationRequested();
            var starts = rows.Column<PrimitiveArray<long>>(0).Values;
            var costs = rows.Column<PrimitiveArray<long>>(1).Values;
            var requests = sums.Requests is null ? default : rows.Column<PrimitiveArray<long>>(2).Values;
            var accepted = filter.Accepted(rows);
            for (var row = 0; row < starts.Length; row++)
            {
                fileCost += costs[row];
                fileRequests += requests.IsEmpty ? 0 : requests[row];
                if (filter.IsInRange(starts[row]) && accepted(row))
                {
                    sums = (sums.Cost + costs[row], sums.Requests + (requests.IsEmpty ? 0 : requests[row]));
                }
            }

            GC.KeepAlive(rows);
        }

        Compare(Measure.Cost, fileCost);
        if (sums.Requests is not null)
        {
            Compare(Measure.RequestCount, fileRequests);
        }

        return sums;

        void Compare(Measure measure, Int128 total)
        {
            var text = total.ToString(CultureInfo.InvariantCulture);
            if (file.Usage!.Totals[measure.ColumnName()] is var recorded && recorded != text)
            {
                problems.Add($"'{file.Path}' column '{measure.ColumnName()}': found a sum of {text}, expected {recorded} by the manifest.");
            }
        }
    }

    private IEnumerable<DataFile> FilesOf(string table)
    {
        var filter = new FileFilter(question);
        return question.FilesOf(table).Where(file => filter.Overlaps(file.Usage!.FirstBucket, file.Usage.LastBucket));
    }

    /// <summary>The plain sum: row by row.</summary>
    private (Int128 Cost, Int128? Requests) Sum(QueryPlan plan)
    {
        var (cost, requests) = ((Int128)0, (Int128)0);
        foreach (var (scan, rows) in RowsOf(plan))
        {
            var (costs, counts) = (scan.Chunk.Values(Measure.Cost), scan.Chunk.Values(Measure.RequestCount));
            foreach (var row in rows.Span)
            {
                (cost, requests) = (cost + costs[scan.FirstRow + row], requests + counts[scan.FirstRow + row]);
            }

            Rows += rows.Length;
            GC.KeepAlive(scan.Chunk);
        }

        return (cost, requests);
    }

    private IEnumerable<(Scan Scan, ReadOnlyMemory<int> Rows)> RowsOf(QueryPlan plan)
    {
        int[] rows = [];
        foreach (var scan in plan.Scans)
        {
            question.Cancellation.ThrowIfCancellationRequested();
            rows = rows.Length < scan.RowCount ? new int[scan.RowCount] : rows;
            yield return (scan, rows.AsMemory(0, scan.Select(rows)));
        }
    }

    /// <summary>Where a dimension's groups, as they are answered, differ from the rows read without cubes.</summary>
    private string DifferingGroups(Dimension dimension)
    {
        var query = Plan.Query with { GroupBy = dimension };
        using var answered = QueryExecutor.Run(QueryPlan.For(query, question.Table), question.Cancellation);
        using var scanned = QueryExecutor.Run(QueryPlan.For(query, question.Table, usesProjections: false), question.Cancellation);
        var rows = scanned.Ranking.ToDictionary(group => group.Code, group => group.Sums);
        foreach (var (code, sums) in answered.Ranking)
        {
            var other = rows.GetValueOrDefault(code);
            if (sums[Measure.Cost] != other[Measure.Cost] || sums[Measure.RequestCount] != other[Measure.RequestCount])
            {
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{dimension} '{answered.Groups.Key(code)}' has a cost of {PicoDollars.Format(sums[Measure.Cost])} and {sums[Measure.RequestCount]} requests, its rows {PicoDollars.Format(other[Measure.Cost])} and {other[Measure.RequestCount]}");
            }
        }

        return "Its groups agree with a scan, which differs from the plain sum of the same rows: a chunk's totals are not those of its rows";
    }

    private string Between(QueryPlan first, QueryPlan second, bool hasRequests)
    {
        var cells = new UsageCells();
        AddRows(cells, first, 1);
        AddRows(cells, second, -1);
        return cells.Differences(hasRequests);
    }

    private string BetweenFiles(string table, QueryPlan plan)
    {
        var cells = new UsageCells();
        var filter = new FileFilter(question);
        foreach (var file in FilesOf(table))
        {
            foreach (var rows in store.ReadRows(file, [.. Tables.SchemaOf(table).Fields.Select(field => field.Name)]))
            {
                var accepted = filter.Accepted(rows);
                var starts = rows.Column<PrimitiveArray<long>>(UsageSchema.BucketStart);
                for (var row = 0; row < rows.RowCount; row++)
                {
                    if (filter.IsInRange(starts.Values[row]) && accepted(row))
                    {
                        cells.Add(rows, row, 1);
                    }
                }
            }
        }

        AddRows(cells, plan, -1);
        return cells.Differences(hasRequests: table == Tables.Requests);
    }

    private void AddRows(UsageCells cells, QueryPlan plan, int sign)
    {
        foreach (var (scan, rows) in RowsOf(plan))
        {
            foreach (var row in rows.Span)
            {
                cells.Add(plan.Table, scan.Chunk, scan.FirstRow + row, sign);
            }
        }
    }
}
