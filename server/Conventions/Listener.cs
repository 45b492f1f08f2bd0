using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Net.Http.Headers;

namespace Analytics.Server.Conventions;

/// <summary>
/// What Kestrel takes from a connection before any code of ours sees it. What exceeds a limit of the head is answered by
/// Kestrel itself, with 400, 408, 414 or 431 and no body, and the connection is closed.
/// </summary>
internal static class Listener
{
    /// <summary>Bytes of a body where an endpoint says nothing else.</summary>
    public const long MaxBodyBytes = 1 << 20;

    /// <summary>Bytes of the request line: filters may be repeated, and a thousand keys by id are some 30 KiB.</summary>
    public const int MaxRequestLineBytes = 256 << 10;

    /// <summary>Bytes of all headers together.</summary>
    public const int MaxHeaderBytes = 32 << 10;

    /// <summary>Headers.</summary>
    public const int MaxHeaders = 100;

    /// <summary>
    /// Bytes of an answer that wait for a slow client; then the writer waits. A year by project is half a megabyte: written
    /// at once, into memory that is used again.
    /// </summary>
    public const int ResponseBufferBytes = 1 << 20;

    // RFC 5482; the number is that of linux/tcp.h.
    private const int TcpUserTimeout = 18;

    private const string NoBareLineFeeds = "Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators";

    /// <summary>Sets the limits.</summary>
    public static void Configure(KestrelServerOptions options, HttpSettings settings)
    {
        options.AddServerHeader = false;

        // A proxy in front that takes CR LF only for the end of a line would see one header where Kestrel saw two.
        AppContext.SetSwitch(NoBareLineFeeds, true);

        // Kestrel takes "+5" for a length, which others refuse or read otherwise.
        options.RequestHeaderEncodingSelector = static name => name.Equals(HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase) ? DigitsOnly.Instance : null;

        // Without TLS there is no way to agree on HTTP/2, and HTTP/2 with prior knowledge is only an attack surface here.
        options.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http1);
        var limits = options.Limits;
        limits.MaxConcurrentConnections = settings.MaxConnections;
        limits.MaxConcurrentUpgradedConnections = 0;
        limits.MaxRequestLineSize = MaxRequestLineBytes;
        limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        limits.MaxRequestHeaderCount = MaxHeaders;
        limits.MaxRequestBodySize = MaxBodyBytes;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(20);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);

        // Slower clients hold a connection and its buffers for nothing: a slow writer is cut after the grace. Of an answer
        // Kestrel allows as long as all that was written would take at this rate: an hour and more. See CutStalledReaders.
        limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
        limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));

        limits.MaxResponseBufferSize = ResponseBufferBytes;
    }

    /// <summary>Sets how much of an answer is gathered for a client that reads more slowly than it is written, and for how long.</summary>
    /// <remarks>
    /// The socket's own limit is the one that counts, whatever Kestrel's says: with its default of 64 KiB the writer
    /// stopped at each piece until the sender had taken it, and an answer of half a megabyte was 16 changes of thread.
    /// </remarks>
    public static void Configure(SocketTransportOptions options, HttpSettings settings)
    {
        options.MaxWriteBufferSize = ResponseBufferBytes;
        CutStalledReaders(options, settings);
    }

    /// <summary>
    /// Lets the kernel cut a connection whose client has taken nothing for a while of what waits to be sent. Kestrel's rate
    /// counts only what it waits for, and it does not wait for what fits into its buffers: such a client would keep them,
    /// and its connection, for ever.
    /// </summary>
    /// <remarks>Of Linux only: elsewhere the rate is the one limit.</remarks>
    private static void CutStalledReaders(SocketTransportOptions options, HttpSettings settings)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        options.CreateBoundListenSocket = endpoint =>
        {
            var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            if (endpoint is IPEndPoint)
            {
                // Accepted sockets have it from the one that listens.
                socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, TcpUserTimeout, BitConverter.GetBytes((int)settings.StallTimeout.TotalMilliseconds));
            }

            return socket;
        };
    }

    /// <summary>Decodes the digits of a length (RFC 9110, 8.6). Whatever else is there becomes a text that Kestrel refuses.</summary>
    private sealed class DigitsOnly : ASCIIEncoding
    {
        // Of the largest number of 63 bits, which is as much as Kestrel has space for.
        private const int MaxDigits = 19;

        public static readonly DigitsOnly Instance = new();

        public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
        {
            if (bytes.Length is >= 1 and <= MaxDigits && !bytes.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
            {
                return base.GetChars(bytes, chars);
            }

            chars[0] = '?';
            return 1;
        }
    }
}
