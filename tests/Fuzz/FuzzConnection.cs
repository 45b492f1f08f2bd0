using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Analytics.Tests.Fuzz;

/// <summary>An answer as it came.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Head">Status line and header.</param>
/// <param name="Body">The body, or its first mebibyte.</param>
/// <param name="IsWhole">Whether that is all of the body.</param>
internal sealed record FuzzAnswer(int Status, string Head, byte[] Body, bool IsWhole)
{
    /// <summary>A field of the header, or null.</summary>
    public string? Field(string name)
    {
        foreach (var line in Head.AsSpan().EnumerateLines())
        {
            if (line.Length > name.Length && line[name.Length] == ':' && line.StartsWith(name, StringComparison.OrdinalIgnoreCase))
            {
                return line[(name.Length + 1)..].Trim().ToString();
            }
        }

        return null;
    }
}

/// <summary>A kept connection that sends bytes as they are. What no HTTP client would send gets through, and nothing is mended.</summary>
internal sealed class FuzzConnection(Uri address) : IDisposable
{
    private const int MaxBody = 1 << 20;

    // Other work on the machine may take its time; a server that hangs takes for ever.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly byte[] buffer = new byte[64 << 10];
    private Socket? socket;
    private int start;
    private int end;

    /// <summary>Sends a request and reads its answer.</summary>
    /// <param name="request">Head and body.</param>
    /// <param name="isHead">Whether the answer has no body although its header describes one.</param>
    /// <returns>Null where the server closed the connection without an answer.</returns>
    public async Task<FuzzAnswer?> ExchangeAsync(byte[] request, bool isHead)
    {
        using var timeout = new CancellationTokenSource(Patience);
        if (socket is null)
        {
            socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            (start, end) = (0, 0);
            await socket.ConnectAsync(IPAddress.Parse(address.Host), address.Port, timeout.Token);
        }

        try
        {
            for (var sent = 0; sent < request.Length;)
            {
                sent += await socket.SendAsync(request.AsMemory(sent), timeout.Token);
            }
        }
        catch (SocketException)
        {
            // Refused before it was all sent; what the server said is read below.
        }

        try
        {
            return await ReadAsync(isHead, timeout.Token);
        }
        catch (SocketException)
        {
            Close();
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private async Task<FuzzAnswer?> ReadAsync(bool isHead, CancellationToken cancellation)
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await LineAsync(cancellation) is not { } line)
            {
                Close();
                return null;
            }

            head.Append(line).Append("\r\n");
        }

        var text = head.ToString();
        var answer = new FuzzAnswer(int.Parse(text.AsSpan(9, 3), CultureInfo.InvariantCulture), text, [], IsWhole: true);
        using var body = new MemoryStream();
        var isWhole = true;
        if (!isHead && answer.Status is not (204 or 304))
        {
            isWhole = answer.Field("Content-Length") is { } length ? await CopyAsync(body, long.Parse(length, CultureInfo.InvariantCulture), cancellation)
                : answer.Field("Transfer-Encoding") == "chunked" && await CopyChunksAsync(body, cancellation);
        }

        if (!isWhole || answer.Field("Connection") == "close")
        {
            Close();
        }

        return answer with { Body = body.ToArray(), IsWhole = isWhole };
    }

    private async Task<bool> CopyChunksAsync(MemoryStream target, CancellationToken cancellation)
    {
        while (await LineAsync(cancellation) is { } line)
        {
            var size = long.Parse(line, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (!await CopyAsync(target, size, cancellation) || await LineAsync(cancellation) is null)
            {
                return false;
            }

            if (size == 0)
            {
                return true;
            }
        }

        return false;
    }

    private async Task<bool> CopyAsync(MemoryStream target, long count, CancellationToken cancellation)
    {
        while (count > 0)
        {
            if (target.Length >= MaxBody || (start == end && !await FillAsync(cancellation)))
            {
                return false;
            }

            var part = (int)Math.Min(count, end - start);
            target.Write(buffer, start, part);
            start += part;
            count -= part;
        }

        return true;
    }

    private async Task<string?> LineAsync(CancellationToken cancellation)
    {
        var line = new StringBuilder();
        while (true)
        {
            if (start == end && !await FillAsync(cancellation))
            {
                return null;
            }

            var next = (char)buffer[start++];
            if (next == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append(next);
        }
    }

    private async Task<bool> FillAsync(CancellationToken cancellation)
    {
        start = 0;
        end = await socket!.ReceiveAsync(buffer, cancellation);
        return end > 0;
    }

    private void Close()
    {
        socket?.Dispose();
        socket = null;
    }
}
