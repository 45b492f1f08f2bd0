using System.Text.Json;
using System.Text.Json.Serialization;
using Analytics.Storage.Directory;

namespace Analytics.DataGen.Worlds;

/// <summary>One organisation: who and what there is, and the requests that come from it. The files beside this one are worlds.</summary>
internal sealed record World
{
    private static readonly JsonSerializerOptions Strict = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>Days of a world's year. Day 0 is the first; every day named below is counted so.</summary>
    public const int Days = 365;

    /// <summary>Length of rollup intervals: 60, or 15 where reporting days do not start on a whole UTC hour.</summary>
    public required int GrainMinutes { get; init; }

    /// <summary>How much more there is at the end of the year than at its start.</summary>
    public required int GrowthPercent { get; init; }

    /// <summary>Quiet days, as <c>MM-dd</c>.</summary>
    public required IReadOnlyList<string> Holidays { get; init; }

    /// <summary>Models whose requests move to a successor.</summary>
    public required IReadOnlyList<Migration> Migrations { get; init; }

    /// <summary>Hours in which a provider fails.</summary>
    public required IReadOnlyList<Burst> Bursts { get; init; }

    /// <summary>Where requests come from.</summary>
    public required IReadOnlyList<Workload> Workloads { get; init; }

    /// <summary>Names, people, keys, models and prices of this one organisation.</summary>
    [JsonConverter(typeof(DirectoryConverter))]
    public required DirectoryDocument Directory { get; init; }

    /// <summary>The organisation.</summary>
    [JsonIgnore]
    public OrganizationEntry Organization => Directory.Organizations![0];

    /// <summary>The models that a world can use, with the operator's prices.</summary>
    public static IReadOnlyList<ModelEntry> Models { get; } = DirectoryDocument.Parse(Resource("models")).Models!;

    /// <summary>A company of forty that put LLMs into its product.</summary>
    public static World Meridian() => Read("meridian");

    /// <summary>A bookshop on the free plan.</summary>
    public static World Juniper() => Read("juniper");

    /// <summary>Clinics in a zone whose days start at half past.</summary>
    public static World Kaveri() => Read("kaveri");

    /// <summary>The same world under another id.</summary>
    public World WithId(string id) => this with
    {
        Directory = Directory with
        {
            Organizations = [Organization with { Id = id }],
            Members = [.. Directory.Members!.Select(entry => entry with { OrganizationId = id })],
            Projects = [.. Directory.Projects!.Select(entry => entry with { OrganizationId = id })],
            ApiKeys = [.. Directory.ApiKeys!.Select(entry => entry with { OrganizationId = id })],
            Agents = [.. Directory.Agents!.Select(entry => entry with { OrganizationId = id })],
            Models = [.. Directory.Models!.Select(entry => entry with { OrganizationId = id })],
        },
    };

    /// <summary>The same world with the models that its workloads use, now or after a migration.</summary>
    public World WithModels()
    {
        var used = Workloads.SelectMany(workload => workload.Mappings).ToHashSet(StringComparer.Ordinal);
        used.UnionWith(Migrations.Where(migration => used.Contains(migration.From)).Select(migration => migration.To).ToArray());
        return this with
        {
            Directory = Directory with { Models = [.. Models.Where(model => used.Contains(model.Mapping)).Select(model => model with { OrganizationId = Organization.Id })] },
        };
    }

    private static World Read(string name) => JsonSerializer.Deserialize<World>(Resource(name), Strict)!.WithModels();

    private static byte[] Resource(string name)
    {
        using var stream = typeof(World).Assembly.GetManifestResourceStream($"{name}.json")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private sealed class DirectoryConverter : JsonConverter<DirectoryDocument>
    {
        public override DirectoryDocument Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            DirectoryDocument.Parse(System.Text.Encoding.UTF8.GetBytes(JsonElement.ParseValue(ref reader).GetRawText()));

        public override void Write(Utf8JsonWriter writer, DirectoryDocument value, JsonSerializerOptions options) =>
            writer.WriteRawValue(value.ToUtf8());
    }
}

/// <summary>One purpose that requests serve. Lists are by popularity: each name's share follows <see cref="Zipf"/>.</summary>
internal sealed record Workload
{
    /// <summary>For the reader of the file.</summary>
    public required string Name { get; init; }

    /// <summary>API key ids; a key's project is the directory's.</summary>
    public required IReadOnlyList<string> Keys { get; init; }

    /// <summary>Routes.</summary>
    public required IReadOnlyList<string> Mappings { get; init; }

    /// <summary>Applications; empty text for none.</summary>
    public IReadOnlyList<string> Apps { get; init; } = [string.Empty];

    /// <summary>Agent ids; empty text for none.</summary>
    public IReadOnlyList<string> Agents { get; init; } = [string.Empty];

    /// <summary>Service type.</summary>
    public string ServiceType { get; init; } = "text-generation";

    /// <summary>When it is busy.</summary>
    public required Rhythm Rhythm { get; init; }

    /// <summary>Mean of a plain weekday at the start of the year, over all keys.</summary>
    public required int RequestsPerDay { get; init; }

    /// <summary>Mean of a request.</summary>
    public required int InputTokens { get; init; }

    /// <summary>Mean of a request.</summary>
    public required int OutputTokens { get; init; }

    /// <summary>Share of input tokens that the provider had cached.</summary>
    public int CachedPercent { get; init; }

    /// <summary>Share of the other input tokens that the provider put into its cache.</summary>
    public int CacheWritePercent { get; init; }

    /// <summary>Share of output tokens that were reasoning.</summary>
    public int ReasoningPercent { get; init; }

    /// <summary>Requests that the gateway answered from its own cache.</summary>
    public int CacheHitPerMille { get; init; }

    /// <summary>Requests that failed, outside of bursts.</summary>
    public int ErrorPerMille { get; init; } = 6;

    /// <summary>Requests that the caller got wrong.</summary>
    public int ClientErrorPerMille { get; init; } = 8;

    /// <summary>First day; below 0 for always.</summary>
    public int From { get; init; } = -1;

    /// <summary>Days until it is at its full height.</summary>
    public int RiseDays { get; init; }

    /// <summary>First day without it.</summary>
    public int Until { get; init; } = int.MaxValue;

    /// <summary>Days that it fades before.</summary>
    public int FadeDays { get; init; }

    /// <summary>Whether its tokens double on the 22nd of the last full month.</summary>
    public bool Doubles { get; init; }
}

/// <summary>Requests of one mapping move to another, day by day.</summary>
/// <param name="From">The mapping that fades.</param>
/// <param name="To">The mapping that rises.</param>
/// <param name="Day">First day.</param>
/// <param name="Days">How long it takes.</param>
internal sealed record Migration(string From, string To, int Day, int Days);

/// <summary>A provider fails for an hour or two.</summary>
/// <param name="Provider">Canonical provider.</param>
/// <param name="DaysBeforeEnd">Local days before the last one.</param>
/// <param name="Hour">First local hour.</param>
/// <param name="Hours">Number of hours.</param>
/// <param name="Percent">Share of requests that fail.</param>
internal sealed record Burst(string Provider, int DaysBeforeEnd, int Hour, int Hours, int Percent);
