using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Analytics.Bench.Load;

/// <summary>One kept connection that asks the same GET again and again. Only what the measured server sends is understood.</summary>
/// <remarks>
/// Blocking calls on a socket: the thread is woken by the kernel when bytes are there. HttpClient puts an epoll thread
/// and a thread pool in between, which on two cores shared with the server is a part of what would be measured.
/// </remarks>
internal sealed class HttpConnection : IDisposable
{
    private readonly Socket socket;
    private readonly byte[] request;
    private readonly List<Range> pieces = [];
    private byte[] buffer = new byte[1 << 20];
    private int received;

    /// <summary>Connects.</summary>
    /// <param name="url">The server.</param>
    /// <param name="path">Path and query.</param>
    /// <param name="token">A bearer token, or null.</param>
    /// <param name="knownTag">The ETag of an answer that the client claims to have, or null.</param>
    public HttpConnection(Uri url, string path, string? token, string? knownTag = null)
    {
        var authorization = token is null ? string.Empty : $"Authorization: Bearer {token}\r\n";
        var condition = knownTag is null ? string.Empty : $"If-None-Match: {knownTag}\r\n";
        request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {url.Authority}\r\n{authorization}{condition}\r\n");
        socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 30_000 };
        if (IPAddress.TryParse(url.Host, out var address))
        {
            socket.Connect(address, url.Port);
        }
        else
        {
            socket.Connect(url.Host, url.Port);
        }
    }

    /// <summary>The status of the last answer.</summary>
    public int Status { get; private set; }

    /// <summary>The header of the last answer, as it was sent.</summary>
    public string Header { get; private set; } = string.Empty;

    /// <summary>Bytes of the last answer's body.</summary>
    public int BodyLength { get; private set; }

    /// <summary>The last answer's body.</summary>
    public byte[] Body => [.. pieces.SelectMany(piece => buffer[piece])];

    /// <summary>Asks and reads the whole answer.</summary>
    /// <returns>When its last byte was there, as <see cref="MonotonicClock.Now"/>.</returns>
    /// <exception cref="SocketException">The connection broke.</exception>
    /// <exception cref="InvalidDataException">The answer is not what this class understands.</exception>
    public long Exchange()
    {
        received = 0;
        pieces.Clear();
        socket.Send(request);
        var end = LineEnd(0, "\r\n\r\n"u8);
        var header = buffer.AsSpan(0, end);
        Status = Utf8Parser.TryParse(header[9..], out int status, out _) ? status : throw Unexpected("no status");
        Header = Encoding.ASCII.GetString(header);
        var body = end + 4;
        if (Field("Content-Length") is { } length)
        {
            var until = body + int.Parse(length, CultureInfo.InvariantCulture);
            Fill(until);
            pieces.Add(body..until);
        }
        else if (Field("Transfer-Encoding") == "chunked")
        {
            ReadChunks(body);
        }
        else if (Status != 304)
        {
            throw Unexpected("neither a length nor chunks");
        }

        var now = MonotonicClock.Now;
        BodyLength = pieces.Sum(piece => piece.GetOffsetAndLength(buffer.Length).Length);
        return now;
    }

    /// <summary>Whether the last answer's body has exactly these bytes.</summary>
    public bool BodyIs(ReadOnlySpan<byte> expected)
    {
        if (expected.Length != BodyLength)
        {
            return false;
        }

        foreach (var piece in pieces)
        {
            var bytes = buffer.AsSpan(piece);
            if (!expected.StartsWith(bytes))
            {
                return false;
            }

            expected = expected[bytes.Length..];
        }

        return true;
    }

    /// <summary>A field of the last answer's header, or null.</summary>
    public string? Field(string name)
    {
        foreach (var line in Header.AsSpan().EnumerateLines())
        {
            if (line.Length > name.Length && line[name.Length] == ':' && line.StartsWith(name, StringComparison.OrdinalIgnoreCase))
            {
                return line[(name.Length + 1)..].Trim().ToString();
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();

    private static InvalidDataException Unexpected(string what) => new($"The server's answer has {what}, expected HTTP/1.1 as this server writes it.");

    private void ReadChunks(int position)
    {
        while (true)
        {
            var end = LineEnd(position, "\r\n"u8);
            if (!Utf8Parser.TryParse(buffer.AsSpan(position, end - position), out int size, out var digits, 'x') || digits == 0)
            {
                throw Unexpected("a chunk without a size");
            }

            var start = end + 2;
            Fill(start + size + 2);
            if (size == 0)
            {
                return;
            }

            pieces.Add(start..(start + size));
            position = start + size + 2;
        }
    }

    private int LineEnd(int from, ReadOnlySpan<byte> end)
    {
        var searched = from;
        while (true)
        {
            var found = buffer.AsSpan(searched, received - searched).IndexOf(end);
            if (found >= 0)
            {
                return searched + found;
            }

            // The end may be cut in two by where the bytes received so far stop.
            searched = Math.Max(from, received - end.Length + 1);
            Fill(received + 1);
        }
    }

    private void Fill(int count)
    {
        if (count > buffer.Length)
        {
            Array.Resize(ref buffer, Math.Max(count, buffer.Length * 2));
        }

        while (received < count)
        {
            var read = socket.Receive(buffer.AsSpan(received));
            received += read > 0 ? read : throw Unexpected("an early end");
            if (received == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }
        }
    }
}
