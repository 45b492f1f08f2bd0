namespace Analytics.Tests.AccessMatrix;

/// <summary>Who may use an operation.</summary>
internal enum Surface
{
    /// <summary>Anybody.</summary>
    Public,

    /// <summary>Any known caller who reads; it asks for no organization.</summary>
    Known,

    /// <summary>Any member, every plan.</summary>
    AnyMember,

    /// <summary>Any member for one project or key, else owners and admins on the Enterprise plan.</summary>
    PartsForMembers,

    /// <summary>Owners and admins, Enterprise plan.</summary>
    OrganizationWide,

    /// <summary>Owners and admins, every plan.</summary>
    Administration,

    /// <summary>Any known caller: says who is signed in.</summary>
    WhoIsSignedIn,

    /// <summary>Whoever has a token that reads.</summary>
    SignIn,

    /// <summary>Anybody: signing out never fails.</summary>
    SignOut,
}

/// <summary>What an operation answers.</summary>
/// <param name="Surface">Who may use it.</param>
/// <param name="Success">The status where it is allowed and everything is right.</param>
/// <param name="Bodies">What is answered to an allowed caller whose body names things of the foreign organization, by the property.</param>
internal sealed record Expectation(Surface Surface, string Success, IReadOnlyDictionary<string, string> Bodies);

/// <summary>
/// What is expected of every operation, by its operationId. Codes are statuses; a letter says which problem: i ingest-token,
/// p plan-required, r role-required, o unknown-organization, f forbidden-edit.
/// </summary>
internal static class Expectations
{
    private static readonly Dictionary<string, Expectation> Table = new(StringComparer.Ordinal)
    {
        ["health"] = Of(Surface.Public),
        ["ready"] = Of(Surface.Public),
        ["organizations"] = Of(Surface.Known),
        ["me"] = Of(Surface.AnyMember),
        ["projects"] = Of(Surface.AnyMember),
        ["project"] = Of(Surface.AnyMember),
        ["apiKeys"] = Of(Surface.AnyMember),
        ["apiKey"] = Of(Surface.AnyMember),
        ["summary"] = Of(Surface.PartsForMembers),
        ["activity"] = Of(Surface.OrganizationWide),
        ["members"] = Of(Surface.OrganizationWide),
        ["member"] = Of(Surface.OrganizationWide),
        ["usageRequests"] = Of(Surface.OrganizationWide),
        ["usageItems"] = Of(Surface.OrganizationWide),
        ["agents"] = Of(Surface.OrganizationWide),
        ["agent"] = Of(Surface.OrganizationWide),
        ["services"] = Of(Surface.OrganizationWide),
        ["explain"] = Of(Surface.OrganizationWide),
        ["selfcheck"] = Of(Surface.OrganizationWide),
        ["focus"] = Of(Surface.OrganizationWide),
        ["openAiCompletions"] = Of(Surface.OrganizationWide),
        ["openAiCosts"] = Of(Surface.OrganizationWide),
        ["liteLlmActivity"] = Of(Surface.OrganizationWide),
        ["session"] = Of(Surface.WhoIsSignedIn),
        ["signIn"] = Of(Surface.SignIn),
        ["signOut"] = Of(Surface.SignOut, "204"),
        ["audit"] = Of(Surface.Administration),
        ["organization"] = Of(Surface.Administration),
        ["changeOrganization"] = Of(Surface.Administration, "200", ("id", "403f"), ("organizationId", "400")),

        // A whole document is refused where it names what is not the organization's own; people of others are taken, whoever they are.
        ["directory"] = Of(Surface.Administration),
        ["replaceDirectory"] = Of(Surface.Administration, "200", ("the whole document", "403f"), ("organizations", "403f"), ("projects", "403f"), ("models", "403f"), ("users", "403f"), ("members", "400")),

        // An id is the organization's own: the same text names another thing in another organization.
        ["listProjects"] = Of(Surface.Administration),
        ["addProject"] = Of(Surface.Administration, "201", ("id", "201"), ("organizationId", "400")),
        ["getProject"] = Of(Surface.Administration),
        ["changeProject"] = Of(Surface.Administration, "200", ("id", "400"), ("organizationId", "400")),
        ["deleteProject"] = Of(Surface.Administration, "204"),
        ["listApiKeys"] = Of(Surface.Administration),
        ["addApiKey"] = Of(Surface.Administration, "201", ("id", "201"), ("projectId", "400"), ("createdBy", "400"), ("organizationId", "400")),
        ["getApiKey"] = Of(Surface.Administration),
        ["changeApiKey"] = Of(Surface.Administration, "200", ("id", "400"), ("projectId", "400"), ("createdBy", "400"), ("organizationId", "400")),
        ["deleteApiKey"] = Of(Surface.Administration, "204"),
        ["listAgents"] = Of(Surface.Administration),
        ["addAgent"] = Of(Surface.Administration, "201", ("id", "201"), ("projectId", "400"), ("organizationId", "400")),
        ["getAgent"] = Of(Surface.Administration),
        ["changeAgent"] = Of(Surface.Administration, "200", ("id", "400"), ("projectId", "400"), ("organizationId", "400")),
        ["deleteAgent"] = Of(Surface.Administration, "204"),
        ["listModels"] = Of(Surface.Administration),
        ["addModel"] = Of(Surface.Administration, "201", ("mapping", "201"), ("organizationId", "400")),
        ["getModel"] = Of(Surface.Administration),
        ["changeModel"] = Of(Surface.Administration, "200", ("mapping", "400"), ("organizationId", "400")),
        ["deleteModel"] = Of(Surface.Administration, "204"),

        // Whether somebody is a user elsewhere is not said beyond that the id is taken.
        ["listMembers"] = Of(Surface.Administration),
        ["addMember"] = Of(Surface.Administration, "201", ("userId", "403f"), ("organizationId", "400")),
        ["getMember"] = Of(Surface.Administration),
        ["changeMember"] = Of(Surface.Administration, "200", ("userId", "400"), ("organizationId", "400")),
        ["deleteMember"] = Of(Surface.Administration, "204"),
        ["tokens"] = Of(Surface.Administration),
        ["makeToken"] = Of(Surface.Administration, "201", ("userId", "400"), ("organizationId", "400")),
        ["revokeToken"] = Of(Surface.Administration, "204"),
    };

