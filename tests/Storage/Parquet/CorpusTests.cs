using Analytics.Storage;
using Analytics.Storage.Catalog;
using Xunit;

namespace Analytics.Tests.Storage.Parquet;

/// <summary>
/// Rows, nulls, sums, bounds, first values and checksums of each column of other programs' files are those that other
/// readers find. What cannot be read is refused, and the message says where.
/// </summary>
public class CorpusTests
{
    private const string InteropManifest = "parquet-interop/manifest.json";
    private const string TestingManifest = "parquet-testing/manifest.json";

    /// <summary>What is refused of files that need not be read whole.</summary>
    private static readonly Dictionary<string, string[]> Refused = new()
    {
        // Years up to 290000, which microseconds in 64 bits do not reach. (DuckDB gives other years instead.)
        ["data/int96_from_spark.parquet"] = ["a"],
    };

    /// <summary>Files that are refused as a whole.</summary>
    public static TheoryData<string, string> RefusedFiles => new()
    {
        { "bad_data/ARROW-GH-41317.parquet", "Found Thrift type Int16 in '*', byte 35530; expected Int32." },
        { "bad_data/ARROW-RS-GH-6229-DICTHEADER.parquet", "Found a chunk of 322 bytes from byte 129 on in '*', row group 0, column 'name'; expected one between 4 and 291, the footer." },
        { "bad_data/PARQUET-1481.parquet", "Found physical type -7 in '*', column 'Handle'; expected 0 (BOOLEAN) to 7 (FIXED_LEN_BYTE_ARRAY)." },
        { "data/encrypt_columns_and_footer.parquet.encrypted", "Found a file with an encrypted footer (PARE) in '*'; expected a plain one. Write the file again without encryption." },
        { "data/encrypt_columns_plaintext_footer.parquet.encrypted", "Found a file with encrypted columns in '*'; expected a plain one. Write the file again without encryption." },
        { "data/uniform_encryption.parquet.encrypted", "Found a file with an encrypted footer (PARE) in '*'; expected a plain one. Write the file again without encryption." },

        // The footer denies the rows that the row group has.
        { "data/repeated_no_annotation.parquet", "Found row groups of 6 rows in '*'; expected 0, as the footer says." },
    };

    /// <summary>Files of which some columns are refused; the others are read.</summary>
    public static TheoryData<string, string[]> RefusedColumns => new()
    {
        { "bad_data/ARROW-GH-41321.parquet", [
            "Found the end of the runs of a page in '*', row group 0, column 'int64', byte 1313; expected 1 bytes more.",
            "Found the end of the runs of a page in '*', row group 0, column 'large_binary', byte 4527; expected 1 bytes more."] },
        { "bad_data/ARROW-GH-47662.parquet", ["Found 364 bytes of values in '*', row group 0, column 'flba_field', byte 4; expected 100 values of 4 bytes."] },
        { "data/datapage_v1-corrupt-checksum.parquet", [
            "Found a page with CRC-32 0f4f6d0a in '*', row group 0, column 'a', byte 4; expected bbce3b9d, as its header says.",
            "Found a page with CRC-32 0358a2bc in '*', row group 0, column 'b', byte 30808; expected 48850d12, as its header says."] },
        { "data/rle-dict-uncompressed-corrupt-checksum.parquet", [
            "Found a page with CRC-32 6522df69 in '*', row group 0, column 'long_field', byte 4; expected 6522df6a, as its header says.",
            "Found a page with CRC-32 bb6f1b53 in '*', row group 0, column 'binary_field', byte 57; expected bb6f1b54, as its header says."] },
    };

    public static TheoryData<string> SampleFiles => Corpus.Names(Corpus.Sample);

    public static TheoryData<string> InteropFiles => Corpus.Names(Corpus.Interop);

    public static TheoryData<string> ReadableFiles => Corpus.Names(Corpus.Testing, "must_read", "read_or_refuse_clearly");

    public static TheoryData<string> NestedFiles => [.. Paths(Corpus.Names(Corpus.Testing, "nested")).Except(Paths(RefusedFiles))];

