namespace Analytics.Server.Contracts;

/// <summary>A page of the audit log, the newest first.</summary>
internal sealed record AuditResponse
{
    /// <summary>What happened.</summary>
    public required IReadOnlyList<AuditItem> Entries { get; init; }

    /// <summary>The value of before that gives the next page; null on the last.</summary>
    public required long? Next { get; init; }
}

/// <summary>One thing that happened.</summary>
internal sealed record AuditItem
{
    /// <summary>Grows with time.</summary>
    public required long Id { get; init; }

    /// <summary>When, in UTC.</summary>
    public required string At { get; init; }

    /// <summary>How the caller made themselves known: token, session, jwt; operator for the command line, server for the server itself.</summary>
    public required string Actor { get; init; }

    /// <summary>The user; null for operator and server.</summary>
    public required string? UserId { get; init; }

    /// <summary>The public id of the token, also of the one that a session was opened with.</summary>
    public required string? TokenId { get; init; }

    /// <summary>What, such as member.role.</summary>
    public required string Action { get; init; }

    /// <summary>What it was done to.</summary>
    public required string? Target { get; init; }

    /// <summary>More, such as the old and the new role.</summary>
    public required string? Detail { get; init; }

    /// <summary>The HTTP request.</summary>
    public required string? RequestId { get; init; }
}
