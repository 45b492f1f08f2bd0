using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Analytics.DataGen.Worlds;
using Analytics.Engine.Usage;
using Analytics.Storage.Directory;
using NodaTime;
using NodaTime.Text;

namespace Analytics.DataGen;

/// <summary>A year of single requests as NDJSON, in the order of their time.</summary>
/// <param name="world">Where they come from; intervals of an hour.</param>
/// <param name="seed">Any number.</param>
/// <param name="end">End of the last hour.</param>
internal sealed class EventFile(World world, ulong seed, Instant end)
{
    private const int FlushBytes = 1 << 18;
    private static readonly InstantPattern Timestamps = InstantPattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm:ss.fff'Z'");

    private readonly Flow[] flows = Flow.Of(world);
    private readonly Dictionary<string, ProjectEntry> projects = world.Directory.Projects!.ToDictionary(project => project.Id, StringComparer.Ordinal);
    private readonly Dictionary<string, ApiKeyEntry> apiKeys = world.Directory.ApiKeys!.ToDictionary(key => key.Id, StringComparer.Ordinal);
    private readonly Dictionary<string, UserEntry> users = world.Directory.Users!.ToDictionary(user => user.Id, StringComparer.Ordinal);
    private readonly Dictionary<string, ModelEntry> models = world.Directory.Models!.ToDictionary(model => model.Mapping, StringComparer.Ordinal);
    private UsageSums totals;
    private SplitMix64 random;

    private enum Status
    {
        Ok,
        Error,
        ClientError,
        Cancelled,
    }

    /// <summary>Writes events.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="count">How many.</param>
    /// <param name="progress">Told of events.</param>
    /// <returns>What importing them must give, where the world's directory was imported before.</returns>
    public UsageSums WriteTo(Stream output, long count, Progress progress)
    {
        totals = default;
        var buffer = new ArrayBufferWriter<byte>(2 * FlushBytes);
        using var json = new Utf8JsonWriter(buffer);
        var slots = Slot.Year(world, seed, end);
        var counts = Apportionment.Of(count, [.. slots.Select(slot => flows.Sum(flow => flow.MicroRequests(slot, world.GrainMinutes)))]);
        var written = 0L;
        for (var i = 0; i < slots.Length; i++)
        {
            if (counts[i] == 0)
            {
                continue;
            }

            var rates = new Popularity(flows.Select(flow => flow.MicroRequests(slots[i], world.GrainMinutes)));
            for (var inSlot = 0L; inSlot < counts[i]; inSlot++, written++)
            {
                random = SplitMix64.For(seed, -3, written);
                var milliseconds = ((inSlot * 1_000) + random.Below(1_000)) * 60L * world.GrainMinutes / counts[i];
                Write(json, written, slots[i], slots[i].Start + Duration.FromMilliseconds(milliseconds), flows[rates.Pick(ref random)]);
                json.Flush();
                json.Reset();
                buffer.Write("\n"u8);
                if (buffer.WrittenCount >= FlushBytes)
                {
                    output.Write(buffer.WrittenSpan);
                    buffer.ResetWrittenCount();
                    progress.Report(written, count);
                }
            }
        }

        output.Write(buffer.WrittenSpan);
        return totals;
    }

    private void Write(Utf8JsonWriter json, long number, Slot slot, Instant time, Flow flow)
    {
        var status = random.Chance(flow.ErrorPerMille(slot)) ? Status.Error
            : random.Chance(flow.Workload.ClientErrorPerMille) ? Status.ClientError
            : random.Chance(4) ? Status.Cancelled
            : Status.Ok;
        var isCacheHit = status == Status.Ok && random.Chance(flow.Workload.CacheHitPerMille);
        var tokens = status is Status.Ok or Status.Cancelled ? flow.TokensOf(slot, 1, ref random) : default;
        tokens = status == Status.Cancelled ? tokens with { Output = tokens.Output / 3, Reasoning = tokens.Reasoning / 3 } : tokens;
        tokens = isCacheHit ? tokens with { CachedInput = 0, CacheWrite = 0 } : tokens;

        json.WriteStartObject();
        json.WriteString("id", string.Create(CultureInfo.InvariantCulture, $"req_{SplitMix64.Mix(SplitMix64.Mix(seed) + (ulong)number):x16}"));
        json.WriteString("timestamp", Timestamps.Format(time));
        json.WriteString("organizationId", world.Organization.Id);
        json.WriteString("projectId", flow.Keys.Project);
        json.WriteString("apiKeyId", flow.Keys.ApiKey);
        json.WriteString("mapping", flow.Keys.Mapping);
        if (random.Chance(500))
        {
            WriteLabels(json, flow);
        }

        WriteOptional(json, "app", flow.Keys.App);
        WriteOptional(json, "agentId", flow.Keys.Agent);
        if (flow.Keys.Agent.Length > 0)
        {
            var conversation = SplitMix64.For(seed, flow.Index, (slot.Day * 64L) + random.Below(64)).Next();
            json.WriteString("conversationId", string.Create(CultureInfo.InvariantCulture, $"conv_{conversation:x16}"));
        }

        if (flow.Keys.ServiceType != "text-generation" || random.Chance(500))
        {
            json.WriteString("serviceType", flow.Keys.ServiceType);
        }

        if (status != Status.Ok || random.Chance(500))
        {
            json.WriteString("status", status switch { Status.Ok => "ok", Status.Error => "error", Status.ClientError => "client_error", _ => "cancelled" });
        }

        if (isCacheHit || random.Chance(100))
        {
            json.WriteBoolean("cacheHit", isCacheHit);
        }

        WriteOptional(json, "inputTokens", tokens.Input);
        WriteOptional(json, "cachedInputTokens", tokens.CachedInput);
        WriteOptional(json, "cacheWriteTokens", tokens.CacheWrite);
        WriteOptional(json, "outputTokens", tokens.Output);
        WriteOptional(json, "reasoningTokens", tokens.Reasoning);
        var cost = WriteCost(json, flow.Price, tokens, isCacheHit);
        json.WriteEndObject();
        Count(status, isCacheHit, tokens, cost);
    }

