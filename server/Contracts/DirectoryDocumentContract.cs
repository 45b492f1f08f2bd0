namespace Analytics.Server.Contracts;

/// <summary>
/// The directory of one organization as one document. A list that is not there changes nothing; one that is there is the
/// whole list.
/// </summary>
internal sealed record DirectoryDocumentContract
{
    /// <summary>The organization itself; at most one.</summary>
    public IReadOnlyList<OrganizationRow>? Organizations { get; init; }

    /// <summary>People: added or replaced, never removed.</summary>
    public IReadOnlyList<UserEntryContract>? Users { get; init; }

    /// <summary>Who is a member; who is left out leaves.</summary>
    public IReadOnlyList<MemberEntryContract>? Members { get; init; }

    /// <summary>Projects; those of earlier documents that are left out are marked deleted.</summary>
    public IReadOnlyList<ProjectEntryContract>? Projects { get; init; }

    /// <summary>API keys; those of earlier documents that are left out are marked deleted.</summary>
    public IReadOnlyList<ApiKeyEntryContract>? ApiKeys { get; init; }

    /// <summary>Agents; those of earlier documents that are left out are marked deleted.</summary>
    public IReadOnlyList<AgentEntryContract>? Agents { get; init; }

    /// <summary>What mappings stand for and cost; those that are left out are removed.</summary>
    public IReadOnlyList<ModelEntryContract>? Models { get; init; }
}

/// <summary>A person.</summary>
internal sealed record UserEntryContract
{
    /// <summary>Their id.</summary>
    public required string Id { get; init; }

    /// <summary>Their name; the id without one.</summary>
    public string? Name { get; init; }

    /// <summary>Their email address.</summary>
    public string? Email { get; init; }
}

/// <summary>A membership.</summary>
internal sealed record MemberEntryContract
{
    /// <summary>The organization.</summary>
    public required string OrganizationId { get; init; }

    /// <summary>The user.</summary>
    public required string UserId { get; init; }

    /// <summary>owner, admin, developer or member.</summary>
    public required string Role { get; init; }
}

/// <summary>A project.</summary>
internal sealed record ProjectEntryContract
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>The organization.</summary>
    public required string OrganizationId { get; init; }

    /// <summary>Its name; the id without one.</summary>
    public string? Name { get; init; }

    /// <summary>Its color as #rrggbb.</summary>
    public string? Color { get; init; }

    /// <summary>Whether only the label is kept.</summary>
    public bool? Deleted { get; init; }
}

/// <summary>An API key.</summary>
internal sealed record ApiKeyEntryContract
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>The organization.</summary>
    public required string OrganizationId { get; init; }

    /// <summary>Its project.</summary>
    public string? ProjectId { get; init; }

    /// <summary>What it is for; the id without one.</summary>
    public string? Description { get; init; }

    /// <summary>The user whose usage it is.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>Whether only the label is kept.</summary>
    public bool? Deleted { get; init; }
}

/// <summary>An agent.</summary>
internal sealed record AgentEntryContract
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>The organization.</summary>
    public required string OrganizationId { get; init; }

    /// <summary>Its project.</summary>
    public string? ProjectId { get; init; }

    /// <summary>Its name; the id without one.</summary>
    public string? Name { get; init; }

    /// <summary>Whether only the label is kept.</summary>
    public bool? Deleted { get; init; }
}

/// <summary>What a mapping stands for and costs.</summary>
internal sealed record ModelEntryContract
{
    /// <summary>The organization.</summary>
    public required string OrganizationId { get; init; }

    /// <summary>The route, provider/model.</summary>
    public required string Mapping { get; init; }

    /// <summary>Canonical model.</summary>
    public string? Model { get; init; }

    /// <summary>Canonical provider.</summary>
    public string? Provider { get; init; }

    /// <summary>Prices; without them the operator's apply.</summary>
    public IReadOnlyList<PriceRow>? Prices { get; init; }
}
