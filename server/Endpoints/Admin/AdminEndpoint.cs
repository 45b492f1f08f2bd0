using System.Security.Cryptography;
using System.Text.Json;
using Analytics.Server.Access;
using Analytics.Server.Contracts;
using Analytics.Server.Conventions;
using Analytics.Storage;
using Analytics.Storage.Directory;
using NodaTime;

namespace Analytics.Server.Endpoints.Admin;

/// <summary>What an edit answers with.</summary>
/// <param name="Status">HTTP status of a success.</param>
/// <param name="Json">The body; null for none.</param>
/// <param name="Tag">The tag of what is there now; null for none.</param>
/// <param name="Location">Where a new thing is; null for none.</param>
internal sealed record Reply(int Status, byte[]? Json = null, string? Tag = null, string? Location = null)
{
    /// <summary>What is answered instead.</summary>
    public Problem? Problem { get; init; }

    public static Reply Of<T>(int status, T row, string? location = null)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(row, JsonAnswer.Options);
        return new Reply(status, json, AdminEndpoint.TagOf(json), location);
    }

    public static implicit operator Reply(Problem problem) => new(problem.Status) { Problem = problem };
}

/// <summary>
/// What all endpoints under <c>/admin/organizations/{id}</c> do first, in the contract's order: who asks, for which
/// organisation, with which role, with which parameters (none). Tags are hashes of the content: whoever sends one back
/// with <c>If-Match</c> changes what they have seen, or nothing.
/// </summary>
/// <param name="store">The directory.</param>
/// <param name="clock">When changes are made.</param>
internal sealed class AdminEndpoint(UsageStore store, IClock clock)
{
    /// <summary>Where the organisation's id stands in the path, counted in segments.</summary>
    public const int OrganizationSegment = 2;

    /// <summary>Where the id of a row stands in the path, counted in segments.</summary>
    public const int RowSegment = 4;

    /// <summary>The directory.</summary>
    public DirectoryStore Directory => store.Directory;

    /// <summary>The present.</summary>
    public Instant Now => clock.GetCurrentInstant();

    /// <summary>The strong tag of a content.</summary>
    public static string TagOf(ReadOnlySpan<byte> content) => $"\"{System.Buffers.Text.Base64Url.EncodeToString(SHA256.HashData(content).AsSpan(0, 16))}\"";

    /// <summary>Whether <c>If-Match</c> allows a change of what has a tag. Weak comparison: a proxy that compresses makes strong tags weak.</summary>
    public static Problem? Unmatched(HttpContext context, string tag)
    {
        var header = context.Request.Headers.IfMatch;
        return header.Count == 0 || EntityTag.IsAny(header) || EntityTag.Matches(header, tag) ? null : Problem.PreconditionFailed(tag);
    }

    /// <summary>Answers a read.</summary>
    public async Task ReadAsync(HttpContext context, Func<Grant, Reply> read)
    {
        if (await GrantAsync(context) is { } grant)
        {
            await AnswerAsync(context, read(grant));
        }
    }

    /// <summary>Makes a change, with its line of the audit log, and answers.</summary>
    /// <param name="context">The request.</param>
    /// <param name="grant">Who asks.</param>
    /// <param name="edit">Reads and writes; nothing is written where it returns a problem before it writes.</param>
    /// <param name="rename">A path in the directory's document as the path in the body; null where they are the same.</param>
    public async Task EditAsync(HttpContext context, Grant grant, Func<OrganizationEditor, Reply> edit, Func<string, string>? rename = null)
    {
        Reply reply;
        try
        {
            reply = Directory.Edit(grant.Organization.Id, grant.Caller.ToActor(context, Now), edit);
        }
        catch (DirectoryDocumentException exception)
        {
            reply = Problem.InvalidBody(ByPath(exception.Problems, rename));
        }
        catch (DirectoryEditException exception)
        {
            var errors = ByPath(exception.Problems, rename);
            reply = exception.Fault == DirectoryEditFault.LastOwner ? Problem.LastOwner(errors) : Problem.ForbiddenEdit(errors);
        }

        await AnswerAsync(context, reply);
    }

    /// <summary>What the caller may do; null where a problem was answered.</summary>
    public async Task<Grant?> GrantAsync(HttpContext context)
    {
        var (grant, problem) = Authorization.Check(context, store, RawPath.Segment(context, OrganizationSegment), Surface.Administration);
        if (grant is not null && QueryFaults.Of(context.Request, []) is { Count: > 0 } errors)
        {
            (grant, problem) = (null, Problem.InvalidParameters(errors));
        }

        if (grant is null)
        {
            await ProblemResponse.WriteAsync(context, problem!);
        }

        return grant;
    }

    /// <summary>Answers.</summary>
    public static Task AnswerAsync(HttpContext context, Reply reply)
    {
        if (reply.Problem is { } problem)
        {
            return ProblemResponse.WriteAsync(context, problem);
        }

        var headers = context.Response.Headers;
        headers.Location = reply.Location;
        headers.Vary = "Accept-Encoding";
        headers.CacheControl = reply.Tag is null ? "no-store" : "private, no-cache";
        if (HttpMethods.IsGet(context.Request.Method) && reply.Tag is not null && ConditionalAnswer.IsNotModified(context, reply.Tag))
        {
            return Task.CompletedTask;
        }

        headers.ETag = reply.Tag;
        if (reply.Json is not null)
        {
            return JsonAnswer.WriteUtf8Async(context, reply.Status, reply.Json);
        }

        context.Response.StatusCode = reply.Status;
        return Task.CompletedTask;
    }

    /// <summary>Problems by their JSON path.</summary>
    /// <param name="problems">Each "path: found what, expected what".</param>
    /// <param name="rename">A path in a document as the path in the body; null to leave paths as they are.</param>
    public static Dictionary<string, string[]> ByPath(IEnumerable<string> problems, Func<string, string>? rename = null) => problems
        .Select(problem =>
        {
            var end = problem.IndexOf(": found", StringComparison.Ordinal);
            return end < 0 ? (Path: "$", Message: problem) : (Path: problem[..end], Message: problem[(end + 2)..]);
        })
        .GroupBy(problem => rename is null ? problem.Path : rename(problem.Path), problem => problem.Message + ".", StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal);
}
