using Analytics.Server.Commands;
using NodaTime;

// The only clock of the product: everything else is told what time it is.
#pragma warning disable RS0030
IClock clock = SystemClock.Instance;
#pragma warning restore RS0030

return await CommandRunner.RunAsync(AnalyticsCommand.Root(clock), args, Console.Out, Console.Error);
