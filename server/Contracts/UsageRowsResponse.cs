namespace Analytics.Server.Contracts;

/// <summary>A page of usage rows.</summary>
internal sealed record UsageRowsResponse : RangeResponse
{
    /// <summary>The rows in the order that was asked for.</summary>
    public required IReadOnlyList<UsageRowEntry> Rows { get; init; }

    /// <summary>What to send as cursor for the next page; null where this is the last.</summary>
    public required string? NextCursor { get; init; }
}

/// <summary>A page of priced items.</summary>
internal sealed record ItemRowsResponse : RangeResponse
{
    /// <summary>The rows in the order that was asked for.</summary>
    public required IReadOnlyList<ItemRowEntry> Rows { get; init; }

    /// <summary>What to send as cursor for the next page; null where this is the last.</summary>
    public required string? NextCursor { get; init; }
}

/// <summary>Usage of one combination of dimensions in one interval: an hour, or a quarter of one.</summary>
internal sealed record UsageRowEntry : Metrics
{
    /// <summary>The local day that the interval starts in, YYYY-MM-DD.</summary>
    public required string Date { get; init; }

    /// <summary>Start of the interval (RFC 3339, UTC).</summary>
    public required string Start { get; init; }

    /// <summary>Project id; empty where there is none, as all ids.</summary>
    public required string ProjectId { get; init; }

    /// <summary>The project's name.</summary>
    public required string Project { get; init; }

    /// <summary>API key id.</summary>
    public required string ApiKeyId { get; init; }

    /// <summary>The API key's description.</summary>
    public required string ApiKey { get; init; }

    /// <summary>Id of who created the API key.</summary>
    public required string MemberId { get; init; }

    /// <summary>Their name; "Unattributed" without one, "Former member" for who left.</summary>
    public required string Member { get; init; }

    /// <summary>Canonical model.</summary>
    public required string Model { get; init; }

    /// <summary>The route that served the requests, such as azure/gpt-5.5.</summary>
    public required string Mapping { get; init; }

    /// <summary>Provider.</summary>
    public required string Provider { get; init; }

    /// <summary>Application.</summary>
    public required string App { get; init; }

    /// <summary>Service type.</summary>
    public required string ServiceType { get; init; }

    /// <summary>Agent id.</summary>
    public required string AgentId { get; init; }

    /// <summary>The agent's name.</summary>
    public required string Agent { get; init; }
}

/// <summary>Cost of one combination of dimensions, by one pricing rule, in one interval: an hour, or a quarter of one.</summary>
internal sealed record ItemRowEntry
{
    /// <summary>The local day that the interval starts in, YYYY-MM-DD.</summary>
    public required string Date { get; init; }

    /// <summary>Start of the interval (RFC 3339, UTC).</summary>
    public required string Start { get; init; }

    /// <summary>Project id; empty where there is none, as all ids.</summary>
    public required string ProjectId { get; init; }

    /// <summary>The project's name.</summary>
    public required string Project { get; init; }

    /// <summary>API key id.</summary>
    public required string ApiKeyId { get; init; }

    /// <summary>The API key's description.</summary>
    public required string ApiKey { get; init; }

    /// <summary>Id of who created the API key.</summary>
    public required string MemberId { get; init; }

    /// <summary>Their name; "Unattributed" without one, "Former member" for who left.</summary>
    public required string Member { get; init; }

    /// <summary>Canonical model.</summary>
    public required string Model { get; init; }

    /// <summary>The route that served the requests, such as azure/gpt-5.5.</summary>
    public required string Mapping { get; init; }

    /// <summary>Provider.</summary>
    public required string Provider { get; init; }

    /// <summary>Application.</summary>
    public required string App { get; init; }

    /// <summary>Service type.</summary>
    public required string ServiceType { get; init; }

    /// <summary>Agent id.</summary>
    public required string AgentId { get; init; }

    /// <summary>The agent's name.</summary>
    public required string Agent { get; init; }

    /// <summary>Pricing rule, such as input_tokens.</summary>
    public required string Rule { get; init; }

    /// <summary>What is counted, such as token.</summary>
    public required string Unit { get; init; }

    /// <summary>How many, exact, with up to 6 decimals.</summary>
    public required decimal Quantity { get; init; }

    /// <summary>cost / quantity in US dollars, rounded half to even to 12 decimals: the mean where there were several prices. Null where the quantity is 0.</summary>
    public required decimal? UnitPrice { get; init; }

    /// <summary>US dollars, exact, with up to 12 decimals; with money=string a text.</summary>
    public required decimal Cost { get; init; }
}