    [Theory, MemberData(nameof(SampleFiles))]
    public void Inspect_Sample_IsAsExpected(string path) => Corpus.Sample.AssertAsExpected(path);

    [RealDataTheory(InteropManifest), MemberData(nameof(InteropFiles))]
    public void Inspect_Interop_IsAsExpected(string path)
    {
        var table = Corpus.Interop.AssertAsExpected(path);

        Assert.Equal(Corpus.Interop[path].Hive, HivePartition.Parse(path).ToDictionary(partition => partition.Key, partition => partition.Value));
        Assert.Equal(HivePartition.Parse(path), table.Partitions.TakeLast(Corpus.Interop[path].Hive.Count));
    }

    [RealDataTheory(TestingManifest), MemberData(nameof(ReadableFiles))]
    public void Inspect_Testing_IsAsExpected(string path) => Corpus.Testing.AssertAsExpected(path, Refused.GetValueOrDefault(path, []));

    [RealDataTheory(TestingManifest), MemberData(nameof(NestedFiles))]
    public void Inspect_Nested_PassesOver(string path) => Corpus.Testing.AssertAsExpected(path);

    [RealDataTheory(TestingManifest), MemberData(nameof(RefusedFiles))]
    public void Inspect_RefusedFile_SaysWhatAndWhere(string path, string message)
    {
        var error = Assert.Throws<CorruptFileException>(() => Corpus.Testing.Inspect(path));

        Assert.Equal(Corpus.Testing.FullPath(path), error.Path);
        Assert.StartsWith(message.Replace("*", error.Path, StringComparison.Ordinal), error.Message, StringComparison.Ordinal);
    }

    [RealDataTheory(TestingManifest), MemberData(nameof(RefusedColumns))]
    public void Inspect_RefusedColumns_SayWhatAndWhere(string path, string[] messages)
    {
        var errors = Corpus.Testing.Inspect(path).Columns.Select(column => column.Error).OfType<CorruptFileException>().ToList();

        Assert.Equal(messages.Length, errors.Count);
        foreach (var (message, error) in messages.Zip(errors))
        {
            Assert.StartsWith(message.Replace("*", Corpus.Testing.FullPath(path), StringComparison.Ordinal), error.Message, StringComparison.Ordinal);
            Assert.True(error is { RowGroup: 0, Column: not null, Offset: not null });
        }
    }

    // Their damage is in the levels of nested columns, which nobody reads.
    [RealDataTheory(TestingManifest)]
    [InlineData("bad_data/ARROW-GH-45185.parquet", "x")]
    [InlineData("bad_data/ARROW-RS-GH-6229-LEVELS.parquet", "outer")]
    public void Inspect_DamagedNestedColumn_GivesNoValues(string path, string nested)
    {
        var table = Corpus.Testing.Inspect(path);

        Assert.Equal([nested], table.NestedColumns);
        Assert.Empty(table.Columns);
    }

    // Indices of no bits are the first entry each time: all readers take it so.
    [RealDataFact(TestingManifest)]
    public void Inspect_IndicesOfNoBits_AreTheFirstEntry() =>
        Assert.Equal((21186, 0), (Corpus.Testing.Inspect("bad_data/ARROW-GH-43605.parquet").RowCount, Corpus.Testing.Inspect("bad_data/ARROW-GH-43605.parquet").Columns.Count(column => column.Error is not null)));

    // None is forgotten by the tests above.
    [RealDataFact(TestingManifest)]
    public void Testing_EveryFile_IsInATest() => Assert.Equal(
        Corpus.Testing.Files.Select(file => file.Path).Order(),
        new TheoryData[] { ReadableFiles, NestedFiles, RefusedFiles, RefusedColumns }.SelectMany(Paths)
            .Append("bad_data/ARROW-GH-45185.parquet").Append("bad_data/ARROW-RS-GH-6229-LEVELS.parquet").Append("bad_data/ARROW-GH-43605.parquet")
            .Order());

    private static IEnumerable<string> Paths(IEnumerable<object[]> data) => data.Select(row => (string)row[0]);
}
