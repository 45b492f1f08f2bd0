using System.IO.Pipelines;
using System.Text;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
using Analytics.Tests.Properties;
using Analytics.Tests.Usage;
using NodaTime;
using NodaTime.Extensions;
using Xunit;

namespace Analytics.Tests.Server;

/// <summary>The server's own JSON beside the framework's: the same bytes for any answer, sent at the pace of the client.</summary>
public class UsageJsonTests
{
    private static readonly DateTimeZone[] Zones = [.. DateTimeZoneProviders.Tzdb.GetAllZones()];
    private static readonly Duration Patience = Duration.FromSeconds(30);

    [Fact]
    public void Answer_AnyResult_IsWhatThePlainWriterWrites() => Sampled.Check(300, (random, size) =>
    {
        var near = Instant.FromUtc(random.Next(1890, 2060), 1, 1, 0, 0) + Duration.FromDays(random.Next(365));
        var rows = UsageSamples.Rows(random, Math.Min(size, 60), near, isHuge: random.Next(2) == 0);
        foreach (var row in rows.Where(row => row.Keys[0] == "p2"))
        {
            row.Keys[0] = "p \"\\</ü\u2028\u0001😀";
        }

        var table = UsageSamples.Table(random, rows, new OddNames(random.Next(100)));
        var from = near.InUtc().Date.PlusDays(random.Next(-12, 2));
        var query = new UsageQuery(from, from.PlusDays(random.Next(12)), Zones[random.Next(Zones.Length)], Any(random, Enum.GetValues<BucketSize>()), Any(random, Dimensions.All))
        {
            RankBy = Any(random, Enum.GetValues<RankBy>()),
            Top = random.Next(3) == 0 ? random.Next(1, 4) : null,
        };
        var result = QueryExecutor.Run(QueryPlan.For(query, table), CancellationToken.None);
        Metric[] fields = [.. Metric.All.Where(_ => random.Next(2) == 0)];
        var isMoneyText = random.Next(2) == 0;

        Assert.Equal(new PlainJson(isMoneyText).Answer(result, fields), Text(json => AnswerAsync(new UsageJson(json, isMoneyText), result, fields, CancellationToken.None)));
    });

    [Fact]
    public async Task Answer_LongerThanTheClientTakes_WaitsForIt()
    {
        var (result, expected) = LongAnswer();
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 4 * JsonText.PieceBytes, resumeWriterThreshold: JsonText.PieceBytes));
        using var json = new JsonText(pipe.Writer);
        Assert.True(expected.Length > 8 * JsonText.PieceBytes);

        json.StartObject();
        var writing = AnswerAsync(new UsageJson(json, isMoneyText: false), result, Metric.All, CancellationToken.None);

        // The writer has come as far as the pipe lets it, and no further.
        Assert.False(writing.IsCompleted);
        Assert.True(pipe.Reader.TryRead(out var first));
        Assert.InRange(first.Buffer.Length, 4 * JsonText.PieceBytes, 6 * JsonText.PieceBytes);
        pipe.Reader.AdvanceTo(first.Buffer.Start);

        var reading = ReadAllAsync(pipe.Reader);
        await writing;
        json.EndObject();
        await json.SendAsync(CancellationToken.None);
        await pipe.Writer.CompleteAsync();
        Assert.Equal(expected, await reading.WaitAsync(Patience.ToTimeSpan()));
    }

    [Fact]
    public async Task Answer_ClientWentAway_StopsWriting()
    {
        var (result, _) = LongAnswer();
        var pipe = new Pipe();
        await pipe.Reader.CompleteAsync();
        using var json = new JsonText(pipe.Writer);

        json.StartObject();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => AnswerAsync(new UsageJson(json, isMoneyText: false), result, Metric.All, CancellationToken.None));

        Assert.True(json.IsSent);
        Assert.True(json.Pending.Length < 2 * JsonText.PieceBytes);
    }

    private static (QueryResult Result, string Expected) LongAnswer()
    {
        var random = new Random(1);
        var near = Instant.FromUtc(2026, 6, 1, 0, 0);
        var table = UsageSamples.Table(random, UsageSamples.Rows(random, 200, near, isHuge: false), new OddNames(0));
        var query = new UsageQuery(near.InUtc().Date.PlusDays(-200), near.InUtc().Date.PlusDays(20), DateTimeZone.Utc, BucketSize.Hour, Dimension.ApiKey);
        var result = QueryExecutor.Run(QueryPlan.For(query, table), CancellationToken.None);
        return (result, new PlainJson(isMoneyText: false).Answer(result, Metric.All));
    }

    private static async Task AnswerAsync(UsageJson json, QueryResult result, IReadOnlyList<Metric> fields, CancellationToken cancellation)
    {
        json.Range(result.Plan);
        json.Text.StartObject("totals");
        json.Metrics(result.Totals);
        json.Text.EndObject();
        await json.BucketsAsync("activity", result, fields, cancellation);
        await json.RankingAsync("ranking", result, cancellation);
    }

    /// <summary>What is written into one object, as the client gets it.</summary>
    internal static string Text(Func<JsonText, Task> write)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        using var json = new JsonText(pipe.Writer);
        json.StartObject();
        write(json).GetAwaiter().GetResult();
        json.EndObject();
        json.SendAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
        pipe.Writer.Complete();
        return ReadAllAsync(pipe.Reader).GetAwaiter().GetResult();
    }

    private static async Task<string> ReadAllAsync(PipeReader reader)
    {
        using var all = new MemoryStream();
        await reader.CopyToAsync(all);
        return Encoding.UTF8.GetString(all.ToArray());
    }

    private static T Any<T>(Random random, IReadOnlyList<T> all) => all[random.Next(all.Count)];

    /// <summary>Labels that JSON must escape or mend, with the usual derivations.</summary>
    private sealed class OddNames(int edition) : IUsageNames
    {
        private readonly SampleNames usual = new(edition);

        public Name NameOf(Dimension dimension, string key)
        {
            var name = usual.NameOf(dimension, key);
            var random = new Random(edition + key.Sum(character => character));
            return name with { Label = JsonTextTests.AnyText(random) };
        }

        public string Derive(Dimension derived, string storedKey) => usual.Derive(derived, storedKey);
    }
}
