using System.CommandLine;
using Analytics.Storage;
using Analytics.Storage.Inspection;

namespace Analytics.Server.Commands;

/// <summary><c>inspect FILE…</c>: says what files are and hold, down to a checksum of each column's values.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var files = new Argument<string[]>("FILE") { Description = "Parquet files, Arrow streams and files, or the manifest.json of a data folder.", Arity = ArgumentArity.OneOrMore };
        var json = new Option<bool>("--json") { Description = "Print JSON: an object for one file, an array for several. All numbers are text, so that none is rounded; texts are in full." };
        var command = new Command("inspect", "Show what a file is and holds: schema, storage, and of each column sum, bounds, first values and MD5. Nothing is changed.") { files, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var paths = parsed.GetValue(files)!;
            foreach (var option in paths.Where(path => path.StartsWith("--", StringComparison.Ordinal)))
            {
                throw new UsageException($"found '{option}', expected one of this command's options; --help lists them.");
            }

            var output = parsed.InvocationConfiguration.Output;
            List<(string Path, InspectedFile? File, string? Error)> inspected = [];
            var exitCode = ExitCode.Ok;
            foreach (var path in paths)
            {
                var (file, errors) = Inspect(path, cancellation);
                foreach (var error in errors)
                {
                    await parsed.InvocationConfiguration.Error.WriteLineAsync($"error: {InspectReport.Escaped(error.Message)}");
                    exitCode = exitCode == ExitCode.Ok ? ExitCode.Of(error)!.Value : exitCode;
                }

                inspected.Add((path, file, file is null ? errors[0].Message : null));
                if (file is not null && !parsed.GetValue(json))
                {
                    await output.WriteAsync(InspectReport.Of(file));
                }
            }

            if (parsed.GetValue(json))
            {
                await output.WriteLineAsync(InspectJson.Of(inspected));
            }

            return exitCode;
        });
        return command;
    }

    /// <summary>Inspects one file, whatever is wrong with it.</summary>
    /// <returns>The file, or null where it cannot be read at all; and what is wrong.</returns>
    private static (InspectedFile? File, IReadOnlyList<Exception> Errors) Inspect(string path, CancellationToken cancellation)
    {
        try
        {
            if (!File.Exists(path))
            {
                throw new FileNotFoundException(Directory.Exists(path)
                    ? $"'{path}' is not a file; a data folder's list of files is its manifest.json."
                    : $"'{path}' does not exist.");
            }

            var file = FileInspector.Inspect(Files.Physical, path, cancellation);
            return (file, file is InspectedTable table ? [.. table.Columns.Select(column => column.Error).OfType<Exception>()] : []);
        }
        catch (Exception exception) when (exception is not OperationCanceledException && ExitCode.Of(exception) is not null)
        {
            return (null, [exception]);
        }
    }
}
