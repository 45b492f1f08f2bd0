using System.Globalization;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
using Analytics.Server.Endpoints;
using Analytics.Storage;
using NodaTime;

namespace Analytics.Server.Compatibility;

/// <summary><c>GET /user/daily/activity</c>: days with usage, the latest first, in the shape of LiteLLM's. A page is of days, and never of a part of one.</summary>
internal static class LiteLlmActivity
{
    private const int DefaultPageSize = 50;
    private const int MaxPageSize = 1_000;
    private const int MaxOffsetMinutes = 18 * 60;

    private static readonly QueryParameter StartDate = new("start_date", "First day, YYYY-MM-DD.", "2026-06-24") { IsRequired = true, Format = "date" };

    private static readonly QueryParameter EndDate = new("end_date", "Last day, inclusive, YYYY-MM-DD.", "2026-06-24") { IsRequired = true, Format = "date" };

    private static readonly QueryParameter Model = new("model", "Only usage of this mapping or canonical model.", "gpt-5.5");

    private static readonly QueryParameter ApiKey = new("api_key", "Only usage of this API key, by its id.", "key_1");

    private static readonly QueryParameter UserId = new("user_id", "Only usage of API keys that this user created.", "u_1");

    private static readonly QueryParameter PageNumber = new("page", "Which page, from 1.", "1") { IsCount = true, Default = "1" };

    private static readonly QueryParameter PageSize = new("page_size", "Days of a page, 1 to 1000; 50 without it.", "50") { IsCount = true, Max = MaxPageSize, Default = "50" };

    private static readonly QueryParameter Timezone = new("timezone", "Minutes that UTC is ahead of the days that are counted, as JavaScript's getTimezoneOffset has it: -330 for India. UTC without it.", "-120") { Default = "0" };

    /// <summary>All parameters.</summary>
    public static readonly IReadOnlyList<QueryParameter> Accepted = [CompatibleEndpoint.OrganizationId, StartDate, EndDate, Model, ApiKey, UserId, PageNumber, PageSize, Timezone];

    public static async Task Handle(Question question, Instant now)
    {
        var request = question.Request;
        var (from, to) = (Date(request, StartDate), Date(request, EndDate));
        var zone = Zone(request);
        var page = request.Count(PageNumber) ?? 1;
        var size = request.Count(PageSize) ?? DefaultPageSize;
        if (size > MaxPageSize)
        {
            request.Fault(PageSize.Name, $"found {size}, expected 1 to {MaxPageSize}.");
        }

        if (request.Problem is null && from > to)
        {
            request.Fault(StartDate.Name, $"found {from:uuuu-MM-dd}, which is after end_date {to:uuuu-MM-dd}; expected the same day or an earlier one.");
        }

        if (request.Problem is null)
        {
            request.Ask(from, to, zone, PredicatesOf(question));
        }

        await CompatibleEndpoint.RunAsync(question, Accepted, async () =>
        {
            using var days = await question.RunAsync(BucketSize.Day, Dimension.ServiceType);
            var reader = days.Read();
            List<LocalDate> used = [];
            for (var i = days.Plan.Buckets.Count - 1; i >= 0; i--)
            {
                reader.MoveTo(i, isOrdered: false);
                if (reader.Totals(i)[Measure.RequestCount] > 0)
                {
                    used.Add(days.Plan.Buckets[i].Date);
                }
            }

            var shown = used.Skip((int)Math.Min(int.MaxValue, (page - 1L) * size)).Take(size).ToArray();
            var pages = Math.Max(1, (used.Count + size - 1) / size);
            if (shown.Length == 0)
            {
                await question.AnswerJsonOnlyAsync(json =>
                {
                    json.Text.StartArray("results");
                    json.Text.EndArray();
                    Metadata(json.Text, default, page, pages);
                    return Task.CompletedTask;
                });
                return;
            }

            var query = new UsageQuery(shown[^1], shown[0], request.Zone, BucketSize.Day, Dimension.Mapping) { ThenBy = Dimension.ApiKey };
            using var byMapping = await question.RunAsync(query);
            using var byModel = await question.RunAsync(query with { GroupBy = Dimension.Model });
            using var byProvider = await question.RunAsync(query with { GroupBy = Dimension.Provider });
            await question.AnswerJsonOnlyAsync(json => WriteAsync(json.Text, question, byMapping, byModel, byProvider, page, pages));
        });
    }

