using Analytics.Engine.Queries;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
using Analytics.Server.Contracts.Formats;
using Analytics.Storage;

namespace Analytics.Server.Endpoints;

/// <summary>Usage of a range by thing, as lists of members, projects and API keys show it: what has no usage is in it too.</summary>
internal static class UsageList
{
    /// <summary>Puts things in the order of all answers: cost descending, requests descending, label, key.</summary>
    /// <param name="usage">Usage by <paramref name="dimension"/>.</param>
    /// <param name="dimension">What is listed.</param>
    /// <param name="known">Keys that have a row even without usage.</param>
    /// <param name="names">Labels.</param>
    /// <returns>One row a key. Rows sum to the usage's totals.</returns>
    public static IReadOnlyList<ListedUsage> Of(QueryResult usage, Dimension dimension, IEnumerable<string> known, DirectoryNames names)
    {
        var rows = usage.Ranking.ToDictionary(group => usage.Groups.Key(group.Code), group => group.Sums, StringComparer.Ordinal);
        foreach (var key in known)
        {
            rows.TryAdd(key, default);
        }

        return
        [
            .. rows.Select(row => new ListedUsage(row.Key, names.NameOf(dimension, row.Key), row.Value))
                .OrderByDescending(row => row.Sums[Measure.Cost])
                .ThenByDescending(row => row.Sums[Measure.RequestCount])
                .ThenBy(row => row.Name.Label, StringComparer.Ordinal)
                .ThenBy(row => row.Key, StringComparer.Ordinal),
        ];
    }

    /// <summary>Answers with a list and its totals, in the form that was asked for.</summary>
    /// <typeparam name="TRow">A row.</typeparam>
    /// <param name="question">The question.</param>
    /// <param name="usage">What the rows sum to.</param>
    /// <param name="name">The list, as a property.</param>
    /// <param name="rows">The rows in their order.</param>
    /// <param name="profile">Writes what a row is of.</param>
    /// <param name="sums">A row's usage.</param>
    /// <param name="columns">The same as <paramref name="profile"/> writes, as columns.</param>
    public static Task AnswerAsync<TRow>(
        Question question, QueryResult usage, string name, IReadOnlyList<TRow> rows, Action<JsonText, TRow> profile, Func<TRow, UsageSums> sums, params IEnumerable<LongColumn<TRow>> columns) =>
        question.AnswerAsync(async json =>
        {
            json.Range(usage.Plan);
            json.Text.StartArray(name);
            foreach (var row in rows)
            {
                json.Text.StartObject();
                profile(json.Text, row);
                json.Metrics(sums(row));
                json.Text.EndObject();
                if (json.Text.HasPiece)
                {
                    await json.Text.SendAsync(question.Cancellation);
                }
            }

            json.Text.EndArray();
            json.Totals(usage);
        }, () => LongForm.Of(usage.Plan, rows, [.. columns, .. LongColumn<TRow>.Metrics(Metric.All, (row, measure) => sums(row)[measure])]));
}

/// <summary>One thing of a list.</summary>
/// <param name="Key">Its id; empty for usage that has none.</param>
/// <param name="Name">What people read.</param>
/// <param name="Sums">Its usage in the range.</param>
internal readonly record struct ListedUsage(string Key, Name Name, UsageSums Sums);
