using System.Text.Json.Serialization;

namespace Analytics.Server.Contracts;

/// <summary>Usage by agent. Usage that no agent made is no part of it.</summary>
internal sealed record AgentsResponse : RangeResponse
{
    /// <summary>Agents with usage, largest first; what top cuts off is one last entry.</summary>
    public required IReadOnlyList<AgentUsage> Agents { get; init; }

    /// <summary>The sum of all rows.</summary>
    public required Metrics Totals { get; init; }
}

/// <summary>One agent's usage.</summary>
internal sealed record AgentUsage : Metrics
{
    /// <summary>Agent id; null for Others.</summary>
    public required string? AgentId { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>The project that it is of; null where it is of none.</summary>
    public required string? ProjectId { get; init; }

    /// <summary>The project's name; null where it is of none.</summary>
    public required string? Project { get; init; }

    /// <summary>True where it was deleted; its history stays.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Deleted { get; init; }

    /// <summary>Conversations with a request in the range; one that several agents took part in counts for each.</summary>
    public required long Conversations { get; init; }
}

/// <summary>One agent in detail.</summary>
internal sealed record AgentResponse : DetailResponse
{
    /// <summary>Which.</summary>
    public required AgentProfile Agent { get; init; }
}

/// <summary>What is known of an agent.</summary>
internal sealed record AgentProfile
{
    /// <summary>Agent id.</summary>
    public required string AgentId { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>The project that it is of; null where it is of none.</summary>
    public required string? ProjectId { get; init; }

    /// <summary>The project's name; null where it is of none.</summary>
    public required string? Project { get; init; }

    /// <summary>True where it was deleted; its history stays.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Deleted { get; init; }

    /// <summary>Conversations with a request in the range.</summary>
    public required long Conversations { get; init; }
}
