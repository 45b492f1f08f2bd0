using System.Globalization;
using Xunit;

namespace Analytics.Tests.Limits;

/// <summary>
/// Requests that a proxy in front and the server could cut differently. Each is refused and closed, or has the one reading
/// that RFC 9112 gives it; what lies in a body, or behind a refused request, is never answered as a request.
/// </summary>
/// <remarks>
/// Every case holds a request for a path of its own where it must not be taken for one. Cases that are served end with an
/// honest request that closes, so that all answers of the connection are read and counted.
/// </remarks>
public class SmugglingTests(LimitsServer server) : IClassFixture<LimitsServer>
{
    private const string Host = "Host: 127.0.0.1\r\n";

    /// <summary>Must never be answered: the server would name the path.</summary>
    private const string Smuggled = $"GET /smuggled HTTP/1.1\r\n{Host}\r\n";

    private const string Get = $"GET /healthz HTTP/1.1\r\n{Host}";

    // A token in a body that is read whole: 401, because the token is wrong. Ten of them are let try in a minute, so that
    // no more than ten cases may use it.
    private const string Post = $"POST /session HTTP/1.1\r\n{Host}Content-Type: application/json\r\n";
    private const string Body = """{"token":"x"}""";

    private const string Chunked = Post + "Transfer-Encoding: chunked\r\n\r\n";
    private const string Last = "0\r\n\r\n";

    // 9 of the frame's header, then the last stream and the reason.
    private const int GoAwayBytes = 17;

    /// <summary>Honest, and the last one of its connection.</summary>
    private const string End = $"GET /healthz HTTP/1.1\r\n{Host}Connection: close\r\n\r\n";

    private static readonly string Length = Smuggled.Length.ToString(CultureInfo.InvariantCulture);

    private static readonly string BodyChunk = $"{Body.Length:x}\r\n{Body}\r\n";

