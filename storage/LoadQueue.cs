namespace Analytics.Storage;

/// <summary>Which organisations are still to be loaded, and who waits for them.</summary>
/// <remarks>Those that somebody waits for come first, then small ones, so that one large organisation holds up nobody else. Safe for several threads at once.</remarks>
internal sealed class LoadQueue
{
    // Stretches of many organisations are packed side by side, so that small ones keep all cores busy.
    private const long BatchRows = 4_000_000;
    private const int BatchOrganizations = 256;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Pending> pending;
    private readonly LinkedList<string> order;

    /// <summary>Makes a queue.</summary>
    /// <param name="organizations">Rows of each organisation, about.</param>
    public LoadQueue(IEnumerable<(string Organization, long Rows)> organizations)
    {
        (string Organization, long Rows)[] all = [.. organizations.OrderBy(organization => organization.Rows).ThenBy(organization => organization.Organization, StringComparer.Ordinal)];
        order = new LinkedList<string>(all.Select(organization => organization.Organization));
        pending = all.ToDictionary(organization => organization.Organization, organization => new Pending(organization.Rows), StringComparer.Ordinal);
        TotalRows = all.Sum(organization => organization.Rows);
    }

    /// <summary>Rows of all organisations.</summary>
    public long TotalRows { get; }

    /// <summary>Rows of those that are loaded.</summary>
    public long LoadedRows { get; private set; }

    /// <summary>Ends when an organisation is loaded; at once where there is nothing to wait for. Who asks is served before others.</summary>
    /// <param name="organization">Organisation id.</param>
    public Task WaitFor(string organization)
    {
        lock (gate)
        {
            if (!pending.TryGetValue(organization, out var entry))
            {
                return Task.CompletedTask;
            }

            if (order.Remove(organization))
            {
                order.AddFirst(organization);
            }

            return entry.Loaded.Task;
        }
    }

    /// <summary>Takes the next organisations; none when all are taken.</summary>
    public IReadOnlyList<string> Take()
    {
        lock (gate)
        {
            List<string> batch = [];
            long rows = 0;
            while (order.First is { } next && batch.Count < BatchOrganizations && (batch.Count == 0 || rows + pending[next.Value].Rows <= BatchRows))
            {
                batch.Add(next.Value);
                rows += pending[next.Value].Rows;
                order.RemoveFirst();
            }

            return batch;
        }
    }

    /// <summary>Wakes who waits for an organisation.</summary>
    public void Done(string organization)
    {
        lock (gate)
        {
            if (pending.Remove(organization, out var entry))
            {
                LoadedRows += entry.Rows;
                entry.Loaded.SetResult();
            }
        }
    }

    /// <summary>Nothing more will be loaded: who waits gets the error.</summary>
    public void Fail(Exception error)
    {
        lock (gate)
        {
            order.Clear();
            foreach (var entry in pending.Values)
            {
                entry.Loaded.TrySetException(error);

                // An error that nobody waits for is told by whoever loads.
                _ = entry.Loaded.Task.Exception;
            }
        }
    }

    private sealed class Pending(long rows)
    {
        public long Rows { get; } = rows;

        public TaskCompletionSource Loaded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
