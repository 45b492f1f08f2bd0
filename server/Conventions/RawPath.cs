using Microsoft.AspNetCore.Http.Features;

namespace Analytics.Server.Conventions;

/// <summary>Ids in paths. Routing leaves an encoded slash as it is, so segments are decoded from the path as it was sent.</summary>
internal static class RawPath
{
    /// <summary>One segment of the path, decoded; 0 is the first. Empty where there is none.</summary>
    public static string Segment(HttpContext context, int index)
    {
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget.Split('?')[0];
        if (!target.StartsWith('/'))
        {
            // A proxy may send the address whole.
            target = target.IndexOf('/', target.IndexOf("//", StringComparison.Ordinal) + 2) is > 0 and var start ? target[start..] : "/";
        }

        var segments = target.Split('/');
        return index + 1 < segments.Length ? Uri.UnescapeDataString(segments[index + 1]) : string.Empty;
    }
}
