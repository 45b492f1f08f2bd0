using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Analytics.DataGen;
using Analytics.DataGen.Worlds;
using Analytics.Server;
using Analytics.Storage;
using Analytics.Storage.Directory;
using Analytics.Storage.Import;
using Xunit;
using Xunit.Abstractions;

namespace Analytics.Tests.Server;

/// <summary>What is built at the first question about it, while all questions of a page are the first ones.</summary>
public sealed partial class FirstQuestionsTests(ITestOutputHelper output)
{
    private const ulong Seed = 20261130;

    private const int Rounds = 15;

    private const string May = "organizationId=demo&from=2026-05-01&to=2026-05-31&timezone=Europe/Paris&money=string";

    private static readonly string[] OfAPage =
    [
        $"/analytics/summary?{May}&compare=previous",
        $"/analytics/services?{May}&bucket=day",
        $"/analytics/projects?{May}",
        $"/analytics/activity?{May}&groupBy=project&bucket=month&top=6",
        $"/analytics/activity?{May}&groupBy=project&bucket=day",
        $"/analytics/activity?{May}&groupBy=apiKey&bucket=day&top=10&compare=previous",
        $"/analytics/activity?{May}&groupBy=model,project&bucket=day",
        $"/analytics/agents?{May}&top=10",
        $"/analytics/api-keys?{May}",
        $"/analytics/members?{May}",
        $"/analytics/usage/requests?{May}&sort=-time&limit=10000",
        $"/analytics/usage/items?{May}&sort=-cost&limit=10000",
        "/analytics/explain?organizationId=demo&timezone=Europe/Paris&date=2026-05-20&money=string",
        "/analytics/selfcheck?organizationId=demo&timezone=Europe/Paris&from=2026-05-01&to=2026-05-31",
    ];

    [Fact]
    public async Task Page_OfAServerThatJustStarted_IsAnsweredWholeAndAlways()
    {
        output.WriteLine($"seed {Seed}");
        using var folder = new TemporaryFolder();
        string token;
        using (var store = UsageStore.Open(folder.File("data"), Files.Physical))
        {
            var world = World.Meridian();
            store.Directory.Import(world.Directory);
            await using (var file = File.Create(folder.File("demo.ndjson")))
            {
                using var progress = Progress.To(TextWriter.Null);
                new EventFile(world, Seed, RunningServer.Now).WriteTo(file, 12_000, progress);
            }

            var summary = await new FileImport(store, Files.Physical, "demo", RunningServer.Now).EventsAsync(folder.File("demo.ndjson"), isAgain: false, CancellationToken.None);
            Assert.Empty(summary.Errors);
            token = store.Directory.CreateToken("demo", "u_ana", TokenKind.Read, RunningServer.Now);
        }

        var expected = await AnswersAsync(folder, token, isTogether: false);
        for (var round = 0; round < Rounds; round++)
        {
            var answers = await AnswersAsync(folder, token, isTogether: true);
            for (var index = 0; index < OfAPage.Length; index++)
            {
                Assert.True(expected[index] == answers[index], $"{OfAPage[index]}\n{expected[index]}\n{answers[index]}");
            }
        }
    }

    /// <summary>What the self-check says of its own duration.</summary>
    [GeneratedRegex("\"[A-Za-z]*(Milliseconds|Ms)\":[0-9.]+")]
    private static partial Regex Milliseconds();

    /// <summary>Answers of a server that starts for them, one after the other or all at once.</summary>
    private static async Task<string[]> AnswersAsync(TemporaryFolder folder, string token, bool isTogether)
    {
        using var store = UsageStore.Open(folder.File("data"), Files.Physical);
        store.Load();
        await using var app = AnalyticsApp.Build(store, new FixedClock(RunningServer.Now), "http://127.0.0.1:0");
        await app.StartAsync();
        using var handler = new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All };
        using var client = new HttpClient(handler) { BaseAddress = new Uri(app.Urls.First()) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (isTogether)
        {
            return await Task.WhenAll(OfAPage.Select(path => AnswerAsync(client, path)));
        }

        var answers = new string[OfAPage.Length];
        for (var index = 0; index < answers.Length; index++)
        {
            answers[index] = await AnswerAsync(client, OfAPage[index]);
        }

        return answers;
    }

    private static async Task<string> AnswerAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{path}\n{text}");
        return Milliseconds().Replace(text, "");
    }
}
