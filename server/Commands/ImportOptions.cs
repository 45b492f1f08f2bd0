using System.CommandLine;
using System.Diagnostics;
using Analytics.Storage;
using Analytics.Storage.Import;
using NodaTime;

namespace Analytics.Server.Commands;

/// <summary>What all formats of <c>import</c> have in common: their options, and the run over the files.</summary>
internal sealed class ImportOptions
{
    private readonly Argument<string[]> files = new("FILE") { Description = "Files to import, in order.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string> data = CommonOptions.Data();
    private readonly Option<string> organization = CommonOptions.Organization();
    private readonly Option<bool> strict = new("--strict") { Description = "End with exit code 1 if a line or row was rejected. The good ones are kept all the same." };
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Read, price and de-duplicate everything, show what would come of it with some rows, and change nothing." };
    private readonly Option<bool> quiet = new("--quiet") { Description = "Show no progress." };

    public void AddTo(Command command)
    {
        command.Arguments.Add(files);
        foreach (var option in (Option[])[data, organization, dryRun, strict, quiet])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>An id as an event may have it.</summary>
    /// <exception cref="UsageException">It is too long, empty or no plain text.</exception>
    public static string CheckedId(string option, string id, bool mayBeEmpty = false) =>
        id.Length <= 128 && (id.Length > 0 || mayBeEmpty) && !id.Any(char.IsControl)
            ? id
            : throw new UsageException($"{option}: found {id.Length} characters, expected an id of 1 to 128 characters without control characters.");

    /// <summary>Imports the files one by one.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="clock">The present.</param>
    /// <param name="grain">From the organisation's reporting zones to the grain.</param>
    /// <param name="import">Imports one file.</param>
    public async Task<int> Run(ParseResult parsed, IClock clock, Func<IEnumerable<string>, Duration> grain, Func<FileImport, string, Task<ImportSummary>> import)
    {
        var id = CheckedId("--organization", parsed.GetValue(organization)!);
        var paths = parsed.GetValue(files)!;
        foreach (var file in paths.Where(file => !File.Exists(file)))
        {
            throw file.StartsWith("--", StringComparison.Ordinal)
                ? new UsageException($"found '{file}', expected one of this command's options; --help lists them. Nothing was imported.")
                : new FileNotFoundException($"'{file}' is not a file. Nothing was imported.");
        }

        var root = parsed.GetValue(data)!;
        var isDryRun = parsed.GetValue(dryRun);
        using var preview = isDryRun ? new DataFolderPreview(root, Files.Physical) : null;
        using var opened = isDryRun ? null : UsageStore.Open(root, Files.Physical);
        var store = preview?.Store ?? opened!;
        var length = grain(store.Directory.FindOrganization(id)?.Timezones ?? []);
        var progress = new ImportProgress(paths.Length);
        var output = parsed.InvocationConfiguration.Output;
        var (hasRejected, hasNothing) = (false, false);
        foreach (var file in paths)
        {
            var watch = Stopwatch.StartNew();
            ImportSummary summary;
            try
            {
                await using var display = ProgressDisplay.Start(parsed.InvocationConfiguration.Error, progress, parsed.GetValue(quiet));
                summary = await import(new FileImport(store, preview?.Disk ?? Files.Physical, id, clock.GetCurrentInstant()) { Grain = length, Progress = progress }, file);
            }
            catch (CorruptFileException exception) when (preview is not null)
            {
                throw preview.Explain(exception);
            }

            hasRejected |= summary.Rejected > 0;
            hasNothing |= summary is { Accepted: 0, Duplicates: 0, Rejected: > 0 };
            await output.WriteAsync(ImportReport.Of(file, summary, watch.Elapsed, isDryRun));
        }

        // A file of nothing but bad lines is the wrong file, or the wrong format.
        return hasNothing ? ExitCode.BadInput : hasRejected && parsed.GetValue(strict) ? ExitCode.Problems : ExitCode.Ok;
    }
}
