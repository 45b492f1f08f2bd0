using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
using Analytics.Server.Endpoints;
using NodaTime;

namespace Analytics.Server.Compatibility;

/// <summary>
/// <c>GET /v1/organization/usage/completions</c> and <c>/v1/organization/costs</c>: usage and costs in the shape of OpenAI's.
/// Here they are of all providers and all service types.
/// </summary>
internal static class OpenAiUsage
{
    private const int HourSeconds = 3_600;
    private const int DaySeconds = 24 * HourSeconds;

    // The end of the year 9999, less a day for any zone.
    private const long MaxSeconds = 253_402_214_400;

    private const int MaxDimensions = 3;

    private static readonly QueryParameter Start = new("start_time", "Start, in Unix seconds. Usage is kept by the hour: what is not on a full hour begins with the hour that it is in.", "1782259200") { IsRequired = true, IsCount = true };

    private static readonly QueryParameter End = new("end_time", "End, in Unix seconds; the hour that it is in is included. The present without it.", "1782345600") { IsCount = true };

    private static readonly QueryParameter CompletionsWidth = new("bucket_width", "Length of the buckets, which start at full hours or days of UTC. Minutes are not kept.", "1d") { Words = ["1h", "1d"], Default = "1d" };

    private static readonly QueryParameter CostsWidth = CompletionsWidth with { Words = ["1d"] };

    private static readonly QueryParameter CompletionsGroupBy = new("group_by", "What each bucket is broken down by, up to three; repeated for several. batch and service_tier are accepted, and null.", "model")
    {
        IsRepeatable = true,
        Words = ["project_id", "user_id", "api_key_id", "model", "batch", "service_tier"],
    };

    private static readonly QueryParameter CostsGroupBy = new("group_by", "What each bucket is broken down by; repeated for several. A line item is a model and a pricing rule.", "line_item")
    {
        IsRepeatable = true,
        Words = ["project_id", "line_item", "api_key_id"],
    };

    private static readonly QueryParameter CompletionsLimit = new("limit", "Buckets of a page: 1 to 31 days (7 without it), or 1 to 168 hours (24 without it).", "7") { IsCount = true };

    private static readonly QueryParameter CostsLimit = CompletionsLimit with { Description = "Buckets of a page, 1 to 180; 7 without it.", Max = 180 };

    // No example works without a page before it.
    private static readonly QueryParameter Page = new("page", "next_page of the page before.", "MTc4MjI1OTIwMA");

    private static readonly (QueryParameter Parameter, Dimension Dimension)[] Filters =
    [
        (Filter("project_ids", "projects", "prj_1"), Dimension.Project),
        (Filter("user_ids", "users, by who created the API key", "u_1"), Dimension.Member),
        (Filter("api_key_ids", "API keys", "key_1"), Dimension.ApiKey),
        (Filter("models", "canonical models", "gpt-5.5"), Dimension.Model),
    ];

    /// <summary>Parameters of completions.</summary>
    public static readonly IReadOnlyList<QueryParameter> CompletionsAccepted =
        [CompatibleEndpoint.OrganizationId, Start, End, CompletionsWidth, CompletionsGroupBy, .. Filters.Select(filter => filter.Parameter), CompletionsLimit, Page];

    /// <summary>Parameters of costs.</summary>
    public static readonly IReadOnlyList<QueryParameter> CostsAccepted =
        [CompatibleEndpoint.OrganizationId, Start, End, CostsWidth, CostsGroupBy, .. Filters.Where(filter => filter.Dimension is Dimension.Project or Dimension.ApiKey).Select(filter => filter.Parameter), CostsLimit, Page];

    public static Task Completions(Question question, Instant now) =>
        AnswerAsync(question, now, CompletionsAccepted, CompletionsWidth, CompletionsGroupBy, (7, 31, 24, 168), WriteCompletions);

    public static Task Costs(Question question, Instant now) =>
        AnswerAsync(question, now, CostsAccepted, CostsWidth, CostsGroupBy, (7, 180, 0, 0), WriteCost);