    // Name, bytes, statuses of the answers.
    private static readonly (string Name, string Bytes, string Statuses)[] All =
    [
        // Two statements about where a body ends. RFC 9112 (6.1) lets a server read the chunks, and has it close then.
        ("a length, then chunks", $"{Post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n{BodyChunk}{Last}{Smuggled}", "401"),
        ("chunks, then a length", $"{Post}Transfer-Encoding: chunked\r\nContent-Length: {Length}\r\n\r\n{BodyChunk}{Last}{Smuggled}", "401"),
        ("a length of all behind the chunks", $"{Post}Transfer-Encoding: chunked\r\nContent-Length: {5 + Smuggled.Length}\r\n\r\n{Last}{Smuggled}", "400"),
        ("chunks in HTTP/1.0", $"POST /session HTTP/1.0\r\n{Host}Content-Type: application/json\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n{BodyChunk}{Last}{Smuggled}", "400"),
        ("two lengths", $"{Post}Content-Length: 0\r\nContent-Length: {Length}\r\n\r\n{Smuggled}", "400"),
        ("the same length twice", $"{Post}Content-Length: {Length}\r\nContent-Length: {Length}\r\n\r\n{Smuggled}", "400"),
        ("a list of lengths", $"{Post}Content-Length: 0, {Length}\r\n\r\n{Smuggled}", "400"),
        ("a list of one length", $"{Post}Content-Length: {Length}, {Length}\r\n\r\n{Smuggled}", "400"),

        // Lengths that are none.
        ("a negative length", $"{Post}Content-Length: -1\r\n\r\n{Smuggled}", "400"),
        ("a length with a plus", $"{Post}Content-Length: +{Length}\r\n\r\n{Smuggled}", "400"),
        ("a length with a plus on a GET", $"{Get}Content-Length: +{Length}\r\n\r\n{Smuggled}", "400"),
        ("a length of minus zero", $"{Post}Content-Length: -0\r\n\r\n{Smuggled}", "400"),
        ("a length beyond 64 bits", $"{Post}Content-Length: 18446744073709551616\r\n\r\n{Smuggled}", "400"),
        ("a length of 63 bits", $"{Post}Content-Length: 9223372036854775807\r\n\r\n{Smuggled}", "413"),
        ("a length of thirty digits", $"{Post}Content-Length: {new string('0', 28)}{Length}\r\n\r\n{Smuggled}", "400"),
        ("a length in hex", $"{Post}Content-Length: 0x10\r\n\r\n{Smuggled}", "400"),
        ("a length with a point", $"{Post}Content-Length: 1.0\r\n\r\n{Smuggled}", "400"),
        ("a length with a space", $"{Post}Content-Length: 1 2\r\n\r\n{Smuggled}", "400"),
        ("a length and text", $"{Post}Content-Length: 1a\r\n\r\n{Smuggled}", "400"),
        ("an empty length", $"{Post}Content-Length: \r\n\r\n{Smuggled}", "400"),
        ("a length with a vertical tab", $"{Post}Content-Length: \v{Length}\r\n\r\n{Smuggled}", "400"),
        ("a length in other digits", $"{Post}Content-Length: \u00b9\r\n\r\n{Smuggled}", "400"),

        // Codings other than chunked, once.
        ("chunked twice", $"{Post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n{Last}{Smuggled}", "400"),
        ("chunked, chunked", $"{Post}Transfer-Encoding: chunked, chunked\r\n\r\n{Last}{Smuggled}", "400"),
        ("chunked, identity", $"{Post}Transfer-Encoding: chunked, identity\r\n\r\n{Last}{Smuggled}", "400"),
        ("chunked, then identity in a line of its own", $"{Post}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n{Last}{Smuggled}", "400"),
        ("identity, then chunked in a line of its own", $"{Post}Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n{Last}{Smuggled}", "400"),
        ("identity, chunked", $"{Post}Transfer-Encoding: identity, chunked\r\n\r\n{Last}{Smuggled}", "400"),
        ("gzip, chunked", $"{Post}Transfer-Encoding: gzip, chunked\r\n\r\n{Last}{Smuggled}", "400"),
        ("identity and a length", $"{Post}Transfer-Encoding: identity\r\nContent-Length: {Length}\r\n\r\n{Smuggled}", "400"),
        ("an empty coding and a length", $"{Post}Transfer-Encoding: \r\nContent-Length: {Length}\r\n\r\n{Smuggled}", "400"),
        ("chunked and a comma", $"{Post}Transfer-Encoding: chunked,\r\n\r\n{Last}{Smuggled}", "400"),
        ("a comma and chunked", $"{Post}Transfer-Encoding: ,chunked\r\n\r\n{Last}{Smuggled}", "400"),
        ("chunked with a parameter", $"{Post}Transfer-Encoding: chunked;q=1\r\n\r\n{Last}{Smuggled}", "400"),
        ("xchunked", $"{Post}Transfer-Encoding: xchunked\r\n\r\n{Last}{Smuggled}", "400"),
        ("chunked in quotes", $"{Post}Transfer-Encoding: \"chunked\"\r\n\r\n{Last}{Smuggled}", "400"),
        ("chunked with a vertical tab", $"{Post}Transfer-Encoding: \vchunked\r\n\r\n{Last}{Smuggled}", "400"),
        ("chunked with NUL", $"{Post}Transfer-Encoding: chunked\0\r\n\r\n{Last}{Smuggled}", "400"),
        ("chunked on a GET, twice", $"{Get}Transfer-Encoding: chunked, chunked\r\n\r\n{Last}{Smuggled}", "400"),

        // White space around a value does not count (RFC 9110, 5.5), letters of codings fold case (RFC 9112, 7).
        ("chunked between tabs", $"{Post}Transfer-Encoding:\tchunked\t\r\n\r\n{BodyChunk}{Last}{End}", "401 200"),
        ("CHUNKED", $"{Post}Transfer-Encoding: CHUNKED\r\n\r\n{BodyChunk}{Last}{End}", "401 200"),
        ("a length between tabs, with zeros", $"{Post}Content-Length:\t0{Body.Length}\t\r\n\r\n{Body}{End}", "401 200"),
        ("a coding by another name", $"{Post}Transfer_Encoding: chunked\r\nContent-Length: {5 + Smuggled.Length}\r\n\r\n{Last}{Smuggled}{End}", "400 200"),

        // Chunks that are none.
        ("LF in an extension", $"{Chunked}1;a\nb\r\nX\r\n{Last}{Smuggled}", "400"),
        ("LF at the end of an extension", $"{Chunked}2;\nxx\r\n{Smuggled.Length:x}\r\n{Last}{Smuggled}", "400"),
        ("CR in an extension", $"{Chunked}1;a\rb\r\nX\r\n{Last}{Smuggled}", "400"),
        ("LF instead of CR LF", $"{Chunked}1\nX\n0\n\n{Smuggled}", "400"),
        ("a size beyond 64 bits", $"{Chunked}10000000000000000\r\n{Smuggled}", "400"),
        ("a size that overflows to a small one", $"{Chunked}10000000000000001\r\nX\r\n{Last}{Smuggled}", "400"),
        ("a size beyond 32 bits", $"{Chunked}100000002\r\nXX\r\n{Last}{Smuggled}", "400"),
        ("a negative size", $"{Chunked}-1\r\nX\r\n{Last}{Smuggled}", "400"),
        ("a size with a plus", $"{Chunked}+1\r\nX\r\n{Last}{Smuggled}", "400"),
        ("a size with 0x", $"{Chunked}0x1\r\nX\r\n{Last}{Smuggled}", "400"),
        ("a space before a size", $"{Chunked} 1\r\nX\r\n{Last}{Smuggled}", "400"),
        ("a space after a size", $"{Chunked}1 \r\nX\r\n{Last}{Smuggled}", "400"),
        ("no size", $"{Chunked}\r\nX\r\n{Last}{Smuggled}", "400"),
        ("a chunk longer than its size", $"{Chunked}1\r\nXYZ{Last}{Smuggled}", "400"),
        ("an extension", $"{Chunked}{Body.Length:x};a=b\r\n{Body}\r\n{Last}{End}", "401 200"),
        ("a length among the trailers", $"{Chunked}{BodyChunk}0\r\nContent-Length: {End.Length}\r\n\r\n{End}", "401 200"),
        ("a coding among the trailers", $"{Chunked}{BodyChunk}0\r\nTransfer-Encoding: chunked\r\n\r\n{End}", "401 200"),
        ("a request as a chunk", $"{Chunked}{Smuggled.Length:x}\r\n{Smuggled}\r\n{Last}{End}", "400 200"),

        // Lines that end, or go on, in a way of their own.
        ("CR in a value", $"{Get}X: a\rb\r\n\r\n{Smuggled}", "400"),
        ("CR as the end of a line", $"{Get}X: a\rContent-Length: {Length}\r\n\r\n{Smuggled}", "400"),
        ("CR CR LF", $"{Get}X: a\r\r\n\r\n{Smuggled}", "400"),
        ("LF as the end of a line", $"{Get}X: a\nContent-Length: {Length}\r\n\r\n{Smuggled}", "400"),
        ("LF as the end of all lines", $"GET /healthz HTTP/1.1\nHost: 127.0.0.1\n\n{Smuggled}", "400"),
        ("LF as the end of the headers", $"{Get}Content-Length: {Length}\r\n\n{Smuggled}", "400"),
        ("a folded line", $"{Get}X: a\r\n b\r\n\r\n{Smuggled}", "400"),
        ("a folded coding", $"{Post}Transfer-Encoding:\r\n chunked\r\n\r\n{Last}{Smuggled}", "400"),
        ("a folded length", $"{Post}Content-Length: 0\r\n\t{Length}\r\n\r\n{Smuggled}", "400"),
        ("a space before the first header", $"GET /healthz HTTP/1.1\r\n X: a\r\n{Host}\r\n{Smuggled}", "400"),

        // Names that are none.
        ("a space before the colon of a length", $"{Post}Content-Length : {Length}\r\n\r\n{Smuggled}", "400"),
        ("a tab before the colon of a coding", $"{Post}Transfer-Encoding\t: chunked\r\n\r\n{Last}{Smuggled}", "400"),
        ("an empty name", $"{Get}: x\r\n\r\n{Smuggled}", "400"),
        ("no colon", $"{Post}Content-Length\r\n\r\n{Smuggled}", "400"),
        ("NUL in a name", $"{Get}X\0: a\r\n\r\n{Smuggled}", "400"),
        ("NUL in a value", $"{Get}X: a\0b\r\n\r\n{Smuggled}", "400"),
        ("letters beyond ASCII in a name", $"{Get}Content-Length\u00e9: 3\r\n\r\n{Smuggled}", "400"),

        // Whom it is for.
        ("no Host", $"GET /healthz HTTP/1.1\r\n\r\n{Smuggled}", "400"),
        ("two Hosts", $"{Get}Host: b\r\n\r\n{Smuggled}", "400"),
        ("the same Host twice", $"{Get}{Host}\r\n{Smuggled}", "400"),
        ("a list of Hosts", $"GET /healthz HTTP/1.1\r\nHost: a, b\r\n\r\n{Smuggled}", "400"),
        ("a Host with a path", $"GET /healthz HTTP/1.1\r\nHost: a/b\r\n\r\n{Smuggled}", "400"),
        ("a Host with a user", $"GET /healthz HTTP/1.1\r\nHost: x@a\r\n\r\n{Smuggled}", "400"),
        ("an address with another Host", $"GET http://b/healthz HTTP/1.1\r\n{Host}\r\n{Smuggled}", "400"),
        ("an address with a user", $"GET http://127.0.0.1@b/healthz HTTP/1.1\r\n{Host}\r\n{Smuggled}", "400"),
        ("an address with the same Host", $"GET http://127.0.0.1/healthz HTTP/1.1\r\n{Host}\r\n{End}", "200 200"),

        // Bodies where none is expected are read, and are no requests.
        ("a length on a GET", $"{Get}Content-Length: {Length}\r\n\r\n{Smuggled}{End}", "200 200"),
        ("chunks on a GET", $"{Get}Transfer-Encoding: chunked\r\n\r\n{Smuggled.Length:x}\r\n{Smuggled}\r\n{Last}{End}", "200 200"),
        ("a length on a path that is not there", $"GET /nothing HTTP/1.1\r\n{Host}Content-Length: {Length}\r\n\r\n{Smuggled}{End}", "404 200"),
        ("a length on a wrong method", $"DELETE /healthz HTTP/1.1\r\n{Host}Content-Length: {Length}\r\n\r\n{Smuggled}{End}", "405 200"),
        ("a length on a refused type", $"POST /session HTTP/1.1\r\n{Host}Content-Type: text/plain\r\nContent-Length: {Length}\r\n\r\n{Smuggled}{End}", "415 200"),
        ("a length on a request without a token", $"GET /analytics/me?organizationId=org_1 HTTP/1.1\r\n{Host}Content-Length: {Length}\r\n\r\n{Smuggled}{End}", "401 200"),
        ("a length in HTTP/1.0", $"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: {Length}\r\n\r\n{Smuggled}{End}", "200 200"),
        ("an unknown expectation", $"{Post}Expect: 200-ok\r\nContent-Length: {Length}\r\n\r\n{Smuggled}{End}", "400 200"),

        // Other protocols: upgrades are passed over, as RFC 9110 (7.8) allows.
        ("an upgrade to h2c", $"{Get}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n{End}", "200 200"),
        ("an upgrade to h2c with a body", $"{Get}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nContent-Length: {Length}\r\n\r\n{Smuggled}{End}", "200 200"),
        ("an upgrade to WebSocket", $"{Get}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n{End}", "200 200"),
        ("HTTP/2 with prior knowledge", $"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{Smuggled}", string.Empty),
        ("HTTP/0.9", $"GET /healthz\r\n{Smuggled}", "400"),
        ("HTTP/1.2", $"GET /healthz HTTP/1.2\r\n{Host}\r\n{Smuggled}", "505"),
        ("two spaces in the request line", $"GET  /healthz HTTP/1.1\r\n{Host}\r\n{Smuggled}", "400"),
        ("a space at the end of the request line", $"GET /healthz HTTP/1.1 \r\n{Host}\r\n{Smuggled}", "400"),
        ("a tab in the request line", $"GET\t/healthz HTTP/1.1\r\n{Host}\r\n{Smuggled}", "400"),
    ];

