using System.Globalization;
using Analytics.Engine.Arrow;
using Analytics.Engine.Usage;
using Analytics.Storage.Catalog;
using Analytics.Storage.Directory;
using Analytics.Storage.Parquet;

namespace Analytics.Storage;

/// <summary>One thing that is wrong with a data folder.</summary>
/// <param name="File">The file, below the data folder.</param>
/// <param name="Column">The column, or what else of the file is at fault in parentheses.</param>
/// <param name="Problem">What was found and what was expected.</param>
/// <param name="IsLeftover">Whether it is harmless: what an interrupted commit left, and the next one removes.</param>
public sealed record Finding(string File, string Column, string Problem, bool IsLeftover = false);

/// <summary>What verifying a data folder came to.</summary>
/// <param name="FileCount">Live files read.</param>
/// <param name="RowCount">Usage rows read.</param>
/// <param name="EventIdCount">Ids of events read.</param>
/// <param name="SizeBytes">Bytes read.</param>
/// <param name="Findings">What is wrong; none where all is well.</param>
public sealed record VerifyReport(int FileCount, long RowCount, long EventIdCount, long SizeBytes, IReadOnlyList<Finding> Findings);

/// <summary>Reads every live file of a data folder against its manifest. Changes nothing, and needs no lock.</summary>
public static class StoreVerifier
{
    /// <summary>Verifies a data folder.</summary>
    /// <param name="root">The data folder.</param>
    /// <param name="files">The disk.</param>
    /// <param name="cancellation">Looked at once a file.</param>
    /// <exception cref="DataFolderException">There is no data folder.</exception>
    public static VerifyReport Verify(string root, Files files, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(files);
        var folder = new DataFolder(Path.GetFullPath(root));
        try
        {
            files.OpenRead(folder.Manifest).Dispose();
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataFolderException($"'{folder.Root}' has no manifest.json, expected a data folder. Check --data; where files were lost, restore them from a backup.");
        }

        Manifest manifest;
        try
        {
            manifest = Manifest.Read(files, folder.Manifest);
        }
        catch (CorruptFileException exception)
        {
            return new VerifyReport(0, 0, 0, 0, [new Finding("manifest.json", "(manifest)", exception.Message)]);
        }

        List<Finding> findings = [];
        foreach (var file in manifest.Files)
        {
            cancellation.ThrowIfCancellationRequested();
            findings.AddRange(Verify(folder, files, file));
        }

        findings.AddRange(VerifyDirectory(folder, manifest));
        findings.AddRange(Strangers(folder, files, manifest));
        return new VerifyReport(
            manifest.Files.Count,
            manifest.Files.Where(file => file.Table == Tables.Requests).Sum(file => file.Rows),
            manifest.Files.Where(file => file.Table == Tables.EventIds).Sum(file => file.Rows),
            manifest.Files.Sum(file => file.SizeBytes),
            findings);
    }

    /// <summary>What SQLite's own check finds. It sees damaged pages and indexes, not every changed letter of a name.</summary>
    private static IEnumerable<Finding> VerifyDirectory(DataFolder folder, Manifest manifest)
    {
        const string name = "directory.sqlite";
        if (manifest.Sequence == 0)
        {
            // Nothing was committed: a directory that a first start did not finish is mended by the next.
            return [];
        }

        if (!File.Exists(folder.Directory))
        {
            return [new Finding(name, "(file)", "found no file, expected the directory of this data. Restore it from a backup.")];
        }

        try
        {
            return [.. DirectoryStore.Check(folder.Directory).Select(problem => new Finding(name, "(file)", $"found {problem}, expected none. Restore it from a backup."))];
        }
        catch (DirectoryFileException exception)
        {
            return [new Finding(name, "(file)", exception.Message)];
        }
    }

