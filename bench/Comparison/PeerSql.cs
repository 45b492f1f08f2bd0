using System.Globalization;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;

namespace Analytics.Bench.Comparison;

/// <summary>The statements that all peers share.</summary>
/// <remarks>
/// Tables: <c>usage</c> (rows as in the files), <c>hours</c> (interval, day, month), <c>models</c> (mapping, model) and
/// <c>keys</c> (API key, member); <c>tuned</c> (see <see cref="TunedColumns"/>); <c>pre_…</c> (day, month, code, sums) and
/// <c>key_members</c> (code, member_code).
/// Columns of every answer: bucket and group where there are such, requests, input tokens, output tokens, cost, and number
/// of keys of members. Buckets are positions or ISO dates, groups are keys in natural forms and codes in others, costs are
/// dollars in natural forms and pico-dollars in others.
/// </remarks>
internal static class PeerSql
{
    /// <summary>The dimensions that queries group by.</summary>
    public static IReadOnlyList<Dimension> Groups { get; } = [Dimension.Project, Dimension.Model, Dimension.ApiKey, Dimension.ServiceType];

    /// <summary>Columns of <c>usage</c> that queries need.</summary>
    public static IReadOnlyList<string> NaturalColumns { get; } =
    [
        "bucket_start",
        .. ((Dimension[])[Dimension.Project, Dimension.ApiKey, Dimension.Mapping, Dimension.ServiceType]).Select(dimension => dimension.ColumnName()),
        .. ComparisonQuery.Sums.Select(measure => measure.ColumnName()),
    ];

    /// <summary>Columns of <c>tuned</c>, before any that a peer adds: times and codes of up to 16 bits, then measures.</summary>
    public static IReadOnlyList<string> TunedColumns { get; } =
        ["day", "month", .. Groups.Select(CodeColumn), .. ComparisonQuery.Sums.Select(measure => measure.ColumnName())];

    /// <summary>The four sums.</summary>
    public static string Sums { get; } = string.Join(", ", ComparisonQuery.Sums.Select(measure => $"sum({measure.ColumnName()})"));

    /// <summary>The four sums under the measures' names.</summary>
    public static string NamedSums { get; } = string.Join(", ", ComparisonQuery.Sums.Select(measure => $"sum({measure.ColumnName()}) AS {measure.ColumnName()}"));

    /// <summary>The name of a dimension in tables.</summary>
    public static string TextOf(Dimension dimension) => dimension == Dimension.Model ? "model" : dimension.ColumnName();

    /// <summary>The column of a dimension's codes in <c>tuned</c>.</summary>
    public static string CodeColumn(Dimension dimension) => $"{TextOf(dimension)}_code";

    /// <summary>The table of sums by day and dimension.</summary>
    public static string PreAggregatedTable(Dimension dimension) => $"pre_{TextOf(dimension)}";

