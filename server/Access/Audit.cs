using System.Threading.Channels;
using Analytics.Storage;
using Analytics.Storage.Directory;
using Microsoft.Data.Sqlite;

namespace Analytics.Server.Access;

/// <summary>
/// Writes the audit log for what does not change the directory, such as exports, in the background: a request is not held
/// up by the disk. Changes are written along with what they change, by the directory itself.
/// </summary>
/// <remarks>What is noted is written as soon as the disk allows, and before the server ends. A crash loses what was not.</remarks>
internal sealed class Audit : IAsyncDisposable
{
    // About 10 MB of entries that wait for a disk; what comes then is counted, and the count is written.
    private const int MaxWaiting = 65_536;
    private const int MaxAtOnce = 1_000;
    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxFlush = TimeSpan.FromSeconds(5);

    private readonly Channel<(AuditEntry? Entry, TaskCompletionSource? Written)> waiting =
        Channel.CreateBounded<(AuditEntry? Entry, TaskCompletionSource? Written)>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });

    private readonly CancellationTokenSource ending = new();
    private readonly UsageStore store;
    private readonly ILogger log;
    private readonly Task writing;
    private long lost;

    public Audit(UsageStore store, ILogger log)
    {
        this.store = store;
        this.log = log;
        writing = Task.Run(WriteAsync);
    }

    /// <summary>Notes what a caller did. Costs less than a microsecond, and never fails.</summary>
    /// <param name="actor">Who, and when.</param>
    /// <param name="organizationId">The organization; null for what concerns the operator only.</param>
    /// <param name="action">What; one of <see cref="AuditActions"/>.</param>
    /// <param name="target">What it was done to; null where the action says it all.</param>
    /// <param name="detail">More, in a few words.</param>
    public void Note(AuditActor actor, string? organizationId, string action, string? target = null, string? detail = null)
    {
        if (!waiting.Writer.TryWrite((new AuditEntry(0, actor, organizationId, action, target, detail), null)))
        {
            Interlocked.Increment(ref lost);
        }
    }

    /// <summary>Waits until all that was noted before is written; not for a disk that takes nothing.</summary>
    public async Task FlushAsync(CancellationToken cancellation)
    {
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (waiting.Writer.TryWrite((null, written)))
        {
            await Task.WhenAny(written.Task, Task.Delay(MaxFlush, cancellation));
        }
    }

    /// <summary>Writes what waits.</summary>
    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        await ending.CancelAsync();
        await writing;
        ending.Dispose();
    }

    private async Task WriteAsync()
    {
        List<AuditEntry> entries = [];
        List<TaskCompletionSource> flushes = [];
        while (await waiting.Reader.WaitToReadAsync())
        {
            while (entries.Count < MaxAtOnce && waiting.Reader.TryRead(out var next))
            {
                if (next.Entry is not null)
                {
                    entries.Add(next.Entry);
                }

                if (next.Written is not null)
                {
                    flushes.Add(next.Written);
                }
            }

            if (entries.Count > 0 && Interlocked.Exchange(ref lost, 0) is > 0 and var count)
            {
                entries.Add(new AuditEntry(0, AuditActor.Server(entries[^1].Actor.At), null, AuditActions.Lost, null, $"{count} entries"));
            }

            await WriteAsync(entries);
            flushes.ForEach(flush => flush.TrySetResult());
            entries.Clear();
            flushes.Clear();
        }
    }

    /// <summary>Until it succeeds, or the server ends.</summary>
    private async Task WriteAsync(List<AuditEntry> entries)
    {
        while (entries.Count > 0)
        {
            try
            {
                store.Directory.AppendAudit(entries);
                return;
            }
            catch (Exception error) when (error is SqliteException or ObjectDisposedException)
            {
                log.LogError("The audit log does not take {Count} entries: {Reason}", entries.Count, error.Message);
                if (ending.IsCancellationRequested)
                {
                    return;
                }
            }

            await Task.Delay(BetweenAttempts, ending.Token).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }
}
