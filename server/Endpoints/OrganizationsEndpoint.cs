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
        if (context.Request.Query.Keys.FirstOrDefault() is { } unknown)
        {
            problem ??= Problem.InvalidParameter(ReadingRequest.Shown(unknown), "unknown parameter, expected none.");
        }

        if (problem is not null)
        {
            await ProblemResponse.WriteAsync(context, problem);
            return;
        }

        using var text = new JsonText(context.Response.BodyWriter);
        text.StartObject();
        text.StartArray("organizations");
        foreach (var (organization, role) in store.Directory.MembershipsOf(caller!.UserId).Where(membership => caller.Reaches(membership.Organization.Id)))
        {
            text.StartObject();
            text.Text("organizationId", organization.Id);
            text.Text("name", organization.Name);
            text.Text("plan", organization.Plan);
            text.Text("role", role);
            text.StartArray("timezones");
            foreach (var zone in organization.Timezones)
            {
                text.Text(zone);
            }

            text.EndArray();
            text.EndObject();
        }

        text.EndArray();
        text.EndObject();
        if (ConditionalAnswer.IsNotModified(context, Admin.AdminEndpoint.TagOf(text.Pending)))
        {
            return;
        }

        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = text.Pending.Length;
        await text.SendAsync(context.RequestAborted);
    }
}
