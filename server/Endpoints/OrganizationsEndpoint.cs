using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Analytics.Server.Access;
using Analytics.Server.Contracts;
using Analytics.Server.Contracts.Formats;
using Analytics.Server.Conventions;
using Analytics.Storage;

namespace Analytics.Server.Endpoints;

/// <summary><c>GET /analytics/organizations</c>: the organisations of the caller, which is what a switcher shows. It asks for none of them.</summary>
internal static class OrganizationsEndpoint
{
    /// <summary>All parameters.</summary>
    public static readonly IReadOnlyList<QueryParameter> Accepted = [QueryParameter.OutputFormat];

    public static async Task HandleAsync(HttpContext context, UsageStore store)
    {
        var (caller, problem) = Authorization.Check(context);
        var request = ReadingRequest.ReadNamed(context.Request, Accepted);
        if ((problem ?? request.Problem) is { } fault)
        {
            await ProblemResponse.WriteAsync(context, fault);
            return;
        }

        List<CallerOrganization> organizations = [.. store.Directory.MembershipsOf(caller!.UserId)
            .Where(membership => caller.Reaches(membership.Organization.Id))
            .Select(membership => new CallerOrganization
            {
                OrganizationId = membership.Organization.Id,
                Name = membership.Organization.Name,
                Plan = membership.Organization.Plan,
                Role = membership.Role,
                Timezones = membership.Organization.Timezones,
            })];
        var answer = JsonSerializer.SerializeToUtf8Bytes(new OrganizationsResponse { Organizations = organizations }, JsonAnswer.Options);

        // Short enough to be its own tag: there is no version of what one caller is a member of.
        var format = request.FormatOf(AnswerFormat.All)!;
        var tag = $"W/\"{format.Name}-{Base64Url.EncodeToString(SHA256.HashData(answer).AsSpan(0, 16))}\"";
        await ConditionalAnswer.RunAsync(context, tag, () =>
        {
            if (format == AnswerFormat.Json)
            {
                return JsonAnswer.WriteUtf8Async(context, StatusCodes.Status200OK, answer);
            }

            context.Response.ContentType = format.ContentType;
            return TableAnswer.WriteAsync(context, Table(organizations), format, ["analytics", "organizations"], new Dictionary<string, string>(), _ => { });
        });
    }

    // Names of zones have no spaces.
    private static LongForm<CallerOrganization> Table(List<CallerOrganization> organizations) => LongForm.Of(
        null,
        organizations,
        LongColumn<CallerOrganization>.Text("organizationId", organization => organization.OrganizationId),
        LongColumn<CallerOrganization>.Text("name", organization => organization.Name),
        LongColumn<CallerOrganization>.Text("plan", organization => organization.Plan),
        LongColumn<CallerOrganization>.Text("role", organization => organization.Role),
        LongColumn<CallerOrganization>.Text("timezones", organization => string.Join(' ', organization.Timezones)));
}