    public static TheoryData<string> Names => [.. All.Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Case_IsRefusedOrReadInTheOneWay(string name)
    {
        var (_, bytes, statuses) = All.Single(one => one.Name == name);
        using var connection = await RawConnection.OpenAsync(server.Address);
        await connection.SendAsync(bytes);

        // To the end: the server closes after what it refuses, and after the honest request at the end of the others.
        var answers = await connection.ReadToEndAsync();

        var found = string.Join("\n\n", answers.Select(answer => $"{answer.Head}\n{answer.Body}"));
        Assert.True(statuses == string.Join(' ', answers.Select(answer => answer.Status)), found);
        Assert.DoesNotContain("smuggled", found, StringComparison.OrdinalIgnoreCase);

        // What is no answer of HTTP/1.1 is the one frame that ends a connection of HTTP/2.
        Assert.Equal(statuses.Length == 0 ? GoAwayBytes : 0, connection.ReceivedBytes);
        await server.AssertGoodRequestAsync();
    }

    [Fact]
    public void Cases_CoverAtLeastForty_EachOnce()
    {
        Assert.True(All.Length >= 40);
        Assert.Equal(All.Length, All.DistinctBy(one => one.Bytes).Count());
        Assert.All(All, one => Assert.True(one.Bytes.Contains(Smuggled, StringComparison.Ordinal) || one.Bytes.EndsWith(End, StringComparison.Ordinal), one.Name));
    }

    // The mark of CVE-2025-55315 is LF in a chunk's extension, which the cases above try; runtimes before 10.0.0 have it.
    [Fact]
    public void Runtime_IsNotOneOfThoseWithTheKnownFault() => Assert.True(Environment.Version >= new Version(10, 0, 0), $"Found .NET {Environment.Version}, expected 10.0.0 or later.");

    [Fact]
    public async Task OtherCodings_AreNamedInTheAnswer()
    {
        using var connection = await RawConnection.OpenAsync(server.Address);
        await connection.SendAsync($"{Post}Transfer-Encoding: gzip, chunked\r\n\r\n{Last}");

        var answer = Assert.Single(await connection.ReadToEndAsync());

        Assert.Contains("Found the Transfer-Encoding 'gzip, chunked' in HTTP/1.1, expected chunked, once and in HTTP/1.1, or a Content-Length.", answer.Body, StringComparison.Ordinal);
        Assert.Equal("application/problem+json", RawAnswer.Field(answer.Head, "Content-Type"));
        Assert.Equal("close", RawAnswer.Field(answer.Head, "Connection"));
    }
}
