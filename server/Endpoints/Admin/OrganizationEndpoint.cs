using System.Text;
using System.Text.Json.Nodes;
using Analytics.Server.Contracts;
using Analytics.Server.Conventions;
using Analytics.Storage.Directory;

namespace Analytics.Server.Endpoints.Admin;

/// <summary><c>GET</c> and <c>PATCH /admin/organizations/{organizationId}</c>: name and reporting zones.</summary>
/// <param name="admin">What all endpoints here share.</param>
internal sealed class OrganizationEndpoint(AdminEndpoint admin)
{
    private static readonly string[] Properties = ["id", "name", "plan", "timezones"];

    public Task Get(HttpContext context) => admin.ReadAsync(context, grant => Of(admin.Directory.ReadDocument(grant.Organization.Id)));

    public async Task Patch(HttpContext context)
    {
        if (await admin.GrantAsync(context) is not { } grant)
        {
            return;
        }

        var (body, problem) = await RequestBody.ReadObjectAsync(context, "application/json", "application/merge-patch+json");
        if (body?.FirstOrDefault(property => !Properties.Contains(property.Key)).Key is { } unknown)
        {
            (body, problem) = (null, Problem.InvalidBody(new Dictionary<string, string[]>(StringComparer.Ordinal)
            {
                [ReadingRequest.Shown(unknown)] = [$"found an unknown property, expected {DidYouMean.Suggest(unknown, Properties)}."],
            }));
        }

        if (body is null)
        {
            await ProblemResponse.WriteAsync(context, problem!);
            return;
        }

        await admin.EditAsync(
            context,
            grant,
            editor =>
            {
                var existing = Of(editor.Read());
                if (AdminEndpoint.Unmatched(context, existing.Tag!) is { } unmatched)
                {
                    return unmatched;
                }

                var merged = JsonNode.Parse(existing.Json)!.AsObject();
                foreach (var (name, value) in body)
                {
                    merged[name] = value?.DeepClone();
                }

                var document = new JsonObject { ["organizations"] = new JsonArray(merged) };
                editor.Put(DirectoryDocument.Parse(Encoding.UTF8.GetBytes(document.ToJsonString())));
                return Of(editor.Read());
            },
            path => path.Replace("organizations[0].", string.Empty, StringComparison.Ordinal));
    }

    private static Reply Of(DirectoryDocument document)
    {
        var entry = document.Organizations![0];
        return Reply.Of(StatusCodes.Status200OK, new OrganizationRow { Id = entry.Id, Name = entry.Name, Plan = entry.Plan, Timezones = entry.Timezones });
    }
}
