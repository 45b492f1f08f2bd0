using Analytics.Storage.Directory;
using NodaTime;

namespace Analytics.Server.Access;

/// <summary>Audits usage that leaves as a file: every answer in CSV, Arrow or Parquet, and everything below <c>/export</c>.</summary>
internal sealed class ExportAudit(Audit audit, IClock clock)
{
    private const int MaxDetail = 1_000;
    private static readonly string[] FileTypes = ["text/csv", "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"];

    /// <summary>Notes the request once it is answered; also where the client went away in the middle of the answer.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        finally
        {
            if (context.Response.StatusCode == StatusCodes.Status200OK && IsFile(context) && Authentication.CallerOf(context) is { } caller)
            {
                var query = context.Request.QueryString.Value ?? string.Empty;
                audit.Note(
                    caller.ToActor(context, clock.GetCurrentInstant()),
                    context.Request.Query["organizationId"].FirstOrDefault() ?? caller.OrganizationId,
                    AuditActions.Export,
                    context.Request.Path,
                    query.Length > MaxDetail ? query[..MaxDetail] : query);
            }
        }
    }

    private static bool IsFile(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/export", StringComparison.Ordinal)
        || (context.Response.ContentType is { } type && FileTypes.Any(file => type.StartsWith(file, StringComparison.Ordinal)));
}
