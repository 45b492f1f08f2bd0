using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Analytics.Engine.Projections;
using Analytics.Server.Access;
using Analytics.Server.Conventions;
using Analytics.Storage;
using NodaTime;

namespace Analytics.Server.Commands;

/// <summary><c>serve</c>: loads the data folder and answers over HTTP until it is told to stop.</summary>
internal static class ServeCommand
{
    public static Command Create(IClock clock)
    {
        var data = CommonOptions.Data();
        var urls = new Option<string>("--urls")
        {
            Description = "Addresses to listen on, separated by semicolons. Port 0 takes a free one.",
            DefaultValueFactory = _ => "http://127.0.0.1:5080",
            HelpName = "URL",
        };
        var organization = new Option<string>("--first-organization")
        {
            Description = "The organization that the first start makes in a data folder that has none, on the enterprise plan.",
            DefaultValueFactory = _ => "default",
            HelpName = "ID",
        };
        var owner = new Option<string>("--first-owner")
        {
            Description = "The owner of that organization, whose token the first start prints once.",
            DefaultValueFactory = _ => "owner",
            HelpName = "ID",
        };
        var command = new Command("serve", "Answer questions over HTTP.") { data, urls, organization, owner };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(data)!,
            parsed.GetValue(urls)!,
            new FirstStart(parsed.GetValue(organization)!, parsed.GetValue(owner)!),
            clock,
            parsed.InvocationConfiguration.Output,
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string data, string urls, FirstStart first, IClock clock, TextWriter output, CancellationToken cancellation)
    {
        foreach (var url in urls.Split(';'))
        {
            if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttp)
            {
                throw new UsageException($"--urls: found '{url}', expected an address such as http://127.0.0.1:5080.");
            }
        }

        var watch = Stopwatch.StartNew();
        var settings = new ConfigurationBuilder().AddEnvironmentVariables("Analytics__").Build();
        var budget = ProjectionBudget.Read(settings);
        var access = AccessSettings.Read(settings);
        _ = HttpSettings.Read(settings);
        using var store = UsageStore.Open(data, Files.Physical);
        store.Projections = new ProjectionMemory(budget);
        store.BeginLoad();
        var app = AnalyticsApp.Build(store, clock, urls, settings);
        await using (app.ConfigureAwait(false))
        {
            await app.StartAsync(cancellation);
            var rows = store.LoadProgress.Total.ToString("N0", CultureInfo.InvariantCulture);
            await output.WriteLineAsync($"Analytics listens on {string.Join(", ", app.Urls)} and loads {rows} rows of '{store.Folder.Root}'. Questions are answered as soon as their organization is loaded.");
            foreach (var line in first.Greet(store, clock.GetCurrentInstant()).Concat(DoorNotes.For(store.Folder, app.Urls, access)))
            {
                await output.WriteLineAsync(line);
            }

            // On a thread of its own: loading keeps all cores busy, and requests need some of the pool's threads.
            await Task.Factory.StartNew(() => store.ContinueLoad(cancellation), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"Analytics serves {rows} rows of '{store.Folder.Root}' on {string.Join(", ", app.Urls)} (loaded in {watch.ElapsedMilliseconds:N0} ms). Stop it with Ctrl+C."));
            await app.WaitForShutdownAsync(cancellation);
        }

        return ExitCode.Ok;
    }
}
