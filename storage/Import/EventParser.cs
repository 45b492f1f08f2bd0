using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Analytics.Engine.Usage;
using Analytics.Storage.Directory;
using Analytics.Storage.Rollup;
using NodaTime;

namespace Analytics.Storage.Import;

/// <summary>Reads usage events: one JSON object a line, checked field by field and priced where it has no cost.</summary>
/// <param name="organizationId">The organisation that events may name.</param>
/// <param name="prices">Prices of events without a cost.</param>
/// <param name="now">The present: events may lie one hour in its future.</param>
public sealed class EventParser(string organizationId, PriceTable prices, Instant now)
{
    /// <summary>Service type of events that name none.</summary>
    public const string DefaultServiceType = "text-generation";

    private const int MaxIdLength = 128;
    private static readonly Instant Earliest = Instant.FromUtc(1970, 1, 1, 0, 0);
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 8 };

    private static readonly string[] Accepted =
    [
        "id", "timestamp", "organizationId", "projectId", "apiKeyId", "projectName", "apiKeyDescription", "memberId", "memberName",
        "mapping", "model", "provider", "app", "agentId", "conversationId", "serviceType", "status", "cacheHit",
        "inputTokens", "cachedInputTokens", "cacheWriteTokens", "outputTokens", "reasoningTokens", "cost", "items",
    ];

    private readonly Dictionary<string, string> texts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> counts = new(StringComparer.Ordinal);
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);
    private readonly List<(string Rule, string Unit, string Quantity, long CostPicoUsd)> items = [];
    private long? cost;
    private bool isRounded;
    private bool isCacheHit;

    /// <summary>Reads one line.</summary>
    /// <param name="line">UTF-8 JSON.</param>
    /// <param name="number">The line's number, for the rejection.</param>
    /// <param name="usage">The event.</param>
    /// <param name="rejection">Why there is none.</param>
    public bool TryParse(ReadOnlySpan<byte> line, long number, out UsageEvent? usage, out Rejection? rejection)
    {
        (usage, rejection) = (null, null);
        texts.Clear();
        counts.Clear();
        seen.Clear();
        items.Clear();
        (cost, isRounded, isCacheHit) = (null, false, false);
        try
        {
            ReadObject(line);
            usage = Checked();
            return true;
        }
        catch (JsonException exception)
        {
            rejection = new Rejection(number, "invalid-json", null, $"The line is not a JSON object ({Sentence(exception.Message)}).");
        }
        catch (FieldException exception)
        {
            rejection = new Rejection(number, exception.Code, exception.Field, exception.Message);
        }

        return false;
    }

    // The reader's messages end with the position in one line, which is known.
    private static string Sentence(string message) => message.Split(" LineNumber:")[0].TrimEnd('.');

    private void ReadObject(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line, Options);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException($"found {reader.TokenType}");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = Text(ref reader, "a name", 128);
            if (!Accepted.Contains(field, StringComparer.Ordinal))
            {
                throw new FieldException("unknown-field", field, $"found a field '{field}', expected one of {string.Join(", ", Accepted)}.");
            }

            if (!seen.Add(field))
            {
                throw new FieldException("duplicate-field", field, $"found '{field}' twice, expected it once.");
            }

            reader.Read();
            if (reader.TokenType != JsonTokenType.Null)
            {
                ReadField(ref reader, field);
            }
        }

        if (reader.Read())
        {
            throw new JsonException("more follows after the object");
        }
    }

    private void ReadField(ref Utf8JsonReader reader, string field)
    {
        switch (field)
        {
            case "inputTokens" or "cachedInputTokens" or "cacheWriteTokens" or "outputTokens" or "reasoningTokens":
                counts[field] = Count(ref reader, field);
                break;
            case "cost":
                (cost, isRounded) = Cost(ref reader, "cost");
                break;
            case "cacheHit":
                isCacheHit = reader.TokenType switch
                {
                    JsonTokenType.True => true,
                    JsonTokenType.False => false,
                    _ => throw Found(ref reader, field, "true or false"),
                };
                break;
            case "items":
                ReadItems(ref reader);
                break;
            default:
                texts[field] = Text(ref reader, field, field is "projectName" or "apiKeyDescription" or "memberName" ? 256 : MaxIdLength);
                break;
        }
    }

    private void ReadItems(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw Found(ref reader, "items", "an array");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            string? rule = null;
            string? unit = null;
            string? quantity = null;
            long? itemCost = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var field = Text(ref reader, "a name", 128);
                reader.Read();
                switch (field)
                {
                    case "rule":
                        rule = Text(ref reader, "items.rule", MaxIdLength);
                        break;
                    case "unit":
                        unit = Text(ref reader, "items.unit", MaxIdLength);
                        break;
                    case "quantity":
                        // Quantities are exact decimals like money: the same reader checks them.
                        _ = Cost(ref reader, "items.quantity");
                        quantity = Encoding.UTF8.GetString(reader.ValueSpan);
                        break;
                    case "cost":
                        (itemCost, var itemIsRounded) = Cost(ref reader, "items.cost");
                        isRounded |= itemIsRounded;
                        break;
                    default:
                        throw new FieldException("unknown-field", $"items.{field}", $"found a field '{field}', expected one of rule, unit, quantity, cost.");
                }
            }

            if (rule is null || unit is null || quantity is null || itemCost is null)
            {
                throw new FieldException("missing-field", "items", "an item lacks a field, expected each to have rule, unit, quantity and cost.");
            }

            items.Add((rule, unit, quantity, itemCost.Value));
        }

        if (reader.TokenType != JsonTokenType.EndArray)
        {
            throw Found(ref reader, "items", "objects");
        }
    }

    private UsageEvent Checked()
    {
        foreach (var required in (string[])["id", "timestamp", "organizationId", "projectId", "apiKeyId", "mapping"])
        {
            if (string.IsNullOrEmpty(texts.GetValueOrDefault(required)))
            {
                throw new FieldException("missing-field", required, $"found nothing, expected a text of 1 to {MaxIdLength} characters.");
            }
        }

        if (texts["organizationId"] != organizationId)
        {
            throw new FieldException("other-organization", "organizationId", $"found '{texts["organizationId"]}', expected '{organizationId}', the organisation that this import is for.");
        }

        var timestamp = Timestamp();
        var measures = MeasuresOf();
        PriceOf(ref measures);
        return new UsageEvent
        {
            Id = texts["id"],
            Timestamp = timestamp,
            Keys = new UsageKeys(
                texts["projectId"],
                texts["apiKeyId"],
                texts["mapping"],
                texts.GetValueOrDefault("app", string.Empty),
                texts.GetValueOrDefault("serviceType") is { Length: > 0 } serviceType ? serviceType : DefaultServiceType,
                texts.GetValueOrDefault("agentId", string.Empty)),
            Measures = measures,
            Labels = new UsageLabels(
                NullIfEmpty("projectName"),
                NullIfEmpty("apiKeyDescription"),
                NullIfEmpty("memberId"),
                NullIfEmpty("memberName"),
                NullIfEmpty("model"),
                NullIfEmpty("provider")),
            ContentHash = ContentHash(timestamp, measures),
            IsRounded = isRounded,
        };
    }

    private string? NullIfEmpty(string field) => texts.GetValueOrDefault(field) is { Length: > 0 } text ? text : null;

    private Instant Timestamp()
    {
        var text = texts["timestamp"];
        if (!UsageTime.TryParse(text, out var timestamp))
        {
            throw new FieldException("invalid-timestamp", "timestamp", $"found '{text}', expected {UsageTime.Expected}.");
        }

        if (timestamp > now + Duration.FromHours(1) || timestamp < Earliest)
        {
            throw new FieldException("timestamp-out-of-range", "timestamp", $"found '{text}', expected a time from 1970 to at most one hour from now.");
        }

        return timestamp;
    }

    private UsageMeasures MeasuresOf()
    {
        UsageMeasures measures = default;
        measures[Measure.RequestCount] = 1;
        measures[Measure.CacheHitCount] = isCacheHit ? 1 : 0;
        switch (texts.GetValueOrDefault("status", "ok"))
        {
            case "ok" or "cancelled":
                break;
            case "error":
                measures[Measure.ErrorCount] = 1;
                break;
            case "client_error":
                measures[Measure.ClientErrorCount] = 1;
                break;
            default:
                throw new FieldException("invalid-status", "status", $"found '{texts["status"]}', expected ok, error, client_error or cancelled.");
        }

        measures[Measure.InputTokens] = counts.GetValueOrDefault("inputTokens");
        measures[Measure.CachedInputTokens] = counts.GetValueOrDefault("cachedInputTokens");
        measures[Measure.CacheWriteTokens] = counts.GetValueOrDefault("cacheWriteTokens");
        measures[Measure.OutputTokens] = counts.GetValueOrDefault("outputTokens");
        measures[Measure.ReasoningTokens] = counts.GetValueOrDefault("reasoningTokens");
        UsageRules.CheckParts(measures);
        return measures;
    }

    private void PriceOf(ref UsageMeasures measures)
    {
        if (items.Count > 0)
        {
            var sum = items.Aggregate((Int128)0, (total, item) => total + item.CostPicoUsd);
            if (sum != (cost ?? sum) || sum > long.MaxValue)
            {
                throw new FieldException("items-do-not-sum", "items", $"found items that sum to {PicoDollars.Format(sum)}, expected the cost {PicoDollars.Format(cost ?? long.MaxValue)}.");
            }

            cost = (long)sum;
        }

        isRounded |= UsageRules.Price(ref measures, cost, texts["mapping"], isCacheHit, prices);
    }

    /// <summary>SHA-256 of all that was said, in one order and spelling, cut to 64 bits.</summary>
    private long ContentHash(Instant timestamp, UsageMeasures measures)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var text = new StringBuilder();
        foreach (var field in Accepted)
        {
            var value = field switch
            {
                "timestamp" => timestamp.ToUnixTimeTicks().ToString(CultureInfo.InvariantCulture),
                "cacheHit" => isCacheHit ? "1" : "0",
                "cost" => cost?.ToString(CultureInfo.InvariantCulture),
                "status" => texts.GetValueOrDefault(field, "ok"),
                "serviceType" => texts.GetValueOrDefault(field, DefaultServiceType),
                "items" => string.Join('\u001e', items),
                "inputTokens" => measures[Measure.InputTokens].ToString(CultureInfo.InvariantCulture),
                "cachedInputTokens" => measures[Measure.CachedInputTokens].ToString(CultureInfo.InvariantCulture),
                "cacheWriteTokens" => measures[Measure.CacheWriteTokens].ToString(CultureInfo.InvariantCulture),
                "outputTokens" => measures[Measure.OutputTokens].ToString(CultureInfo.InvariantCulture),
                "reasoningTokens" => measures[Measure.ReasoningTokens].ToString(CultureInfo.InvariantCulture),
                _ => texts.GetValueOrDefault(field),
            };
            text.Append(field).Append('\u001f').Append(value).Append('\u001e');
        }

        hash.AppendData(Encoding.UTF8.GetBytes(text.ToString()));
        return BinaryPrimitives.ReadInt64LittleEndian(hash.GetHashAndReset());
    }

    private static string Text(ref Utf8JsonReader reader, string field, int maxLength)
    {
        if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName))
        {
            throw Found(ref reader, field, "a text");
        }

        string text;
        try
        {
            text = reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new FieldException("invalid-text", field, "found text that is not valid UTF-8 or has half a surrogate pair, expected Unicode text.");
        }

        if (text.Length > maxLength)
        {
            throw new FieldException("too-long", field, $"found {text.Length} characters, expected at most {maxLength}.");
        }

        return text.Any(char.IsControl)
            ? throw new FieldException("invalid-text", field, "found a control character, expected plain text.")
            : text;
    }

    private static long Count(ref Utf8JsonReader reader, string field) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var count) && count >= 0
            ? count
            : throw Found(ref reader, field, "an integer, 0 or more, of at most 64 bits");

    private static (long PicoUsd, bool IsRounded) Cost(ref Utf8JsonReader reader, string field)
    {
        if (reader.TokenType is not (JsonTokenType.Number or JsonTokenType.String))
        {
            throw Found(ref reader, field, UsageRules.ExpectedCost);
        }

        return PicoDollars.TryParse(reader.ValueSpan, out var pico, out var rounded) switch
        {
            PicoDollarsResult.Ok => (pico, rounded),
            PicoDollarsResult.TooLarge => throw new FieldException("too-large", field, $"found {Shown(ref reader)}, expected at most 9223372.036854775807."),
            _ => throw Found(ref reader, field, UsageRules.ExpectedCost),
        };
    }

    private static FieldException Found(ref Utf8JsonReader reader, string field, string expected) =>
        new("invalid-value", field, $"found {Shown(ref reader)}, expected {expected}.");

    private static string Shown(ref Utf8JsonReader reader)
    {
        var value = Encoding.UTF8.GetString(reader.ValueSpan.Length > 40 ? reader.ValueSpan[..40] : reader.ValueSpan);
        return reader.TokenType switch
        {
            JsonTokenType.StartObject => "an object",
            JsonTokenType.StartArray => "an array",
            JsonTokenType.Null => "null",
            JsonTokenType.String => $"'{value}'",
            _ => value,
        };
    }
}

/// <summary>A field that breaks a rule.</summary>
/// <param name="code">A stable word for programs.</param>
/// <param name="field">The field.</param>
/// <param name="message">What was found and expected.</param>
internal sealed class FieldException(string code, string field, string message) : Exception(message)
{
    /// <summary>A stable word for programs.</summary>
    public string Code { get; } = code;

    /// <summary>The field.</summary>
    public string Field { get; } = field;
}
