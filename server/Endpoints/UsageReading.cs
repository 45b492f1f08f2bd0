using Analytics.Server.Access;
using Analytics.Server.Contracts;
using Analytics.Storage;

namespace Analytics.Server.Endpoints;

/// <summary>The reading endpoints about parts of an organisation: its cards, projects, API keys and agents.</summary>
internal static class UsageReading
{
    /// <summary>Maps them.</summary>
    /// <param name="app">The server.</param>
    public static void MapUsageReading(this WebApplication app)
    {
        var store = app.Services.GetRequiredService<UsageStore>();
        app.MapGet("/analytics/organizations", (Delegate)((HttpContext context) => OrganizationsEndpoint.HandleAsync(context, store)))
            .Describe<OrganizationsResponse>("organizations", "The caller's organizations with plan, role and reporting zones.", OrganizationsEndpoint.Accepted, Samples.Organizations, ofOrganization: false);
        app.MapReading("/analytics/me", Surface.AnyMember, MembersEndpoint.Accepted, MembersEndpoint.Me)
            .Describe<MemberResponse>("me", "The caller's own usage in detail. Any member, every plan.", MembersEndpoint.Accepted, Samples.Member);
        app.MapReading("/analytics/summary", Surface.AnyMember, SummaryEndpoint.Accepted, SummaryEndpoint.Handle, needsDetails: true)
            .Describe<SummaryResponse>("summary", "The cards: totals, models, projects and conversations of a range. Any member with projectId or apiKeyId; else owners and admins, Enterprise plan.", SummaryEndpoint.Accepted, Samples.Summary);
        app.MapReading("/analytics/projects", Surface.AnyMember, ProjectsEndpoint.Accepted, ProjectsEndpoint.List)
            .Describe<ProjectsResponse>("projects", "Usage of every project. Any member, every plan.", ProjectsEndpoint.Accepted, Samples.Projects);
        app.MapReading("/analytics/projects/{projectId}", Surface.AnyMember, UsageDetail.Accepted, ProjectsEndpoint.Detail)
            .Describe<ProjectResponse>("project", "One project's usage by model. Any member, every plan.", UsageDetail.Accepted, Samples.Project);
        app.MapReading("/analytics/api-keys", Surface.AnyMember, ApiKeysEndpoint.Accepted, ApiKeysEndpoint.List)
            .Describe<ApiKeysResponse>("apiKeys", "Usage of every API key. Any member, every plan.", ApiKeysEndpoint.Accepted, Samples.ApiKeys);
        app.MapReading("/analytics/api-keys/{apiKeyId}", Surface.AnyMember, UsageDetail.Accepted, ApiKeysEndpoint.Detail)
            .Describe<ApiKeyResponse>("apiKey", "One API key's usage by model. Any member, every plan.", UsageDetail.Accepted, Samples.ApiKey);
        app.MapReading("/analytics/agents", Surface.OrganizationWide, AgentsEndpoint.Accepted, AgentsEndpoint.List, needsDetails: true)
            .Describe<AgentsResponse>("agents", "Agents with usage, largest cost first. Owners and admins, Enterprise plan.", AgentsEndpoint.Accepted, Samples.Agents);
        app.MapReading("/analytics/agents/{agentId}", Surface.OrganizationWide, UsageDetail.Accepted, AgentsEndpoint.Detail, needsDetails: true)
            .Describe<AgentResponse>("agent", "One agent's usage by model. Owners and admins, Enterprise plan.", UsageDetail.Accepted, Samples.Agent);
        app.MapReading("/analytics/services", Surface.OrganizationWide, ServicesEndpoint.Accepted, ServicesEndpoint.Handle, needsDetails: true)
            .Describe<ServicesResponse>("services", "By service type: totals, usage by project, and quantities by pricing rule. Owners and admins, Enterprise plan.", ServicesEndpoint.Accepted, Samples.Services);
        app.MapReading("/analytics/explain", Surface.OrganizationWide, ExplainEndpoint.Accepted, ExplainEndpoint.Handle)
            .Describe<ExplainResponse>("explain", "Why a day or a range cost more or less than an earlier one: by every dimension, split into volume, mix and price. Owners and admins, Enterprise plan.", ExplainEndpoint.Accepted, Samples.Explain);
        app.MapReading("/analytics/selfcheck", Surface.OrganizationWide, [], SelfCheckEndpoint.Handle, needsDetails: true, isAlwaysAnswered: true)
            .Describe<SelfCheckResponse>("selfcheck", "Whether every way to the range's totals leads to the same: dimensions, days, priced items and the files on disk. Owners and admins, Enterprise plan.", [], Samples.SelfCheck);
        app.MapReading("/export/focus", Surface.OrganizationWide, [], FocusEndpoint.Handle, needsDetails: true)
            .DescribeTable("focus", "Costs as rows of FOCUS 1.2: one for each day, project and SKU meter, as csv (the default), parquet or arrow. Owners and admins, Enterprise plan.", [], Samples.Focus);
    }
}
