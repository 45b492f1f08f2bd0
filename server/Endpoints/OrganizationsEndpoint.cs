using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Analytics.Server.Access;
using Analytics.Server.Contracts;
using Analytics.Server.Conventions;
using Analytics.Storage;

namespace Analytics.Server.Endpoints;

/// <summary><c>GET /analytics/organizations</c>: the organisations of the caller, which is what a switcher shows. It asks for none of them.</summary>
internal static class OrganizationsEndpoint
{
    public static async Task HandleAsync(HttpContext context, UsageStore store)
    {
        var (caller, problem) = Authorization.Check(context);
        if (problem is null && context.Request.Query.Keys.FirstOrDefault() is { } unknown)
        {
            problem = Problem.InvalidParameter(ReadingRequest.Shown(unknown), "unknown parameter, expected none.");
        }

        if (problem is not null)
        {
            await ProblemResponse.WriteAsync(context, problem);
            return;
        }

        var organizations = store.Directory.MembershipsOf(caller!.UserId)
            .Where(membership => caller.Reaches(membership.Organization.Id))
            .Select(membership => new CallerOrganization
            {
                OrganizationId = membership.Organization.Id,
                Name = membership.Organization.Name,
                Plan = membership.Organization.Plan,
                Role = membership.Role,
                Timezones = membership.Organization.Timezones,
            });
        var answer = JsonSerializer.SerializeToUtf8Bytes(new OrganizationsResponse { Organizations = [.. organizations] }, JsonAnswer.Options);

        // Short enough to be its own tag: there is no version of what one caller is a member of.
        var tag = $"W/\"{Base64Url.EncodeToString(SHA256.HashData(answer).AsSpan(0, 16))}\"";
        await ConditionalAnswer.RunAsync(context, tag, () => JsonAnswer.WriteUtf8Async(context, StatusCodes.Status200OK, answer));
    }
}
