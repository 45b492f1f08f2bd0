using System.Buffers;
using Analytics.Engine.Chunks;
using Analytics.Engine.Queries;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts.Formats;

namespace Analytics.Server.Contracts;

/// <summary>The rows of a table that a question is about: page by page in any order, or all of them in the order of time.</summary>
/// <param name="plan">The range and the filters; it reads rows, no cubes.</param>
/// <param name="shown">The table's columns.</param>
internal sealed class UsageRows(QueryPlan plan, RowTable shown)
{
    private readonly UsageTable table = plan.Table;

    /// <summary>The rows of a page.</summary>
    /// <param name="sort">Their order.</param>
    /// <param name="after">The last row of the page before; null for the first page.</param>
    /// <param name="limit">Rows at most, 1 or more.</param>
    /// <param name="cancellation">The client went away.</param>
    /// <returns>The rows, and whether more follow.</returns>
    public (IReadOnlyList<RowPlace> Rows, bool HasMore) Page(RowSort sort, RowPlace? after, int limit, CancellationToken cancellation)
    {
        // One more than the page has says whether it is the last. Twice as many are gathered before the best are kept.
        var wanted = limit + 1;
        List<RowPlace> best = new(Math.Min(2 * wanted, 1 << 16));
        RowPlace? worst = null;
        foreach (var (scan, first) in Scans(isDescending: sort is { Metric: null, IsDescending: true }))
        {
            cancellation.ThrowIfCancellationRequested();
            if (sort.Metric is null && best.Count >= wanted)
            {
                // All that follow are later, or earlier.
                break;
            }

            var lastRow = first + scan.FirstRow + scan.RowCount - 1;
            if (sort.Metric is null && after is { } previous && (sort.IsDescending ? first + scan.FirstRow >= previous.Position : lastRow <= previous.Position))
            {
                continue;
            }

            var rented = ArrayPool<int>.Shared.Rent(scan.RowCount);
            foreach (var selected in rented.AsSpan(0, scan.Select(rented)))
            {
                var row = scan.FirstRow + selected;
                var place = new RowPlace(sort.KeyOf(scan.Chunk, row), first + row);
                if ((after is { } last && sort.Compare(place, last) <= 0) || (worst is { } known && sort.Compare(place, known) >= 0))
                {
                    continue;
                }

                best.Add(place);
                if (best.Count == 2 * wanted)
                {
                    worst = Keep(best, sort, wanted);
                }
            }

            ArrayPool<int>.Shared.Return(rented);
        }

        Keep(best, sort, wanted);
        var hasMore = best.Count > limit;
        return (hasMore ? best[..limit] : best, hasMore);
    }

    /// <summary>Writes rows as JSON.</summary>
    public async Task WriteAsync(UsageJson json, IReadOnlyList<RowPlace> places, CancellationToken cancellation)
    {
        var row = new UsageRow(plan.Query.Zone);
        var columns = shown.Dimensions.Select(column => (Names: column, Texts: GroupTexts.Of(table.Table(column.Dimension)), Lookup: LookupOf(column.Dimension), Source: column.Dimension.StoredSource())).ToArray();
        json.Text.StartArray("rows");
        foreach (var place in places)
        {
            row.MoveTo(table.Chunks[(int)(place.Position / UsageChunk.MaxRows)], (int)(place.Position % UsageChunk.MaxRows));
            json.Text.StartObject();
            json.Text.Date("date", row.Date);
            json.Text.Instant("start", row.Start);
            foreach (var (names, texts, lookup, source) in columns)
            {
                var stored = row.Code(source);
                var code = lookup is null ? stored : lookup[stored];
                json.Text.Encoded(names.Key, texts.Key(code));
                if (names.Label is { } label)
                {
                    json.Text.Encoded(label, texts.Label(code));
                }
            }

            foreach (var metric in shown.Metrics)
            {
                metric.Write(json, row);
            }

            json.Text.EndObject();
            if (json.Text.HasPiece)
            {
                await json.Text.SendAsync(cancellation);
            }
        }

        json.Text.EndArray();
    }

