using System.CommandLine;
using Analytics.Storage;
using NodaTime;

namespace Analytics.Server.Commands;

/// <summary><c>openapi</c>: the description of the HTTP interface, as the server gives it.</summary>
internal static class OpenApiCommand
{
    public static Command Create(IClock clock)
    {
        var command = new Command("openapi", "Print the OpenAPI document of the HTTP interface; docs/openapi.json is kept with it.");
        command.SetAction(async (parsed, cancellation) =>
        {
            await parsed.InvocationConfiguration.Output.WriteAsync(await DocumentAsync(clock, cancellation));
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>The document, by a server of its own on a free port over an empty folder, which goes again.</summary>
    private static async Task<string> DocumentAsync(IClock clock, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("analytics-openapi-");
        try
        {
            using var store = UsageStore.Open(folder.FullName, Files.Physical);
            store.Load();
            var app = AnalyticsApp.Build(store, clock, "http://127.0.0.1:0");
            await using (app.ConfigureAwait(false))
            {
                await app.StartAsync(cancellation);
                using var client = new HttpClient();
                var text = await client.GetStringAsync(new Uri(new Uri(app.Urls.First()), "/openapi/v1.json"), cancellation);
                return text.ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