    private static async Task AnswerAsync(
        Question question,
        Instant now,
        IReadOnlyList<QueryParameter> accepted,
        QueryParameter width,
        QueryParameter groupBy,
        (int Days, int MaxDays, int Hours, int MaxHours) limits,
        Action<JsonText, Group, UsageSums> write)
    {
        var request = question.Request;
        var isHours = request.Choice(width) == "1h";
        var seconds = isHours ? HourSeconds : DaySeconds;
        var limit = Limit(request, isHours ? limits.Hours : limits.Days, isHours ? limits.MaxHours : limits.MaxDays);
        var start = Seconds(request, Start) is { } first ? first / HourSeconds * HourSeconds : 0;
        var end = Seconds(request, End) ?? now.ToUnixTimeSeconds();
        end = (end + HourSeconds - 1) / HourSeconds * HourSeconds;
        if (request.Single(Start.Name) is null)
        {
            request.Fault(Start.Name, "found nothing, expected a time in Unix seconds.");
        }
        else if (request.Problem is null && end <= start)
        {
            request.Fault(End.Name, "found a time that is not after start_time, expected a later one.");
        }

        var names = GroupBy(question, groupBy);
        var from = PageStart(request, start, end, seconds);
        List<long> edges = [from];
        while (edges.Count <= limit && edges[^1] < end)
        {
            edges.Add(Math.Min(end, ((edges[^1] / seconds) + 1) * seconds));
        }

        if (request.Problem is null)
        {
            request.Ask(DateOf(from), DateOf(edges[^1] - 1), DateTimeZone.Utc, PredicatesOf(question, accepted));
        }

        await CompatibleEndpoint.RunAsync(question, CompatibleEndpoint.WithBrackets(accepted), async () =>
        {
            var buckets = await SumsAsync(question, names, edges);
            await question.AnswerJsonOnlyAsync(async json =>
            {
                var text = json.Text;
                text.Text("object", "page");
                text.StartArray("data");
                for (var i = 0; i < buckets.Length; i++)
                {
                    text.StartObject();
                    text.Text("object", "bucket");
                    text.Integer("start_time", edges[i]);
                    text.Integer("end_time", edges[i + 1]);
                    text.StartArray("results");
                    foreach (var (group, sums) in buckets[i].OrderByDescending(entry => entry.Value[Measure.Cost]).ThenByDescending(entry => entry.Value[Measure.RequestCount]).ThenBy(entry => entry.Key))
                    {
                        text.StartObject();
                        write(text, group, sums);
                        text.EndObject();
                        if (text.HasPiece)
                        {
                            await text.SendAsync(question.Cancellation);
                        }
                    }

                    text.EndArray();
                    text.EndObject();
                }

                text.EndArray();
                text.Flag("has_more", edges[^1] < end);
                text.Text("next_page", edges[^1] < end ? Cursor(edges[^1]) : null);
            });
        });
    }

    private static void WriteCompletions(JsonText text, Group group, UsageSums sums)
    {
        text.Text("object", "organization.usage.completions.result");
        text.Integer("input_tokens", sums[Measure.InputTokens]);
        text.Integer("output_tokens", sums[Measure.OutputTokens]);
        text.Integer("input_cached_tokens", sums[Measure.CachedInputTokens]);
        text.Integer("input_cache_write_tokens", sums[Measure.CacheWriteTokens]);
        text.Integer("input_audio_tokens", 0);
        text.Integer("output_audio_tokens", 0);
        text.Integer("num_model_requests", sums[Measure.RequestCount]);
        text.Text("project_id", group.Project);
        text.Text("user_id", group.User);
        text.Text("api_key_id", group.ApiKey);
        text.Text("model", group.Model);
        text.Text("batch", null);
        text.Text("service_tier", null);
    }

    private static void WriteCost(JsonText text, Group group, UsageSums sums)
    {
        text.Text("object", "organization.costs.result");
        text.StartObject("amount");
        text.Decimal("value", sums[Measure.Cost]);
        text.Text("currency", "usd");
        text.EndObject();
        text.Text("line_item", group.Rule is null ? null : $"{group.Model}, {group.Rule}");
        text.Text("project_id", group.Project);
        text.Text("api_key_id", group.ApiKey);
    }

