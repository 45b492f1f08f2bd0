using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Analytics.Server.Contracts.Formats;

/// <summary>A form that answers are written in.</summary>
/// <param name="Name">The word of the parameter <c>format</c>.</param>
/// <param name="MediaType">What <c>Accept</c> calls it.</param>
/// <param name="ContentType">What the answer calls itself.</param>
/// <param name="Extension">What its files end with.</param>
internal sealed record AnswerFormat(string Name, string MediaType, string ContentType, string Extension)
{
    /// <summary>The nested answer.</summary>
    public static readonly AnswerFormat Json = new("json", "application/json", "application/json; charset=utf-8", ".json");

    /// <summary>The long form as RFC 4180 has it.</summary>
    public static readonly AnswerFormat Csv = new("csv", "text/csv", "text/csv; charset=utf-8; header=present", ".csv");

    /// <summary>The long form as an Arrow IPC stream.</summary>
    public static readonly AnswerFormat Arrow = new("arrow", "application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.stream", ".arrows");

    /// <summary>The long form as a Parquet file.</summary>
    public static readonly AnswerFormat Parquet = new("parquet", "application/vnd.apache.parquet", "application/vnd.apache.parquet", ".parquet");

    /// <summary>All of them; of equally welcome ones the first is served.</summary>
    public static readonly IReadOnlyList<AnswerFormat> All = [Json, Csv, Arrow, Parquet];

    /// <summary>Those of an answer that is a table and nothing else.</summary>
    public static readonly IReadOnlyList<AnswerFormat> Tables = [Csv, Parquet, Arrow];

    /// <summary>Those of an answer that has no long form.</summary>
    public static readonly IReadOnlyList<AnswerFormat> JsonOnly = [Json];

    /// <summary>The offer that a client wants most, by the qualities of its <c>Accept</c> header (RFC 9110, 12.5.1).</summary>
    /// <param name="accept">The header's values; none, or none that can be read, for "anything".</param>
    /// <param name="offers">What can be served, 1 or more.</param>
    /// <returns>Null where the client wants none of them.</returns>
    /// <remarks>
    /// The most specific range that matches an offer gives its quality. Of equal qualities the offer that is named more
    /// specifically wins, so that <c>text/csv, */*</c> is CSV, then the one that is named first.
    /// </remarks>
    public static AnswerFormat? Wanted(StringValues accept, IReadOnlyList<AnswerFormat> offers)
    {
        if (StringValues.IsNullOrEmpty(accept) || !MediaTypeHeaderValue.TryParseList([.. accept.OfType<string>()], out var ranges) || ranges.Count == 0)
        {
            return offers[0];
        }

        return offers
            .Select((offer, place) => (Offer: offer, Match: Match(offer, ranges), Place: place))
            .Where(candidate => candidate.Match.Quality > 0)
            .OrderByDescending(candidate => candidate.Match.Quality)
            .ThenByDescending(candidate => candidate.Match.Specificity)
            .ThenBy(candidate => candidate.Match.Position)
            .ThenBy(candidate => candidate.Place)
            .Select(candidate => candidate.Offer)
            .FirstOrDefault();
    }

    private static (double Quality, int Specificity, int Position) Match(AnswerFormat offer, IList<MediaTypeHeaderValue> ranges)
    {
        (double Quality, int Specificity, int Position) best = (0, -1, 0);
        for (var i = 0; i < ranges.Count; i++)
        {
            var range = ranges[i];
            var specificity = range.MediaType.Equals(offer.MediaType, StringComparison.OrdinalIgnoreCase) ? 2
                : range.MatchesAllSubTypes && !range.MatchesAllTypes && offer.MediaType.StartsWith(range.Type.Value + "/", StringComparison.OrdinalIgnoreCase) ? 1
                : range.MatchesAllTypes ? 0
                : -1;
            if (specificity > best.Specificity)
            {
                best = (range.Quality ?? 1, specificity, i);
            }
        }

        return best;
    }
}
