using System.Text.Json.Serialization;

namespace Analytics.Server.Contracts;

/// <summary>The cards of a range.</summary>
internal sealed record SummaryResponse : RangeResponse
{
    /// <summary>With compare: the earlier range.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ComparedRange? Comparison { get; init; }

    /// <summary>Sums of the range.</summary>
    public required Metrics Totals { get; init; }

    /// <summary>Canonical models with a request.</summary>
    public required int UniqueModels { get; init; }

    /// <summary>Mappings with a request.</summary>
    public required int UniqueMappings { get; init; }

    /// <summary>Projects with a request.</summary>
    public required int ActiveProjects { get; init; }

    /// <summary>Projects that there are, and deleted ones with a request.</summary>
    public required int TotalProjects { get; init; }

    /// <summary>Agents' conversations with a request.</summary>
    public required long Conversations { get; init; }

    /// <summary>With compare: the same of the earlier range.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SummaryCards? Previous { get; init; }
}

/// <summary>The cards of the range that is compared with.</summary>
internal sealed record SummaryCards
{
    /// <summary>Sums of the range.</summary>
    public required Metrics Totals { get; init; }

    /// <summary>Canonical models with a request.</summary>
    public required int UniqueModels { get; init; }

    /// <summary>Mappings with a request.</summary>
    public required int UniqueMappings { get; init; }

    /// <summary>Projects with a request.</summary>
    public required int ActiveProjects { get; init; }

    /// <summary>Projects that there are, and deleted ones with a request.</summary>
    public required int TotalProjects { get; init; }

    /// <summary>Agents' conversations with a request.</summary>
    public required long Conversations { get; init; }
}