    /// <summary>Sums by bucket and group. The engine breaks down by two dimensions; a third is asked key by key.</summary>
    private static async Task<Dictionary<Group, UsageSums>[]> SumsAsync(Question question, IReadOnlyList<string> names, List<long> edges)
    {
        var dimensions = DimensionsOf(names);
        var table = dimensions.Contains(Dimension.Rule) ? question.Items : question.Table;
        var request = question.Request;
        var isDays = edges.All(edge => edge % DaySeconds == 0);
        var query = new UsageQuery(request.From, request.To, request.Zone, isDays ? BucketSize.Day : BucketSize.Hour, Dimension.ServiceType)
        {
            Measures = [Measure.Cost, Measure.RequestCount, Measure.InputTokens, Measure.OutputTokens, Measure.CachedInputTokens, Measure.CacheWriteTokens],
        };
        var buckets = Enumerable.Range(0, edges.Count - 1).Select(_ => new Dictionary<Group, UsageSums>()).ToArray();
        if (dimensions.Count < MaxDimensions)
        {
            await AddAsync(default, dimensions, []);
            return buckets;
        }

        using var outer = await question.RunAsync(query with { Bucket = BucketSize.Range, GroupBy = dimensions[0] }, table);
        foreach (var (code, _) in outer.Ranking)
        {
            var key = outer.Groups.Key(code);
            await AddAsync(default(Group).With(dimensions[0], key, question), [.. dimensions.Skip(1)], [new Predicate(dimensions[0], [key])]);
        }

        return buckets;

        async Task AddAsync(Group known, IReadOnlyList<Dimension> by, IReadOnlyList<Predicate> predicates)
        {
            using var result = await question.RunAsync(
                query with { GroupBy = by.Count > 0 ? by[0] : Dimension.ServiceType, ThenBy = by.Count > 1 ? by[1] : null, Predicates = predicates }, table);
            var reader = result.Read();
            for (var i = 0; i < result.Plan.Buckets.Count; i++)
            {
                // The first and the last day may be longer than what was asked for.
                var at = result.Plan.Buckets[i].Start.ToUnixTimeSeconds();
                var bucket = edges.FindLastIndex(edge => edge <= at);
                if (bucket < 0 || bucket >= buckets.Length)
                {
                    continue;
                }

                reader.MoveTo(i, isOrdered: false);
                for (var entry = 0; entry < reader.Count; entry++)
                {
                    var group = known;
                    for (var place = 0; place < by.Count; place++)
                    {
                        group = group.With(by[place], result.Groups.Key(reader.Group(entry), place), question);
                    }

                    group = names.Contains("user_id") ? group : group with { User = null };
                    var sums = buckets[bucket].GetValueOrDefault(group);
                    foreach (var measure in query.Measures)
                    {
                        sums[measure] += reader.Value(entry, measure);
                    }

                    buckets[bucket][group] = sums;
                }
            }
        }
    }

    /// <summary>What is asked of the engine: who created a key is known from the key.</summary>
    private static List<Dimension> DimensionsOf(IReadOnlyList<string> names)
    {
        List<Dimension> dimensions = [];
        foreach (var (name, dimension) in (ReadOnlySpan<(string, Dimension)>)[("project_id", Dimension.Project), ("api_key_id", Dimension.ApiKey), ("user_id", Dimension.Member), ("model", Dimension.Model)])
        {
            if (names.Contains(name) && !(dimension == Dimension.Member && names.Contains("api_key_id")))
            {
                dimensions.Add(dimension);
            }
        }

        if (names.Contains("line_item"))
        {
            dimensions.AddRange([Dimension.Model, Dimension.Rule]);
        }

        return dimensions;
    }

