using System.Xml.Linq;
using Analytics.Bench.Comparison;
using Xunit;

namespace Analytics.Tests.Bench;

/// <summary>What is written from a comparison, on made-up numbers: the files in Expected are the answers.</summary>
/// <remarks>
/// Where the writing is changed on purpose, the test's message says where the new text lies; look at it (the charts in a browser)
/// before it takes the place of the old one.
/// </remarks>
public sealed class ReportTests
{
    // Two years; the second system has two tuned forms and no sums; Q4 has no prefix sums and Q5 no sums at all.
    private static readonly ComparisonReport Report = new(
        "Test CPU",
        4,
        16L << 30,
        "compare --rows 1M,10M",
        2,
        3,
        "0.10",
        "1.90",
        [
            new("Analytics", "0.1.0", "in this process."),
            new("DuckDB", "1.2.3", "in memory."),
            new("ClickHouse", "4.5", "in <memory>."),
        ],
        ["postgres: it is not installed."],
        [Year(1_000_000, 1), Year(10_000_000, 10)]);

    public static TheoryData<string> Files => [.. ComparisonFiles.Of(Report).Select(file => file.Name)];

    [Theory, MemberData(nameof(Files))]
    public void Of_Report_WritesTheExpectedFile(string name) => EqualsExpected(name, ComparisonFiles.Of(Report).Single(file => file.Name == name).Text);

    [Fact]
    public void Readme_Report_WritesTheExpectedSection() => EqualsExpected("readme.md", ReadmeSection.Of(Report, "bench/results/test-cpu-4c"));

    [Theory, MemberData(nameof(Files))]
    public void Of_Report_ChartsAreXmlInsideOfTheirFrame(string name)
    {
        if (!name.EndsWith(".svg", StringComparison.Ordinal))
        {
            return;
        }

        var chart = XDocument.Parse(ComparisonFiles.Of(Report).Single(file => file.Name == name).Text).Root!;
        var (width, height) = ((double)chart.Attribute("width")!, (double)chart.Attribute("height")!);

        Assert.All(chart.Descendants().Where(element => element.Name.LocalName is "text" or "rect"), element =>
        {
            Assert.InRange((double?)element.Attribute("x") ?? 0, 0, width);
            Assert.InRange(((double?)element.Attribute("x") ?? 0) + ((double?)element.Attribute("width") ?? 0), 0, width);
            Assert.InRange((double?)element.Attribute("y") ?? 0, 0, height);
        });

        // A letter of a plain font is about half as wide as it is high; long labels must not be cut off.
        Assert.All(chart.Descendants().Where(element => element.Name.LocalName == "text" && (string)element.Attribute("text-anchor")! == "start"), element =>
            Assert.InRange((double)element.Attribute("x")! + (element.Value.Length * (double)element.Attribute("font-size")! * 0.55), 0, width));
        Assert.All(chart.Descendants().Where(element => element.Name.LocalName == "text" && (string)element.Attribute("text-anchor")! == "end"), element =>
            Assert.InRange((double)element.Attribute("x")! - (element.Value.Length * (double)element.Attribute("font-size")! * 0.55), 0, width));
    }

    [Fact]
    public void Json_Report_IsReadBackTheSame()
    {
        var json = Report.ToJson();

        Assert.Equal(json, ComparisonReport.FromJson(json).ToJson());
        Assert.Equal(ComparisonMarkdown.Of(Report), ComparisonMarkdown.Of(ComparisonReport.FromJson(json)));
    }

    [Fact]
    public void Readme_Replaced_ChangesOnlyWhatIsBetweenTheComments()
    {
        var document = $"before\n{ReadmeSection.Start}\nold\n{ReadmeSection.End}\nafter\n";

        Assert.Equal($"before\n{ReadmeSection.Start}\nnew\n{ReadmeSection.End}\nafter\n", ReadmeSection.Replaced(document, "new\n"));
        Assert.Null(ReadmeSection.Replaced("no comments", "new\n"));
        Assert.Null(ReadmeSection.Replaced($"{ReadmeSection.End}\n{ReadmeSection.Start}", "new\n"));
    }

