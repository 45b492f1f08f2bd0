namespace Analytics.Storage.Directory;

/// <summary>An organisation.</summary>
/// <param name="Id">1 to 128 characters, unique.</param>
/// <param name="Name">The label; the id where none was given.</param>
/// <param name="Plan">One of <see cref="DirectoryDocument.Plans"/>.</param>
/// <param name="Timezones">IANA ids of the reporting zones, the default first; may be empty.</param>
public sealed record OrganizationEntry(string Id, string Name, string Plan, IReadOnlyList<string> Timezones)
{
    /// <summary>Compares by value, zones in order.</summary>
    /// <param name="other">Another organisation, or null.</param>
    public bool Equals(OrganizationEntry? other) =>
        other is not null && Id == other.Id && Name == other.Name && Plan == other.Plan && Timezones.SequenceEqual(other.Timezones);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Id, Name, Plan, Timezones.Count);
}

/// <summary>A person, across organisations.</summary>
/// <param name="Id">1 to 128 characters, unique.</param>
/// <param name="Name">The label; the id where none was given.</param>
/// <param name="Email">The address, or null; a label, never what anybody is recognised by.</param>
public sealed record UserEntry(string Id, string Name, string? Email = null)
{
    /// <summary>Who speaks for the user in JWTs; null where nothing is said about it.</summary>
    public IReadOnlyList<IdentityEntry>? Identities { get; init; }

    /// <summary>Compares by value; the order of identities does not matter.</summary>
    /// <param name="other">Another user, or null.</param>
    public bool Equals(UserEntry? other) =>
        other is not null && Id == other.Id && Name == other.Name && Email == other.Email
        && (Identities is null) == (other.Identities is null) && (Identities ?? []).ToHashSet().SetEquals(other.Identities ?? []);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Id, Name, Email);
}

/// <summary>A subject of an OpenID Connect issuer.</summary>
/// <param name="Issuer">The issuer, exactly as its tokens spell it (claim <c>iss</c>).</param>
/// <param name="Subject">The subject, exactly as the issuer's tokens spell it (claim <c>sub</c>).</param>
public sealed record IdentityEntry(string Issuer, string Subject);

/// <summary>A user's role in an organisation.</summary>
/// <param name="OrganizationId">The organisation.</param>
/// <param name="UserId">The user.</param>
/// <param name="Role">One of <see cref="DirectoryDocument.Roles"/>.</param>
public sealed record MemberEntry(string OrganizationId, string UserId, string Role);

/// <summary>A project of an organisation.</summary>
/// <param name="OrganizationId">The organisation.</param>
/// <param name="Id">1 to 128 characters, unique in the organisation.</param>
/// <param name="Name">The label; the id where none was given.</param>
/// <param name="Color"><c>#rrggbb</c>, or null.</param>
/// <param name="Deleted">True where only the label is kept.</param>
public sealed record ProjectEntry(string OrganizationId, string Id, string Name, string? Color = null, bool Deleted = false);

/// <summary>An API key of a project.</summary>
/// <param name="OrganizationId">The organisation.</param>
/// <param name="Id">1 to 128 characters, unique in the organisation.</param>
/// <param name="ProjectId">The project of the same organisation, or null.</param>
/// <param name="Description">The label; the id where none was given.</param>
/// <param name="CreatedBy">The user whose usage it is, or null where nobody is known.</param>
/// <param name="Deleted">True where only the label is kept.</param>
public sealed record ApiKeyEntry(
    string OrganizationId, string Id, string? ProjectId, string Description, string? CreatedBy = null, bool Deleted = false);

/// <summary>An agent of an organisation.</summary>
/// <param name="OrganizationId">The organisation.</param>
/// <param name="Id">1 to 128 characters, unique in the organisation.</param>
/// <param name="ProjectId">The project of the same organisation, or null.</param>
/// <param name="Name">The label; the id where none was given.</param>
/// <param name="Deleted">True where only the label is kept.</param>
public sealed record AgentEntry(string OrganizationId, string Id, string? ProjectId, string Name, bool Deleted = false);

/// <summary>What a mapping stands for and costs.</summary>
/// <param name="OrganizationId">The organisation, or null for the operator's default.</param>
/// <param name="Mapping">The route, <c>provider/model</c>, unique in the organisation.</param>
/// <param name="Model">Canonical model, or null where the next source decides.</param>
/// <param name="Provider">Canonical provider, or null where the next source decides.</param>
/// <param name="Prices">Each rule at most once; empty where the operator's prices apply.</param>
public sealed record ModelEntry(
    string? OrganizationId, string Mapping, string? Model, string? Provider, IReadOnlyList<PriceEntry> Prices)
{
    /// <summary>Compares by value; the order of prices does not matter.</summary>
    /// <param name="other">Another model, or null.</param>
    public bool Equals(ModelEntry? other) =>
        other is not null && OrganizationId == other.OrganizationId && Mapping == other.Mapping && Model == other.Model
        && Provider == other.Provider && Prices.Count == other.Prices.Count && !Prices.Except(other.Prices).Any();

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(OrganizationId, Mapping, Model, Provider, Prices.Count);
}

/// <summary>A price.</summary>
/// <param name="Rule">One of <see cref="DirectoryDocument.PriceRules"/>.</param>
/// <param name="Unit">Always <c>token</c>.</param>
/// <param name="UsdPerMillion">US dollars per million units, 0 to 1,000,000 with at most 12 decimals.</param>
public sealed record PriceEntry(string Rule, string Unit, decimal UsdPerMillion);
