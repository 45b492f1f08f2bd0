using System.Globalization;

namespace Analytics.Storage.Parquet;

/// <summary>One thing that is wrong in a file.</summary>
/// <param name="Column">The column, or "(size)", "(magic)", "(footer)", "(page index)" or "(gap)".</param>
/// <param name="Offset">Bytes from the start of the file to the damaged part.</param>
/// <param name="Problem">What was found, where, what was expected and what to do.</param>
public sealed record ParquetFinding(string Column, long Offset, string Problem);

/// <summary>Finds damage in files that <see cref="ParquetWriter"/> wrote, down to a single flipped bit.</summary>
public static class ParquetVerifier
{
    /// <summary>Finding outside of all columns: the file has another size.</summary>
    public const string Size = "(size)";

    /// <summary>Finding outside of all columns: the first or last four bytes.</summary>
    public const string Magic = "(magic)";

    /// <summary>Finding outside of all columns: the footer or its length. What else is damaged cannot be told then.</summary>
    public const string Footer = "(footer)";

    /// <summary>Finding outside of all columns: places and bounds of pages, which queries do not need.</summary>
    public const string PageIndex = "(page index)";

    /// <summary>Finding outside of all columns: bytes that belong to no column.</summary>
    public const string Gap = "(gap)";

    /// <summary>Reads the whole file, compares all checksums and decodes all values.</summary>
    /// <param name="file">Not disposed here.</param>
    /// <param name="name">The file's name for messages.</param>
    /// <param name="expectedFooterCrc">Remembered from <see cref="ParquetFileSummary.FooterCrc32"/>.</param>
    /// <param name="expectedSize">Remembered from <see cref="ParquetFileSummary.SizeBytes"/>.</param>
    /// <returns>What is wrong, in the file's order; empty for a sound file.</returns>
    /// <exception cref="IOException">The disk failed.</exception>
    public static IReadOnlyList<ParquetFinding> Verify(ReadableFile file, string name, uint expectedFooterCrc, long expectedSize)
    {
        ArgumentNullException.ThrowIfNull(file);
        var where = new ParquetLocation(name);
        var findings = new List<ParquetFinding>();
        if (file.Length != expectedSize)
        {
            findings.Add(new(Size, 0, where.Corrupt($"{file.Length} bytes", $"{expectedSize}").Message));
        }

        try
        {
            var frame = ParquetReader.ReadFrame(file, where);
            CheckMagics(file, frame, where, findings);
            if (CheckFooter(file, frame, where, expectedFooterCrc, findings))
            {
                CheckColumns(file, ParquetReader.Open(file, name, checkMagic: false), where, findings);
            }
        }
        catch (CorruptFileException error)
        {
            findings.Add(new(Footer, Math.Max(0, file.Length - ParquetLayout.TailBytes), error.Message));
        }

        return findings;
    }

    private static void CheckMagics(ReadableFile file, ParquetFrame frame, ParquetLocation where, List<ParquetFinding> findings)
    {
        if (!frame.HasFirstMagic)
        {
            findings.Add(new(Magic, 0, where.Corrupt("no 'PAR1' at the start", "it").Message));
        }

        if (!frame.HasLastMagic)
        {
            findings.Add(new(Magic, file.Length - ParquetLayout.MagicBytes, where.Corrupt("no 'PAR1' at the end", "it").Message));
        }
    }

    private static bool CheckFooter(
        ReadableFile file, ParquetFrame frame, ParquetLocation where, uint expectedCrc, List<ParquetFinding> findings)
    {
        var covered = new byte[frame.FooterBytes + sizeof(uint)];
        where.Read(file, frame.FooterOffset, covered);
        var actual = Crc32.Of(covered);
        if (actual == expectedCrc)
        {
            return true;
        }

        var problem = where.Corrupt(
            $"a footer with CRC-32 {actual.ToString("x8", CultureInfo.InvariantCulture)}",
            $"{expectedCrc.ToString("x8", CultureInfo.InvariantCulture)}, as remembered from writing it");
        findings.Add(new(Footer, frame.FooterOffset, problem.Message));
        return false;
    }

    private static void CheckColumns(ReadableFile file, ParquetReader reader, ParquetLocation where, List<ParquetFinding> findings)
    {
        using var chunkReader = new ColumnChunkReader();
        long end = ParquetLayout.MagicBytes;
        for (var i = 0; i < reader.RowGroups.Count; i++)
        {
            var columns = reader.RowGroups[i].Columns;
            for (var c = 0; c < columns.Count; c++)
            {
                CheckGap(end, columns[c].StartOffset, where, findings);
                end = columns[c].StartOffset + columns[c].SizeBytes;
                CheckColumn(reader, chunkReader, i, c, where, findings);
            }
        }

        CheckGap(CheckPageIndex(file, reader, end, where, findings), reader.FooterOffset, where, findings);
    }

    /// <summary>Compares the page index, which lies between the last chunk and the footer, with its checksum.</summary>
    /// <returns>Where it ends: <paramref name="start"/> where there is none.</returns>
    private static long CheckPageIndex(ReadableFile file, ParquetReader reader, long start, ParquetLocation where, List<ParquetFinding> findings)
    {
        if (!reader.Metadata.TryGetValue(ParquetLayout.CrcKey, out var expected))
        {
            return start;
        }

        var bytes = new byte[reader.FooterOffset - start];
        where.Read(file, start, bytes);
        var actual = Crc32.Of(bytes).ToString("x8", CultureInfo.InvariantCulture);
        if (actual != expected)
        {
            findings.Add(new(PageIndex, start, where.Corrupt($"a page index with CRC-32 {actual}", $"{expected}, as the footer says").Message));
        }

        return reader.FooterOffset;
    }

    private static void CheckGap(long end, long next, ParquetLocation where, List<ParquetFinding> findings)
    {
        if (end != next)
        {
            findings.Add(new(Gap, end, where.Corrupt($"a gap from byte {end} to {next}", "parts that follow one another").Message));
        }
    }

    private static void CheckColumn(ParquetReader reader, ColumnChunkReader chunkReader, int rowGroup, int column, ParquetLocation where, List<ParquetFinding> findings)
    {
        var chunk = reader.RowGroups[rowGroup].Columns[column];
        try
        {
            _ = reader.ReadColumn(chunkReader, rowGroup, column, checkPages: true);
            if (chunk.KeyValues.All(pair => pair.Key != ParquetLayout.CrcKey))
            {
                throw (where with { RowGroup = rowGroup, Column = chunk.Column }).Corrupt("no checksum of the column", $"'{ParquetLayout.CrcKey}' in its metadata");
            }
        }
        catch (CorruptFileException error)
        {
            findings.Add(new(chunk.Column, chunk.StartOffset, error.Message));
        }
    }
}
