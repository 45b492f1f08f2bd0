using System.Text;
using Analytics.Storage.Catalog;
using Analytics.Storage.Directory;
using Analytics.Storage.Rollup;
using NodaTime;

namespace Analytics.Storage.Import;

/// <summary>The file was imported before, so that importing it again would count usage twice.</summary>
/// <param name="path">The file.</param>
/// <param name="known">The import that had the same content.</param>
/// <param name="advice">What to do.</param>
public sealed class AlreadyImportedException(string path, ImportedFile known, string advice)
    : IOException($"'{path}' has the content of '{known.Name}', which was imported before as {known.Format} (commit {known.Sequence}). {advice}");

/// <summary>The file as a whole cannot be imported.</summary>
/// <param name="message">What was found, what was expected, what to do.</param>
/// <param name="cause">The error below, if any.</param>
public sealed class UnreadableInputException(string message, Exception? cause = null) : IOException(message, cause);

/// <summary>Takes usage files into a store. A file is taken whole, less its bad lines, or not at all.</summary>
/// <param name="store">The store.</param>
/// <param name="files">The disk that rejected lines are written to.</param>
/// <param name="organization">The organisation that usage is for.</param>
/// <param name="now">The present, against events from the future.</param>
public sealed class FileImport(UsageStore store, Files files, string organization, Instant now)
{
    private const int RowsPerReport = 4_096;

    private readonly PriceTable prices = store.Directory.Read(organization).Prices;

    /// <summary>Length of the rollup intervals.</summary>
    public Duration Grain { get; init; } = RollupGrain.Hour;

    /// <summary>Told how far the import has come.</summary>
    public ImportProgress Progress { get; init; } = new(1);

    /// <summary>Imports usage events, NDJSON or gzip of it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isAgain">Whether a file that was imported before is read again; known ids count as duplicates.</param>
    /// <param name="cancellation">Gives up and changes nothing.</param>
    /// <exception cref="AlreadyImportedException">The content was imported before.</exception>
    /// <exception cref="UnreadableInputException">The file cannot be read to its end.</exception>
    public Task<ImportSummary> EventsAsync(string path, bool isAgain, CancellationToken cancellation) =>
        RunLinesAsync("events", path, isQuoted: false, isAgain, async (append, lines, summary, rejects) =>
        {
            var parser = new EventParser(organization, prices, now);
            while (await lines.ReadAsync(cancellation).ConfigureAwait(false))
            {
                if (lines.Line.IndexOfAnyExcept(" \t\r"u8) < 0)
                {
                    continue;
                }

                Rejection? rejection = TooLong(lines);
                if (rejection is not null || !parser.TryParse(lines.Line, lines.Number, out var usage, out rejection))
                {
                    Reject(rejection!, lines, summary, rejects);
                    continue;
                }

                var result = append.Add(usage!);
                if (result != EventIdResult.Added)
                {
                    if (summary.Duplicate(lines.Number, usage!.Id, result == EventIdResult.Conflict) is { } conflict)
                    {
                        rejects.Write(conflict, lines.Line);
                    }

                    continue;
                }

                summary.Accept(new RollupRow(usage!.Timestamp, usage.Keys, usage.Measures, usage.Labels, usage.IsRounded, []));
            }
        });

    /// <summary>Imports rows that another system added up, CSV or gzip of it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mapping">Column by field.</param>
    /// <param name="project">Project of all rows where none is mapped; empty for none.</param>
    /// <param name="cancellation">Gives up and changes nothing.</param>
    /// <exception cref="AlreadyImportedException">The content was imported before.</exception>
    /// <exception cref="UnreadableInputException">The header lacks a column, or the file cannot be read to its end.</exception>
    public Task<ImportSummary> RollupCsvAsync(string path, RollupMapping mapping, string project, CancellationToken cancellation) =>
        RunLinesAsync("rollup-csv", path, isQuoted: true, isAgain: false, async (append, lines, summary, rejects) =>
        {
            if (!await lines.ReadAsync(cancellation).ConfigureAwait(false))
            {
                throw new UnreadableInputException($"'{path}' is empty, expected a header line with column names.");
            }

            if (!RollupCsvParser.TryCreate(lines.Line, mapping, project, prices, out var parser, out var problem))
            {
                throw new UnreadableInputException($"'{path}' line 1: {problem} Correct --map or the file.");
            }

            await ReadRecordsAsync(append, lines, summary, rejects, parser!.TryParse, isRollup: true, cancellation).ConfigureAwait(false);
        });