    [Theory]
    [InlineData("AMD EPYC", 2, "amd-epyc-2c")]
    [InlineData("Intel(R) Xeon(R) CPU @ 2.20GHz", 8, "intel-r-xeon-r-cpu-2-20ghz-8c")]
    public void FolderName_Processor_IsLowerCaseWithDashes(string processor, int cores, string expected) => Assert.Equal(expected, Machine.FolderName(processor, cores));

    [Theory]
    [InlineData(0.0004, "0.40 µs")]
    [InlineData(0.0871, "87.1 µs")]
    [InlineData(0.9994, "999 µs")]
    [InlineData(0.9996, "1.00 ms")]
    [InlineData(45.65, "45.7 ms")]
    [InlineData(999.6, "1.00 s")]
    [InlineData(123_456, "123 s")]
    public void Duration_Milliseconds_HasThreeDigits(double milliseconds, string expected) => Assert.Equal(expected, SvgChart.Duration(milliseconds));

    [Fact]
    public void Spread_OfValues_HasMedianAndEnds()
    {
        Assert.Equal(new Spread(1, 2, 9, 3), Spread.Of([9, 1, 2]));
        Assert.Equal(new Spread(1, 3, 9, 4), Spread.Of([9, 1, 2, 3]));
    }

    private static YearReport Year(long rows, double factor) => new(
        rows,
        rows - 100,
        "2025-06-25",
        "2026-06-24",
        "Europe/Paris",
        new Dictionary<string, int> { ["projects"] = 200, ["models"] = 12, ["API keys"] = 2_000, ["service types"] = 1 },
        0.03,
        rows * 20,
        new MemoryReport(rows * 32, 17.5, 160_000_000, rows * 40),
        640 << 20,
        new Spread(20, 25.5, 30, 12),
        [new("Analytics", "all columns", 450 * factor, rows * 32), new("DuckDB", "rows as in the files", 900 * factor, null)],
        [
            new("Q2", "day by project", 290_988, 14, 0.734, [Ours(5.25 * factor), Scanned(4.25 * factor), Sums("Analytics", 0.42), Natural("DuckDB", 111 * factor), Tuned("DuckDB", "", 33 * factor), Sums("DuckDB", 1.9), Tuned("ClickHouse", "Memory", 26 * factor), Tuned("ClickHouse", "MergeTree", 80 * factor)]),
            new("Q4", "day by API key", 1_030_088, 15, 0.6, [Ours(8 * factor), Scanned(7.7 * factor), Natural("DuckDB", 1_763 * factor), Tuned("DuckDB", "", 110 * factor), Sums("DuckDB", 11.2), Tuned("ClickHouse", "Memory", 103 * factor), Tuned("ClickHouse", "MergeTree", 190 * factor)]),
            new("Q5", "one project, day by model", 16_800, null, null, [Ours(2.2 * factor), Scanned(2.1 * factor), Natural("DuckDB", 30 * factor), Tuned("DuckDB", "", 1.1 * factor), Tuned("ClickHouse", "Memory", 57 * factor), Tuned("ClickHouse", "MergeTree", 3 * factor)]),
        ]);

    private static TimeReport Ours(double median) => Tuned("Analytics", string.Empty, median) with { Sql = null };

    private static TimeReport Scanned(double median) => Tuned("Analytics", TimeReport.RunOnly, median) with { Sql = null };

    private static TimeReport Tuned(string system, string form, double median) => new(system, form, FormKind.Tuned, Around(median), "SELECT day FROM tuned");

    private static TimeReport Natural(string system, double median) => new(system, string.Empty, FormKind.Natural, Around(median), "SELECT day\nFROM usage");

    private static TimeReport Sums(string system, double median) => new(system, string.Empty, FormKind.PreAggregated, Around(median), system == "Analytics" ? null : "SELECT day FROM pre");

    private static Spread Around(double median) => new(median * 0.9, median, median * 1.5, 3);

    private static void EqualsExpected(string name, string actual)
    {
        var expected = Path.Combine(Architecture.Repository.Root, "tests", "Bench", "Expected", name);
        if (File.Exists(expected) && File.ReadAllText(expected) == actual)
        {
            return;
        }

        var written = Path.Combine(AppContext.BaseDirectory, "actual", name);
        Directory.CreateDirectory(Path.GetDirectoryName(written)!);
        File.WriteAllText(written, actual);
        Assert.Fail($"'{expected}' is not what is written now: see '{written}'.");
    }
}