    /// <summary>A number as SQL has it.</summary>
    public static string Number(Int128 value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>A query of rows as the files have them.</summary>
    /// <param name="query">The query.</param>
    /// <param name="bucket">The bucket of a row, for days or months.</param>
    /// <param name="timeJoin">The join that the bucket needs, or nothing.</param>
    /// <param name="range">The condition on a row's time.</param>
    /// <param name="distinctKeys">The exact number of distinct API keys.</param>
    /// <param name="project">The project of a query of one, as a literal.</param>
    public static string Natural(ComparisonQuery query, Func<BucketSize, string> bucket, string timeJoin, string range, string distinctKeys, string project)
    {
        const string Top = "ORDER BY sum(cost) DESC, sum(request_count) DESC";
        return query.Shape switch
        {
            AnswerShape.Totals => $"SELECT {Sums} FROM usage WHERE {range}",
            AnswerShape.Top => $"SELECT api_key, {Sums} FROM usage WHERE {range} GROUP BY api_key {Top} LIMIT {ComparisonQuery.TopCount}",
            AnswerShape.Members => $"SELECT member, {Sums}, {distinctKeys} FROM usage JOIN keys ON keys.id = usage.api_key WHERE {range} GROUP BY member",
            _ => $"""
                SELECT {bucket(query.Bucket)} AS bucket, {TextOf(query.GroupBy)}, {Sums}
                FROM usage {timeJoin} {(query.GroupBy == Dimension.Model ? "JOIN models ON models.id = usage.mapping" : string.Empty)}
                WHERE {range}{(query.IsOfOneProject ? $" AND project = {project}" : string.Empty)}
                GROUP BY bucket, {TextOf(query.GroupBy)}
                """,
        };
    }

    /// <summary>A query of rows with days and codes.</summary>
    /// <param name="query">The query.</param>
    /// <param name="table">The table, <c>tuned</c> or a copy.</param>
    /// <param name="sums">The four sums, named as the measures.</param>
    /// <param name="projectCode">Code of the project of a query of one.</param>
    /// <param name="packed">A column that holds bucket and group in one number, and the number of groups; null where there is none.</param>
    public static string Tuned(ComparisonQuery query, string table, string sums, int projectCode, (string Column, int Groups)? packed = null)
    {
        var time = query.Bucket == BucketSize.Month ? "month" : "day";
        var code = CodeColumn(query.GroupBy);
        return query.Shape switch
        {
            AnswerShape.Totals => $"SELECT {sums} FROM {table}",
            AnswerShape.Top => $"SELECT {code}, {sums} FROM {table} GROUP BY {code} ORDER BY cost DESC, request_count DESC LIMIT {ComparisonQuery.TopCount}",
            AnswerShape.Members => Folded($"SELECT {code} AS code, {sums} FROM {table} GROUP BY {code}"),
            _ when packed is var (column, groups) => $"SELECT intDiv({column}, {groups}), {column} % {groups}, {sums} FROM {table}{Where(query, projectCode)} GROUP BY {column}",
            _ => $"SELECT {time}, {code}, {sums} FROM {table}{Where(query, projectCode)} GROUP BY {time}, {code}",
        };
    }

    /// <summary>A query of sums by day and one dimension; null where they cannot answer.</summary>
    /// <param name="query">The query.</param>
    /// <param name="sums">The four sums, named as the measures.</param>
    public static string? PreAggregated(ComparisonQuery query, string sums)
    {
        var table = PreAggregatedTable(query.GroupBy);
        return query switch
        {
            { IsOfOneProject: true } => null,
            { Shape: AnswerShape.Totals } => $"SELECT {sums} FROM {table}",
            { Shape: AnswerShape.Top } => $"SELECT code, {sums} FROM {table} GROUP BY code ORDER BY cost DESC, request_count DESC LIMIT {ComparisonQuery.TopCount}",
            { Shape: AnswerShape.Members } => Folded($"SELECT code, {sums} FROM {table} GROUP BY code"),
            { Bucket: BucketSize.Month } => $"SELECT month, code, {sums} FROM {table} GROUP BY month, code",
            _ => $"SELECT day, code, {string.Join(", ", ComparisonQuery.Sums.Select(measure => measure.ColumnName()))} FROM {table}",
        };
    }

    /// <summary>What fills a table of sums by day.</summary>
    /// <param name="dimension">A dimension of <see cref="Groups"/>.</param>
    /// <param name="sum">How a measure's sum is written, as a number of 64 bits.</param>
    public static string PreAggregate(Dimension dimension, Func<Measure, string> sum) =>
        $"SELECT day, month, {CodeColumn(dimension)} AS code, {string.Join(", ", ComparisonQuery.Sums.Select(measure => $"{sum(measure)} AS {measure.ColumnName()}"))} FROM tuned GROUP BY 1, 2, 3 ORDER BY 1, 3";

    /// <summary>Rows of a VALUES list or an INSERT.</summary>
    public static string Values(IEnumerable<string> rows) => string.Join(", ", rows.Select(row => $"({row})"));

    // Rows are grouped by key, which is exact for the keys of a member, and the few groups are folded.
    private static string Folded(string byKey) =>
        $"SELECT member_code, {Sums}, count(*) FROM ({byKey}) AS by_key JOIN key_members ON key_members.code = by_key.code GROUP BY member_code";

    private static string Where(ComparisonQuery query, int projectCode) =>
        query.IsOfOneProject ? string.Create(CultureInfo.InvariantCulture, $" WHERE {CodeColumn(Dimension.Project)} = {projectCode}") : string.Empty;
}
