using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;

namespace Analytics.Server.Access;

/// <summary>Counts wrong tokens at sign-in by address: ten a minute, then nobody from there signs in until it is over.</summary>
internal sealed class LoginFailures : IDisposable
{
    public const int MaxPerMinute = 10;

    private readonly PartitionedRateLimiter<IPAddress> limiter = PartitionedRateLimiter.Create<IPAddress, IPAddress>(address =>
        RateLimitPartition.GetFixedWindowLimiter(NetworkOf(address), _ => new FixedWindowRateLimiterOptions { PermitLimit = MaxPerMinute, Window = TimeSpan.FromMinutes(1) }));

    /// <summary>Whether an address may try.</summary>
    public bool MayTry(IPAddress address)
    {
        using var lease = limiter.AttemptAcquire(address, permitCount: 0);
        return lease.IsAcquired;
    }

    /// <summary>Counts a wrong token.</summary>
    public void Note(IPAddress address) => limiter.AttemptAcquire(address).Dispose();

    /// <inheritdoc/>
    public void Dispose() => limiter.Dispose();

    // One subscriber of IPv6 has 2^64 addresses.
    private static IPAddress NetworkOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