    /// <summary>All rows as a table.</summary>
    public LongForm ToLongForm()
    {
        List<LongColumn<UsageRow>> columns =
        [
            LongColumn<UsageRow>.Date("date", row => row.Date),
            LongColumn<UsageRow>.Instant("start", row => row.Start),
        ];
        foreach (var (dimension, key, label) in shown.Dimensions)
        {
            var source = dimension.StoredSource();
            var lookup = LookupOf(dimension);
            var present = Present(source);
            var codes = new GroupCodes(table.Table(dimension), present.Select(code => lookup is null ? code : lookup[code]));
            columns.Add(LongColumn<UsageRow>.Coded(key, codes.Keys, row => codes.Key(lookup is null ? row.Code(source) : lookup[row.Code(source)])!.Value));
            if (label is not null)
            {
                columns.Add(LongColumn<UsageRow>.Coded(label, codes.Labels, row => codes.Label(lookup is null ? row.Code(source) : lookup[row.Code(source)])));
            }
        }

        columns.AddRange(shown.Metrics.Select(metric => metric.ToColumn()));
        return LongForm.Of(plan, All(), columns);
    }

    /// <summary>A row's sum of tokens that a 64-bit integer does not hold; null where there is none. All else are values of a column, and fit.</summary>
    public (string Metric, Int128 Sum)? FirstBeyond64Bits()
    {
        foreach (var scan in plan.Scans)
        {
            var (input, output) = (scan.Chunk.Values(Measure.InputTokens), scan.Chunk.Values(Measure.OutputTokens));
            for (var row = (Int128)input.Max + output.Max > long.MaxValue ? scan.FirstRow : int.MaxValue; row < scan.FirstRow + scan.RowCount; row++)
            {
                if ((Int128)input[row] + output[row] is var sum && sum > long.MaxValue)
                {
                    return ("totalTokens", sum);
                }
            }
        }

        return null;
    }

    private static RowPlace? Keep(List<RowPlace> best, RowSort sort, int wanted)
    {
        best.Sort(sort.Compare);
        if (best.Count <= wanted)
        {
            return null;
        }

        best.RemoveRange(wanted, best.Count - wanted);
        return best[^1];
    }

    private IEnumerable<UsageRow> All()
    {
        var row = new UsageRow(plan.Query.Zone);
        foreach (var (scan, _) in Scans(isDescending: false))
        {
            var rented = ArrayPool<int>.Shared.Rent(scan.RowCount);
            var count = scan.Select(rented);
            for (var i = 0; i < count; i++)
            {
                row.MoveTo(scan.Chunk, scan.FirstRow + rented[i]);
                yield return row;
            }

            ArrayPool<int>.Shared.Return(rented);
        }
    }

    /// <summary>Row ranges, each with the position of its chunk's first row.</summary>
    private IEnumerable<(Scan Scan, long First)> Scans(bool isDescending)
    {
        Dictionary<UsageChunk, int> numbers = new(table.Chunks.Count, ReferenceEqualityComparer.Instance);
        for (var i = 0; i < table.Chunks.Count; i++)
        {
            numbers.Add(table.Chunks[i], i);
        }

        return (isDescending ? plan.Scans.Reverse() : plan.Scans).Select(scan => (scan, (long)numbers[scan.Chunk] * UsageChunk.MaxRows));
    }

    private int[]? LookupOf(Dimension dimension) => dimension.IsStored() ? null : table.Lookup(dimension).ToArray();

    /// <summary>The codes of a stored dimension that the rows may have.</summary>
    private IEnumerable<int> Present(Dimension stored)
    {
        var accepted = plan.Selections.FirstOrDefault(selection => selection.Dimension == stored)?.Accepted;
        var present = new bool[table.Table(stored).Count];
        foreach (var scan in plan.Scans)
        {
            var words = scan.Chunk.CodesPresent(stored);
            for (var code = scan.Chunk.MinCode(stored); code <= scan.Chunk.MaxCode(stored); code++)
            {
                present[code] |= (words[code / 64] >> (code % 64) & 1) != 0;
            }
        }

        return Enumerable.Range(0, present.Length).Where(code => present[code] && (accepted is null || accepted.Value.Span[code]));
    }
}
