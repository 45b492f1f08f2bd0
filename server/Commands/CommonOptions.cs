using System.CommandLine;

namespace Analytics.Server.Commands;

/// <summary>Options that several commands share.</summary>
internal static class CommonOptions
{
    public static Option<string> Data() => new("--data")
    {
        Description = "The data folder.",
        DefaultValueFactory = _ => "data",
        HelpName = "DIR",
    };

    public static Option<string> Organization() => new("--organization")
    {
        Description = "The organization's id.",
        Required = true,
        HelpName = "ID",
    };
}