    /// <summary>Writes who and what it was, as gateways that know it repeat with every request.</summary>
    private void WriteLabels(Utf8JsonWriter json, Flow flow)
    {
        json.WriteString("projectName", projects[flow.Keys.Project].Name);
        var key = apiKeys[flow.Keys.ApiKey];
        json.WriteString("apiKeyDescription", key.Description);
        if (key.CreatedBy is { } creator)
        {
            json.WriteString("memberId", creator);
            json.WriteString("memberName", users[creator].Name);
        }

        var model = models[flow.Keys.Mapping];
        json.WriteString("model", model.Model);
        json.WriteString("provider", model.Provider);
    }

    /// <summary>Writes a cost, with priced items or without, or nothing: then the price table says it.</summary>
    /// <returns>The cost in pico-dollars; null where there is none.</returns>
    private long? WriteCost(Utf8JsonWriter json, TokenPrice price, Tokens tokens, bool isCacheHit)
    {
        var listed = isCacheHit ? 0 : price.Cost(tokens);
        var way = random.Below(10);
        if (listed is not { } full || way < 4)
        {
            return listed;
        }

        if (way == 4 && full > 0)
        {
            var output = price.Cost(new Tokens(0, 0, 0, tokens.Output, tokens.Reasoning))!.Value;
            json.WriteStartArray("items");
            WriteItem(json, "input_tokens", tokens.Input, full - output);
            WriteItem(json, "output_tokens", tokens.Output, output);
            json.WriteEndArray();
        }

        // A gateway's own bill is a little below the list; its items are at list price.
        var billed = way == 4 ? full : full / 1_000 * random.Between(970, 1_000);
        var text = PicoDollars.Format(billed);
        json.WritePropertyName("cost");
        if (random.Chance(500))
        {
            json.WriteStringValue(text);
        }
        else
        {
            json.WriteRawValue(text);
        }

        return billed;
    }

    private void Count(Status status, bool isCacheHit, Tokens tokens, long? cost)
    {
        totals[Measure.RequestCount]++;
        totals[Measure.ErrorCount] += status == Status.Error ? 1 : 0;
        totals[Measure.ClientErrorCount] += status == Status.ClientError ? 1 : 0;
        totals[Measure.CacheHitCount] += isCacheHit ? 1 : 0;
        totals[Measure.UnpricedCount] += cost is null ? 1 : 0;
        totals[Measure.InputTokens] += tokens.Input;
        totals[Measure.CachedInputTokens] += tokens.CachedInput;
        totals[Measure.CacheWriteTokens] += tokens.CacheWrite;
        totals[Measure.OutputTokens] += tokens.Output;
        totals[Measure.ReasoningTokens] += tokens.Reasoning;
        totals[Measure.Cost] += cost ?? 0;
    }

    private static void WriteItem(Utf8JsonWriter json, string rule, long quantity, long pico)
    {
        json.WriteStartObject();
        json.WriteString("rule", rule);
        json.WriteString("unit", "token");
        json.WriteNumber("quantity", quantity);
        json.WriteString("cost", PicoDollars.Format(pico));
        json.WriteEndObject();
    }

    private static void WriteOptional(Utf8JsonWriter json, string name, string value)
    {
        if (value.Length > 0)
        {
            json.WriteString(name, value);
        }
    }

    private static void WriteOptional(Utf8JsonWriter json, string name, long value)
    {
        if (value > 0)
        {
            json.WriteNumber(name, value);
        }
    }
}
