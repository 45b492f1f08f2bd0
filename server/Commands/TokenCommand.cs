using System.CommandLine;
using System.CommandLine.Parsing;
using Analytics.Storage.Directory;
using NodaTime;
using NodaTime.Text;

namespace Analytics.Server.Commands;

/// <summary><c>token create</c>, <c>token list</c> and <c>token revoke</c>: bearer tokens. A running server sees each change at its next request.</summary>
internal static class TokenCommand
{
    public static Command Create(IClock clock) => new("token", "Tokens for the HTTP interface.") { CreateCreate(clock), CreateList(clock), CreateRevoke(clock) };

    private static Command CreateCreate(IClock clock)
    {
        var data = CommonOptions.Data();
        var organization = CommonOptions.Organization();
        var user = new Option<string>("--user") { Description = "The member that the token acts for.", Required = true, HelpName = "ID" };
        var role = new Option<string?>("--role")
        {
            Description = "Make the user a member with this role if they are not one: owner, admin, developer or member.",
            HelpName = "ROLE",
        };
        role.AcceptOnlyFromAmong([.. DirectoryDocument.Roles]);
        var ingest = new Option<bool>("--ingest") { Description = "A token that writes usage and reads nothing." };
        var expires = new Option<Instant?>("--expires")
        {
            Description = "The last day, in UTC, on which the token is good; or the moment at which it ends. Without it the token does not end.",
            HelpName = "DATE",
            CustomParser = ReadEnd,
        };
        var create = new Command("create", "Print a new bearer token. Only its hash is kept, so it is shown this once.") { data, organization, user, role, ingest, expires };
        create.SetAction(async (parsed, _) =>
        {
            var (text, entry) = Make(
                parsed.GetValue(data)!,
                parsed.GetValue(organization)!,
                parsed.GetValue(user)!,
                parsed.GetValue(role),
                parsed.GetValue(ingest) ? TokenKind.Ingest : TokenKind.Read,
                clock.GetCurrentInstant(),
                parsed.GetValue(expires));
            await parsed.InvocationConfiguration.Output.WriteLineAsync($"token: {text}");
            await parsed.InvocationConfiguration.Error.WriteLineAsync($"id: {entry.Id}{(entry.Expires is { } end ? $", good until {end}" : string.Empty)}; 'token revoke {entry.Id}' ends it.");
            return ExitCode.Ok;
        });
        return create;
    }

    private static Command CreateList(IClock clock)
    {
        var data = CommonOptions.Data();
        var organization = CommonOptions.Organization();
        organization.Required = false;
        organization.Description = "Only tokens of this organization.";
        var list = new Command("list", "List tokens by their ids: whose they are, what for, until when. The tokens themselves are not kept.") { data, organization };
        list.SetAction(async (parsed, _) =>
        {
            using var directory = DirectoryCommand.OpenExisting(parsed.GetValue(data)!);
            var now = clock.GetCurrentInstant();
            await parsed.InvocationConfiguration.Output.WriteAsync(TextTable.Format(
                ["id", "organization", "user", "kind", "created", "expires", "state"],
                directory.Tokens(parsed.GetValue(organization)).Select(token => (string[])
                [
                    token.Id,
                    token.OrganizationId,
                    token.UserId,
                    token.Kind == TokenKind.Ingest ? "ingest" : "read",
                    InstantPattern.General.Format(token.Created),
                    token.Expires is { } end ? InstantPattern.General.Format(end) : "never",
                    State(directory, token, now),
                ])));
            return ExitCode.Ok;
        });
        return list;
    }

    private static Command CreateRevoke(IClock clock)
    {
        var data = CommonOptions.Data();
        var id = new Argument<string>("ID") { Description = "The token's id, as 'token list' shows it." };
        var revoke = new Command("revoke", "End a token, and every session that was opened with it.") { id, data };
        revoke.SetAction(async (parsed, _) =>
        {
            var tokenId = parsed.GetValue(id)!;
            using var directory = DirectoryCommand.OpenExisting(parsed.GetValue(data)!);
            var now = clock.GetCurrentInstant();
            var token = directory.RevokeToken(tokenId, organizationId: null, now, AuditActor.Operator(now))
                ?? throw new UsageException($"There is no token with the id '{(tokenId.StartsWith("ana_", StringComparison.Ordinal) ? "ana_…" : tokenId)}'. 'analytics token list' shows ids, which begin with tok_.");
            await parsed.InvocationConfiguration.Output.WriteLineAsync($"{token.Id} of {token.UserId} in {token.OrganizationId} was revoked at {InstantPattern.General.Format(token.Revoked!.Value)}.");
            return ExitCode.Ok;
        });
        return revoke;
    }

    private static string State(DirectoryStore directory, TokenEntry token, Instant now)
    {
        if (token.Revoked is { } revoked)
        {
            return $"revoked {InstantPattern.General.Format(revoked)}";
        }

        return !token.IsInForce(now) ? "expired"
            : directory.FindRole(token.OrganizationId, token.UserId) is null ? "its user has left"
            : "in force";
    }

    private static Instant? ReadEnd(ArgumentResult argument)
    {
        var text = argument.Tokens[0].Value;
        if (LocalDatePattern.Iso.Parse(text) is { Success: true } day)
        {
            return day.Value.PlusDays(1).AtStartOfDayInZone(DateTimeZone.Utc).ToInstant();
        }

        if (OffsetDateTimePattern.ExtendedIso.Parse(text) is { Success: true } moment)
        {
            return moment.Value.ToInstant();
        }

        argument.AddError($"--expires: found '{text}', expected a day such as 2026-12-31, or a moment such as 2026-12-31T12:00:00Z.");
        return null;
    }

    private static (string Text, TokenEntry Entry) Make(string data, string organization, string user, string? role, TokenKind kind, Instant now, Instant? expires)
    {
        if (expires <= now)
        {
            throw new UsageException($"--expires: found {InstantPattern.General.Format(expires.Value)}, expected a time to come.");
        }

        using var directory = DirectoryCommand.Open(data);
        var actor = AuditActor.Operator(now);
        if (directory.FindRole(organization, user) is null)
        {
            if (role is null)
            {
                throw new UsageException($"User '{user}' is not a member of organization '{organization}'. Add them with 'directory import', or pass --role to add them now.");
            }

            directory.EnsureMember(organization, user, role, actor);
        }

        return directory.IssueToken(organization, user, kind, now, expires, actor);
    }
}
