using System.CommandLine;
using Analytics.Storage.Directory;
using NodaTime;

namespace Analytics.Server.Commands;

/// <summary><c>token create</c>: makes a bearer token.</summary>
internal static class TokenCommand
{
    public static Command Create(IClock clock)
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
        var create = new Command("create", "Print a new bearer token. Only its hash is kept, so it is shown this once.") { data, organization, user, role, ingest };
        create.SetAction(async (parsed, _) =>
        {
            var token = Make(
                parsed.GetValue(data)!,
                parsed.GetValue(organization)!,
                parsed.GetValue(user)!,
                parsed.GetValue(role),
                parsed.GetValue(ingest) ? TokenKind.Ingest : TokenKind.Read,
                clock.GetCurrentInstant());
            await parsed.InvocationConfiguration.Output.WriteLineAsync($"token: {token}");
            return ExitCode.Ok;
        });
        return new Command("token", "Tokens for the HTTP interface.") { create };
    }

    private static string Make(string data, string organization, string user, string? role, TokenKind kind, Instant now)
    {
        using var directory = DirectoryCommand.Open(data);
        if (directory.FindRole(organization, user) is null)
        {
            if (role is null)
            {
                throw new UsageException($"User '{user}' is not a member of organisation '{organization}'. Add them with 'directory import', or pass --role to add them now.");
            }

            directory.EnsureMember(organization, user, role);
        }

        return directory.CreateToken(organization, user, kind, now);
    }
}
