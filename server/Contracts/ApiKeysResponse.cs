using System.Text.Json.Serialization;

namespace Analytics.Server.Contracts;

/// <summary>Usage by API key.</summary>
internal sealed record ApiKeysResponse : RangeResponse
{
    /// <summary>All API keys, those without usage too; deleted ones and a row for usage of none where they have usage; largest cost first.</summary>
    public required IReadOnlyList<ApiKeyUsage> ApiKeys { get; init; }

    /// <summary>The sum of all rows.</summary>
    public required Metrics Totals { get; init; }
}

/// <summary>One API key's usage.</summary>
internal sealed record ApiKeyUsage : Metrics
{
    /// <summary>API key id; empty for usage of none.</summary>
    public required string ApiKeyId { get; init; }

    /// <summary>Its description, which is its label.</summary>
    public required string Description { get; init; }

    /// <summary>The project that it is of; null where it is of none.</summary>
    public required string? ProjectId { get; init; }

    /// <summary>The project's name; null where it is of none.</summary>
    public required string? Project { get; init; }

    /// <summary>User id of its creator; null where nobody is known.</summary>
    public required string? CreatedBy { get; init; }

    /// <summary>The creator's name; "Unattributed" where nobody is known, "Former member" for who left.</summary>
    public required string Creator { get; init; }

    /// <summary>True where it was deleted; its history stays.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Deleted { get; init; }
}

/// <summary>One API key in detail.</summary>
internal sealed record ApiKeyResponse : DetailResponse
{
    /// <summary>Which.</summary>
    public required ApiKeyProfile ApiKey { get; init; }
}

/// <summary>What is known of an API key.</summary>
internal sealed record ApiKeyProfile
{
    /// <summary>API key id.</summary>
    public required string ApiKeyId { get; init; }

    /// <summary>Its description, which is its label.</summary>
    public required string Description { get; init; }

    /// <summary>The project that it is of; null where it is of none.</summary>
    public required string? ProjectId { get; init; }

    /// <summary>The project's name; null where it is of none.</summary>
    public required string? Project { get; init; }

    /// <summary>User id of its creator; null where nobody is known.</summary>
    public required string? CreatedBy { get; init; }

    /// <summary>The creator's name; "Unattributed" where nobody is known, "Former member" for who left.</summary>
    public required string Creator { get; init; }

    /// <summary>True where it was deleted; its history stays.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Deleted { get; init; }
}
