using System.Globalization;
using System.Text.Json;

namespace Analytics.Tests.Browser;

/// <summary>Reads answers of the server as the dashboard's figures carry them: money is text already, counts are digits.</summary>
internal static class Answers
{
    public static string Exact(this JsonElement row, string property)
    {
        var value = row.GetProperty(property);
        return value.ValueKind switch { JsonValueKind.String => value.GetString()!, JsonValueKind.Null => string.Empty, _ => value.GetRawText() };
    }

    /// <summary>Several properties of each row, in the form of <see cref="Window.RowsAsync"/>.</summary>
    public static IEnumerable<string> Lines(this JsonElement rows, params string[] properties) =>
        rows.EnumerateArray().Select(row => string.Join(" | ", properties.Select(property => row.Exact(property))));

    public static IEnumerable<string> Values(this JsonElement rows, string property) => rows.EnumerateArray().Select(row => row.Exact(property));

    /// <summary>The property in which an answer has a metric of the dashboard.</summary>
    public static string Property(string metric) => metric switch { "cost" => "cost", "requests" => "requestCount", _ => "totalTokens" };

    public static decimal Sum(this IEnumerable<string> values) => values.Sum(value => decimal.Parse(value, NumberStyles.Number, CultureInfo.InvariantCulture));

    public static decimal Amount(this string value) => decimal.Parse(value, NumberStyles.Number, CultureInfo.InvariantCulture);
}