    /// <summary>Imports rows that another system added up, Parquet of any writer.</summary>
    /// <param name="path">The file. Keys in the names of its folders, as in project=p1/, can be mapped like columns.</param>
    /// <param name="mapping">Column by field.</param>
    /// <param name="project">Project of all rows where none is mapped; empty for none.</param>
    /// <param name="cancellation">Gives up and changes nothing.</param>
    /// <exception cref="AlreadyImportedException">The content was imported before.</exception>
    /// <exception cref="UnreadableInputException">The file is no Parquet, lacks a column, or has it in a type that its field does not take.</exception>
    /// <exception cref="CorruptFileException">The file is damaged.</exception>
    public Task<ImportSummary> RollupParquetAsync(string path, RollupMapping mapping, string project, CancellationToken cancellation) =>
        RunAsync("rollup-parquet", "row", path, isAgain: false, (append, summary, rejects) =>
        {
            // As other sources, from the real disk.
            using var file = Files.Physical.OpenRead(path);
            Progress.Start(file.Length, summary.Unit);
            var parser = RollupParquetParser.Open(file, path, mapping, project, prices);
            var sha256 = parser.Sha256(file, cancellation);
            ReadRows(append, parser, summary, rejects, file.Length, cancellation);
            return Task.FromResult(sha256);
        });

    /// <summary>Imports Azure's LLM inference trace, CSV or gzip of it: each record one request.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mapping">Route of all requests.</param>
    /// <param name="project">Project of all requests; empty for none.</param>
    /// <param name="cancellation">Gives up and changes nothing.</param>
    /// <exception cref="AlreadyImportedException">The content was imported before.</exception>
    /// <exception cref="UnreadableInputException">The header is another, or the file cannot be read to its end.</exception>
    public Task<ImportSummary> AzureTraceAsync(string path, string mapping, string project, CancellationToken cancellation) =>
        RunLinesAsync("azure-llm-trace", path, isQuoted: true, isAgain: false, async (append, lines, summary, rejects) =>
        {
            var header = await lines.ReadAsync(cancellation).ConfigureAwait(false) ? Encoding.UTF8.GetString(lines.Line) : string.Empty;
            if (header != AzureTraceParser.Header)
            {
                throw new UnreadableInputException($"'{path}' line 1: found '{(header.Length > 80 ? header[..80] : header)}', expected the header {AzureTraceParser.Header}. For other CSV files use 'import rollup-csv' with --map.");
            }

            var parser = new AzureTraceParser(mapping, project, prices, now);
            await ReadRecordsAsync(append, lines, summary, rejects, parser.TryParse, isRollup: false, cancellation).ConfigureAwait(false);
        });

    private delegate bool ParseRecord(ReadOnlySpan<byte> line, long number, out RollupRow row, out Rejection? rejection);

    private async Task ReadRecordsAsync(
        UsageAppend append, LineReader lines, ImportSummary summary, RejectsFile rejects, ParseRecord parse, bool isRollup, CancellationToken cancellation)
    {
        while (await lines.ReadAsync(cancellation).ConfigureAwait(false))
        {
            if (lines.Line.IsEmpty)
            {
                continue;
            }

            var rejection = TooLong(lines);
            if (rejection is not null || !parse(lines.Line, lines.Number, out var row, out rejection))
            {
                Reject(rejection!, lines, summary, rejects);
                continue;
            }

            Accept(append, row, summary, isRollup);
        }
    }

