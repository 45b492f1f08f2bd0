using Analytics.Server.Contracts;

namespace Analytics.Server.Conventions;

/// <summary>What is wrong with a query string, whatever its values mean.</summary>
internal static class QueryFaults
{
    // A few are enough to see the mistake.
    private const int MaxUnknown = 10;

    /// <summary>Broken percent-encoding, and parameters that are not accepted, by name.</summary>
    /// <param name="request">The request.</param>
    /// <param name="accepted">Names, in their spelling: query keys fold case, and a name in another case is as unknown as a misspelt one.</param>
    public static Dictionary<string, string[]> Of(HttpRequest request, IReadOnlyList<string> accepted)
    {
        Dictionary<string, string[]> errors = new(StringComparer.Ordinal);
        if (PercentEncoding.Fault(request.QueryString.Value) is { } fault)
        {
            errors["query"] = [fault];
        }

        foreach (var name in request.Query.Keys.Where(name => !accepted.Contains(name, StringComparer.Ordinal)).Take(MaxUnknown))
        {
            errors.TryAdd(ReadingRequest.Shown(name), [accepted.Count == 0 ? "unknown parameter, expected none." : $"unknown parameter, expected {DidYouMean.Suggest(name, accepted)}."]);
        }

        return errors;
    }
}
