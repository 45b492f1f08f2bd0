using System.Text.Json.Serialization;

namespace Analytics.Server.Contracts;

/// <summary>Usage by project.</summary>
internal sealed record ProjectsResponse : RangeResponse
{
    /// <summary>All projects, those without usage too; deleted ones and a row for usage of none where they have usage; largest cost first.</summary>
    public required IReadOnlyList<ProjectUsage> Projects { get; init; }

    /// <summary>The sum of all rows.</summary>
    public required Metrics Totals { get; init; }
}

/// <summary>One project's usage.</summary>
internal sealed record ProjectUsage : Metrics
{
    /// <summary>Project id; empty for usage of none.</summary>
    public required string ProjectId { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>The configured colour, #rrggbb; null where there is none.</summary>
    public required string? Color { get; init; }

    /// <summary>True where it was deleted; its history stays.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Deleted { get; init; }

    /// <summary>API keys that are not deleted.</summary>
    public required int ApiKeyCount { get; init; }

    /// <summary>API keys used in the range.</summary>
    public required int ActiveApiKeyCount { get; init; }
}

/// <summary>One project in detail.</summary>
internal sealed record ProjectResponse : DetailResponse
{
    /// <summary>Which.</summary>
    public required ProjectProfile Project { get; init; }
}

/// <summary>What is known of a project.</summary>
internal sealed record ProjectProfile
{
    /// <summary>Project id.</summary>
    public required string ProjectId { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>The configured colour, #rrggbb; null where there is none.</summary>
    public required string? Color { get; init; }

    /// <summary>True where it was deleted; its history stays.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Deleted { get; init; }

    /// <summary>API keys that are not deleted.</summary>
    public required int ApiKeyCount { get; init; }

    /// <summary>API keys used in the range.</summary>
    public required int ActiveApiKeyCount { get; init; }
}
