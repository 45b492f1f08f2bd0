namespace Analytics.Server.Contracts;

/// <summary>A parameter of the query string: what the server accepts, and what the OpenAPI document says about it.</summary>
/// <param name="Name">The name, in this spelling only.</param>
/// <param name="Description">For people.</param>
/// <param name="Example">A value that works.</param>
internal sealed record QueryParameter(string Name, string Description, string Example)
{
    /// <summary>Whether an answer needs it.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Whether it may be given several times, for "any of".</summary>
    public bool IsRepeatable { get; init; }

    /// <summary>The accepted words; empty where any text will do.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>How many of the words may be given, separated by commas.</summary>
    public int MaxWords { get; init; } = 1;

    /// <summary>Other spellings that are accepted.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>What absence means; null where the description says.</summary>
    public string? Default { get; init; }

    /// <summary>The format of the text, as in JSON schema.</summary>
    public string? Format { get; init; }

    /// <summary>Whether the value is a whole number, 1 or more.</summary>
    public bool IsCount { get; init; }

    /// <summary>The largest number.</summary>
    public int Max { get; init; } = int.MaxValue;

    public static readonly QueryParameter OrganizationId = new("organizationId", "The organization.", "org_1") { IsRequired = true };

    public static readonly QueryParameter From = new("from", "First local day. Both from and to, or neither: then the last 7 local days up to today.", "2026-06-24") { Format = "date" };

    public static readonly QueryParameter To = new("to", "Last local day, inclusive.", "2026-06-24") { Format = "date" };

    public static readonly QueryParameter Timezone = new(
        "timezone",
        "Zone whose days are counted: an IANA id, links such as Asia/Calcutta included. Without it the organization's first reporting zone, else UTC.",
        "Europe/Paris");

    public static readonly QueryParameter Money = new("money", "Whether every cost is a JSON number or a decimal text.", "number") { Words = ["number", "string"], Default = "number" };

    public static readonly QueryParameter OutputFormat = new(
        "format",
        "How the answer is written: json, or as a table in its long form (one row for each bucket and key, or for each item) csv, arrow (IPC stream) or parquet. Without it the Accept header says (text/csv, application/vnd.apache.arrow.stream, application/vnd.apache.parquet).",
        "json")
    {
        Words = [.. Formats.AnswerFormat.All.Select(format => format.Name)],
    };

    public static readonly QueryParameter Sort = new(
        "sort",
        "What rows are ordered by: time or a metric, ascending; with a minus in front descending. Rows that are equal keep their order in time. Tables (csv, arrow, parquet) are in the order of time.",
        "-cost")
    {
        Words = RowTable.Requests.Sorts,
        Default = RowSort.Time,
    };

    public static readonly QueryParameter Limit = new("limit", "Rows of a page at most. Tables (csv, arrow, parquet) have all rows, and no pages.", "100") { IsCount = true, Max = 10_000, Default = "100" };

    public static readonly QueryParameter Cursor = new(
        "cursor",
        "Where the page begins: nextCursor of the page before, with the same other parameters but for limit; empty for the first page. It ends with the data that it is of: after new usage begin again.",
        "");

    public static readonly QueryParameter GroupBy = new("groupBy", "What the answer is broken down by; api_key and user mean apiKey and member. Two, separated by a comma, for a pivot: entries then have keys and labels.", "project")
    {
        Words = [.. UsageJson.DimensionNames.Keys],
        Aliases = ["api_key", "user"],
        Default = "model",
        MaxWords = 2,
    };

    public static readonly QueryParameter Bucket = new("bucket", "How the range is cut: local hours or days, ISO weeks or calendar months clipped to the range.", "day")
    {
        Words = ["hour", "day", "week", "month"],
        Default = "day",
    };

    public static readonly QueryParameter Top = new("top", "Groups that keep an entry of their own, by the ranking of the range; the others become one last entry with key null and label Others. All without it.", "10")
    {
        IsCount = true,
    };

    public static readonly QueryParameter RankBy = new("rankBy", "The metric that groups are ordered by and share is a part of.", "cost") { Words = ["cost", "requests", "tokens"], Default = "cost" };

    public static readonly QueryParameter Compare = new(
        "compare",
        "An earlier range whose metrics stand beside those of totals and ranking as previous: as many days (or whole months) before, or the same days a year before, cut where the data ends in this range. Left out where that would begin before the year 1.",
        "previous")
    {
        Words = ["none", "previous", "previousYear"],
        Default = "none",
    };

    public static readonly QueryParameter Models = new("models", "Whether routes that serve the same model are one series (canonical) or each its own (mapping).", "mapping")
    {
        Words = ["canonical", "mapping"],
        Default = "canonical",
    };

    public static readonly QueryParameter Explain = new("explain", "plan adds the query plan as text; for owners.", "plan") { Words = ["none", "plan"], Default = "none" };

    public static readonly QueryParameter Fields = new("fields", "Metrics of each breakdown entry, separated by commas, or all.", "cost,inputTokens,outputTokens")
    {
        Default = "cost,requestCount,totalTokens",
    };

    /// <summary>Filters, by dimension.</summary>
    public static readonly IReadOnlyList<(QueryParameter Parameter, Engine.Usage.Dimension Dimension)> Filters =
    [
        (Filter("projectId", "project", "prj_1"), Engine.Usage.Dimension.Project),
        (Filter("apiKeyId", "API key", "key_1"), Engine.Usage.Dimension.ApiKey),
        (Filter("memberId", "member (the creator of the API key)", "u_1"), Engine.Usage.Dimension.Member),
        (Filter("model", "canonical model", "gpt-5.5"), Engine.Usage.Dimension.Model),
        (Filter("mapping", "mapping", "azure/gpt-5.5"), Engine.Usage.Dimension.Mapping),
        (Filter("provider", "provider", "azure"), Engine.Usage.Dimension.Provider),
        (Filter("app", "application", "checkout"), Engine.Usage.Dimension.App),
        (Filter("serviceType", "service type", "text-generation"), Engine.Usage.Dimension.ServiceType),
        (Filter("agentId", "agent", "agt_1"), Engine.Usage.Dimension.Agent),
    ];

    /// <summary>What every reading endpoint takes.</summary>
    public static readonly IReadOnlyList<QueryParameter> Shared = [OrganizationId, From, To, Timezone, Money, OutputFormat, .. Filters.Select(filter => filter.Parameter)];

    /// <summary>The word that an alias stands for; any other word as it is.</summary>
    public static string Canonical(string word) => word switch
    {
        "api_key" => "apiKey",
        "user" => "member",
        _ => word,
    };

    /// <summary>A filter.</summary>
    public static QueryParameter Filter(string name, string what, string example) =>
        new(name, $"Only usage of this {what}; repeated for any of several; empty for usage that has none.", example) { IsRepeatable = true };
}
