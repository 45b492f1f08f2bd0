using System.Globalization;
using System.Text.Json;
using Analytics.Storage.Inspection;
using Xunit;

namespace Analytics.Tests.Storage.Parquet;

/// <summary>Files that other programs wrote, each with what other readers find in it: manifest.json beside them.</summary>
internal sealed class Corpus
{
    private const double FloatTolerance = 1e-9;

    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly string folder;

    private Corpus(string folder)
    {
        this.folder = folder;
        Files = File.Exists(Path.Combine(folder, "manifest.json"))
            ? JsonSerializer.Deserialize<CorpusManifest>(File.ReadAllBytes(Path.Combine(folder, "manifest.json")), Options)!.Files
            : [];
    }

    /// <summary>A few files of <see cref="Interop"/> that are part of this repository.</summary>
    public static Corpus Sample { get; } = new(Path.Combine(RepositoryRoot.Path, "tests", "data", "parquet-interop"));

    /// <summary>What DuckDB, ClickHouse, Polars and arrow-rs write.</summary>
    public static Corpus Interop { get; } = new(RealData.File("parquet-interop"));

    /// <summary>apache/parquet-testing.</summary>
    public static Corpus Testing { get; } = new(RealData.File("parquet-testing"));

    public IReadOnlyList<CorpusFile> Files { get; }

    public static TheoryData<string> Names(Corpus corpus, params string[] categories) =>
        [.. corpus.Files.Where(file => categories.Length == 0 || categories.Contains(file.Category)).Select(file => file.Path)];

    public CorpusFile this[string path] => Files.Single(file => file.Path == path);

    public string FullPath(string path) => Path.Combine(folder, path);

    public InspectedTable Inspect(string path) =>
        (InspectedTable)FileInspector.Inspect(Analytics.Storage.Files.Physical, FullPath(path), CancellationToken.None);

    /// <summary>Compares what is in a file with what should be.</summary>
    /// <param name="path">The file, as the manifest names it.</param>
    /// <param name="refused">Columns that are refused rather than read.</param>
    public InspectedTable AssertAsExpected(string path, params string[] refused)
    {
        var expected = this[path];
        var actual = Inspect(path);

        Assert.Equal(expected.Rows, actual.RowCount);
        Assert.Equal(expected.RowGroups, actual.RowGroupCount);
        Assert.Equal(expected.CreatedBy, actual.CreatedBy);
        Assert.Equal(expected.Columns.Where(column => column.Canonical == "nested").Select(column => column.Name), actual.NestedColumns);
        Assert.Equal(expected.Columns.Where(column => column.Canonical != "nested").Select(column => column.Name), actual.Columns.Select(column => column.Name));
        Assert.Equal(refused, actual.Columns.Where(column => column.Error is not null).Select(column => column.Name));
        foreach (var column in actual.Columns)
        {
            if (column.Error is { } error)
            {
                Assert.Equal((FullPath(path), column.Name), (error.Path, error.Column));
                continue;
            }

            AssertEqual(expected.Columns.Single(other => other.Name == column.Name), column.Content!, $"{path}, column '{column.Name}'");
        }

        return actual;
    }

    private static void AssertEqual(CorpusColumn expected, ColumnContent actual, string what)
    {
        Assert.True((expected.Canonical, expected.Nulls) == (actual.Kind, actual.NullCount), $"{what}: {actual.Kind}, {actual.NullCount} nulls");
        if (expected.Canonical == "float")
        {
            Assert.True(expected.Nan == actual.NanCount, $"{what}: {actual.NanCount} times NaN");
            Assert.All(
                expected.First5.Prepend(expected.Max).Prepend(expected.Min).Prepend(expected.Sum).Zip(actual.First.Prepend(actual.Max).Prepend(actual.Min).Prepend(actual.Sum)),
                pair => Assert.True(IsClose(Text(pair.First), pair.Second), $"{what}: {pair.Second}, not {Text(pair.First)}"));
            Assert.Equal(expected.First5.Count, actual.First.Count);
            return;
        }

        Assert.Equal(
            (what, Text(expected.Sum), Text(expected.Min), Text(expected.Max), expected.Md5),
            (what, actual.Sum, actual.Min, actual.Max, actual.Md5));
        Assert.Equal(expected.First5.Select(Text), actual.First);
    }

    private static bool IsClose(string? expected, string? actual)
    {
        if (expected is null || actual is null)
        {
            return expected == actual;
        }

        var (left, right) = (double.Parse(expected, CultureInfo.InvariantCulture), double.Parse(actual, CultureInfo.InvariantCulture));
        return left.Equals(right) || Math.Abs(left - right) <= FloatTolerance * Math.Abs(left);
    }

    // Floats are JSON numbers, or a text for NaN; all else is text.
    private static string? Text(JsonElement? value) => value?.ValueKind switch
    {
        null or JsonValueKind.Null => null,
        JsonValueKind.String => value.Value.GetString(),
        _ => value.Value.GetRawText(),
    };

    private sealed record CorpusManifest(IReadOnlyList<CorpusFile> Files);
}

/// <summary>What a manifest says of a file.</summary>
internal sealed record CorpusFile(string Path, string Category, string? CreatedBy, int? RowGroups, long? Rows)
{
    public IReadOnlyDictionary<string, string?> Hive { get; init; } = new Dictionary<string, string?>();

    public IReadOnlyList<string> Codecs { get; init; } = [];

    public IReadOnlyList<CorpusColumn> Columns { get; init; } = [];
}

/// <summary>What a manifest says of a column.</summary>
internal sealed record CorpusColumn(string Name, string Canonical, long Nulls, long Nan, JsonElement? Sum, JsonElement? Min, JsonElement? Max, string? Md5)
{
    public IReadOnlyList<JsonElement?> First5 { get; init; } = [];
}

/// <summary>A theory over files of <see cref="RealData"/>; reported as skipped where they are absent.</summary>
public sealed class RealDataTheoryAttribute : TheoryAttribute
{
    public RealDataTheoryAttribute(string file)
    {
        if (!File.Exists(RealData.File(file)))
        {
            Skip = $"The test data '{file}' is not here: set ANALYTICS_TEST_DATA to its folder.";
        }
    }
}
