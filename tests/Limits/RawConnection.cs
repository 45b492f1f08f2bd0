using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Analytics.Tests.Limits;

/// <summary>One connection that sends bytes as they are, and reads answer after answer until the server closes.</summary>
internal sealed class RawConnection : IDisposable
{
    // Far more than any of these tests takes: it ends a test that would hang.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const int MaxShown = 2_000;

    private readonly TcpClient client = new();
    private readonly List<byte> received = [];
    private NetworkStream? stream;

    private RawConnection(int? receiveBufferBytes)
    {
        if (receiveBufferBytes is { } bytes)
        {
            client.ReceiveBufferSize = bytes;
        }
    }

    /// <summary>Whether the server has closed, or reset, the connection.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Bytes that were received.</summary>
    public int ReceivedBytes => received.Count;

    /// <summary>Connects.</summary>
    /// <param name="address">The server.</param>
    /// <param name="receiveBufferBytes">What the kernel keeps of what was not read; its own choice if null.</param>
    public static async Task<RawConnection> OpenAsync(Uri address, int? receiveBufferBytes = null)
    {
        var connection = new RawConnection(receiveBufferBytes);
        await connection.client.ConnectAsync(address.Host, address.Port);
        connection.stream = connection.client.GetStream();
        return connection;
    }

    /// <summary>Sends a text, one byte a character. False where the server has closed before it was all sent.</summary>
    public async Task<bool> SendAsync(string text)
    {
        try
        {
            await stream!.WriteAsync(Encoding.Latin1.GetBytes(text));
            return true;
        }
        catch (IOException)
        {
            // What the server said before is still there to be read.
            return false;
        }
    }

    /// <summary>Reads one answer; what follows is kept. Null where the server closes before it is whole.</summary>
    public async Task<RawAnswer?> ReadAsync()
    {
        while (true)
        {
            if (RawAnswer.Parse(ReceivedText(), IsClosed) is var (answer, length))
            {
                received.RemoveRange(0, length);
                return answer;
            }

            if (IsClosed)
            {
                return null;
            }

            await ReceiveAsync();
        }
    }

    /// <summary>Reads all answers until the server closes.</summary>
    /// <exception cref="TimeoutException">It does not close.</exception>
    public async Task<IReadOnlyList<RawAnswer>> ReadToEndAsync()
    {
        await DrainAsync();
        List<RawAnswer> answers = [];
        while (await ReadAsync() is { } answer)
        {
            answers.Add(answer);
        }

        return answers;
    }

    /// <summary>Receives until the server closes; what came is kept as it came.</summary>
    /// <exception cref="TimeoutException">It does not close.</exception>
    public async Task DrainAsync()
    {
        while (!IsClosed)
        {
            await ReceiveAsync();
        }
    }

    public void Dispose() => client.Dispose();

    private string ReceivedText() => Encoding.Latin1.GetString([.. received]);

    private async Task ReceiveAsync()
    {
        using var timeout = new CancellationTokenSource(Patience);
        var buffer = new byte[64 << 10];
        try
        {
            var read = await stream!.ReadAsync(buffer, timeout.Token);
            received.AddRange(buffer.AsSpan(0, read));
            IsClosed = read == 0;
        }
        catch (IOException)
        {
            IsClosed = true;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The server neither answered nor closed within {Patience}. It sent {received.Count} bytes: {ReceivedText()[..Math.Min(received.Count, MaxShown)]}");
        }
    }
}

/// <summary>An answer as it was sent.</summary>
/// <param name="Status">The status.</param>
/// <param name="Head">The status line and the headers.</param>
/// <param name="Body">The body, without the marks of chunks.</param>
internal sealed record RawAnswer(int Status, string Head, string Body)
{
    /// <summary>Parses the answer that a text begins with.</summary>
    /// <param name="text">Bytes as characters.</param>
    /// <param name="isEnd">Whether no more will come: a body without a length ends there.</param>
    /// <returns>The answer and its length in the text; null where it is not whole.</returns>
    public static (RawAnswer Answer, int Length)? Parse(string text, bool isEnd)
    {
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
        {
            return null;
        }

        var (head, body) = (text[..end], text[(end + 4)..]);
        var status = int.Parse(head.AsSpan("HTTP/1.1 ".Length, 3), CultureInfo.InvariantCulture);
        if (Field(head, "Content-Length") is { } length)
        {
            var count = int.Parse(length, CultureInfo.InvariantCulture);
            return body.Length < count ? null : (new RawAnswer(status, head, body[..count]), end + 4 + count);
        }

        if (Field(head, "Transfer-Encoding") == "chunked")
        {
            return Unchunk(body) is var (content, taken) ? (new RawAnswer(status, head, content), end + 4 + taken) : null;
        }

        if (status is < 200 or 204 or 304)
        {
            return (new RawAnswer(status, head, string.Empty), end + 4);
        }

        return isEnd ? (new RawAnswer(status, head, body), text.Length) : null;
    }

    /// <summary>A header's value, or null.</summary>
    public static string? Field(string head, string name) => head.Split("\r\n")
        .Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
        .Select(line => line[(name.Length + 1)..].Trim())
        .FirstOrDefault();

    private static (string Content, int Length)? Unchunk(string text)
    {
        var content = new StringBuilder();
        for (var at = 0; ;)
        {
            var end = text.IndexOf("\r\n", at, StringComparison.Ordinal);
            if (end < 0)
            {
                return null;
            }

            var size = int.Parse(text.AsSpan(at, end - at), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            at = end + 2 + size + 2;
            if (at > text.Length)
            {
                return null;
            }

            if (size == 0)
            {
                return (content.ToString(), at);
            }

            content.Append(text, end + 2, size);
        }
    }
}
