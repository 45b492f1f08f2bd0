using System.Text.Json.Nodes;
using Analytics.Server.Contracts;
using Analytics.Server.Conventions;
using Analytics.Storage.Directory;

namespace Analytics.Server.Endpoints.Admin;

/// <summary>Rows of one kind under <c>/admin/organizations/{organizationId}</c>: list, read, add, change, delete.</summary>
/// <param name="admin">What all endpoints here share.</param>
/// <param name="kind">The kind.</param>
internal sealed class DirectoryRowsEndpoint(AdminEndpoint admin, DirectoryRowKind kind)
{
    public Task List(HttpContext context) => admin.ReadAsync(context, grant => kind.List(admin.Directory.ReadDocument(grant.Organization.Id)));

    public Task Get(HttpContext context)
    {
        var key = RawPath.Segment(context, AdminEndpoint.RowSegment);
        return admin.ReadAsync(context, grant => kind.Find(admin.Directory.ReadDocument(grant.Organization.Id), key) ?? Problem.Unknown(kind.Noun, key));
    }

    public Task Post(HttpContext context) => WriteAsync(context, "application/json", (editor, body) =>
    {
        var current = editor.Read();
        var document = kind.ToDocument(body, current, editor.OrganizationId);
        var key = body[kind.Key]!.GetValue<string>();
        if (kind.Find(current, key) is { } existing && !IsSeenOnly(current, key))
        {
            return Problem.Conflict(
                "already-exists",
                "Already exists",
                $"The organization has a {kind.Noun} '{ReadingRequest.Shown(key)}' already{(DirectoryRowKind.IsDeleted(existing) ? ", marked deleted; PATCH it with \"deleted\": false to bring it back" : "; PATCH changes it")}. Nothing was changed.");
        }

        editor.Put(document);
        var location = $"/admin/organizations/{Uri.EscapeDataString(editor.OrganizationId)}/{kind.Path}/{Uri.EscapeDataString(key)}";
        return kind.Find(editor.Read(), key)! with { Status = StatusCodes.Status201Created, Location = location };
    });

    public Task Patch(HttpContext context)
    {
        var key = RawPath.Segment(context, AdminEndpoint.RowSegment);
        return WriteAsync(context, "application/merge-patch+json", (editor, body) =>
        {
            var current = editor.Read();
            if (kind.Find(current, key) is not { } existing)
            {
                return Problem.Unknown(kind.Noun, key);
            }

            if (AdminEndpoint.Unmatched(context, existing.Tag!) is { } unmatched)
            {
                return unmatched;
            }

            if (body.TryGetPropertyValue(kind.Key, out var named) && (named?.GetValueKind() != System.Text.Json.JsonValueKind.String || named.GetValue<string>() != key))
            {
                return Problem.InvalidBody(new Dictionary<string, string[]>(StringComparer.Ordinal)
                {
                    [kind.Key] = [$"found {ReadingRequest.Shown(named?.ToJsonString() ?? "null")}, expected \"{key}\" or nothing; it is never changed."],
                });
            }

            // RFC 7386: what is given replaces, null takes away, what is not given stays.
            var merged = JsonNode.Parse(existing.Json)!.AsObject();
            foreach (var (name, value) in body)
            {
                merged[name] = value?.DeepClone();
            }

            editor.Put(kind.ToDocument(merged, current, editor.OrganizationId));
            return kind.Find(editor.Read(), key)!;
        });
    }

    public async Task Delete(HttpContext context)
    {
        if (await admin.GrantAsync(context) is not { } grant)
        {
            return;
        }

        var key = RawPath.Segment(context, AdminEndpoint.RowSegment);
        await admin.EditAsync(context, grant, editor =>
        {
            var current = editor.Read();
            if (kind.Find(current, key) is not { } existing)
            {
                return Problem.Unknown(kind.Noun, key);
            }

            if (AdminEndpoint.Unmatched(context, existing.Tag!) is { } unmatched)
            {
                return unmatched;
            }

            if (kind.Remove is { } remove)
            {
                return remove(editor, key)
                    ? new Reply(StatusCodes.Status204NoContent)
                    : Problem.Unknown(kind.Noun, key);
            }

            // The label stays, with its history.
            var deleted = JsonNode.Parse(existing.Json)!.AsObject();
            deleted["deleted"] = true;
            editor.Put(kind.ToDocument(deleted, current, editor.OrganizationId));
            return new Reply(StatusCodes.Status204NoContent);
        });
    }

    /// <summary>What only usage said of a mapping is no row yet.</summary>
    private bool IsSeenOnly(DirectoryDocument document, string key) =>
        kind.Section == "models" && document.Models!.Any(model => model.Mapping == key && model.Prices.Count == 0);

    private async Task WriteAsync(HttpContext context, string mediaType, Func<OrganizationEditor, JsonObject, Reply> write)
    {
        if (await admin.GrantAsync(context) is not { } grant)
        {
            return;
        }

        var (body, problem) = mediaType == "application/json"
            ? await RequestBody.ReadObjectAsync(context, mediaType)
            : await RequestBody.ReadObjectAsync(context, "application/json", mediaType);
        if (body is not null && Unknown(body) is { Count: > 0 } errors)
        {
            (body, problem) = (null, Problem.InvalidBody(errors));
        }

        if (body is null)
        {
            await ProblemResponse.WriteAsync(context, problem!);
            return;
        }

        await admin.EditAsync(context, grant, editor => write(editor, body), kind.RowPath);
    }

    private Dictionary<string, string[]> Unknown(JsonObject body) => body
        .Where(property => !kind.Properties.Contains(property.Key, StringComparer.Ordinal))
        .Take(DirectoryDocumentException.MaxProblems)
        .ToDictionary(
            property => ReadingRequest.Shown(property.Key),
            property => (string[])[$"found an unknown property, expected {DidYouMean.Suggest(property.Key, kind.Properties)}."],
            StringComparer.Ordinal);
}
