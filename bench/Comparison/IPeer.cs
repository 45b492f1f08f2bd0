namespace Analytics.Bench.Comparison;

/// <summary>How much is done before a question is asked. Times of different kinds are never in one ratio.</summary>
internal enum FormKind
{
    /// <summary>Rows with the texts and instants that the files have; time and names are joined or computed in the query.</summary>
    Natural,

    /// <summary>Rows with the local day of one zone and the group's code of one directory stored as small integers.</summary>
    Tuned,

    /// <summary>Sums by local day and one dimension, made beforehand.</summary>
    PreAggregated,
}

/// <summary>One way in which a peer holds the year.</summary>
/// <param name="Name">Short name, such as <c>MergeTree</c>; empty where the peer has one form of the kind.</param>
/// <param name="Kind">What is done beforehand.</param>
/// <param name="Sql">The statement that answers a query, or null where this form cannot.</param>
internal sealed record PeerForm(string Name, FormKind Kind, Func<ComparisonQuery, string?> Sql);

/// <summary>A step of loading.</summary>
/// <param name="System">Who.</param>
/// <param name="What">What was made.</param>
/// <param name="Milliseconds">How long it took.</param>
/// <param name="Bytes">What it takes, where the system can tell.</param>
internal sealed record LoadStep(string System, string What, double Milliseconds, long? Bytes);

/// <summary>Another system that answers the same questions of the same rows.</summary>
internal interface IPeer : IDisposable
{
    /// <summary>The system's name.</summary>
    string Name { get; }

    /// <summary>Its version.</summary>
    string Version { get; }

    /// <summary>Settings that differ from its defaults, and what a timed run includes.</summary>
    string Settings { get; }

    /// <summary>Makes tables and fills them.</summary>
    /// <param name="data">The year.</param>
    /// <param name="kinds">Which forms.</param>
    /// <returns>What was done.</returns>
    IReadOnlyList<LoadStep> Load(ComparisonData data, IReadOnlySet<FormKind> kinds);

    /// <summary>The forms that <see cref="Load"/> made.</summary>
    IReadOnlyList<PeerForm> Forms { get; }

    /// <summary>Runs a query and reads every cell as exact text.</summary>
    /// <param name="sql">One of a form's statements.</param>
    IReadOnlyList<IReadOnlyList<string>> Read(string sql);

    /// <summary>Runs a query to its end, for the time it takes.</summary>
    /// <param name="sql">One of a form's statements.</param>
    void Run(string sql);
}
