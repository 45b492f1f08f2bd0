using Analytics.Engine.Arrow.Ipc;
using Analytics.Storage;
using Analytics.Storage.Inspection;
using Analytics.Storage.Parquet;
using Xunit;

namespace Analytics.Tests.Storage.Inspection;

public sealed class ArrowInspectionTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> SampleFiles =>
        [.. Directory.GetFiles(Samples, "*.parquet", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Samples, path)).Order(StringComparer.Ordinal)];

    private static string Samples => Path.Combine(RepositoryRoot.Path, "tests", "data", "parquet-interop");

    // The same rows have the same sums, bounds and checksums whatever the format.
    [Theory, MemberData(nameof(SampleFiles))]
    public void Inspect_RowsOfAParquetFileAsArrow_FindsTheSame(string sample)
    {
        var expected = Table(Path.Combine(Samples, sample));
        using var file = Files.Physical.OpenRead(Path.Combine(Samples, sample));
        var reader = ParquetReader.Open(file, sample);
        string[] columns = [.. reader.Schema.Fields.Select(field => field.Name)];
        using var stream = new MemoryStream();
        using var random = new MemoryStream();
        var streamWriter = new ArrowStreamWriter(stream, reader.Schema);
        var fileWriter = new ArrowFileWriter(random, reader.Schema);
        for (var group = 0; group < reader.RowGroups.Count; group++)
        {
            var rows = reader.ReadRowGroup(group, columns);
            streamWriter.Write(rows);
            fileWriter.Write(rows);
        }

        streamWriter.Finish();
        fileWriter.Finish();

        foreach (var (format, path) in new[] { ("Arrow stream", folder.Write("a.arrows", stream.ToArray())), ("Arrow file", folder.Write("a.arrow", random.ToArray())) })
        {
            var table = Table(path);

            Assert.Equal((format, expected.RowCount, expected.RowGroupCount), (table.Format, table.RowCount, table.RowGroupCount));
            Assert.Equal(expected.Columns.Select(Describe), table.Columns.Select(Describe));
        }
    }

    [Fact]
    public void Inspect_DamagedStream_SaysWhere()
    {
        var path = folder.Write("a.arrows", [255, 255, 255, 255, 16, 0, 0, 0, 1, 2, 3, 4]);

        var error = Assert.Throws<CorruptFileException>(() => Table(path));

        Assert.Equal(path, error.Path);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private static InspectedTable Table(string path) => (InspectedTable)FileInspector.Inspect(Files.Physical, path, CancellationToken.None);

    // Lists compare by identity, so the first values are joined.
    private static string Describe(InspectedColumn column) =>
        $"{column.Name} {column.IsNullable} {column.Content! with { First = [] }} {string.Join('|', column.Content.First)}";
}
