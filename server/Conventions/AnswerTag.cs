using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Analytics.Server.Contracts;
using Analytics.Server.Contracts.Formats;
using Analytics.Storage;
using Microsoft.AspNetCore.Http.Features;

namespace Analytics.Server.Conventions;

/// <summary>
/// The entity tag of an answer about usage, known before the question is asked: a hash over everything that the answer
/// depends on. The organisation, the caller's view (user and role), the versions of its usage and of its directory, and
/// the question with defaults filled in, aliases resolved and lists in order.
/// </summary>
/// <remarks>
/// A tag is sent with a success only, and nobody can make one up: the hash begins with a secret of this process. So who
/// sends the current tag back has asked this very question with these very rights before, every parameter was right then
/// and is right now, and 304 can be answered without looking any further. After a restart all tags are new.
/// </remarks>
internal static class AnswerTag
{
    // What the request has made something else of.
    private static readonly QueryParameter[] Resolved =
        [QueryParameter.OrganizationId, QueryParameter.From, QueryParameter.To, QueryParameter.Timezone, QueryParameter.OutputFormat];

    private static readonly byte[] Secret = RandomNumberGenerator.GetBytes(32);

    /// <summary>The tag: weak, since a compressed answer has the same.</summary>
    /// <param name="request">The parameters that all questions share; without faults.</param>
    /// <param name="http">The request.</param>
    /// <param name="accepted">The parameters of this question besides the shared ones. They may be wrong: no answer has such a tag.</param>
    /// <param name="snapshot">What is asked.</param>
    /// <param name="userId">Who asks.</param>
    /// <param name="role">Their role.</param>
    public static string Of(ReadingRequest request, HttpRequest http, IReadOnlyList<QueryParameter> accepted, UsageSnapshot snapshot, string userId, string role)
    {
        var text = new StringBuilder(512);

        // As it was sent: in the decoded path, an encoded slash and its name twice encoded look the same.
        var target = http.HttpContext.Features.Get<IHttpRequestFeature>()!.RawTarget;
        Append(text, target.AsSpan(0, target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var end ? end : target.Length));
        Append(text, snapshot.Directory.Organization.Id);
        Append(text, userId);
        Append(text, role);
        text.Append(CultureInfo.InvariantCulture, $"{snapshot.DataVersion},{snapshot.Directory.Fingerprint:x32},{request.From:uuuu-MM-dd},{request.To:uuuu-MM-dd}");
        Append(text, request.Zone.Id);
        Append(text, request.FormatOf(AnswerFormat.All)?.Name);
        foreach (var parameter in QueryParameter.Shared)
        {
            Append(text, request, http.Query, parameter);
        }

        foreach (var parameter in accepted)
        {
            Append(text, request, http.Query, parameter);
        }

        return Hash(text.ToString());
    }

    private static void Append(StringBuilder text, ReadingRequest request, IQueryCollection query, QueryParameter parameter)
    {
        if (Resolved.Contains(parameter))
        {
            return;
        }

        if (parameter == QueryParameter.Fields)
        {
            Append(text, string.Join(',', request.Metrics(parameter).Select(metric => metric.Name)));
            return;
        }

        var values = query[parameter.Name];
        if (values.Count == 0)
        {
            Append(text, parameter.Default);
        }
        else if (values is [{ } value] && !parameter.IsRepeatable)
        {
            Append(text, parameter.IsCount ? value.TrimStart('0') : parameter.MaxWords > 1 ? Words(value) : value);
        }
        else
        {
            // "Any of" has no order.
            string[] ordered = [.. values.Select(key => key ?? string.Empty).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            text.Append(CultureInfo.InvariantCulture, $"[{values.Count - (parameter.IsRepeatable ? values.Count - ordered.Length : 0)}]");
            foreach (var key in ordered)
            {
                Append(text, key);
            }
        }
    }

    private static string Words(string value) => string.Join(',', value.Split(',', StringSplitOptions.TrimEntries).Select(QueryParameter.Canonical));

    // With its length, so that no two questions run together into the same text.
    private static void Append(StringBuilder text, ReadOnlySpan<char> value) => text.Append(CultureInfo.InvariantCulture, $"{value.Length}:").Append(value);

    private static void Append(StringBuilder text, string? value)
    {
        if (value is null)
        {
            text.Append('-');
        }
        else
        {
            Append(text, value.AsSpan());
        }
    }

    private static string Hash(string text)
    {
        var content = MemoryMarshal.AsBytes(text.AsSpan());
        byte[] keyed = [.. Secret, .. content];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(keyed, hash);

        // 128 bits: nobody searches for two questions with the same tag without knowing the secret.
        return $"W/\"{System.Buffers.Text.Base64Url.EncodeToString(hash[..16])}\"";
    }
}
