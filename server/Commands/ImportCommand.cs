using System.CommandLine;
using System.Globalization;
using Analytics.Engine.Usage;
using Analytics.Storage;
using Analytics.Storage.Import;
using NodaTime;

namespace Analytics.Server.Commands;

/// <summary><c>import FORMAT FILE…</c>: takes usage files into the data folder.</summary>
internal static class ImportCommand
{
    public static Command Create(IClock clock) =>
        new("import", "Take usage files into the data folder. Each file is taken whole, less its bad lines, or not at all.")
        {
            Events(clock),
            RollupCsv(clock),
        };

    private static Command Events(IClock clock)
    {
        var (files, data, organization, strict) = Shared();
        var again = new Option<bool>("--again")
        {
            Description = "Read a file again that was imported before. Events with known ids are counted as duplicates.",
        };
        var command = new Command("events", "Usage events: one JSON object a line (NDJSON), or gzip of it.") { files, data, organization, again, strict };
        command.SetAction((parsed, cancellation) => RunAsync(
            new Request(parsed.GetValue(files)!, parsed.GetValue(data)!, parsed.GetValue(organization)!, parsed.GetValue(strict)),
            clock,
            parsed.InvocationConfiguration.Output,
            (import, file) => import.EventsAsync(file, parsed.GetValue(again), cancellation)));
        return command;
    }

    private static Command RollupCsv(IClock clock)
    {
        var (files, data, organization, strict) = Shared();
        var map = new Option<string>("--map")
        {
            Description = $"Which column fills which field: bucketStart=hour_utc,mapping=model,… Fields: {string.Join(", ", CsvMapping.Fields)}. What is not mapped is none or 0; without a cost the price table says.",
            Required = true,
            HelpName = "FIELD=COLUMN,…",
        };
        var project = new Option<string>("--project")
        {
            Description = "Project of all rows, where the file has no column for it.",
            DefaultValueFactory = _ => string.Empty,
            HelpName = "ID",
        };
        var command = new Command("rollup-csv", "Rows that another system added up by hour: CSV with a header, or gzip of it.") { files, map, project, data, organization, strict };
        command.SetAction((parsed, cancellation) =>
        {
            if (!CsvMapping.TryParse(parsed.GetValue(map)!, out var mapping, out var problem))
            {
                throw new UsageException($"--map: {problem}");
            }

            return RunAsync(
                new Request(parsed.GetValue(files)!, parsed.GetValue(data)!, CheckedId("--organization", parsed.GetValue(organization)!), parsed.GetValue(strict)),
                clock,
                parsed.InvocationConfiguration.Output,
                (import, file) => import.RollupCsvAsync(file, mapping!, CheckedId("--project", parsed.GetValue(project)!, mayBeEmpty: true), cancellation));
        });
        return command;
    }

    private static (Argument<string[]> Files, Option<string> Data, Option<string> Organization, Option<bool> Strict) Shared() => (
        new Argument<string[]>("FILE") { Description = "Files to import, in order.", Arity = ArgumentArity.OneOrMore },
        CommonOptions.Data(),
        CommonOptions.Organization(),
        new Option<bool>("--strict") { Description = "End with exit code 1 if a line was rejected. The good lines are kept all the same." });

    private static string CheckedId(string option, string id, bool mayBeEmpty = false) =>
        id.Length <= 128 && (id.Length > 0 || mayBeEmpty) && !id.Any(char.IsControl)
            ? id
            : throw new UsageException($"{option}: found {id.Length} characters, expected an id of 1 to 128 characters without control characters.");

    private static async Task<int> RunAsync(Request request, IClock clock, TextWriter output, Func<FileImport, string, Task<ImportSummary>> run)
    {
        var organization = CheckedId("--organization", request.Organization);
        foreach (var file in request.Files.Where(file => !File.Exists(file)))
        {
            throw new FileNotFoundException($"'{file}' is not a file. Nothing was imported.");
        }

        using var store = UsageStore.Open(request.Data, Files.Physical);
        var hasRejected = false;
        foreach (var file in request.Files)
        {
            var summary = await run(new FileImport(store, Files.Physical, organization, clock.GetCurrentInstant()), file);
            hasRejected |= summary.Rejected > 0;
            await WriteAsync(output, file, summary);
        }

        return hasRejected && request.IsStrict ? ExitCode.Problems : ExitCode.Ok;
    }

    private static async Task WriteAsync(TextWriter output, string file, ImportSummary summary)
    {
        var totals = summary.Totals;
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"""
            {file}
              accepted    {summary.Accepted:N0} lines
              duplicates  {summary.Duplicates:N0}{(summary.Conflicts > 0 ? $" ({summary.Conflicts:N0} with other content; the first stays)" : string.Empty)}
              rejected    {summary.Rejected:N0}
              rounded     {summary.Rounded:N0}
              unpriced    {totals[Measure.UnpricedCount]:N0} requests
              requests    {totals[Measure.RequestCount]:N0}
              tokens      {totals.TotalTokens:N0}
              cost        ${PicoDollars.Format(totals[Measure.Cost])}
              rows        {summary.Rows:N0} written
            """));
        foreach (var error in summary.Errors.Take(10))
        {
            await output.WriteLineAsync($"  line {error.Line}{(error.Field is null ? string.Empty : $", {error.Field}")}: {error.Detail}");
        }

        if (summary.RejectsPath is not null)
        {
            await output.WriteLineAsync($"  All {summary.Rejected + summary.Conflicts} lines that were not taken are in {summary.RejectsPath}");
        }
    }

    private sealed record Request(string[] Files, string Data, string Organization, bool IsStrict);
}