    private static IReadOnlyList<string> GroupBy(Question question, QueryParameter parameter)
    {
        // One text with commas is what some clients send.
        string[] names = [.. CompatibleEndpoint.Values(question, parameter.Name).SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries)).Distinct(StringComparer.Ordinal)];
        if (names.FirstOrDefault(name => !parameter.Words.Contains(name)) is { } unknown)
        {
            question.Request.Fault(parameter.Name, $"found '{ReadingRequest.Shown(unknown)}', expected {DidYouMean.Suggest(unknown, parameter.Words)}.");
        }
        else if (DimensionsOf(names).Count > MaxDimensions)
        {
            question.Request.Fault(parameter.Name, "found all of project_id, api_key_id and line_item, expected two of them.");
        }

        return [.. names.Intersect(parameter.Words)];
    }

    private static List<Predicate> PredicatesOf(Question question, IReadOnlyList<QueryParameter> accepted) =>
    [
        .. Filters.Where(filter => accepted.Contains(filter.Parameter))
            .Select(filter => new Predicate(filter.Dimension, CompatibleEndpoint.Values(question, filter.Parameter.Name)))
            .Where(predicate => predicate.Keys.Count > 0),
    ];

    private static int Limit(ReadingRequest request, int without, int max)
    {
        var limit = request.Count(CompletionsLimit) ?? without;
        if (limit > max)
        {
            request.Fault(CompletionsLimit.Name, $"found {limit}, expected 1 to {max} buckets of this width.");
        }

        return Math.Min(limit, max);
    }

    private static long? Seconds(ReadingRequest request, QueryParameter parameter)
    {
        if (request.Single(parameter.Name) is not { } text)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= MaxSeconds)
        {
            return seconds;
        }

        request.Fault(parameter.Name, $"found '{ReadingRequest.Shown(text)}', expected a time in Unix seconds.");
        return null;
    }

    /// <summary>Where the page starts: a bucket's start, which is what a cursor says.</summary>
    private static long PageStart(ReadingRequest request, long start, long end, int seconds)
    {
        if (request.Single(Page.Name) is not { } cursor)
        {
            return start;
        }

        // Not TryDecodeFromChars: that throws where the text is not of base64's letters.
        Span<byte> bytes = stackalloc byte[24];
        if (cursor.Length <= 16 && Base64Url.DecodeFromChars(cursor, bytes, out _, out var written) == OperationStatus.Done
            && long.TryParse(bytes[..written], NumberStyles.None, CultureInfo.InvariantCulture, out var from)
            && (from == start || (from > start && from < end && from % seconds == 0)))
        {
            return from;
        }

        request.Fault(Page.Name, "found a text that is no next_page of this range and width, expected one, or nothing.");
        return start;
    }

    private static string Cursor(long seconds) => Base64Url.EncodeToString(Encoding.ASCII.GetBytes(seconds.ToString(CultureInfo.InvariantCulture)));

    private static LocalDate DateOf(long seconds) => Instant.FromUnixTimeSeconds(seconds).InUtc().Date;

    private static QueryParameter Filter(string name, string what, string example) => new(name, $"Only usage of these {what}; repeated for several.", example) { IsRepeatable = true };

    /// <summary>What a result is of; null for what it is not broken down by, and for usage that has none.</summary>
    private readonly record struct Group(string? Project, string? User, string? ApiKey, string? Model, string? Rule) : IComparable<Group>
    {
        public int CompareTo(Group other)
        {
            var order = string.CompareOrdinal(Project, other.Project);
            order = order != 0 ? order : string.CompareOrdinal(User, other.User);
            order = order != 0 ? order : string.CompareOrdinal(ApiKey, other.ApiKey);
            order = order != 0 ? order : string.CompareOrdinal(Model, other.Model);
            return order != 0 ? order : string.CompareOrdinal(Rule, other.Rule);
        }

        public Group With(Dimension dimension, string text, Question question)
        {
            var key = text.Length == 0 ? null : text;
            return dimension switch
            {
                Dimension.Project => this with { Project = key },
                Dimension.Member => this with { User = key },
                Dimension.ApiKey => this with { ApiKey = key, User = question.Directory.ApiKeys.GetValueOrDefault(text)?.CreatedBy },
                Dimension.Model => this with { Model = key },
                _ => this with { Rule = key },
            };
        }
    }
}
