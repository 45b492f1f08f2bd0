using System.CommandLine;
using System.CommandLine.Parsing;
using NodaTime;

namespace Analytics.Bench.Comparison;

/// <summary>The command line of <c>bench compare</c>.</summary>
internal static class ComparisonArguments
{
    /// <summary>The command.</summary>
    public static Command Command()
    {
        var defaults = new ComparisonOptions();
        var rows = new Option<long[]>("--rows")
        {
            Description = "Rows of the generated year: 1M, 10M, 100M or any number; several, separated by commas, give a chart of time over rows.",
            HelpName = "N",
            DefaultValueFactory = _ => [],
            CustomParser = result => RowCount.ParseList(result.Tokens[0].Value) ?? Refuse<long[]>(result, "--rows", "numbers such as 10M, separated by commas"),
        };
        var data = new Option<string?>("--data") { Description = "A data folder instead of a generated year.", HelpName = "DIR" };
        var organization = new Option<string?>("--organization") { Description = "The organisation of the folder. (default: its first)", HelpName = "ID" };
        var peers = new Option<string[]>("--peers")
        {
            Description = "Systems to compare with, separated by commas.",
            HelpName = "NAMES",
            DefaultValueFactory = _ => [.. ComparisonCommand.PeerNames],
            CustomParser = result => Names(result, "--peers", ComparisonCommand.PeerNames),
        };
        string[] kinds = ["natural", "tuned", "preaggregated"];
        var forms = new Option<string[]>("--forms")
        {
            Description = "How they hold the year, separated by commas.",
            HelpName = "NAMES",
            DefaultValueFactory = _ => kinds,
            CustomParser = result => Names(result, "--forms", kinds),
        };
        var rounds = Number("--rounds", "Interleaved rounds.", defaults.Rounds);
        var threads = Number("--threads", "Threads of every system.", defaults.Threads);
        var zone = new Option<DateTimeZone>("--timezone")
        {
            Description = "Zone of the days.",
            HelpName = "ID",
            DefaultValueFactory = _ => defaults.Zone,
            CustomParser = result => DateTimeZoneProviders.Tzdb.GetZoneOrNull(result.Tokens[0].Value) ?? Refuse<DateTimeZone>(result, "--timezone", "an IANA id such as 'Europe/Paris'"),
        };
        var json = new Option<string?>("--json") { Description = "A file for the report as JSON.", HelpName = "FILE" };
        var results = new Option<string?>("--results") { Description = "Where the report goes. (default: this processor's folder in bench/results)", HelpName = "DIR" };
        var readme = new Option<bool>("--readme") { Description = "Write the README's section from the report; without --rows and --data from the newest one." };

        var command = new Command("compare", "A year beside DuckDB, ClickHouse and PostgreSQL; all answers are compared before anything is timed.")
        {
            rows, data, organization, peers, forms, rounds, threads, zone, json, results, readme,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(rows) is { Implicit: false } && result.GetResult(data) is { Implicit: false })
            {
                result.AddError("--rows and --data: found both, expected one.");
            }
        });
        command.SetAction(parsed => ComparisonCommand.Run(
            new ComparisonOptions
            {
                Rows = parsed.GetValue(rows)!,
                Data = parsed.GetValue(data),
                Organization = parsed.GetValue(organization),
                Peers = parsed.GetValue(peers)!,
                Forms = parsed.GetValue(forms)!.Select(name => Enum.Parse<FormKind>(name, ignoreCase: true)).ToHashSet(),
                Rounds = parsed.GetValue(rounds),
                Threads = parsed.GetValue(threads),
                Zone = parsed.GetValue(zone)!,
                Json = parsed.GetValue(json),
                Results = parsed.GetValue(results),
                WritesReadme = parsed.GetValue(readme),
                Command = string.Join(' ', parsed.Tokens.Select(token => token.Value)),
            },
            Console.Out,
            Console.Error));
        return command;
    }

    private static Option<int> Number(string name, string description, int value) => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => value,
        CustomParser = result => RowCount.TryParse(result.Tokens[0].Value, out var number) && number <= 10_000 ? (int)number : Refuse<int>(result, name, "a whole number from 1 to 10000"),
    };

    private static string[] Names(ArgumentResult result, string option, IReadOnlyList<string> known)
    {
        var names = result.Tokens[0].Value.Split(',', StringSplitOptions.TrimEntries);
        return Array.TrueForAll(names, known.Contains) ? [.. names.Distinct()] : Refuse<string[]>(result, option, $"some of {string.Join(", ", known)}");
    }

    private static T Refuse<T>(ArgumentResult result, string option, string expected)
    {
        result.AddError($"{option}: found '{result.Tokens[0].Value}', expected {expected}.");
        return default!;
    }
}
