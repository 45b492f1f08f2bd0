namespace Analytics.Server.Contracts;

/// <summary>Whether all usage is in memory.</summary>
internal sealed record Readiness
{
    /// <summary>loading, ready or stopping.</summary>
    public required string Phase { get; init; }

    /// <summary>Rows of organizations that are loaded.</summary>
    public required long LoadedRows { get; init; }

    /// <summary>Rows of all organizations.</summary>
    public required long TotalRows { get; init; }
}
