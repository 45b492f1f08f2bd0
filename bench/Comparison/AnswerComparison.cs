using System.Globalization;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;

namespace Analytics.Bench.Comparison;

/// <summary>An answer of a peer is another one than this engine's.</summary>
/// <param name="message">Which cell, and both values.</param>
internal sealed class DifferentAnswerException(string message) : Exception(message);

/// <summary>Compares answers cell by cell, as text, so that no digit is lost on the way.</summary>
internal static class AnswerComparison
{
    /// <summary>A peer's answer as lines like this engine's: bucket, key, requests, tokens, pico-dollars.</summary>
    /// <param name="rows">The peer's rows.</param>
    /// <param name="query">The query.</param>
    /// <param name="isNatural">Whether groups are keys and costs dollars, instead of codes and pico-dollars.</param>
    /// <param name="data">The year.</param>
    public static string[] Lines(IReadOnlyList<IReadOnlyList<string>> rows, ComparisonQuery query, bool isNatural, ComparisonData data)
    {
        var groups = data.Usage.Table(query.Shape == AnswerShape.Members ? Dimension.Member : query.GroupBy);
        var group = query.Shape switch { AnswerShape.Totals => -1, AnswerShape.Buckets => 1, _ => 0 };
        var cost = group + ComparisonQuery.Sums.Count;
        return
        [
            .. rows.Select(row => string.Join('|', row.Select((cell, column) =>
                column == cost ? (isNatural ? PicoDollarsOf(cell) : cell)
                : column == group ? (isNatural ? cell : groups.Key(int.Parse(cell, CultureInfo.InvariantCulture)))
                : column == group - 1 ? Bucket(cell)
                : cell))).Order(StringComparer.Ordinal),
        ];

        // A position, or a date.
        string Bucket(string cell) => int.TryParse(cell, NumberStyles.None, CultureInfo.InvariantCulture, out var position)
            ? data.BucketLabel(query.Bucket, position)
            : cell[..(query.Bucket == BucketSize.Month ? 7 : 10)];
    }

    /// <summary>Dollars in decimals as pico-dollars.</summary>
    /// <param name="dollars">Digits, and 12 decimals at most.</param>
    public static string PicoDollarsOf(string dollars)
    {
        var point = dollars.IndexOf('.', StringComparison.Ordinal);
        var (whole, decimals) = point < 0 ? (dollars, string.Empty) : (dollars[..point], dollars[(point + 1)..]);
        var digits = (whole + decimals.PadRight(PicoDollars.Decimals, '0')).TrimStart('0');
        return digits.Length == 0 ? "0" : digits;
    }

    /// <summary>Requires two answers to be the same.</summary>
    /// <param name="where">Query, system and form, for the message.</param>
    /// <param name="query">The query.</param>
    /// <param name="ours">This engine's lines, sorted.</param>
    /// <param name="theirs">The other's lines, sorted.</param>
    /// <exception cref="DifferentAnswerException">They are not; names the first cell.</exception>
    public static void RequireEqual(string where, ComparisonQuery query, string[] ours, string[] theirs)
    {
        if (ours.AsSpan().SequenceEqual(theirs))
        {
            return;
        }

        var keyColumns = query.Shape switch { AnswerShape.Totals => 0, AnswerShape.Buckets => 2, _ => 1 };
        string[] names = [.. ComparisonQuery.Sums.Select(measure => measure.ColumnName()), "keys"];
        var others = theirs.GroupBy(Key, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal);
        foreach (var line in ours)
        {
            if (!others.Remove(Key(line), out var found))
            {
                throw new DifferentAnswerException($"{where}: row '{Key(line)}' is missing; expected {line}.");
            }

            if (found.Length > 1)
            {
                throw new DifferentAnswerException($"{where}: row '{Key(line)}' is there {found.Length} times.");
            }

            if (found[0] != line)
            {
                var (expected, actual) = (line.Split('|')[keyColumns..], found[0].Split('|')[keyColumns..]);
                var cell = Enumerable.Range(0, Math.Max(expected.Length, actual.Length)).First(i => i >= expected.Length || i >= actual.Length || expected[i] != actual[i]);
                throw new DifferentAnswerException($"{where}: row '{Key(line)}', {names[cell]}: found {actual.ElementAtOrDefault(cell)}, expected {expected.ElementAtOrDefault(cell)}.");
            }
        }

        throw new DifferentAnswerException($"{where}: row '{others.Keys.Order(StringComparer.Ordinal).First()}' is not in this engine's answer.");

        string Key(string line) => string.Join('|', line.Split('|').Take(keyColumns));
    }
}
