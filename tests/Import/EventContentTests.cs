using System.Text;
using Analytics.Storage.Directory;
using Analytics.Storage.Import;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Import;

/// <summary>The fingerprint of an event's content: the same for the same values, another for any other value.</summary>
public sealed class EventContentTests : IDisposable
{
    private const string Event = """{"id":"1","timestamp":"2026-06-24T10:15:00Z","organizationId":"org_1","projectId":"p","apiKeyId":"k","projectName":"P","mapping":"a/b","app":"x","inputTokens":10,"outputTokens":5,"cost":"0.5"}""";
    private readonly TemporaryFolder folder = new();

    [Theory]
    [InlineData("\"cost\":\"0.5\"", "\"cost\":0.50")]
    [InlineData("\"cost\":\"0.5\"", "\"cost\":5e-1")]
    [InlineData("10:15:00Z", "12:15:00.000+02:00")]
    [InlineData("10:15:00Z", "10:15:00.0Z")]
    [InlineData("\"a/b\"", "\"\\u0061\\/b\"")]
    [InlineData("\"id\":\"1\",\"timestamp\":\"2026-06-24T10:15:00Z\"", "\"timestamp\":\"2026-06-24T10:15:00Z\" , \"\\u0069d\" : \"1\"")]
    [InlineData("\"app\":\"x\"", "\"app\":\"x\",\"status\":\"ok\",\"serviceType\":\"text-generation\",\"cacheHit\":false,\"reasoningTokens\":0,\"agentId\":null")]
    [InlineData("\"cost\":\"0.5\"", "\"cost\":\"0.5\",\"items\":[]")]
    public void OtherSpelling_IsTheSameContent(string from, string into) => Assert.Equal(Hash(Event), Hash(Changed(from, into)));

    [Theory]
    [InlineData("\"cost\":\"0.5\"", "\"cost\":\"0.500000000001\"")]
    [InlineData(",\"cost\":\"0.5\"", "")]
    [InlineData("\"cost\":\"0.5\"", "\"cost\":0")]
    [InlineData("10:15:00Z", "10:15:00.0000001Z")]
    [InlineData("\"p\"", "\"P\"")]
    [InlineData("\"projectName\":\"P\",\"mapping\"", "\"apiKeyDescription\":\"P\",\"mapping\"")]
    [InlineData("\"app\":\"x\"", "\"agentId\":\"x\"")]
    [InlineData("\"app\":\"x\"", "\"app\":\"x\",\"conversationId\":\"c\"")]
    [InlineData("\"app\":\"x\"", "\"app\":\"x\",\"status\":\"cancelled\"")]
    [InlineData("\"app\":\"x\"", "\"app\":\"x\",\"cacheHit\":true")]
    [InlineData("\"inputTokens\":10", "\"inputTokens\":11")]
    [InlineData("\"outputTokens\":5", "\"outputTokens\":5,\"reasoningTokens\":5")]
    [InlineData("\"cost\":\"0.5\"", "\"cost\":\"0.5\",\"items\":[{\"rule\":\"r\",\"unit\":\"u\",\"quantity\":1,\"cost\":0.5}]")]
    public void OtherValue_IsOtherContent(string from, string into) => Assert.NotEqual(Hash(Event), Hash(Changed(from, into)));

    [Fact]
    public void TextsThatRunTogether_AreOtherContent() =>
        Assert.NotEqual(Hash(Changed("\"projectId\":\"p\",\"apiKeyId\":\"k\"", "\"projectId\":\"pk\",\"apiKeyId\":\"k\"")), Hash(Changed("\"projectId\":\"p\",\"apiKeyId\":\"k\"", "\"projectId\":\"p\",\"apiKeyId\":\"kk\"")));

    public void Dispose() => folder.Dispose();

    private static string Changed(string from, string into)
    {
        Assert.Contains(from, Event, StringComparison.Ordinal);
        return Event.Replace(from, into, StringComparison.Ordinal);
    }

    private long Hash(string line)
    {
        using var directory = DirectoryStore.Open(folder.File("directory.sqlite"));
        var parser = new EventParser("org_1", directory.Read("org_1").Prices, Instant.FromUtc(2026, 6, 26, 12, 0));
        Assert.True(parser.TryParse(Encoding.UTF8.GetBytes(line), 1, out var usage, out var rejection), rejection?.Detail);
        return usage!.ContentHash;
    }
}
