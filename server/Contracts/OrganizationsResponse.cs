namespace Analytics.Server.Contracts;

/// <summary>The organizations of the caller.</summary>
internal sealed record OrganizationsResponse
{
    /// <summary>All that the caller may ask about, by id. A token reaches one.</summary>
    public required IReadOnlyList<CallerOrganization> Organizations { get; init; }
}

/// <summary>An organization and what the caller is in it.</summary>
internal sealed record CallerOrganization
{
    /// <summary>Organization id.</summary>
    public required string OrganizationId { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>enterprise or a lesser plan: some views need it.</summary>
    public required string Plan { get; init; }

    /// <summary>owner, admin, developer or member.</summary>
    public required string Role { get; init; }

    /// <summary>Reporting zones, IANA ids; the first is the default. May be empty.</summary>
    public required IReadOnlyList<string> Timezones { get; init; }
}
