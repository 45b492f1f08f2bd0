using System.CommandLine;
using NodaTime;

namespace Analytics.Server.Commands;

/// <summary>All commands.</summary>
internal static class AnalyticsCommand
{
    public static RootCommand Root(IClock clock) => new("Usage analytics for LLM traffic: where every dollar went, exactly, in your own time zone.")
    {
        ServeCommand.Create(clock),
        ImportCommand.Create(clock),
        DirectoryCommand.Create(clock),
        TokenCommand.Create(clock),
        AuditCommand.Create(),
        VerifyCommand.Create(),
        InspectCommand.Create(),
        OpenApiCommand.Create(clock),
    };
}
