using System.CommandLine;
using Analytics.Storage.Import;
using NodaTime;

namespace Analytics.Server.Commands;

/// <summary><c>--grain</c>: how long the intervals are that imported usage is added up to.</summary>
internal static class GrainOption
{
    /// <summary>Name of the setting; its environment variable is <c>Analytics__Rollup__Grain</c>.</summary>
    public const string Setting = "Rollup:Grain";

    public static Option<string?> ForRequests() => new("--grain")
    {
        Description = "Length of the intervals that requests are added up to: hour, quarter (of an hour), or auto: hours if all reporting zones of the organization have had whole-hour offsets since 2000, else quarter hours, so that its days are exact. Default: the environment variable Analytics__Rollup__Grain, else auto.",
        HelpName = "GRAIN",
    };

    public static Option<string?> ForRollups() => new("--grain")
    {
        Description = "Length of the intervals that the rows were added up by: hour (the default) or quarter.",
        HelpName = "GRAIN",
    };

    /// <summary>The grain of requests: the option, else the setting, else what the zones need.</summary>
    /// <returns>From the organisation's zones to the grain.</returns>
    /// <exception cref="UsageException">Option or setting is none of the three words.</exception>
    public static Func<IEnumerable<string>, Duration> Read(string? option, IConfiguration settings)
    {
        var (text, source) = option is not null ? (option, "--grain") : (settings[Setting] ?? "auto", $"The setting {Setting} (environment variable Analytics__Rollup__Grain)");
        return text switch
        {
            "hour" => _ => RollupGrain.Hour,
            "quarter" => _ => RollupGrain.Quarter,
            "auto" => RollupGrain.For,
            _ => throw new UsageException($"{source}: found '{text}', expected hour, quarter or auto."),
        };
    }

    /// <summary>The grain of rows that another system added up.</summary>
    /// <remarks>
    /// Neither the zones nor the setting decide here. A row of 10:00 to 11:00 stays one row at 10:00 whatever it is
    /// called; filed as a quarter hour, an answer would cut a day at 10:30, count all of it to one side and still claim
    /// to be exact. Only who knows the file can say that its rows are finer than the hours that such files have.
    /// </remarks>
    /// <exception cref="UsageException">The option is neither of the two words.</exception>
    public static Func<IEnumerable<string>, Duration> ReadOfRollups(string? option) => option switch
    {
        null or "hour" => _ => RollupGrain.Hour,
        "quarter" => _ => RollupGrain.Quarter,
        "auto" => throw new UsageException("--grain: found 'auto', expected hour or quarter: how finely the rows were added up is a fact of the file."),
        _ => throw new UsageException($"--grain: found '{option}', expected hour or quarter."),
    };
}
