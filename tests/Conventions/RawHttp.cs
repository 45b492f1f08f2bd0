using System.Net.Sockets;
using System.Text;

namespace Analytics.Tests.Conventions;

/// <summary>One connection that sends bytes as they are, for what no HTTP client would send.</summary>
public sealed class RawHttp : IDisposable
{
    private readonly TcpClient client = new();
    private readonly NetworkStream stream;

    public RawHttp(Uri address)
    {
        client.Connect(address.Host, address.Port);
        stream = client.GetStream();
    }

    public Task SendAsync(string text) => stream.WriteAsync(Encoding.Latin1.GetBytes(text)).AsTask();

    /// <summary>Reads until the server closes, or has sent as many bytes as an answer announced.</summary>
    public async Task<(string Head, string Body, bool IsClosed)> ReadAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var received = new List<byte>();
        var buffer = new byte[64 << 10];
        while (true)
        {
            var text = Encoding.Latin1.GetString([.. received]);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0 && Length(text[..end]) is { } length && text.Length >= end + 4 + length && !text[..end].Contains("Connection: close", StringComparison.OrdinalIgnoreCase))
            {
                return (text[..end], text[(end + 4)..], false);
            }

            int read;
            try
            {
                read = await stream.ReadAsync(buffer, timeout.Token);
            }
            catch (IOException)
            {
                // Closed while we were still sending.
                read = 0;
            }

            if (read == 0)
            {
                return end < 0 ? (text, string.Empty, true) : (text[..end], text[(end + 4)..], true);
            }

            received.AddRange(buffer.AsSpan(0, read));
        }
    }

    public void Dispose() => client.Dispose();

    private static int? Length(string head)
    {
        var line = head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        return line is null ? null : int.Parse(line.AsSpan(15), System.Globalization.CultureInfo.InvariantCulture);
    }
}
