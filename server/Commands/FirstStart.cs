using Analytics.Storage;
using Analytics.Storage.Directory;
using NodaTime;

namespace Analytics.Server.Commands;

/// <summary>Lets the first person in: a data folder without anybody gets an owner, whose token is printed once and never again.</summary>
/// <param name="OrganizationId">The organisation that is made.</param>
/// <param name="UserId">Its owner.</param>
internal sealed record FirstStart(string OrganizationId, string UserId)
{
    /// <summary>Makes the owner where there is nobody.</summary>
    /// <returns>What to print: the token, or how to make one where there is none in force; nothing where somebody can come in.</returns>
    /// <exception cref="DirectoryDocumentException">An id breaks the directory's rules.</exception>
    public IEnumerable<string> Greet(UsageStore store, Instant now)
    {
        if (store.Directory.CreateFirstToken(OrganizationId, UserId, now, AuditActor.Server(now)) is { } token)
        {
            return
            [
                $"First start: made the organization '{OrganizationId}' on the enterprise plan with the owner '{UserId}'. Their token, shown this once:",
                $"token: {token}",
            ];
        }

        if (store.Directory.Tokens().Any(known => known.IsInForce(now)))
        {
            return [];
        }

        var organization = store.Directory.Organizations()[0].Id;
        var owner = store.Directory.Read(organization).Members.Values.FirstOrDefault(member => member.Role == "owner")?.UserId;
        return [$"Nobody can ask yet: no token is in force. Make one: analytics token create --data {store.Folder.Root} --organization {organization} --user {owner ?? $"{UserId} --role owner"}"];
    }
}
