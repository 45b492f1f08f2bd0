namespace Analytics.Storage.Directory;

/// <summary>
/// What an owner or an admin of one organisation may write: nothing of other organisations, of the operator, or of people
/// whom other organisations know too; and nobody but owners makes, demotes or removes owners.
/// </summary>
internal sealed class OrganizationRules
{
    private const string Owner = "owner";

    private readonly DirectoryConnection connection;
    private readonly string organizationId;
    private readonly bool isOwner;
    private readonly DirectoryDocument before;
    private readonly Dictionary<string, UserEntry> visible;
    private readonly List<string> forbidden = [];
    private readonly List<string> unknown = [];

    public OrganizationRules(DirectoryConnection connection, string organizationId, string role, DirectoryDocument before)
    {
        (this.connection, this.organizationId, this.before) = (connection, organizationId, before);
        isOwner = role == Owner;
        visible = before.Users!.ToDictionary(user => user.Id, StringComparer.Ordinal);
    }

    /// <summary>Checks what is to be written.</summary>
    /// <param name="wanted">Rows, or whole lists.</param>
    /// <param name="isWhole">Whether members that are left out leave.</param>
    /// <exception cref="DirectoryEditException">The editor may not write it, or no owner would be left.</exception>
    /// <exception cref="DirectoryDocumentException">It refers to people whom the organisation does not know.</exception>
    public void Check(DirectoryDocument wanted, bool isWhole)
    {
        CheckOrganizations(wanted);
        CheckUsers(wanted);
        CheckMembers(wanted, isWhole);
        Each(wanted.Projects, "projects", (entry, path) => Own(entry.OrganizationId, path));
        CheckApiKeys(wanted);
        Each(wanted.Agents, "agents", (entry, path) => Own(entry.OrganizationId, path));
        Each(wanted.Models, "models", (entry, path) => Own(entry.OrganizationId, path));
        ThrowIfRefused();
        CheckOwners(AfterMembers(wanted, isWhole));
    }

    /// <summary>Checks that a member may be removed.</summary>
    public void CheckRemoval(MemberEntry member)
    {
        if (member.Role == Owner && !isOwner)
        {
            forbidden.Add($"role: found \"{Owner}\", expected another role; only owners remove owners");
        }

        ThrowIfRefused();
        CheckOwners(before.Members!.Where(other => other.UserId != member.UserId));
    }

    private void CheckOrganizations(DirectoryDocument wanted) => Each(wanted.Organizations, "organizations", (entry, path) =>
    {
        if (entry.Id != organizationId)
        {
            forbidden.Add($"{path}.id: found \"{entry.Id}\", expected \"{organizationId}\", the one organization that is written here");
        }
        else if (before.Organizations![0].Plan is var plan && entry.Plan != plan)
        {
            forbidden.Add($"{path}.plan: found \"{entry.Plan}\", expected \"{plan}\"; only the operator changes it");
        }
    });

    private void CheckUsers(DirectoryDocument wanted) => Each(wanted.Users, "users", (entry, path) =>
    {
        if (!visible.TryGetValue(entry.Id, out var current))
        {
            if (IsTaken(entry.Id))
            {
                forbidden.Add($"{path}.id: found \"{entry.Id}\", which is taken, expected a user of this organization or an id that is free; the operator adds people of other organizations");
            }
        }
        else if ((entry.Name != current.Name || entry.Email != current.Email) && IsShared(entry.Id))
        {
            forbidden.Add($"{path}: found another name or email of \"{entry.Id}\", who belongs to another organization too, expected those that there are; only the operator changes them");
        }
    });

    private void CheckMembers(DirectoryDocument wanted, bool isWhole)
    {
        var roles = before.Members!.ToDictionary(member => member.UserId, member => member.Role, StringComparer.Ordinal);
        Each(wanted.Members, "members", (entry, path) =>
        {
            Own(entry.OrganizationId, path);
            Known(entry.UserId, wanted, $"{path}.userId");
            var current = roles.GetValueOrDefault(entry.UserId);
            if (entry.Role != current && (entry.Role == Owner || current == Owner) && !isOwner)
            {
                forbidden.Add($"{path}.role: found \"{entry.Role}\", expected {(current is null ? "another role" : $"\"{current}\"")}; only owners make and demote owners");
            }
        });
        if (isWhole && wanted.Members is not null && !isOwner)
        {
            var kept = wanted.Members.Select(member => member.UserId).ToHashSet(StringComparer.Ordinal);
            forbidden.AddRange(before.Members!.Where(member => member.Role == Owner && !kept.Contains(member.UserId))
                .Select(member => $"members: found no \"{member.UserId}\", expected this owner to stay; only owners remove owners"));
        }
    }

    private void CheckApiKeys(DirectoryDocument wanted)
    {
        var creators = before.ApiKeys!.ToDictionary(key => key.Id, key => key.CreatedBy, StringComparer.Ordinal);
        Each(wanted.ApiKeys, "apiKeys", (entry, path) =>
        {
            Own(entry.OrganizationId, path);

            // Usage may name whom it likes; whoever leaves that as it is learns nothing.
            if (entry.CreatedBy is not null && entry.CreatedBy != creators.GetValueOrDefault(entry.Id))
            {
                Known(entry.CreatedBy, wanted, $"{path}.createdBy");
            }
        });
    }

    private IEnumerable<MemberEntry> AfterMembers(DirectoryDocument wanted, bool isWhole) => wanted.Members is null ? before.Members!
        : isWhole ? wanted.Members
        : before.Members!.ExceptBy(wanted.Members.Select(member => member.UserId), member => member.UserId).Concat(wanted.Members);

    private void CheckOwners(IEnumerable<MemberEntry> after)
    {
        // An organisation that has no owner, because only an operator looks after it, may stay so.
        if (before.Members!.Any(member => member.Role == Owner) && after.All(member => member.Role != Owner))
        {
            throw new DirectoryEditException(DirectoryEditFault.LastOwner, ["members: found no owner left, expected at least one; make somebody else an owner first"]);
        }
    }

    private void Own(string? found, string path)
    {
        if (found is null)
        {
            forbidden.Add($"{path}.organizationId: found nothing, expected \"{organizationId}\"; what has none is the operator's");
        }
        else if (found != organizationId)
        {
            forbidden.Add($"{path}.organizationId: found \"{found}\", expected \"{organizationId}\", the one organization that is written here");
        }
    }

    // The same words for who does not exist and for who is none of this organisation's business.
    private void Known(string userId, DirectoryDocument wanted, string path)
    {
        if (!visible.ContainsKey(userId) && wanted.Users?.Any(user => user.Id == userId) != true)
        {
            unknown.Add($"{path}: found \"{userId}\", expected a user of this document or of the organization");
        }
    }

    private bool IsTaken(string userId) => connection.Any("SELECT 1 FROM user WHERE id = $1", userId);

    private bool IsShared(string userId) =>
        connection.Any("SELECT 1 FROM member WHERE user_id = $1 AND organization_id <> $2", userId, organizationId);

    private void ThrowIfRefused()
    {
        if (forbidden.Count > 0)
        {
            throw new DirectoryEditException(DirectoryEditFault.Forbidden, forbidden);
        }

        if (unknown.Count > 0)
        {
            throw new DirectoryDocumentException(unknown);
        }
    }

    private static void Each<T>(IReadOnlyList<T>? entries, string name, Action<T, string> check)
    {
        for (var i = 0; i < (entries?.Count ?? 0); i++)
        {
            check(entries![i], $"{name}[{i}]");
        }
    }
}