    private static async Task WriteAsync(JsonText text, Question question, QueryResult byMapping, QueryResult byModel, QueryResult byProvider, int page, int pages)
    {
        var (mappings, models, providers) = (byMapping.Read(), byModel.Read(), byProvider.Read());
        text.StartArray("results");
        for (var i = byMapping.Plan.Buckets.Count - 1; i >= 0; i--)
        {
            mappings.MoveTo(i);
            var totals = mappings.Totals(i);
            if (totals[Measure.RequestCount] == 0)
            {
                continue;
            }

            models.MoveTo(i);
            providers.MoveTo(i);
            text.StartObject();
            text.Date("date", byMapping.Plan.Buckets[i].Date);
            Metrics(text, totals);
            text.StartObject("breakdown");
            Nothing(text, "mcp_servers");
            await BreakdownAsync(text, "models", question, byMapping, mappings);
            await BreakdownAsync(text, "model_groups", question, byModel, models);
            await BreakdownAsync(text, "providers", question, byProvider, providers);
            Nothing(text, "endpoints");
            text.StartObject("api_keys");
            foreach (var key in Groups(byMapping, mappings, place: 1))
            {
                ApiKeyEntry(text, question, key.Key, key.Sums);
            }

            text.EndObject();
            Nothing(text, "entities");
            text.EndObject();
            text.EndObject();
            await SendAsync(text, question);
        }

        text.EndArray();
        Metadata(text, byMapping.Totals, page, pages);
    }

    /// <summary>One breakdown, each entry with its own by API key.</summary>
    private static async Task BreakdownAsync(JsonText text, string name, Question question, QueryResult result, BucketReader reader)
    {
        text.StartObject(name);
        foreach (var (key, sums, entries) in Groups(result, reader, place: 0))
        {
            text.StartEntry(key);
            Metrics(text, sums);
            Nothing(text, "metadata");
            text.StartObject("api_key_breakdown");
            foreach (var entry in entries)
            {
                ApiKeyEntry(text, question, result.Groups.Key(reader.Group(entry), 1), SumsOf(reader, entry));
            }

            text.EndObject();
            text.EndObject();
            await SendAsync(text, question);
        }

        text.EndObject();
    }

    private static void ApiKeyEntry(JsonText text, Question question, string apiKeyId, UsageSums sums)
    {
        text.StartEntry(apiKeyId);
        Metrics(text, sums);
        text.StartObject("metadata");
        text.Text("key_alias", apiKeyId.Length == 0 ? null : new DirectoryNames(question.Directory).NameOf(Dimension.ApiKey, apiKeyId).Label);
        text.Text("team_id", question.Directory.ApiKeys.GetValueOrDefault(apiKeyId)?.ProjectId);
        text.EndObject();
        text.EndObject();
    }

    /// <summary>A bucket's pairs by one of their sides, in the order of the first pair of each.</summary>
    private static IEnumerable<(string Key, UsageSums Sums, int[] Entries)> Groups(QueryResult result, BucketReader reader, int place) => Enumerable.Range(0, reader.Count)
        .GroupBy(entry => result.Groups.Code(reader.Group(entry), place))
        .Select(group => (result.Groups.Table(place).Key(group.Key), group.Aggregate(default(UsageSums), (sums, entry) => sums + SumsOf(reader, entry)), group.ToArray()));

    private static UsageSums SumsOf(BucketReader reader, int entry)
    {
        UsageSums sums = default;
        foreach (var measure in Measures.All)
        {
            sums[measure] = reader.Value(entry, measure);
        }

        return sums;
    }