    private void ReadRows(
        UsageAppend append, RollupParquetParser parser, ImportSummary summary, RejectsFile rejects, long sizeBytes, CancellationToken cancellation)
    {
        for (var rowGroup = 0; rowGroup < parser.RowGroupCount; rowGroup++)
        {
            cancellation.ThrowIfCancellationRequested();
            var rowCount = parser.ReadRowGroup(rowGroup);
            for (var row = 0; row < rowCount; row++)
            {
                var number = ++summary.Lines;
                if (parser.TryParse(row, number, out var usage, out var rejection))
                {
                    Accept(append, usage, summary, isRollup: true);
                }
                else
                {
                    summary.Reject(rejection!);
                    rejects.Write(rejection!, parser.Values(row));
                    Progress.Reject();
                }

                if (number % RowsPerReport == 0)
                {
                    cancellation.ThrowIfCancellationRequested();
                    Progress.Read((long)((double)number / parser.RowCount * sizeBytes), number);
                }
            }
        }

        Progress.Read(sizeBytes, summary.Lines);
    }

    private void Accept(UsageAppend append, in RollupRow row, ImportSummary summary, bool isRollup)
    {
        append.Add(row.Time, row.Keys, row.Measures, row.Labels, row.Items);
        summary.Accept(row);
        summary.OffGrain += isRollup && row.Time.ToUnixTimeTicks() % Grain.BclCompatibleTicks != 0 ? 1 : 0;
    }

    private static Rejection? TooLong(LineReader lines) => lines.IsTooLong
        ? new Rejection(lines.Number, "line-too-long", null, $"found more than {LineReader.MaxLineBytes} bytes, expected at most that many.")
        : null;

    private void Reject(Rejection rejection, LineReader lines, ImportSummary summary, RejectsFile rejects)
    {
        summary.Reject(rejection);
        rejects.Write(rejection, lines.Line);
        Progress.Reject();
    }

    private Task<ImportSummary> RunLinesAsync(
        string format,
        string path,
        bool isQuoted,
        bool isAgain,
        Func<UsageAppend, LineReader, ImportSummary, RejectsFile, Task> readLines) =>
        RunAsync(format, "line", path, isAgain, async (append, summary, rejects) =>
        {
            try
            {
                var input = new UsageInput(path, isQuoted, Progress);
                await using (input.ConfigureAwait(false))
                {
                    await readLines(append, input.Lines, summary, rejects).ConfigureAwait(false);
                    summary.Lines = input.Lines.Number - 1;
                    return input.Sha256();
                }
            }
            catch (InvalidDataException exception)
            {
                throw new UnreadableInputException($"'{path}' is damaged gzip, or breaks off before its end. Nothing was imported; get the file again.", exception);
            }
        });

    /// <summary>Reads a file and commits what is in it.</summary>
    /// <param name="format">Name of the format.</param>
    /// <param name="unit">What the file consists of.</param>
    /// <param name="path">The file.</param>
    /// <param name="isAgain">Whether to take a file that was imported before.</param>
    /// <param name="read">Reads all of it, and gives the SHA-256 of the content.</param>
    private async Task<ImportSummary> RunAsync(
        string format, string unit, string path, bool isAgain, Func<UsageAppend, ImportSummary, RejectsFile, Task<string>> read)
    {
        var summary = new ImportSummary { Grain = Grain, Unit = unit };
        var name = Path.GetFileName(path);
        using var rejects = new RejectsFile(files, Path.Combine(store.Folder.Rejects, $"{store.Manifest.Sequence + 1:D8}-{name}.ndjson"));
        var append = store.Append(organization, Grain);
        string sha256;
        try
        {
            sha256 = await read(append, summary, rejects).ConfigureAwait(false);
        }
        catch
        {
            rejects.Delete();
            throw;
        }

        if (store.FindImport(organization, sha256) is { } known && !isAgain)
        {
            rejects.Delete();
            throw new AlreadyImportedException(
                path,
                known,
                format == "events"
                    ? "Nothing was imported. With --again its events are read again and those with known ids are counted as duplicates."
                    : "Nothing was imported.");
        }

        Progress.Write();
        rejects.Sync();
        summary.RejectsPath = rejects.Path;
        if (summary.Accepted == 0 && summary.Duplicates == 0)
        {
            // Nothing of it is known, so nothing is in the way of importing it as what it is.
            return summary;
        }

        summary.Rows = append.Commit(new ImportedFile(0, organization, format, name, sha256));
        return summary;
    }
}
