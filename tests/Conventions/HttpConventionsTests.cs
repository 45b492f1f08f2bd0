using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using Analytics.Server.Conventions;
using Analytics.Tests.Server;
using Xunit;

namespace Analytics.Tests.Conventions;

/// <summary>
/// What every answer has, whatever the endpoint: HEAD, compression, request ids, security headers, other origins, broken
/// requests, limits of the listener, stopping.
/// </summary>
public class HttpConventionsTests
{
    private const string Question = ConventionsServer.Question;

    // What differs between two answers to the same question.
    private static readonly string[] OfEachAnswer = ["Date", "Server-Timing", "X-Request-Id", "Transfer-Encoding"];

    [Fact]
    public async Task Head_EveryPath_HasTheHeadersOfGetAndNoBody()
    {
        await using var server = await ConventionsServer.StartAsync();
        var token = server.Token("org_1", "u_1");
        foreach (var path in (string[])["/healthz", "/readyz", "/openapi/v1.json", Question, Question + "&timezone=Mars", "/analytics/members?organizationId=org_1", "/nothing", "/analytics/activity"])
        {
            using var get = await server.GetAsync(path, token);
            using var head = await server.GetAsync(path, token, HttpMethod.Head);

            Assert.Equal((path, get.StatusCode), (path, head.StatusCode));
            Assert.Empty(await head.Content.ReadAsByteArrayAsync());
            Assert.Equal(Headers(get), Headers(head));
        }

        static IEnumerable<string> Headers(HttpResponseMessage response) => response.Headers.Concat(response.Content.Headers)
            .Where(header => !OfEachAnswer.Contains(header.Key, StringComparer.OrdinalIgnoreCase))
            .Select(header => $"{header.Key}: {string.Join(", ", header.Value)}").Order(StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("", "access;dur=[0-9.]+, plan;dur=[0-9.]+;desc=\"[a-z]+\", scan;dur=[0-9.]+, rows;desc=\"[0-9]+\", write;dur=[0-9.]+")]
    [InlineData("&groupBy=project&from=1990-01-01&bucket=hour", "access;dur=[0-9.]+, plan;dur=[0-9.]+;desc=\"[a-z]+\", scan;dur=[0-9.]+, rows;desc=\"[0-9]+\"")]
    public async Task ServerTiming_SaysWhatTookHowLong_AsFarAsItIsKnown(string more, string expected)
    {
        await using var server = await ConventionsServer.StartAsync();
        var question = more.Length > 0 ? Question.Replace("from=2026-06-20&", "", StringComparison.Ordinal) + more : Question;

        using var response = await server.GetAsync(question, server.Token("org_1", "u_1"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Matches($"^{expected}$", response.Headers.GetValues("Server-Timing").Single());
    }

    [Theory]
    [InlineData(null, null, null, false)]
    [InlineData(null, null, "https", false)]
    [InlineData("10.0.0.0/8", null, "https", false)]
    [InlineData("127.0.0.0/8 10.0.0.0/8", null, "https", true)]
    [InlineData("127.0.0.0/8", null, "http", false)]
    [InlineData("127.0.0.0/8", null, null, false)]
    [InlineData(null, "true", null, true)]
    public async Task StrictTransportSecurity_WhereBrowsersComeOverTls_IsOnAnswersAndErrors(string? proxies, string? tlsProxy, string? forwarded, bool expected)
    {
        await using var server = await ConventionsServer.StartAsync(new Dictionary<string, string?> { [HttpSettings.KnownProxiesSetting] = proxies, ["Sessions:TlsProxy"] = tlsProxy });
        foreach (var path in (string[])["/healthz", "/nothing", Question])
        {
            using var request = server.Request(HttpMethod.Get, path);
            if (forwarded is not null)
            {
                request.Headers.Add("X-Forwarded-Proto", forwarded);
            }

            using var response = await server.SendAsync(request);

            Assert.Equal(expected ? "max-age=31536000" : null, response.Headers.TryGetValues("Strict-Transport-Security", out var values) ? values.Single() : null);
        }
    }

    [Theory]
    [InlineData("proxy.example.com")]
    [InlineData("10.0.0.0/33")]
    [InlineData("*")]
    public void KnownProxies_Wrong_AreRefused(string text)
    {
        var settings = new Microsoft.Extensions.Configuration.ConfigurationManager { [HttpSettings.KnownProxiesSetting] = text };

        var error = Assert.ThrowsAny<Exception>(() => HttpSettings.Read(settings));

        Assert.Contains($"Analytics__Http__KnownProxies): found '{text}', expected addresses such as 10.0.0.7 or networks such as 10.1.0.0/16", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gzip", "gzip")]
    [InlineData("br", "br")]
    [InlineData("gzip, br", "br")]
    [InlineData("gzip;q=1, br;q=0.5", "gzip")]
    [InlineData("identity", null)]
    [InlineData("gzip;q=0", null)]
    [InlineData("zstd", null)]
    public async Task Compression_ByAcceptEncoding_GivesTheSameAnswer(string accepted, string? encoding)
    {
        await using var server = await ConventionsServer.StartAsync();
        var token = server.Token("org_1", "u_1");
        using var plain = await server.GetAsync(Question, token);
        var expected = await plain.Content.ReadAsByteArrayAsync();
        using var request = server.Request(HttpMethod.Get, Question, token);
        request.Headers.TryAddWithoutValidation("Accept-Encoding", accepted);

        using var response = await server.SendAsync(request);

        Assert.Equal(encoding, response.Content.Headers.ContentEncoding.SingleOrDefault());
        Assert.Contains("Accept-Encoding", response.Headers.Vary);
        Assert.Equal(plain.Headers.ETag, response.Headers.ETag);
        var body = await response.Content.ReadAsStreamAsync();
        await using var read = encoding switch
        {
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            "br" => new BrotliStream(body, CompressionMode.Decompress),
            _ => body,
        };
        using var copy = new MemoryStream();
        await read.CopyToAsync(copy);
        Assert.Equal(expected, copy.ToArray());
    }

    [Fact]
    public async Task Compression_TinyAnswer_IsLeftAsItIs()
    {
        await using var server = await ConventionsServer.StartAsync();
        foreach (var path in (string[])["/readyz", "/healthz", "/nothing"])
        {
            using var request = server.Request(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip, br");

            using var response = await server.SendAsync(request);

            Assert.Empty(response.Content.Headers.ContentEncoding);
        }
    }

    [Theory]
    [InlineData("abc-1.2_Z", true)]
    [InlineData("", false)]
    [InlineData("with space", false)]
    [InlineData("new\tline", false)]
    [InlineData("{json}", false)]
    public async Task RequestId_WellFormed_IsEchoed(string id, bool isEchoed)
    {
        await using var server = await ConventionsServer.StartAsync();
        using var request = server.Request(HttpMethod.Get, "/healthz");
        request.Headers.TryAddWithoutValidation("X-Request-Id", id);

        using var response = await server.SendAsync(request);

        var answered = response.Headers.GetValues("X-Request-Id").Single();
        Assert.Equal(isEchoed, answered == id);
        Assert.True(RequestId.IsWellFormed(answered));
    }

    [Fact]
    public async Task RequestId_TooLongOrAbsent_IsMade()
    {
        await using var server = await ConventionsServer.StartAsync();
        using var request = server.Request(HttpMethod.Get, "/healthz");
        request.Headers.TryAddWithoutValidation("X-Request-Id", new string('a', 129));

        using var first = await server.SendAsync(request);
        using var second = await server.GetAsync("/healthz");

        string[] ids = [first.Headers.GetValues("X-Request-Id").Single(), second.Headers.GetValues("X-Request-Id").Single()];
        Assert.All(ids, id => Assert.Equal(32, id.Length));
        Assert.NotEqual(ids[0], ids[1]);
    }

    [Fact]
    public async Task SecurityHeaders_AreOnEveryAnswer()
    {
        await using var server = await ConventionsServer.StartAsync();
        var token = server.Token("org_1", "u_1");
        using var not = server.Request(HttpMethod.Get, Question, token);
        not.Headers.TryAddWithoutValidation("If-None-Match", "*");
        using var delete = server.Request(HttpMethod.Delete, Question, token);
        HttpResponseMessage[] answers =
        [
            await server.GetAsync("/healthz"), await server.GetAsync("/nothing"), await server.GetAsync("/a%zz"), await server.GetAsync(Question),
            await server.GetAsync(Question, token), await server.GetAsync(Question + "&x=1", token), await server.SendAsync(not), await server.SendAsync(delete),
        ];

        Assert.Equal([200, 404, 400, 401, 200, 400, 304, 405], answers.Select(answer => (int)answer.StatusCode));
        Assert.All(answers, answer =>
        {
            Assert.Equal(SecurityHeaders.ContentSecurityPolicy, answer.Headers.GetValues("Content-Security-Policy").Single());
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
            Assert.NotEqual("text/html", answer.Content.Headers.ContentType?.MediaType);
            answer.Dispose();
        });
        Assert.DoesNotContain("unsafe", SecurityHeaders.ContentSecurityPolicy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cors_OnlyConfiguredOrigins_MayRead()
    {
        await using var open = await ConventionsServer.StartAsync(new Dictionary<string, string?> { ["Cors:Origins"] = "https://a.example, http://localhost:3000" });
        await using var closed = await ConventionsServer.StartAsync();

        Assert.Equal("https://a.example", await AllowedAsync(open, "https://a.example"));
        Assert.Equal("http://localhost:3000", await AllowedAsync(open, "http://localhost:3000"));
        Assert.Null(await AllowedAsync(open, "https://b.example"));
        Assert.Null(await AllowedAsync(open, "null"));
        Assert.Null(await AllowedAsync(closed, "https://a.example"));

        using var preflight = open.Request(HttpMethod.Options, Question);
        preflight.Headers.Add("Origin", "https://a.example");
        preflight.Headers.Add("Access-Control-Request-Method", "GET");
        preflight.Headers.Add("Access-Control-Request-Headers", "authorization,if-none-match");
        using var answer = await open.SendAsync(preflight);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Contains("Authorization", answer.Headers.GetValues("Access-Control-Allow-Headers").Single(), StringComparison.OrdinalIgnoreCase);

        static async Task<string?> AllowedAsync(RunningServer server, string origin)
        {
            using var request = server.Request(HttpMethod.Get, Question, server.Token("org_1", "u_1"));
            request.Headers.Add("Origin", origin);
            using var response = await server.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            return response.Headers.TryGetValues("Access-Control-Allow-Origin", out var values) ? values.Single() : null;
        }
    }

    [Theory]
    [InlineData("*")]
    [InlineData("a.example")]
    [InlineData("https://a.example/path")]
    [InlineData("ftp://a.example")]
    public async Task Settings_WrongOrigin_IsRefusedAtStart(string origin)
    {
        var error = await Assert.ThrowsAsync<Analytics.Server.Commands.UsageException>(() => ConventionsServer.StartAsync(new Dictionary<string, string?> { ["Cors:Origins"] = origin }));

        Assert.Contains($"found '{origin}', expected", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BrokenRequests_AreProblems()
    {
        await using var server = await ConventionsServer.StartAsync();
        var token = server.Token("org_1", "u_1");
        (string Path, int Status, string Type)[] cases =
        [
            ("/nothing", 404, "unknown-path"),
            ("/analytics/%zz", 400, "invalid-parameters"),
            ("/analytics/members/%ff?organizationId=org_1", 400, "invalid-parameters"),
            ("/analytics/members/%", 400, "invalid-parameters"),
            ("/healthz?check=1", 400, "invalid-parameters"),
            ("/readyz?x", 400, "invalid-parameters"),
            ("/openapi/v1.json?pretty=1", 400, "invalid-parameters"),
            ("/healthz?%zz", 400, "invalid-parameters"),
            ("/openapi/v2.json", 404, "unknown-path"),
            (Question + "&projectId=%zz", 400, "invalid-parameters"),
            (Question + "&projectid=prj_1", 400, "invalid-parameters"),
        ];
        foreach (var (path, status, type) in cases)
        {
            using var response = await server.GetAsync(path, token);

            Assert.Equal((path, status), (path, (int)response.StatusCode));
            Assert.Equal($"/problems/{type}", (await AccessTests.ProblemAsync(response)).GetProperty("type").GetString());
            Assert.Equal("no-store", response.Headers.CacheControl!.ToString());
        }

        foreach (var method in (string[])["POST", "PUT", "DELETE", "PATCH", "TRACE", "FOO"])
        {
            using var response = await server.GetAsync(Question, token, new HttpMethod(method));

            Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
            Assert.Equal(["GET", "HEAD"], response.Content.Headers.Allow);
            Assert.Contains($"Found {method}, expected GET, HEAD", (await AccessTests.ProblemAsync(response)).GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    // Kestrel's own answers: bare, and the connection is closed.
    [Theory]
    [InlineData("GARBAGE\r\n\r\n", "400")]
    [InlineData("GET /healthz HTTP/1.1\r\n\r\n", "400")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400")]
    [InlineData("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", "400")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n", "400")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", "400")]
    [InlineData("GET /healthz HTTP/3.7\r\nHost: a\r\n\r\n", "505")]
    public async Task RawRequest_Broken_IsRefusedAndClosed(string request, string status)
    {
        await using var server = await ConventionsServer.StartAsync();
        using var raw = new RawHttp(server.Address);

        await raw.SendAsync(request);

        var (head, _, isClosed) = await raw.ReadAsync();
        Assert.True(isClosed, head);
        Assert.StartsWith($"HTTP/1.1 {status}", head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RawRequest_AtTheLimits_IsServedAndBeyondRefused()
    {
        await using var server = await ConventionsServer.StartAsync();
        var line = $"GET /healthz?{{0}} HTTP/1.1\r\n";
        var fixedLength = "GET /healthz? HTTP/1.1\r\n".Length;
        string Filler(int length) => new('a', length);

        // Served means that our code answers: the parameter is unknown.
        Assert.StartsWith("HTTP/1.1 400", (await AskAsync(line.Replace("{0}", Filler(Listener.MaxRequestLineBytes - fixedLength), StringComparison.Ordinal) + "Host: a\r\n\r\n")).Head, StringComparison.Ordinal);
        var tooLong = await AskAsync(line.Replace("{0}", Filler(Listener.MaxRequestLineBytes), StringComparison.Ordinal) + "Host: a\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 414", tooLong.Head, StringComparison.Ordinal);
        Assert.True(tooLong.IsClosed);

        var headers = "Host: a\r\nX: ";
        Assert.StartsWith("HTTP/1.1 200", (await AskAsync($"GET /healthz HTTP/1.1\r\n{headers}{Filler(Listener.MaxHeaderBytes - headers.Length - 4)}\r\n\r\n")).Head, StringComparison.Ordinal);
        var tooLarge = await AskAsync($"GET /healthz HTTP/1.1\r\n{headers}{Filler(Listener.MaxHeaderBytes)}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 431", tooLarge.Head, StringComparison.Ordinal);
        Assert.True(tooLarge.IsClosed);

        string Many(int count) => $"GET /healthz HTTP/1.1\r\nHost: a\r\n{string.Concat(Enumerable.Range(1, count - 1).Select(i => $"X{i}: y\r\n"))}\r\n";
        Assert.StartsWith("HTTP/1.1 200", (await AskAsync(Many(Listener.MaxHeaders))).Head, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 431", (await AskAsync(Many(Listener.MaxHeaders + 1))).Head, StringComparison.Ordinal);

        async Task<(string Head, string Body, bool IsClosed)> AskAsync(string request)
        {
            using var raw = new RawHttp(server.Address);
            try
            {
                await raw.SendAsync(request);
            }
            catch (IOException)
            {
                // Refused before it was all sent; what the server said is read below.
            }

            return await raw.ReadAsync();
        }
    }

    [Fact]
    public async Task Connections_BeyondTheLimit_AreClosedAtOnce()
    {
        await using var server = await ConventionsServer.StartAsync(new Dictionary<string, string?> { ["Http:MaxConnections"] = "3" });
        List<RawHttp> open = [];
        for (var i = 0; i < 3; i++)
        {
            open.Add(new RawHttp(server.Address));
            await open[i].SendAsync("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 200", (await open[i].ReadAsync()).Head, StringComparison.Ordinal);
        }

        using var refused = new RawHttp(server.Address);
        Assert.Equal((string.Empty, string.Empty, true), await refused.ReadAsync());
        open.ForEach(raw => raw.Dispose());
    }

    [Fact]
    public async Task Stop_UnderLoad_FinishesWhatItAnswersAndRefusesTheRest()
    {
        await using var server = await ConventionsServer.StartAsync();
        var token = server.Token("org_1", "u_1");
        var expected = Encoding.UTF8.GetString(await (await server.GetAsync(Question, token)).Content.ReadAsByteArrayAsync());
        using var started = new CountdownEvent(8);
        var (whole, refused, cut) = (0, 0, new System.Collections.Concurrent.ConcurrentBag<string>());
        var clients = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; ; i++)
            {
                var isAnswered = false;
                try
                {
                    using var request = server.Request(HttpMethod.Get, Question, token);
                    using var response = await server.SendAsync(request);
                    isAnswered = true;
                    if (await response.Content.ReadAsStringAsync() != expected)
                    {
                        cut.Add($"{response.StatusCode}");
                    }

                    Interlocked.Increment(ref whole);
                    if (i == 20)
                    {
                        started.Signal();
                    }
                }
                catch (HttpRequestException exception)
                {
                    if (isAnswered)
                    {
                        cut.Add(exception.ToString());
                    }

                    Interlocked.Increment(ref refused);
                    return;
                }
            }
        })).ToArray();
        Assert.True(started.Wait(TimeSpan.FromSeconds(60)));

        await server.StopAsync();

        await Task.WhenAll(clients);
        Assert.Empty(cut);
        Assert.Equal(8, refused);
        Assert.True(whole >= 8 * 21);
    }

    [Fact]
    public async Task Readiness_WhileLoadingAndReady_SaysSo()
    {
        await using var server = await ConventionsServer.StartAsync();

        using var response = await server.GetAsync("/readyz");

        Assert.Equal("ready", JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("phase").GetString());
    }
}
