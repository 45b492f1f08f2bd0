using System.Text.Json;
using Analytics.Server.Contracts;
using Analytics.Server.Conventions;
using Analytics.Storage.Directory;

namespace Analytics.Server.Endpoints.Admin;

/// <summary><c>GET</c> and <c>PUT /admin/organizations/{organizationId}/directory</c>: the whole directory of one organisation as one document.</summary>
/// <param name="admin">What all endpoints here share.</param>
internal sealed class DirectoryDocumentEndpoint(AdminEndpoint admin)
{
    /// <summary>A hundred thousand keys are some 20 MB.</summary>
    public const long MaxBytes = 32 << 20;

    public Task Get(HttpContext context) => admin.ReadAsync(context, grant => Of(admin.Directory.ReadDocument(grant.Organization.Id)));

    public async Task Put(HttpContext context)
    {
        if (await admin.GrantAsync(context) is not { } grant)
        {
            return;
        }

        var (utf8, problem) = await RequestBody.ReadAsync(context, MaxBytes, "application/json");
        DirectoryDocument? document = null;
        if (utf8 is not null)
        {
            try
            {
                document = DirectoryDocument.Parse(utf8);
            }
            catch (DirectoryDocumentException exception)
            {
                problem = Problem.InvalidBody(AdminEndpoint.ByPath(exception.Problems));
            }
        }

        if (document is null)
        {
            await ProblemResponse.WriteAsync(context, problem!);
            return;
        }

        await admin.EditAsync(context, grant, editor =>
        {
            if (AdminEndpoint.Unmatched(context, Of(editor.Read()).Tag!) is { } unmatched)
            {
                return unmatched;
            }

            var changes = editor.Replace(document);
            var json = JsonSerializer.SerializeToUtf8Bytes(Response(changes), JsonAnswer.Options);

            // The tag is that of the document as it can be read now.
            return new Reply(StatusCodes.Status200OK, json, Of(editor.Read()).Tag);
        });
    }

    private static Reply Of(DirectoryDocument document)
    {
        var json = document.ToUtf8();
        return new Reply(StatusCodes.Status200OK, json, AdminEndpoint.TagOf(json));
    }

    private static DirectoryChangesResponse Response(DirectoryChanges changes) => new()
    {
        Organizations = Count(changes.Organizations),
        Users = Count(changes.Users),
        Members = Count(changes.Members),
        Projects = Count(changes.Projects),
        ApiKeys = Count(changes.ApiKeys),
        Agents = Count(changes.Agents),
        Models = Count(changes.Models),
    };

    private static ChangeCount Count(ChangeCounts counts) => new() { Added = counts.Added, Changed = counts.Changed, Removed = counts.Removed };
}
