using System.Text.Json;
using System.Text.Json.Serialization;

namespace Analytics.Bench.Comparison;

/// <summary>What a comparison found: everything that tables, charts and the README are written from.</summary>
/// <param name="Processor">The processor's name.</param>
/// <param name="Cores">Cores.</param>
/// <param name="MemoryBytes">Physical memory.</param>
/// <param name="Command">The command line after <c>--</c>.</param>
/// <param name="Threads">Threads of every system.</param>
/// <param name="Rounds">Interleaved rounds.</param>
/// <param name="LoadBefore">Load average before anything was done.</param>
/// <param name="LoadAfter">Load average at the end.</param>
/// <param name="Systems">Who took part, this engine first.</param>
/// <param name="Skipped">Who did not, and why.</param>
/// <param name="Years">One for each number of rows.</param>
internal sealed record ComparisonReport(
    string Processor,
    int Cores,
    long MemoryBytes,
    string Command,
    int Threads,
    int Rounds,
    string LoadBefore,
    string LoadAfter,
    IReadOnlyList<SystemReport> Systems,
    IReadOnlyList<string> Skipped,
    IReadOnlyList<YearReport> Years)
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>The report as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Options) + "\n";

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <param name="json">The text.</param>
    /// <exception cref="JsonException">It is something else.</exception>
    public static ComparisonReport FromJson(string json) => JsonSerializer.Deserialize<ComparisonReport>(json, Options) ?? throw new JsonException("The report is null.");
}

/// <summary>A system that took part.</summary>
/// <param name="Name">Name.</param>
/// <param name="Version">Version.</param>
/// <param name="Settings">Settings that matter and what a timed run includes.</param>
internal sealed record SystemReport(string Name, string Version, string Settings);

/// <summary>A year of one number of rows.</summary>
/// <param name="Rows">Rows of the organisation.</param>
/// <param name="RowsInRange">Rows of the 365 days.</param>
/// <param name="From">First local day.</param>
/// <param name="To">Last local day.</param>
/// <param name="Zone">Time zone.</param>
/// <param name="Groups">Number of projects, models and so on.</param>
/// <param name="ProjectShare">The part of the rows that the query of one project is about.</param>
/// <param name="FileBytes">The organisation's Parquet files.</param>
/// <param name="Memory">What the rows take in this engine.</param>
/// <param name="RoofBytes">Bytes that the read bandwidth was measured over.</param>
/// <param name="Roof">Read bandwidth in GB/s, between all other measurements.</param>
/// <param name="Loads">Steps of loading.</param>
/// <param name="Queries">The queries.</param>
internal sealed record YearReport(
    long Rows,
    long RowsInRange,
    string From,
    string To,
    string Zone,
    IReadOnlyDictionary<string, int> Groups,
    double ProjectShare,
    long FileBytes,
    MemoryReport Memory,
    long RoofBytes,
    Spread Roof,
    IReadOnlyList<LoadStep> Loads,
    IReadOnlyList<QueryReport> Queries);

/// <summary>What the rows take in this engine.</summary>
/// <param name="ChunkBytes">Chunks of all rows, with all dimensions and measures.</param>
/// <param name="HeadlineBytesPerRow">Codes of all dimensions and the four measures that are summed here.</param>
/// <param name="CubeBytes">Prefix sums that were built for the queries.</param>
/// <param name="ResidentBytes">What the process grew by in loading.</param>
internal sealed record MemoryReport(long ChunkBytes, double HeadlineBytesPerRow, long CubeBytes, long ResidentBytes);

/// <summary>A query and its times.</summary>
/// <param name="Name">Short name.</param>
/// <param name="Title">What it asks.</param>
/// <param name="Cells">Cells of the answer that were compared with every form.</param>
/// <param name="ScanBytesPerRow">Bytes that this engine's scan reads of each row; null where it skips rows.</param>
/// <param name="ScanShareOfRoof">Median of the rounds' bandwidth of the scan (its answer not read) over the roof of the same round; null where rows are skipped.</param>
/// <param name="Times">All times.</param>
internal sealed record QueryReport(string Name, string Title, long Cells, double? ScanBytesPerRow, double? ScanShareOfRoof, IReadOnlyList<TimeReport> Times);

/// <summary>The times of one form of one system.</summary>
/// <param name="System">System.</param>
/// <param name="Form">Form, where the system has several of a kind.</param>
/// <param name="Kind">What was done beforehand.</param>
/// <param name="Milliseconds">Times.</param>
/// <param name="Sql">The statement, for peers.</param>
internal sealed record TimeReport(string System, string Form, FormKind Kind, Spread Milliseconds, string? Sql)
{
    /// <summary>The name of this engine in tables.</summary>
    public const string Ours = "Analytics";

    /// <summary>This engine's form without the visit of the answer.</summary>
    public const string RunOnly = "answer not read";

    /// <summary>System and form.</summary>
    [JsonIgnore]
    public string Label => Form.Length == 0 ? System : $"{System} {Form}";
}

/// <summary>Several measurements of one thing.</summary>
/// <param name="Min">The smallest.</param>
/// <param name="Median">The middle one; of an even number the higher of the two.</param>
/// <param name="Max">The largest.</param>
/// <param name="Count">How many.</param>
internal sealed record Spread(double Min, double Median, double Max, int Count)
{
    /// <summary>Sums up measurements.</summary>
    /// <param name="values">1 or more.</param>
    public static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return new Spread(sorted[0], sorted[sorted.Length / 2], sorted[^1], sorted.Length);
    }
}
