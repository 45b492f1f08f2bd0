using System.Globalization;
using System.Text.Json;
using Analytics.Server.Conventions;
using Xunit;

namespace Analytics.Tests.Limits;

/// <summary>At a limit a request is served; a byte beyond it is refused, and the connection is closed.</summary>
public class OversizeTests(LimitsServer server) : IClassFixture<LimitsServer>
{
    private const string Close = "Connection: close\r\n";

    [Theory]
    [InlineData(-1, 200)]
    [InlineData(0, 200)]
    [InlineData(1, 414)]
    [InlineData(100_000, 414)]
    public async Task RequestLine(int beyond, int status)
    {
        const string Before = "GET /analytics/activity?organizationId=org_1&projectId=";
        const string After = " HTTP/1.1\r\n";
        var line = Before + new string('a', Listener.MaxRequestLineBytes + beyond - Before.Length - After.Length) + After;

        await AssertAnsweredAndClosedAsync($"{line}Host: a\r\n{Close}{server.Authorization}\r\n", status);
    }

    [Theory]
    [InlineData(-1, 200)]
    [InlineData(0, 200)]
    [InlineData(1, 431)]
    [InlineData(100_000, 431)]
    public async Task Headers_Bytes(int beyond, int status)
    {
        const string Before = "Host: a\r\n" + Close + "X: ";
        var headers = Before + new string('a', Listener.MaxHeaderBytes + beyond - Before.Length - 2) + "\r\n";

        await AssertAnsweredAndClosedAsync($"GET /healthz HTTP/1.1\r\n{headers}\r\n", status);
    }

    [Theory]
    [InlineData(-1, 200)]
    [InlineData(0, 200)]
    [InlineData(1, 431)]
    public async Task Headers_Count(int beyond, int status)
    {
        var more = string.Concat(Enumerable.Range(0, Listener.MaxHeaders + beyond - 2).Select(i => string.Create(CultureInfo.InvariantCulture, $"X{i}: y\r\n")));

        await AssertAnsweredAndClosedAsync($"GET /healthz HTTP/1.1\r\nHost: a\r\n{Close}{more}\r\n", status);
    }

    [Theory]
    [InlineData(-1, 201)]
    [InlineData(0, 201)]
    [InlineData(1, 413)]
    [InlineData(1 << 20, 413)]
    public async Task Body_WithALength(int beyond, int status)
    {
        var body = TokenBody((int)Listener.MaxBodyBytes + beyond);

        // Who is beyond the limit is told before they have sent any of it, and closed without being asked to.
        var close = status == 413 ? string.Empty : Close;
        var answer = await AssertAnsweredAndClosedAsync($"{TokenRequest}{close}Content-Length: {body.Length}\r\n\r\n{body}", status);
        AssertProblem(answer);
    }

    // Kestrel counts the marks of chunks too: a hundred bytes less than the limit are served in any case.
    [Theory]
    [InlineData(-100, 201)]
    [InlineData(1, 413)]
    [InlineData(1 << 20, 413)]
    public async Task Body_InChunks(int beyond, int status)
    {
        var body = TokenBody((int)Listener.MaxBodyBytes + beyond);
        var half = body.Length / 2;

        var close = status == 413 ? string.Empty : Close;
        var answer = await AssertAnsweredAndClosedAsync(
            $"{TokenRequest}{close}Transfer-Encoding: chunked\r\n\r\n{half:x}\r\n{body[..half]}\r\n{body.Length - half:x}\r\n{body[half..]}\r\n0\r\n\r\n", status);
        AssertProblem(answer);
    }

    private string TokenRequest => $"POST /admin/organizations/org_1/tokens HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{server.Authorization}";

    private static string TokenBody(int length) => """{"userId":"u_3","kind":"read"}""".PadRight(length);

    private static void AssertProblem(RawAnswer answer)
    {
        if (answer.Status == 413)
        {
            Assert.Contains("Content-Type: application/problem+json", answer.Head, StringComparison.Ordinal);
            Assert.Equal(
                $"Found a body of more than {Listener.MaxBodyBytes} bytes, expected at most {Listener.MaxBodyBytes}.",
                JsonDocument.Parse(answer.Body).RootElement.GetProperty("detail").GetString());
        }
    }

    private async Task<RawAnswer> AssertAnsweredAndClosedAsync(string request, int status)
    {
        using var connection = await RawConnection.OpenAsync(server.Address);
        await connection.SendAsync(request);

        var answer = Assert.Single(await connection.ReadToEndAsync());

        Assert.True(status == answer.Status, $"{answer.Head}\n{answer.Body}");
        await server.AssertGoodRequestAsync();
        return answer;
    }
}
