using NodaTime;

namespace Analytics.Storage.Rollup;

/// <summary>How a request ended.</summary>
public enum UsageStatus
{
    /// <summary>Answered.</summary>
    Ok,

    /// <summary>Failed by the gateway's or the provider's fault: an error.</summary>
    Error,

    /// <summary>Failed by the caller's fault (4xx): a client error, not an error.</summary>
    ClientError,

    /// <summary>Given up by the caller: neither.</summary>
    Cancelled,
}

/// <summary>One request, checked and priced.</summary>
public sealed record UsageEvent
{
    /// <summary>The id, unique in its organisation.</summary>
    public required string Id { get; init; }

    /// <summary>When the request was made.</summary>
    public required Instant Timestamp { get; init; }

    /// <summary>What the request belongs to.</summary>
    public required UsageKeys Keys { get; init; }

    /// <summary>What it adds up to.</summary>
    public required UsageMeasures Measures { get; init; }

    /// <summary>What its cost is made of: costs sum to the request's. Null where it was said as a whole.</summary>
    public IReadOnlyList<PricedItem>? Items { get; init; }

    /// <summary>The conversation that it is part of; empty for none.</summary>
    public string Conversation { get; init; } = string.Empty;

    /// <summary>A fingerprint of everything that was said about the request: another one under the same id is a conflict.</summary>
    public required long ContentHash { get; init; }

    /// <summary>Names and owners that came with the request.</summary>
    public required UsageLabels Labels { get; init; }

    /// <summary>Whether the cost had more than 12 decimals.</summary>
    public bool IsRounded { get; init; }
}

/// <summary>The stored dimensions of a request or rollup row. An empty text is "none".</summary>
/// <param name="Project">Project id.</param>
/// <param name="ApiKey">API key id.</param>
/// <param name="Mapping">Route, such as <c>azure/gpt-5.5</c>.</param>
/// <param name="App">Application.</param>
/// <param name="ServiceType">Service type.</param>
/// <param name="Agent">Agent id.</param>
public readonly record struct UsageKeys(string Project, string ApiKey, string Mapping, string App, string ServiceType, string Agent);

/// <summary>What a source said about things that the directory may not know yet. Null where it said nothing.</summary>
/// <param name="ProjectName">Label of the project.</param>
/// <param name="ApiKeyDescription">Label of the API key.</param>
/// <param name="MemberId">Creator of the API key.</param>
/// <param name="MemberName">Label of the creator.</param>
/// <param name="Model">Canonical model of the mapping.</param>
/// <param name="Provider">Provider of the mapping.</param>
public sealed record UsageLabels(
    string? ProjectName = null,
    string? ApiKeyDescription = null,
    string? MemberId = null,
    string? MemberName = null,
    string? Model = null,
    string? Provider = null);
