using System.Text.Json.Nodes;
using Analytics.Server.Access;
using Analytics.Server.Contracts;
using Analytics.Server.Conventions;
using Analytics.Storage.Directory;
using NodaTime;
using NodaTime.Text;

namespace Analytics.Server.Endpoints.Admin;

/// <summary>Tokens of one organisation: list, make, revoke. A token acts for its user, so nobody makes one for somebody above them.</summary>
/// <param name="admin">What all endpoints here share.</param>
internal sealed class TokensEndpoint(AdminEndpoint admin)
{
    private static readonly string[] Properties = ["userId", "kind", "expires"];

    public Task List(HttpContext context) => admin.ReadAsync(context, grant =>
        Reply.Of(StatusCodes.Status200OK, new TokenRows { Tokens = [.. admin.Directory.Tokens(grant.Organization.Id).Select(entry => Row(entry))] }));

    public async Task Post(HttpContext context)
    {
        if (await admin.GrantAsync(context) is not { } grant)
        {
            return;
        }

        var (body, problem) = await RequestBody.ReadObjectAsync(context, "application/json");
        if (body is null)
        {
            await ProblemResponse.WriteAsync(context, problem!);
            return;
        }

        await AdminEndpoint.AnswerAsync(context, Make(context, grant, body));
    }

    public async Task Delete(HttpContext context)
    {
        if (await admin.GrantAsync(context) is not { } grant)
        {
            return;
        }

        var id = RawPath.Segment(context, AdminEndpoint.RowSegment);
        var entry = admin.Directory.Tokens(grant.Organization.Id).FirstOrDefault(token => token.Id == id);
        Reply reply = entry is null ? Problem.Unknown("token", id)
            : IsAbove(grant, entry.UserId) ? Problem.ForbiddenEdit(Error("userId", $"found \"{entry.UserId}\", who is an owner; only owners revoke tokens of owners."))
            : new Reply(StatusCodes.Status204NoContent);
        if (reply.Problem is null)
        {
            admin.Directory.RevokeToken(id, grant.Organization.Id, admin.Now, grant.Caller.ToActor(context, admin.Now));
        }

        await AdminEndpoint.AnswerAsync(context, reply);
    }

    private Reply Make(HttpContext context, Grant grant, JsonObject body)
    {
        Dictionary<string, string[]> errors = new(StringComparer.Ordinal);
        foreach (var name in body.Select(property => property.Key).Where(name => !Properties.Contains(name)).Take(DirectoryDocumentException.MaxProblems))
        {
            errors[ReadingRequest.Shown(name)] = [$"found an unknown property, expected {DidYouMean.Suggest(name, Properties)}."];
        }

        var userId = Text(body, "userId");
        if (userId is null || admin.Directory.FindRole(grant.Organization.Id, userId) is null)
        {
            errors["userId"] = [$"found {Found(body, "userId")}, expected the user id of a member."];
        }

        var kind = Text(body, "kind");
        if (kind is not ("read" or "ingest"))
        {
            errors["kind"] = [$"found {Found(body, "kind")}, expected read or ingest."];
        }

        Instant? expires = null;
        if (body["expires"] is not null)
        {
            expires = Text(body, "expires") is { } text && InstantPattern.ExtendedIso.Parse(text) is { Success: true, Value: var instant } && instant > admin.Now ? instant : null;
            if (expires is null)
            {
                errors["expires"] = [$"found {Found(body, "expires")}, expected a time to come in UTC, such as 2030-01-31T00:00:00Z, or nothing for never."];
            }
        }

        if (errors.Count > 0)
        {
            return Problem.InvalidBody(errors);
        }

        if (kind == "read" && IsAbove(grant, userId!))
        {
            return Problem.ForbiddenEdit(Error("userId", $"found \"{userId}\", who is an owner; only owners make tokens that act for owners."));
        }

        var (token, entry) = admin.Directory.IssueToken(
            grant.Organization.Id, userId!, kind == "ingest" ? TokenKind.Ingest : TokenKind.Read, admin.Now, expires, grant.Caller.ToActor(context, admin.Now));
        var row = Row(entry);
        var answer = new NewTokenResponse { Id = row.Id, UserId = row.UserId, Kind = row.Kind, Created = row.Created, Expires = row.Expires, Revoked = row.Revoked, Token = token };

        // A secret has no tag: it is not to be kept by anything on the way.
        return Reply.Of(StatusCodes.Status201Created, answer, $"/admin/organizations/{Uri.EscapeDataString(grant.Organization.Id)}/tokens/{entry.Id}") with { Tag = null };
    }

    private bool IsAbove(Grant grant, string userId) => grant.Role != "owner" && admin.Directory.FindRole(grant.Organization.Id, userId) == "owner";

    private static TokenRow Row(TokenEntry entry) => new()
    {
        Id = entry.Id,
        UserId = entry.UserId,
        Kind = entry.Kind == TokenKind.Ingest ? "ingest" : "read",
        Created = InstantPattern.ExtendedIso.Format(entry.Created),
        Expires = entry.Expires is { } expires ? InstantPattern.ExtendedIso.Format(expires) : null,
        Revoked = entry.Revoked is { } revoked ? InstantPattern.ExtendedIso.Format(revoked) : null,
    };

    private static string? Text(JsonObject body, string name) => body[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static string Found(JsonObject body, string name) => body[name] is { } value ? ReadingRequest.Shown(value.ToJsonString()) : "nothing";

    private static Dictionary<string, string[]> Error(string path, string message) => new(StringComparer.Ordinal) { [path] = [message] };
}