    private static void Metrics(JsonText text, in UsageSums sums)
    {
        var failed = sums[Measure.ErrorCount] + sums[Measure.ClientErrorCount];
        text.StartObject("metrics");
        text.Decimal("spend", sums[Measure.Cost]);
        text.Integer("prompt_tokens", sums[Measure.InputTokens]);
        text.Integer("completion_tokens", sums[Measure.OutputTokens]);
        text.Integer("cache_read_input_tokens", sums[Measure.CachedInputTokens]);
        text.Integer("cache_creation_input_tokens", sums[Measure.CacheWriteTokens]);
        text.Integer("total_tokens", sums.TotalTokens);
        text.Integer("successful_requests", sums[Measure.RequestCount] - failed);
        text.Integer("failed_requests", failed);
        text.Integer("api_requests", sums[Measure.RequestCount]);
        text.EndObject();
    }

    // Sums are of the page, as with LiteLLM: whoever adds up all pages has the range.
    private static void Metadata(JsonText text, in UsageSums sums, int page, int pages)
    {
        var failed = sums[Measure.ErrorCount] + sums[Measure.ClientErrorCount];
        text.StartObject("metadata");
        text.Decimal("total_spend", sums[Measure.Cost]);
        text.Integer("total_prompt_tokens", sums[Measure.InputTokens]);
        text.Integer("total_completion_tokens", sums[Measure.OutputTokens]);
        text.Integer("total_tokens", sums.TotalTokens);
        text.Integer("total_api_requests", sums[Measure.RequestCount]);
        text.Integer("total_successful_requests", sums[Measure.RequestCount] - failed);
        text.Integer("total_failed_requests", failed);
        text.Integer("total_cache_read_input_tokens", sums[Measure.CachedInputTokens]);
        text.Integer("total_cache_creation_input_tokens", sums[Measure.CacheWriteTokens]);
        text.Integer("page", page);
        text.Integer("total_pages", pages);
        text.Flag("has_more", page < pages);
        text.EndObject();
    }

    private static void Nothing(JsonText text, string name)
    {
        text.StartObject(name);
        text.EndObject();
    }

    private static ValueTask SendAsync(JsonText text, Question question) => text.HasPiece ? text.SendAsync(question.Cancellation) : default;

    private static List<Predicate> PredicatesOf(Question question)
    {
        List<Predicate> predicates = [];
        if (question.Request.Single(Model.Name) is { } model)
        {
            // LiteLLM's model is a route; whoever asks by the model's own name means all of its routes.
            predicates.Add(new Predicate(question.Table.Table(Dimension.Mapping).CodeOf(model) >= 0 ? Dimension.Mapping : Dimension.Model, [model]));
        }

        if (question.Request.Single(ApiKey.Name) is { } apiKey)
        {
            predicates.Add(new Predicate(Dimension.ApiKey, [apiKey]));
        }

        if (question.Request.Single(UserId.Name) is { } userId)
        {
            predicates.Add(new Predicate(Dimension.Member, [userId]));
        }

        return predicates;
    }

    private static LocalDate Date(ReadingRequest request, QueryParameter parameter)
    {
        if (request.Date(parameter.Name) is { } date)
        {
            return date;
        }

        request.Fault(parameter.Name, "found nothing, expected a date as YYYY-MM-DD, such as 2026-06-24.");
        return default;
    }

    private static DateTimeZone Zone(ReadingRequest request)
    {
        if (request.Single(Timezone.Name) is not { } text)
        {
            return DateTimeZone.Utc;
        }

        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var minutes) && Math.Abs((long)minutes) <= MaxOffsetMinutes)
        {
            return DateTimeZone.ForOffset(Offset.FromSeconds(-60 * minutes));
        }

        request.Fault(Timezone.Name, $"found '{ReadingRequest.Shown(text)}', expected minutes from -{MaxOffsetMinutes} to {MaxOffsetMinutes}, such as -120 for two hours east of UTC.");
        return DateTimeZone.Utc;
    }
}
