using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.IO.Compression;
using Analytics.DataGen.Worlds;
using Analytics.Engine.Usage;
using Analytics.Storage;
using NodaTime;
using NodaTime.Text;

namespace Analytics.DataGen;

/// <summary>An argument that is well-formed and yet cannot be.</summary>
/// <param name="message">What was found and what was expected.</param>
internal sealed class BadArgumentException(string message) : Exception(message);

/// <summary>All commands. Exit codes are those of the server's command line.</summary>
internal static class GeneratorCommands
{
    private const int BadUsage = 2;
    private const int CannotWrite = 73;
    private const int Busy = 75;
    private const string DefaultEnd = "2026-06-24";

    private static readonly string[] Names =
    [
        "requests", "errors", "client errors", "cache hits", "unpriced requests",
        "input tokens", "cached input tokens", "cache write tokens", "output tokens", "reasoning tokens", "cost",
    ];

    /// <summary>Runs a command.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        var root = new RootCommand("Synthetic usage, the same for the same arguments on every machine.") { Demo(), Rollups(), Events() };
        var parsed = root.Parse(args.Length == 0 ? ["--help"] : args);
        foreach (var problem in parsed.Errors)
        {
            error.WriteLine($"error: {problem.Message}");
        }

        if (parsed.Errors.Count > 0)
        {
            return BadUsage;
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        }
        catch (Exception exception) when (exception is BadArgumentException or IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"error: {exception.Message}");
            return exception switch { BadArgumentException => BadUsage, DataFolderInUseException => Busy, _ => CannotWrite };
        }
    }

    private static Command Demo()
    {
        var (data, until, seed) = (Data(), Until(), Seed());
        var command = new Command("demo", "A year of three organisations: about three million rollup rows, with names and prices.") { data, until, seed };
        command.SetAction(parsed =>
        {
            var console = parsed.InvocationConfiguration;
            using var store = UsageStore.Open(parsed.GetValue(data)!, Files.Physical);
            using var progress = Progress.To(console.Error);
            var generated = new Demonstration(parsed.GetValue(seed), parsed.GetValue(until)).WriteTo(store, Files.Physical, progress);
            progress.Dispose();
            foreach (var one in generated)
            {
                console.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{one.Organization}: {one.Rows} rows"));
                Print(console.Output, one.Totals);
            }
        });
        return command;
    }

    private static Command Rollups()
    {
        var (data, until, seed) = (Data(), Until(), Seed());
        var rows = Number("--rows", 1, 100_000_000_000, "Rollup rows in all.");
        rows.Required = true;
        var organizations = Number("--organizations", 1, 10_000, "Organisations that share the rows evenly.");
        organizations.DefaultValueFactory = _ => 1;
        var keys = Number("--keys", 1, 1_000_000, "API keys of each organisation. (default: enough for the rows)");
        var items = new Option<bool>("--items") { Description = "Itemize costs rule by rule: about four items for a row, and four times as long." };
        var command = new Command("rollups", "A data folder of any size: a year of rollup rows.") { data, rows, organizations, keys, items, until, seed };
        command.SetAction(parsed =>
        {
            var console = parsed.InvocationConfiguration;
            var usage = new ScaledUsage(
                parsed.GetValue(rows),
                (int)parsed.GetValue(organizations),
                parsed.GetResult(keys) is null ? null : (int)parsed.GetValue(keys),
                parsed.GetValue(seed),
                parsed.GetValue(until),
                parsed.GetValue(items));
            using var store = UsageStore.Open(parsed.GetValue(data)!, Files.Physical);
            using var progress = Progress.To(console.Error);
            var generated = usage.WriteTo(store, progress);
            progress.Dispose();
            console.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{generated.Count} organisations: {generated.Sum(one => one.Rows)} rows"));
            Print(console.Output, generated.Aggregate(default(UsageSums), (sum, one) => sum + one.Totals));
        });
        return command;
    }

    private static Command Events()
    {
        var (until, seed) = (Until(), Seed());
        var path = new Option<string>("--out") { Description = "A new file for the events.", Required = true, HelpName = "FILE" };
        var count = Number("--count", 1, 1_000_000_000_000, "Events.");
        count.Required = true;
        var organization = new Option<string>("--organization") { Description = "The organisation that events name.", HelpName = "ID", DefaultValueFactory = _ => World.Meridian().Organization.Id };
        organization.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var id }] && (id.Length is 0 or > 128 || id.Any(char.IsControl)))
            {
                result.AddError($"--organization: found '{id}', expected an id of 1 to 128 characters.");
            }
        });
        var directory = new Option<string?>("--directory") { Description = "A new file for names and prices, for `analytics directory import`.", HelpName = "FILE" };
        var gzip = new Option<bool>("--gzip") { Description = "Compress the events." };
        var command = new Command("events", "Usage events of any number as NDJSON, spread over a year.") { path, count, organization, directory, gzip, until, seed };
        command.SetAction(parsed =>
        {
            var console = parsed.InvocationConfiguration;
            var world = World.Meridian().WithId(parsed.GetValue(organization)!);
            using var file = new FileStream(parsed.GetValue(path)!, FileMode.CreateNew);
            if (parsed.GetValue(directory) is { } document)
            {
                using var names = new FileStream(document, FileMode.CreateNew);
                names.Write(world.Directory.ToUtf8());
            }

            using Stream target = parsed.GetValue(gzip) ? new GZipStream(file, CompressionLevel.Fastest) : file;
            using var progress = Progress.To(console.Error);
            var totals = new EventFile(world, parsed.GetValue(seed), parsed.GetValue(until)).WriteTo(target, parsed.GetValue(count), progress);
            progress.Dispose();
            console.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{world.Organization.Id}: {parsed.GetValue(count)} events"));
            Print(console.Output, totals);
        });
        return command;
    }

    /// <summary>Writes sums to the last digit, for comparison with what a query or an import says.</summary>
    private static void Print(TextWriter output, UsageSums totals)
    {
        foreach (var measure in UsageSchema.MeasuresOf(UsageSchema.Requests))
        {
            var value = measure == Measure.Cost ? $"${PicoDollars.Format(totals[measure])}" : totals[measure].ToString(CultureInfo.InvariantCulture);
            output.WriteLine($"  {Names[(int)measure],-20} {value}");
        }
    }

    private static Option<string> Data() => new("--data") { Description = "The data folder; it must hold no usage yet.", Required = true, HelpName = "DIR" };

    private static Option<ulong> Seed() => new("--seed")
    {
        Description = "Another seed gives other usage.",
        HelpName = "N",
        DefaultValueFactory = _ => 20260624,
        CustomParser = result => ulong.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
            ? seed
            : Refuse<ulong>(result, "--seed", "a whole number of at most 64 bits"),
    };

    private static Option<long> Number(string name, long min, long max, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => long.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : Refuse<long>(result, name, string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}")),
    };

    private static Option<Instant> Until()
    {
        return new("--until")
        {
            Description = "The last day (UTC), or the end of the last hour as RFC 3339.",
            HelpName = "DATE",
            DefaultValueFactory = _ => Parse(DefaultEnd)!.Value,
            CustomParser = result => Parse(result.Tokens[0].Value)
                ?? Refuse<Instant>(result, "--until", "a date from 1972 to 9000 such as 2026-06-24, or a whole hour such as 2026-06-24T13:00:00Z"),
        };

        static Instant? Parse(string text)
        {
            var date = LocalDatePattern.Iso.Parse(text);
            var time = OffsetDateTimePattern.Rfc3339.Parse(text);
            Instant? end = date.Success && date.Value.Year < 9999 ? date.Value.PlusDays(1).AtStartOfDayInZone(DateTimeZone.Utc).ToInstant()
                : time.Success ? time.Value.ToInstant()
                : null;
            return end is { } found && found.InUtc().Year is >= 1972 and <= 9000 && found.ToUnixTimeTicks() % NodaConstants.TicksPerHour == 0 ? end : null;
        }
    }

    private static T Refuse<T>(ArgumentResult result, string option, string expected)
        where T : struct
    {
        result.AddError($"{option}: found '{result.Tokens[0].Value}', expected {expected}.");
        return default;
    }
}
