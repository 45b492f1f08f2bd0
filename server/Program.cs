using System.CommandLine;
using Analytics.Server.Commands;
using NodaTime;

// The only clock of the product: everything else is told what time it is.
#pragma warning disable RS0030
IClock clock = SystemClock.Instance;
#pragma warning restore RS0030

var root = new RootCommand("Usage analytics for LLM traffic: where every dollar went, exactly, in your own time zone.")
{
    ServeCommand.Create(clock),
    ImportCommand.Create(clock),
    DirectoryCommand.Create(),
    TokenCommand.Create(clock),
    VerifyCommand.Create(),
};

return await CommandRunner.RunAsync(root, args, Console.Out, Console.Error);
