using System.Security.Cryptography;
using System.Text;
using Analytics.Engine.Arrow;
using Analytics.Storage.Catalog;
using Analytics.Storage.Directory;
using Analytics.Storage.Inspection;
using Analytics.Storage.Parquet;
using NodaTime;

namespace Analytics.Storage.Import;

/// <summary>Reads rollup rows from a Parquet file by a column mapping, one row group at a time. What is not mapped is none or 0.</summary>
internal sealed class RollupParquetParser : IRollupCells
{
    private const int MaxNames = 50;
    private const int HashBytes = 1 << 20;

    private readonly ParquetReader reader;
    private readonly RollupMapping mapping;
    private readonly string project;
    private readonly PriceTable prices;
    private readonly Dictionary<string, ParquetField> fields = new(StringComparer.Ordinal);
    private readonly List<string> columns = [];
    private readonly List<(ParquetColumnField Field, int Column)> columnFields = [];
    private readonly List<HivePartition> folders = [];
    private RecordBatch? rows;
    private int row;

    private RollupParquetParser(ParquetReader reader, RollupMapping mapping, string project, PriceTable prices)
    {
        this.reader = reader;
        this.mapping = mapping;
        this.project = project;
        this.prices = prices;
    }

    /// <summary>Rows of all row groups.</summary>
    public long RowCount => reader.RowCount;

    /// <summary>Number of row groups.</summary>
    public int RowGroupCount => reader.RowGroups.Count;

    /// <summary>Finds the mapped columns in a file.</summary>
    /// <param name="file">Stays open as long as the parser is used.</param>
    /// <param name="path">The file's path, whose folders may have keys.</param>
    /// <param name="mapping">Column by field.</param>
    /// <param name="project">Project of all rows where none is mapped; empty for none.</param>
    /// <param name="prices">Prices of rows without a cost.</param>
    /// <exception cref="CorruptFileException">The footer is damaged.</exception>
    /// <exception cref="UnreadableInputException">This is no Parquet file, or a column is not there, or of a type that its field does not take.</exception>
    public static RollupParquetParser Open(ReadableFile file, string path, RollupMapping mapping, string project, PriceTable prices)
    {
        CheckStart(file, path);
        var parser = new RollupParquetParser(ParquetReader.Open(file, path), mapping, project, prices);
        var keys = HivePartition.Parse(Path.GetFullPath(path));
        foreach (var (field, column) in mapping.Columns)
        {
            // The file's own column is typed, so it wins over a folder; of two folders the inner one wins.
            if (parser.reader.Schema.IndexOf(column) is >= 0 and var index)
            {
                parser.AddColumn(field, parser.reader.Schema.Fields[index]);
            }
            else if (keys.LastOrDefault(key => key.Key == column) is { } folder)
            {
                parser.AddFolder(field, folder);
            }
            else
            {
                throw parser.Unreadable(field, column, parser.NotThere(column, keys), "Correct --map or the file.");
            }
        }

        return parser;
    }

