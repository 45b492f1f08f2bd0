namespace Analytics.Server.Contracts;

/// <summary>An organization as its owners and admins see it.</summary>
internal sealed record OrganizationRow
{
    /// <summary>Its id; never changed.</summary>
    public required string Id { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>free, pro or enterprise; only the operator changes it.</summary>
    public required string Plan { get; init; }

    /// <summary>IANA ids of its reporting zones, the default first.</summary>
    public required IReadOnlyList<string> Timezones { get; init; }
}

/// <summary>A project.</summary>
internal sealed record ProjectRow
{
    /// <summary>Its id; never changed.</summary>
    public required string Id { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its color as #rrggbb; null for none.</summary>
    public required string? Color { get; init; }

    /// <summary>Whether only the label is kept.</summary>
    public required bool Deleted { get; init; }
}

/// <summary>An API key; its secret is the gateway's and never here.</summary>
internal sealed record ApiKeyRow
{
    /// <summary>Its id; never changed.</summary>
    public required string Id { get; init; }

    /// <summary>Its project; null for none.</summary>
    public required string? ProjectId { get; init; }

    /// <summary>What it is for.</summary>
    public required string Description { get; init; }

    /// <summary>The user whose usage it is; correcting it corrects history. Null where nobody is known.</summary>
    public required string? CreatedBy { get; init; }

    /// <summary>Whether only the label is kept.</summary>
    public required bool Deleted { get; init; }
}

/// <summary>A member.</summary>
internal sealed record MemberRow
{
    /// <summary>The user's id; never changed.</summary>
    public required string UserId { get; init; }

    /// <summary>Their name.</summary>
    public required string Name { get; init; }

    /// <summary>Their email address; null where none is known.</summary>
    public required string? Email { get; init; }

    /// <summary>owner, admin, developer or member.</summary>
    public required string Role { get; init; }
}

/// <summary>An agent.</summary>
internal sealed record AgentRow
{
    /// <summary>Its id; never changed.</summary>
    public required string Id { get; init; }

    /// <summary>Its project; null for none.</summary>
    public required string? ProjectId { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Whether only the label is kept.</summary>
    public required bool Deleted { get; init; }
}

/// <summary>What a mapping stands for and costs.</summary>
internal sealed record ModelRow
{
    /// <summary>The route, provider/model; never changed.</summary>
    public required string Mapping { get; init; }

    /// <summary>Canonical model; null where the operator's table, usage or the spelling says.</summary>
    public required string? Model { get; init; }

    /// <summary>Canonical provider; null where the operator's table, usage or the spelling says.</summary>
    public required string? Provider { get; init; }

    /// <summary>Prices of the organization; empty where the operator's apply.</summary>
    public required IReadOnlyList<PriceRow> Prices { get; init; }
}

/// <summary>A price.</summary>
internal sealed record PriceRow
{
    /// <summary>input_tokens, cached_input_tokens, cache_write_tokens, output_tokens or reasoning_tokens.</summary>
    public required string Rule { get; init; }

    /// <summary>Always token.</summary>
    public required string Unit { get; init; }

    /// <summary>US dollars per million, as a decimal text with up to 12 decimals.</summary>
    public required string UsdPerMillion { get; init; }
}

/// <summary>All projects, deleted ones too, by id.</summary>
internal sealed record ProjectRows
{
    /// <summary>The projects.</summary>
    public required IReadOnlyList<ProjectRow> Projects { get; init; }
}

/// <summary>All API keys, deleted ones too, by id.</summary>
internal sealed record ApiKeyRows
{
    /// <summary>The keys.</summary>
    public required IReadOnlyList<ApiKeyRow> ApiKeys { get; init; }
}

/// <summary>All members, by id. Who left is not here.</summary>
internal sealed record MemberRows
{
    /// <summary>The members.</summary>
    public required IReadOnlyList<MemberRow> Members { get; init; }
}

/// <summary>All agents, deleted ones too, by id.</summary>
internal sealed record AgentRows
{
    /// <summary>The agents.</summary>
    public required IReadOnlyList<AgentRow> Agents { get; init; }
}

/// <summary>All mappings that the organization or its usage named.</summary>
internal sealed record ModelRows
{
    /// <summary>The mappings.</summary>
    public required IReadOnlyList<ModelRow> Models { get; init; }
}

/// <summary>What a document changed.</summary>
internal sealed record DirectoryChangesResponse
{
    /// <summary>The organization itself.</summary>
    public required ChangeCount Organizations { get; init; }

    /// <summary>Users.</summary>
    public required ChangeCount Users { get; init; }

    /// <summary>Members.</summary>
    public required ChangeCount Members { get; init; }

    /// <summary>Projects.</summary>
    public required ChangeCount Projects { get; init; }

    /// <summary>API keys.</summary>
    public required ChangeCount ApiKeys { get; init; }

    /// <summary>Agents.</summary>
    public required ChangeCount Agents { get; init; }

    /// <summary>Models.</summary>
    public required ChangeCount Models { get; init; }
}

/// <summary>What happened to things of one kind.</summary>
internal sealed record ChangeCount
{
    /// <summary>New ones.</summary>
    public required int Added { get; init; }

    /// <summary>Ones with another content.</summary>
    public required int Changed { get; init; }

    /// <summary>Ones that were marked deleted, left or were removed.</summary>
    public required int Removed { get; init; }
}

/// <summary>A token; never its text.</summary>
internal record TokenRow
{
    /// <summary>Its public id.</summary>
    public required string Id { get; init; }

    /// <summary>The member that it acts for.</summary>
    public required string UserId { get; init; }

    /// <summary>read or ingest.</summary>
    public required string Kind { get; init; }

    /// <summary>When it was made.</summary>
    public required string Created { get; init; }

    /// <summary>When it ends; null for never.</summary>
    public required string? Expires { get; init; }

    /// <summary>When it was revoked; null where it was not.</summary>
    public required string? Revoked { get; init; }
}

/// <summary>A token that was just made, with its text, which is shown this once.</summary>
internal sealed record NewTokenResponse : TokenRow
{
    /// <summary>What goes behind 'Authorization: Bearer'.</summary>
    public required string Token { get; init; }
}

/// <summary>All tokens of the organization, the oldest first; revoked and expired ones too.</summary>
internal sealed record TokenRows
{
    /// <summary>The tokens.</summary>
    public required IReadOnlyList<TokenRow> Tokens { get; init; }
}