    private static List<Finding> Verify(DataFolder folder, Files files, DataFile file)
    {
        var full = folder.File(file.Path);
        if (!files.Exists(full))
        {
            return [new Finding(file.Path, "(file)", $"found no file, expected {file.SizeBytes} bytes. Restore it from a backup.")];
        }

        using var content = files.OpenRead(full);
        var findings = ParquetVerifier.Verify(content, file.Path, Convert.ToUInt32(file.FooterCrc32, 16), file.SizeBytes)
            .Select(finding => new Finding(file.Path, finding.Column, $"{finding.Problem} (byte {finding.Offset})"))
            .ToList();
        if (findings.Count == 0)
        {
            // The checksums of the columns and the footer leave no byte out, so this one can only tell of a wrong manifest.
            var crc = ChecksumOf(content);
            if (crc != file.Crc32)
            {
                findings.Add(new Finding(file.Path, "(file)", $"found the checksum {crc}, expected {file.Crc32} by the manifest."));
            }

            findings.AddRange(VerifyTotals(content, file));
        }

        return findings;
    }

    private static string ChecksumOf(ReadableFile content)
    {
        var crc = new Crc32();
        var buffer = new byte[1 << 16];
        for (long offset = 0; offset < content.Length;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, content.Length - offset));
            content.Read(offset, part);
            crc.Append(part);
            offset += part.Length;
        }

        return crc.Value.ToString("x8", CultureInfo.InvariantCulture);
    }

    private static IEnumerable<Finding> VerifyTotals(ReadableFile content, DataFile file)
    {
        var reader = ParquetReader.Open(content, file.Path);
        var schema = Tables.SchemaOf(file.Table);
        string[] columns = [.. schema.Fields.Select(field => field.Name)];
        long rows = 0;
        var totals = new Int128[Measures.Count];
        var (first, last) = (long.MaxValue, long.MinValue);
        for (var group = 0; group < reader.RowGroups.Count; group++)
        {
            var batch = reader.ReadRowGroup(group, columns);
            rows += batch.RowCount;
            if (file.Usage is null)
            {
                continue;
            }

            foreach (var measure in UsageSchema.MeasuresOf(schema))
            {
                totals[(int)measure] += UsageStore.TotalOf(batch, measure);
            }

            foreach (var start in batch.Column<PrimitiveArray<long>>(UsageSchema.BucketStart).Values)
            {
                (first, last) = (Math.Min(first, start), Math.Max(last, start));
            }

            GC.KeepAlive(batch);
        }

        if (rows != file.Rows)
        {
            yield return new Finding(file.Path, "(file)", $"found {rows} rows, expected {file.Rows} by the manifest.");
        }

        if (file.Usage is not { } facts)
        {
            yield break;
        }

        if (first != facts.FirstBucket || last != facts.LastBucket)
        {
            yield return new Finding(file.Path, "bucket_start", $"found times from {first} to {last}, expected {facts.FirstBucket} to {facts.LastBucket} by the manifest.");
        }

        foreach (var measure in UsageSchema.MeasuresOf(schema))
        {
            var total = totals[(int)measure].ToString(CultureInfo.InvariantCulture);
            if (facts.Totals.GetValueOrDefault(measure.ColumnName()) is var expected && expected != total)
            {
                yield return new Finding(file.Path, measure.ColumnName(), $"found a sum of {total}, expected {expected ?? "nothing"} by the manifest.");
            }
        }
    }

    private static IEnumerable<Finding> Strangers(DataFolder folder, Files files, Manifest manifest)
    {
        var live = manifest.Files.Select(file => folder.File(file.Path)).ToHashSet(StringComparer.Ordinal);
        foreach (var path in Tables.All.SelectMany(table => files.List(folder.File(table))).Where(path => !live.Contains(path)))
        {
            var isLeftover = PartitionPath.SequenceOf(path) > manifest.Sequence;
            yield return new Finding(
                Path.GetRelativePath(folder.Root, path),
                "(file)",
                isLeftover
                    ? "found a file of an interrupted commit, expected none. The next import or start removes it."
                    : "found a file that the manifest does not name, expected none. It is not read; move it away.",
                isLeftover);
        }
    }
}