    /// <summary>SHA-256 of the file, 64 hex digits.</summary>
    /// <param name="file">The file.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <remarks>
    /// Where keys of folders are mapped, these follow the file's bytes: equal files in two folders are the rows of both,
    /// not the same rows twice.
    /// </remarks>
    public string Sha256(ReadableFile file, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[HashBytes];
        for (var position = 0L; position < file.Length; position += buffer.Length)
        {
            cancellation.ThrowIfCancellationRequested();
            var block = buffer.AsSpan(0, (int)Math.Min(buffer.Length, file.Length - position));
            file.Read(position, block);
            hash.AppendData(block);
        }

        foreach (var folder in folders.Distinct().OrderBy(folder => folder.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"\0{folder.Key}={folder.Value}"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Moves to a row group and decodes its mapped columns.</summary>
    /// <param name="rowGroup">0 to <see cref="RowGroupCount"/> - 1.</param>
    /// <returns>Its rows.</returns>
    /// <exception cref="CorruptFileException">A mapped column is damaged.</exception>
    public int ReadRowGroup(int rowGroup)
    {
        rows = reader.ReadRowGroup(rowGroup, columns);
        foreach (var (field, column) in columnFields)
        {
            field.Begin(rows.Columns[column]);
        }

        return rows.RowCount;
    }

    /// <summary>Reads one row of the row group.</summary>
    /// <param name="index">0 to the row group's rows - 1.</param>
    /// <param name="number">Its number in the file, for the rejection.</param>
    /// <param name="usage">The row.</param>
    /// <param name="rejection">Why there is none.</param>
    public bool TryParse(int index, long number, out RollupRow usage, out Rejection? rejection)
    {
        row = index;
        var isRead = RollupRules.TryRead(this, mapping, project, prices, number, out usage, out rejection);
        GC.KeepAlive(rows);
        return isRead;
    }

    /// <summary>The mapped columns of one row of the row group as text, each once.</summary>
    /// <param name="index">0 to the row group's rows - 1.</param>
    public IEnumerable<KeyValuePair<string, string?>> Values(int index)
    {
        foreach (var (field, column) in mapping.Columns.DistinctBy(pair => pair.Value))
        {
            yield return new(column, fields[field].Shown(index));
        }

        GC.KeepAlive(rows);
    }

    bool IRollupCells.Has(string field) => fields.ContainsKey(field);

    Instant IRollupCells.Time() => fields[RollupMapping.BucketStart].Time(row);

    long IRollupCells.Count(string field) => fields.TryGetValue(field, out var values) ? values.Count(row) : 0;

    string IRollupCells.Text(string field) => fields.TryGetValue(field, out var values) ? values.Text(row) : string.Empty;

    (long? PicoUsd, bool IsRounded) IRollupCells.Cost() =>
        fields.TryGetValue(RollupMapping.Cost, out var values) ? values.Cost(row) : (null, false);

    // The reader begins with the end of the file, and would find another format damaged.
    private static void CheckStart(ReadableFile file, string path)
    {
        var start = new byte[Math.Min(file.Length, ParquetLayout.MagicBytes)];
        file.Read(0, start);
        if (start.Length > 0 && !start.AsSpan().SequenceEqual(ParquetLayout.Magic) && !start.AsSpan().SequenceEqual(ParquetLayout.EncryptedMagic))
        {
            throw new UnreadableInputException($"'{path}' does not start with PAR1, as Parquet files do. For CSV use 'import rollup-csv'; a Parquet file is damaged: get it again.");
        }
    }

    private void AddColumn(string field, Field column)
    {
        if (ParquetColumnField.Expected(field, column.Type) is var (types, cast))
        {
            throw Unreadable(field, column.Name, $"is {TypeName.Of(column.Type)}, expected {types}.", $"Write the file again with the column cast to {cast}.");
        }

        // One column may fill several fields, and is decoded once.
        if (!columns.Contains(column.Name))
        {
            columns.Add(column.Name);
        }

        var values = new ParquetColumnField(field, column.Type);
        columnFields.Add((values, columns.IndexOf(column.Name)));
        fields.Add(field, values);
    }

    private void AddFolder(string field, HivePartition folder)
    {
        try
        {
            fields.Add(field, new ParquetFolderField(field, folder));
            folders.Add(folder);
        }
        catch (FieldException exception)
        {
            throw Unreadable(field, folder.Key, $"is a folder's name: {exception.Message}", "Correct --map or the folder.");
        }
    }

    private string NotThere(string column, IReadOnlyList<HivePartition> keys)
    {
        if (reader.NestedColumns.Contains(column, StringComparer.Ordinal))
        {
            return "is a struct, list or map, expected single values.";
        }

        var names = reader.Schema.Fields.Select(field => field.Name).Take(MaxNames);
        var more = Math.Max(0, reader.Schema.Fields.Count - MaxNames);
        var path = keys.Count == 0 ? string.Empty : $"; its path has {string.Join(", ", keys.Select(key => key.Key))}";
        return $"is not in the file, which has {string.Join(", ", names)}{(more > 0 ? $" and {more} more" : string.Empty)}{path}.";
    }

    private UnreadableInputException Unreadable(string field, string column, string problem, string advice) =>
        new($"'{reader.Name}': column '{column}' (for {field}) {problem} {advice}");
}
