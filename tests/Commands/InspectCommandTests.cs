using System.Text.Json;
using Analytics.Engine.Arrow;
using Analytics.Server.Commands;
using Analytics.Storage.Parquet;
using Analytics.Tests.Storage.Parquet;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Commands;

public sealed class InspectCommandTests : IDisposable
{
    private const string Event = """{"id":"1","timestamp":"2026-06-24T10:15:00Z","organizationId":"org_1","projectId":"p","apiKeyId":"k","mapping":"a/b","cost":"0.5"}""";
    private static readonly string Sample = Path.Combine(RepositoryRoot.Path, "tests", "data", "parquet-interop", "duckdb", "one_row.parquet");
    private readonly TemporaryFolder folder = new();

    [Fact]
    public async Task Json_OneFile_IsAnObjectWithNumbersAsText()
    {
        var result = await Run("inspect", "--json", Sample);

        using var json = JsonDocument.Parse(result.Output);
        var column = json.RootElement.GetProperty("columns").EnumerateArray().Single(column => column.GetProperty("name").GetString() == "request_count");
        Assert.Equal((0, "", Sample, "1", "1"), (result.Code, result.Error, Text(json.RootElement, "file"), Text(json.RootElement, "rows"), Text(json.RootElement, "rowGroups")));
        Assert.Equal(("int64", "0", Text(column, "min"), Text(column, "max")), (Text(column, "type"), Text(column, "nulls"), Text(column, "sum"), column.GetProperty("first")[0].GetString()));
        Assert.Equal(32, Text(column, "md5").Length);
    }

    [Fact]
    public async Task Text_OwnFilesAndManifest_ShowWhatIsInThem()
    {
        var data = folder.File("data");
        await Run("import", "events", folder.Write("e.ndjson", Event), "--data", data, "--organization", "org_1");
        var file = Directory.GetFiles(Path.Combine(data, "requests"), "*.parquet", SearchOption.AllDirectories).Single();

        var table = await Run("inspect", file);
        var manifest = await Run("inspect", Path.Combine(data, "manifest.json"));
        var json = await Run("inspect", Path.Combine(data, "manifest.json"), "--json");

        Assert.Equal((0, 0, 0), (table.Code, manifest.Code, json.Code));
        Assert.Contains("  partitions    organization=org_1, month=2026-06\n", table.Output, StringComparison.Ordinal);
        Assert.Contains("  column bucket_start: timestamp[us, UTC]\n    stored      INT64, ", table.Output, StringComparison.Ordinal);
        Assert.Contains("    sum         500000000000\n", table.Output, StringComparison.Ordinal);
        Assert.Contains("requests/organization=org_1/month=2026-06/00000001-1.parquet: 1 rows of org_1, ", manifest.Output, StringComparison.Ordinal);
        Assert.Contains("  imports       1\n    1: e.ndjson (events) for org_1\n", manifest.Output, StringComparison.Ordinal);
        using var parsed = JsonDocument.Parse(json.Output);
        Assert.Equal(("manifest", "1", 3, "1"), (Text(parsed.RootElement, "format"), Text(parsed.RootElement, "sequence"), parsed.RootElement.GetProperty("files").GetArrayLength(), Text(parsed.RootElement.GetProperty("imports")[0], "sequence")));
    }

    [Fact]
    public async Task Errors_OfSomeFiles_DoNotStopTheOthers()
    {
        var bytes = await File.ReadAllBytesAsync(Sample);
        bytes[10] ^= 1; // in the header of the first column's first page
        var damaged = folder.Write("damaged.parquet", bytes);
        var cut = folder.Write("cut.parquet", bytes[..^9]);

        var result = await Run("inspect", "--json", damaged, cut, folder.Write("a.txt", "text"), folder.File("none"), folder.Path, folder.Write("a.arrows", [255, 255, 255, 255, 0, 0, 0, 0]), Sample);

        using var json = JsonDocument.Parse(result.Output);
        var files = json.RootElement.EnumerateArray().ToList();
        Assert.Equal((65, 7), (result.Code, files.Count));
        Assert.Contains("row group 0, column 'hour', byte 4; expected ", Text(files[0].GetProperty("columns")[0], "error"), StringComparison.Ordinal);
        Assert.Equal(32, Text(files[0].GetProperty("columns")[1], "md5").Length);
        Assert.StartsWith("Found no 'PAR1' at the end in ", Text(files[1], "error"), StringComparison.Ordinal);
        Assert.Contains("Found a file that starts with the bytes 74657874 in ", Text(files[2], "error"), StringComparison.Ordinal);
        Assert.Equal($"'{folder.File("none")}' does not exist.", Text(files[3], "error"));
        Assert.Equal($"'{folder.Path}' is not a file; a data folder's list of files is its manifest.json.", Text(files[4], "error"));
        Assert.StartsWith("Found the end in ", Text(files[5], "error"), StringComparison.Ordinal);
        Assert.Equal("1", Text(files[6], "rows"));
        Assert.Equal(6, result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(line => line.StartsWith("error: ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Errors_ControlCharactersInAName_AreEscaped()
    {
        var result = await Run("inspect", folder.Write("a\u001b[31m\nb", [1, 2, 3]));

        Assert.Equal(65, result.Code);
        Assert.Contains("a\\u001B[31m\\nb", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', result.Error);
    }

    [Fact]
    public async Task Pipe_IsRefusedAndTheOthersAreInspected()
    {
        var pipe = folder.File("pipe");
        using (var made = System.Diagnostics.Process.Start("mkfifo", [pipe]))
        {
            await made.WaitForExitAsync();
        }

        // Somebody has to hold the other end, or opening it waits.
        using var writer = new FileStream(pipe, FileMode.Open, FileAccess.ReadWrite);

        var result = await Run("inspect", pipe, Sample);

        Assert.Equal((65, $"error: Found a pipe in '{pipe}'; expected a file, whose end can be read first. Save it to a file, and name that.\n"), (result.Code, result.Error));
        Assert.Contains("request_count", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_ControlCharactersInAFile_AreEscaped()
    {
        using var writer = new MemoryWritableFile();
        var parquet = new ParquetWriter(writer, new Schema(new Field("t", ArrowType.Utf8)), new Dictionary<string, string> { ["k\u001b"] = "\u0007" });
        parquet.WriteRowGroup(new RecordBatch(new Schema(new Field("t", ArrowType.Utf8)), StringArray.From(["\u001b[31m\"\n"])));
        parquet.Finish();

        var result = await Run("inspect", folder.Write("a.parquet", writer.ToArray()));

        Assert.Equal(0, result.Code);
        Assert.Contains("    first       \"\\u001B[31m\"\\n\"\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("  metadata      k\\u001B = \\u0007\n", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownOption_IsAUsageError()
    {
        var result = await Run("inspect", Sample, "--jsn");

        Assert.Equal((2, ""), (result.Code, result.Output));
        Assert.StartsWith("error: found '--jsn', expected one of this command's options", result.Error, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private static string Text(JsonElement element, string property) => element.GetProperty(property).GetString()!;

    private static async Task<(int Code, string Output, string Error)> Run(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandRunner.RunAsync(AnalyticsCommand.Root(new FixedClock(Instant.FromUtc(2026, 6, 26, 12, 0))), args, output, error);
        return (code, output.ToString(), error.ToString());
    }
}
