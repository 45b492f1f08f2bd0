using System.CommandLine;
using Analytics.Server.Conventions;
using Analytics.Storage;
using Analytics.Storage.Directory;
using Analytics.Storage.Import;

namespace Analytics.Server.Commands;

/// <summary>Runs the command line: errors go to the error stream in one form, and every outcome has its exit code.</summary>
internal static class CommandRunner
{
    public static async Task<int> RunAsync(RootCommand root, string[] args, TextWriter output, TextWriter error)
    {
        var parsed = root.Parse(args.Length == 0 ? ["--help"] : args);
        var console = new InvocationConfiguration
        {
            Output = output,
            Error = error,
            EnableDefaultExceptionHandler = false,

            // A server that is told to stop ends by itself, after the requests that it is answering.
            ProcessTerminationTimeout = HttpSettings.MaxShutdownTimeout + TimeSpan.FromSeconds(10),
        };
        if (parsed.Errors.Count > 0)
        {
            foreach (var problem in parsed.Errors)
            {
                await error.WriteLineAsync($"error: {problem.Message}");
            }

            var path = string.Join(' ', Path(parsed.CommandResult.Command));
            await error.WriteLineAsync($"hint: analytics {path}{(path.Length > 0 ? " " : string.Empty)}--help shows what it takes.");
            return ExitCode.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(console);
        }
        catch (OperationCanceledException)
        {
            await error.WriteLineAsync("interrupted: nothing was changed.");
            return ExitCode.Interrupted;
        }
        catch (Exception exception) when (ExitCode.Of(exception) is { } code)
        {
            await error.WriteLineAsync($"error: {exception.Message}");
            return code;
        }
    }

    private static IEnumerable<string> Path(Command command) =>
        command is RootCommand ? [] : [.. command.Parents.OfType<Command>().SelectMany(Path), command.Name];
}

/// <summary>Exit codes, as in sysexits.h where it has one.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Problems = 1;
    public const int Usage = 2;
    public const int BadInput = 65;
    public const int CannotWrite = 73;
    public const int Busy = 75;
    public const int NotAllowed = 77;
    public const int Interrupted = 130;

    /// <summary>The code of an error that is the world's fault or the user's; null for one of our own.</summary>
    public static int? Of(Exception exception) => exception switch
    {
        UsageException => Usage,
        DataFolderInUseException => Busy,
        CorruptFileException or DataFolderException or DirectoryFileException or DirectoryDocumentException => BadInput,
        UnreadableInputException or AlreadyImportedException or FileNotFoundException or DirectoryNotFoundException => BadInput,
        UnauthorizedAccessException => NotAllowed,
        IOException => CannotWrite,
        _ => null,
    };
}

/// <summary>The command line asks for something that cannot be done.</summary>
/// <param name="message">What was found, what was expected, what to do.</param>
internal sealed class UsageException(string message) : Exception(message);
