using System.Globalization;
using System.Net;
using Analytics.Storage.Directory;
using NodaTime;

namespace Analytics.Server.Access;

/// <summary>
/// Tells the audit log of sign-ins that were refused: one entry a minute at most, so that strangers cannot fill the disk
/// with them, however many they are.
/// </summary>
/// <remarks>The entries are the operator's: a wrong token names no organization.</remarks>
internal sealed class LoginFailureAudit(Audit audit, IClock clock) : BackgroundService
{
    /// <summary>Addresses that are told apart within a minute; the attempts of all others are only counted.</summary>
    public const int MaxAddresses = 1_000;

    private const int MaxNamed = 5;

    private static readonly TimeSpan BetweenEntries = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private Dictionary<IPAddress, long> attempts = [];
    private long others;

    /// <summary>Counts an attempt.</summary>
    /// <param name="address">Where it came from.</param>
    public void Note(IPAddress address)
    {
        lock (gate)
        {
            if (attempts.Count < MaxAddresses || attempts.ContainsKey(address))
            {
                attempts[address] = attempts.GetValueOrDefault(address) + 1;
            }
            else
            {
                others++;
            }
        }
    }

    /// <summary>Writes what was counted since the last time, if anything was.</summary>
    public void Write()
    {
        Dictionary<IPAddress, long> counted;
        long more;
        lock (gate)
        {
            (counted, attempts) = (attempts, []);
            (more, others) = (others, 0);
        }

        if (counted.Count > 0)
        {
            audit.Note(AuditActor.Server(clock.GetCurrentInstant()), null, AuditActions.SessionRefused, null, Detail(counted, more));
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Write();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(BetweenEntries);
        while (await WaitAsync(timer, stoppingToken))
        {
            Write();
        }
    }

    private static async Task<bool> WaitAsync(PeriodicTimer timer, CancellationToken stopping)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stopping);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    // "12 attempts from 2 addresses: 203.0.113.7 (10), 198.51.100.2 (2)"
    private static string Detail(Dictionary<IPAddress, long> counted, long more)
    {
        var all = counted.Values.Sum() + more;
        var named = counted.OrderByDescending(address => address.Value).ThenBy(address => address.Key.ToString(), StringComparer.Ordinal).Take(MaxNamed)
            .Select(address => string.Create(CultureInfo.InvariantCulture, $"{address.Key} ({address.Value})"));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{all} {(all == 1 ? "attempt" : "attempts")} from {(more > 0 ? "more than " : string.Empty)}{counted.Count} {(counted.Count == 1 ? "address" : "addresses")}: {string.Join(", ", named)}{(counted.Count > MaxNamed ? ", …" : string.Empty)}");
    }
}
