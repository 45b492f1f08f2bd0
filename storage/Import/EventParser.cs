using System.Buffers;
using System.Buffers.Binary;
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
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 8 };
    private static readonly string[] Names = [.. Enum.GetNames<Field>().Select(JsonNamingPolicy.CamelCase.ConvertName)];
    private static readonly byte[][] Utf8Names = [.. Names.Select(Encoding.UTF8.GetBytes)];

    // Of the event that is read, by field. Text that was not said is empty: both mean "none".
    private readonly string[] texts = new string[Names.Length];
    private readonly List<PricedItem> items = [];
    private readonly RepeatedTexts repeated = new();
    private readonly ArrayBufferWriter<byte> said = new(1024);
    private uint seen;
    private Instant? timestamp;
    private UsageMeasures measures;
    private long? cost;
    private bool isRounded;

    // In the order in which the content is hashed.
    private enum Field
    {
        Id,
        Timestamp,
        OrganizationId,
        ProjectId,
        ApiKeyId,
        ProjectName,
        ApiKeyDescription,
        MemberId,
        MemberName,
        Mapping,
        Model,
        Provider,
        App,
        AgentId,
        ConversationId,
        ServiceType,
        Status,
        CacheHit,
        InputTokens,
        CachedInputTokens,
        CacheWriteTokens,
        OutputTokens,
        ReasoningTokens,
        Cost,
        Items,
    }

    /// <summary>Reads one line.</summary>
    /// <param name="line">UTF-8 JSON.</param>
    /// <param name="number">The line's number, for the rejection.</param>
    /// <param name="usage">The event.</param>
    /// <param name="rejection">Why there is none.</param>
    public bool TryParse(ReadOnlySpan<byte> line, long number, out UsageEvent? usage, out Rejection? rejection)
    {
        (usage, rejection) = (null, null);
        Array.Fill(texts, string.Empty);
        texts[(int)Field.Status] = "ok";
        items.Clear();
        (seen, timestamp, measures, cost, isRounded) = (0, null, default, null, false);
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
            var field = FieldOf(ref reader);
            var bit = 1u << (int)field;
            if ((seen & bit) != 0)
            {
                throw new FieldException("duplicate-field", Names[(int)field], $"found '{Names[(int)field]}' twice, expected it once.");
            }

            seen |= bit;
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

    private Field FieldOf(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
        {
            for (var i = 0; i < Utf8Names.Length; i++)
            {
                if (reader.ValueSpan.SequenceEqual(Utf8Names[i]))
                {
                    return (Field)i;
                }
            }
        }

        var name = Text(ref reader, "a name", MaxIdLength);
        return Array.IndexOf(Names, name) is >= 0 and var field
            ? (Field)field
            : throw new FieldException("unknown-field", name, $"found a field '{name}', expected one of {string.Join(", ", Names)}.");
    }

    private void ReadField(ref Utf8JsonReader reader, Field field)
    {
        switch (field)
        {
            case Field.InputTokens:
                measures[Measure.InputTokens] = Count(ref reader, field);
                break;
            case Field.CachedInputTokens:
                measures[Measure.CachedInputTokens] = Count(ref reader, field);
                break;
            case Field.CacheWriteTokens:
                measures[Measure.CacheWriteTokens] = Count(ref reader, field);
                break;
            case Field.OutputTokens:
                measures[Measure.OutputTokens] = Count(ref reader, field);
                break;
            case Field.ReasoningTokens:
                measures[Measure.ReasoningTokens] = Count(ref reader, field);
                break;
            case Field.Cost:
                (cost, isRounded) = Cost(ref reader, "cost");
                break;
            case Field.CacheHit:
                measures[Measure.CacheHitCount] = reader.TokenType switch
                {
                    JsonTokenType.True => 1,
                    JsonTokenType.False => 0,
                    _ => throw Found(ref reader, "cacheHit", "true or false"),
                };
                break;
            case Field.Items:
                ReadItems(ref reader);
                break;
            case Field.Timestamp:
                timestamp = Time(ref reader);
                break;
            case Field.ProjectName or Field.ApiKeyDescription or Field.MemberName:
                texts[(int)field] = Text(ref reader, Names[(int)field], 256);
                break;
            default:
                texts[(int)field] = Text(ref reader, Names[(int)field], MaxIdLength, isRepeated: field is not (Field.Id or Field.ConversationId));
                break;
        }
    }

    private Instant? Time(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped && reader.TokenType == JsonTokenType.String
            && UsageTime.TryParse(reader.ValueSpan, out var time) && UsageRules.IsTimely(time, now))
        {
            return time;
        }

        var text = Text(ref reader, "timestamp", MaxIdLength);
        if (text.Length == 0)
        {
            return null;
        }

        return UsageTime.TryParse(text, out time)
            ? UsageRules.CheckTime(time, now, "timestamp", text)
            : throw new FieldException("invalid-timestamp", "timestamp", $"found '{text}', expected {UsageTime.Expected}.");
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
            long? quantity = null;
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
                        quantity = Quantity(ref reader);
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

            if (rule.Length == 0 || unit.Length == 0)
            {
                throw new FieldException("missing-field", rule.Length == 0 ? "items.rule" : "items.unit", $"found nothing, expected a text of 1 to {MaxIdLength} characters.");
            }

            items.Add(new PricedItem(rule, unit, quantity.Value, itemCost.Value));
        }

        if (reader.TokenType != JsonTokenType.EndArray)
        {
            throw Found(ref reader, "items", "objects");
        }
    }

    private UsageEvent Checked()
    {
        Require(Field.Id);
        if (timestamp is not { } time)
        {
            throw Missing(Field.Timestamp);
        }

        Require(Field.OrganizationId);
        Require(Field.ProjectId);
        Require(Field.ApiKeyId);
        Require(Field.Mapping);
        if (Said(Field.OrganizationId) != organizationId)
        {
            throw new FieldException("other-organization", "organizationId", $"found '{Said(Field.OrganizationId)}', expected '{organizationId}', the organisation that this import is for.");
        }

        // What was not said counts as the default, in the content's hash too.
        texts[(int)Field.ServiceType] = Said(Field.ServiceType) is { Length: > 0 } serviceType ? serviceType : DefaultServiceType;
        CountRequest();
        UsageRules.CheckParts(measures);
        AddItems();
        var content = ContentHash(time);
        isRounded |= UsageRules.Price(ref measures, cost, Said(Field.Mapping), measures[Measure.CacheHitCount] > 0, prices, out var priced);
        return new UsageEvent
        {
            Id = Said(Field.Id),
            Timestamp = time,
            Keys = new UsageKeys(Said(Field.ProjectId), Said(Field.ApiKeyId), Said(Field.Mapping), Said(Field.App), Said(Field.ServiceType), Said(Field.AgentId)),
            Measures = measures,
            Labels = new UsageLabels(
                NullIfEmpty(Field.ProjectName),
                NullIfEmpty(Field.ApiKeyDescription),
                NullIfEmpty(Field.MemberId),
                NullIfEmpty(Field.MemberName),
                NullIfEmpty(Field.Model),
                NullIfEmpty(Field.Provider)),
            Items = items.Count > 0 ? [.. items] : priced,
            Conversation = Said(Field.ConversationId),
            ContentHash = content,
            IsRounded = isRounded,
        };
    }

    private string Said(Field field) => texts[(int)field];

    private string? NullIfEmpty(Field field) => Said(field) is { Length: > 0 } text ? text : null;

    private void Require(Field field)
    {
        if (Said(field).Length == 0)
        {
            throw Missing(field);
        }
    }

    private static FieldException Missing(Field field) =>
        new("missing-field", Names[(int)field], $"found nothing, expected a text of 1 to {MaxIdLength} characters.");

    private void CountRequest()
    {
        measures[Measure.RequestCount] = 1;
        switch (Said(Field.Status))
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
                throw new FieldException("invalid-status", "status", $"found '{Said(Field.Status)}', expected ok, error, client_error or cancelled.");
        }
    }

    private void AddItems()
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
    }

    /// <summary>SHA-256 of all that was said, as values in one order, cut to 64 bits.</summary>
    /// <remarks>
    /// Texts are UTF-8 behind their length, so that no two events run together to the same bytes; numbers are 8 bytes,
    /// little-endian, whatever their spelling. Taken before pricing: a price changed since is no other content.
    /// </remarks>
    private long ContentHash(Instant time)
    {
        said.ResetWrittenCount();
        foreach (var text in texts)
        {
            Say(text);
        }

        Say(time.ToUnixTimeTicks());
        for (var measure = 0; measure < Measures.Count; measure++)
        {
            Say(measures[(Measure)measure]);
        }

        Say(cost ?? -1);
        foreach (var (rule, unit, quantity, itemCost) in items)
        {
            Say(rule);
            Say(unit);
            Say(quantity);
            Say(itemCost);
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(said.WrittenSpan, hash);
        return BinaryPrimitives.ReadInt64LittleEndian(hash);
    }

    private void Say(string text)
    {
        var target = said.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length) + sizeof(int));
        var length = Encoding.UTF8.GetBytes(text, target[sizeof(int)..]);
        BinaryPrimitives.WriteInt32LittleEndian(target, length);
        said.Advance(sizeof(int) + length);
    }

    private void Say(long number)
    {
        BinaryPrimitives.WriteInt64LittleEndian(said.GetSpan(sizeof(long)), number);
        said.Advance(sizeof(long));
    }

    private string Text(ref Utf8JsonReader reader, string field, int maxLength, bool isRepeated = false)
    {
        if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName))
        {
            throw Found(ref reader, field, "a text");
        }

        // No text has more UTF-16 characters than bytes in UTF-8, escaped or not.
        var size = reader.ValueSpan.Length;
        Span<char> buffer = size <= 512 ? stackalloc char[512] : new char[size];
        scoped ReadOnlySpan<char> text;
        try
        {
            text = buffer[..reader.CopyString(buffer)];
        }
        catch (InvalidOperationException)
        {
            throw new FieldException("invalid-text", field, "found text that is not valid UTF-8 or has half a surrogate pair, expected Unicode text.");
        }

        if (text.Length > maxLength)
        {
            throw new FieldException("too-long", field, $"found {text.Length} characters, expected at most {maxLength}.");
        }

        // As char.IsControl.
        if (text.ContainsAnyInRange('\u0000', '\u001f') || text.ContainsAnyInRange('\u007f', '\u009f'))
        {
            throw new FieldException("invalid-text", field, "found a control character, expected plain text.");
        }

        return isRepeated ? repeated.Of(text) : text.ToString();
    }

    private static long Count(ref Utf8JsonReader reader, Field field) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var count) && count >= 0
            ? count
            : throw Found(ref reader, Names[(int)field], "an integer, 0 or more, of at most 64 bits");

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

    /// <summary>Quantities are exact decimals like money, of six decimals: beyond those they are rounded half to even, which no sum of money sees.</summary>
    private static long Quantity(ref Utf8JsonReader reader)
    {
        const string field = "items.quantity";
        const string expected = "a decimal number, 0 or more, such as 1200 or 12.5";
        if (reader.TokenType is not (JsonTokenType.Number or JsonTokenType.String))
        {
            throw Found(ref reader, field, expected);
        }

        return PicoDollars.TryParse(reader.ValueSpan, decimals: 6, out var micros, out _) switch
        {
            PicoDollarsResult.Ok => micros,
            PicoDollarsResult.TooLarge => throw new FieldException("too-large", field, $"found {Shown(ref reader)}, expected at most 9223372036854.775807."),
            _ => throw Found(ref reader, field, expected),
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
