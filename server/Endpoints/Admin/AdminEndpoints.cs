using Analytics.Server.Contracts;
using Analytics.Storage;
using NodaTime;

namespace Analytics.Server.Endpoints.Admin;

/// <summary>Everything under <c>/admin/organizations/{organizationId}</c> that reads and changes the directory. Owners and admins, every plan.</summary>
internal static class AdminEndpoints
{
    private const string Organization = "/admin/organizations/{organizationId}";

    /// <summary>Maps the paths.</summary>
    public static void MapDirectory(this WebApplication app)
    {
        var admin = new AdminEndpoint(app.Services.GetRequiredService<UsageStore>(), app.Services.GetRequiredService<IClock>());
        app.MapOrganization(new OrganizationEndpoint(admin));
        app.MapDocument(new DirectoryDocumentEndpoint(admin));
        foreach (var kind in DirectoryRowKind.All)
        {
            kind.Map(app, Organization, new DirectoryRowsEndpoint(admin, kind));
        }

        app.MapTokens(new TokensEndpoint(admin));
    }

    private static void MapOrganization(this WebApplication app, OrganizationEndpoint organization)
    {
        app.MapGet(Organization, (Delegate)organization.Get)
            .Describe("organization", "The organization: name, plan and reporting zones.")
            .Answers<OrganizationRow>(StatusCodes.Status200OK, "The organization.", DirectorySamples.Organization);
        app.MapPatch(Organization, (Delegate)organization.Patch)
            .Describe("changeOrganization", "Changes name and reporting zones. The plan is the operator's.")
            .Takes<OrganizationRow>(DirectorySamples.OrganizationPatch, required: [])
            .Answers<OrganizationRow>(StatusCodes.Status200OK, "The organization as it is now.", DirectorySamples.Organization);
    }

    private static void MapDocument(this WebApplication app, DirectoryDocumentEndpoint document)
    {
        app.MapGet(Organization + "/directory", (Delegate)document.Get)
            .Describe("directory", "The whole directory of the organization as one document. PUT with it changes nothing.")
            .Answers<DirectoryDocumentContract>(StatusCodes.Status200OK, "The document.", DirectorySamples.Document);
        app.MapPut(Organization + "/directory", (Delegate)document.Put)
            .Describe("replaceDirectory", "Makes the directory like a document, all of it or nothing. A document that names another organization, changes the plan, or lets an admin make owners, is refused whole.")
            .Takes<DirectoryDocumentContract>(DirectorySamples.Document)
            .Answers<DirectoryChangesResponse>(StatusCodes.Status200OK, "What changed. The ETag is that of the document as it can be read now.", DirectorySamples.Changes);
    }

    private static void MapTokens(this WebApplication app, TokensEndpoint tokens)
    {
        app.MapGet(Organization + "/tokens", (Delegate)tokens.List)
            .Describe("tokens", "All tokens of the organization, revoked and expired ones too; never their text.")
            .Answers<TokenRows>(StatusCodes.Status200OK, "The tokens, the oldest first.", DirectorySamples.Tokens);
        app.MapPost(Organization + "/tokens", (Delegate)tokens.Post)
            .Describe("makeToken", "Makes a token for a member. Its text is in this answer and nowhere else.")
            .Takes<TokenRow>(DirectorySamples.NewTokenBody, required: ["userId", "kind"], accepted: ["userId", "kind", "expires"])
            .Answers<NewTokenResponse>(StatusCodes.Status201Created, "The token.", DirectorySamples.NewToken);
        app.MapDelete(Organization + "/tokens/{tokenId}", (Delegate)tokens.Delete)
            .Describe("revokeToken", "Revokes a token, and ends sessions that were opened with it, from the next request on.")
            .AnswersNothing("The token is revoked.");
    }
}