    /// <summary>Operations that the table has.</summary>
    public static IReadOnlyCollection<string> Known => Table.Keys;

    /// <summary>What is expected of an operation; null where nobody has said.</summary>
    public static Expectation? Find(Operation operation) => Table.GetValueOrDefault(operation.Id);

    /// <summary>What a principal is answered.</summary>
    /// <param name="expectation">Of the operation.</param>
    /// <param name="principal">Who asks.</param>
    /// <param name="place">Where something of the foreign organization stands.</param>
    public static string Code(Expectation expectation, Principal principal, Place place) => expectation.Surface switch
    {
        Surface.Public or Surface.SignOut => expectation.Success,
        Surface.SignIn => CanSignIn(principal) ? expectation.Success : "401",
        _ when !principal.IsKnown() => "401",
        Surface.WhoIsSignedIn => expectation.Success,
        Surface.Known => principal == Principal.Ingest ? "403i" : expectation.Success,
        _ => Refusal(expectation.Surface, principal, place) ?? Allowed(expectation, place),
    };

    /// <summary>Why the caller may not, in the contract's order: organization, plan, role.</summary>
    private static string? Refusal(Surface surface, Principal principal, Place place)
    {
        if (surface == Surface.PartsForMembers)
        {
            surface = place is { Kind: PlaceKind.Filter, Name: "projectId" or "apiKeyId" } ? Surface.AnyMember : Surface.OrganizationWide;
        }

        return place.Kind == PlaceKind.Organization || principal == Principal.Foreign ? "404o"
            : principal == Principal.Ingest ? "403i"
            : surface == Surface.OrganizationWide && principal == Principal.Free ? "403p"
            : surface != Surface.AnyMember && principal.IsPlainMember() ? "403r"
            : null;
    }

    private static string Allowed(Expectation expectation, Place place) => place.Kind switch
    {
        PlaceKind.Path => "404",
        PlaceKind.Cursor => "400",
        PlaceKind.IfMatch => "412",
        PlaceKind.Body => expectation.Bodies[place.Name],
        _ => expectation.Success,
    };

    private static bool CanSignIn(Principal principal) => principal.IsKnown() && principal != Principal.Ingest;

    private static Expectation Of(Surface surface, string success = "200", params (string Property, string Code)[] bodies) =>
        new(surface, success, bodies.ToDictionary(body => body.Property, body => body.Code, StringComparer.Ordinal));
}

/// <summary>Where something of the foreign organization stands in a request.</summary>
internal enum PlaceKind
{
    /// <summary>Nowhere.</summary>
    Nowhere,

    /// <summary>The organization itself, in path or query.</summary>
    Organization,

    /// <summary>An id in the path.</summary>
    Path,

    /// <summary>A filter.</summary>
    Filter,

    /// <summary>A property or a list of the body.</summary>
    Body,

    /// <summary>The cursor of a page.</summary>
    Cursor,

    /// <summary>An entity tag in If-None-Match.</summary>
    IfNoneMatch,

    /// <summary>An entity tag in If-Match.</summary>
    IfMatch,
}

/// <summary>A place and the parameter or property that it is.</summary>
internal readonly record struct Place(PlaceKind Kind, string Name = "")
{
    public override string ToString() => Kind switch
    {
        PlaceKind.Nowhere => "nowhere",
        PlaceKind.Organization => "organization",
        PlaceKind.Path => "id in the path",
        PlaceKind.Filter => $"?{Name}",
        PlaceKind.Body => $"body {Name}",
        PlaceKind.Cursor => "?cursor",
        PlaceKind.IfNoneMatch => "If-None-Match",
        _ => "If-Match",
    };
}
