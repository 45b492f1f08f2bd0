namespace Analytics.Server.Contracts;

/// <summary>Who is signed in.</summary>
internal sealed record SessionResponse
{
    /// <summary>session for the dashboard's cookie, token or jwt for a bearer token.</summary>
    public required string Kind { get; init; }

    /// <summary>The user's id.</summary>
    public required string UserId { get; init; }

    /// <summary>The user's name.</summary>
    public required string Name { get; init; }

    /// <summary>The user's e-mail address, if it is known.</summary>
    public required string? Email { get; init; }

    /// <summary>The one organization within reach; null for all that the user is a member of.</summary>
    public required string? OrganizationId { get; init; }

    /// <summary>When it ends at the latest, in UTC; null for never. A session also ends after eight hours without a request.</summary>
    public required string? ExpiresAt { get; init; }
}

/// <summary>What one signs in with.</summary>
internal sealed record SessionRequest
{
    /// <summary>A bearer token that reads, or a JWT of a configured issuer.</summary>
    public required string Token { get; init; }
}
