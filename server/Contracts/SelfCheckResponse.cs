using System.Text.Json.Serialization;

namespace Analytics.Server.Contracts;

/// <summary>Whether all ways to a range's totals lead to the same.</summary>
internal sealed record SelfCheckResponse : RangeResponse
{
    /// <summary>Whether all checks agree.</summary>
    public required bool Agrees { get; init; }

    /// <summary>What was added up, one by one. The first is the plain sum of the rows, which the others are compared with.</summary>
    public required IReadOnlyList<SelfCheckEntry> Checks { get; init; }

    /// <summary>Files that were read again and are what the manifest says.</summary>
    public required long FilesVerified { get; init; }

    /// <summary>Rows that were added up one by one: requests and priced items.</summary>
    public required long Rows { get; init; }

    /// <summary>What it took, in milliseconds.</summary>
    public required decimal ElapsedMs { get; init; }
}

/// <summary>One way to the totals.</summary>
internal sealed record SelfCheckEntry
{
    /// <summary>What was added up.</summary>
    public required string Name { get; init; }

    /// <summary>US dollars, exact; null where it could not be added up.</summary>
    public required decimal? Cost { get; init; }

    /// <summary>Requests; null for what has none, such as priced items.</summary>
    public required long? RequestCount { get; init; }

    /// <summary>Whether it is what the rows add up to.</summary>
    public required bool Agrees { get; init; }

    /// <summary>What differs, and where, if it does not agree.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Problem { get; init; }
}
