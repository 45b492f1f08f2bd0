using System.Globalization;
using Analytics.Engine.Arrow;
using Analytics.Engine.Chunks;
using Analytics.Engine.Projections;
using Analytics.Engine.Usage;
using Analytics.Storage.Catalog;
using Analytics.Storage.Parquet;
using NodaTime;

namespace Analytics.Storage;

/// <summary>Turns usage files into chunks in memory, several at a time.</summary>
/// <remarks>
/// First the dictionaries are read, file by file in the order of time, which settles the codes whatever the timing of what
/// follows. Then stretches of months are decoded and packed on all cores; rows wait in memory that is used again, so that
/// beside the chunks a load needs some row groups for each core. What has been packed is kept for the next load of the
/// same organisation: only stretches with new files are packed again.
/// </remarks>
/// <param name="open">Opens and checks a usage file.</param>
/// <param name="schema">The columns of the table that it loads.</param>
internal sealed class UsageLoader(Func<DataFile, (ReadableFile Content, ParquetReader Reader)> open, Schema schema)
{
    private static readonly int[] DimensionNumbers = [.. Enumerable.Range(0, Dimensions.Stored.Count)];

    private readonly string[] columns = [.. schema.Fields.Select(field => field.Name)];
    private readonly Measure[] measures = [.. UsageSchema.MeasuresOf(schema)];
    private readonly HashSet<Dimension> dimensions = [.. UsageSchema.DimensionsOf(schema)];
    private readonly Dictionary<string, LoadedOrganization> loaded = new(StringComparer.Ordinal);

    /// <summary>Loads organisations.</summary>
    /// <param name="files">All usage files of these organisations.</param>
    /// <param name="memory">What the prefix sums of all organisations share.</param>
    /// <returns>What was loaded of each organisation.</returns>
    /// <exception cref="CorruptFileException">A file is damaged, gone, or not what the manifest says: the first such in order.</exception>
    public IReadOnlyList<LoadedUsage> Load(IEnumerable<DataFile> files, ProjectionMemory memory)
    {
        var organizations = files.GroupBy(file => file.Organization, StringComparer.Ordinal)
            .Select(group => new Loading(group.Key, StretchesOf(group), loaded.GetValueOrDefault(group.Key) ?? new LoadedOrganization()))
            .ToArray();
        var missing = organizations.SelectMany(organization => organization.Stretches
            .Where(stretch => !organization.Known.Chunks.ContainsKey(stretch.Key))
            .Select(stretch => (organization.Known, Stretch: stretch))).ToArray();
        ReadKeys(organizations);
        var packed = new IReadOnlyList<UsageChunk>[missing.Length];
        using var builders = new ThreadLocal<ChunkMemory>(() => new ChunkMemory(usesSlabs: missing.Length > 1));
        InOrder(missing.Length, i => packed[i] = Pack(missing[i].Known, missing[i].Stretch, builders.Value!));
        for (var i = 0; i < missing.Length; i++)
        {
            missing[i].Known.Chunks[missing[i].Stretch.Key] = packed[i];
        }

        return [.. organizations.Select(organization => UsageOf(organization, memory))];
    }

    private LoadedUsage UsageOf(Loading organization, ProjectionMemory memory)
    {
        var known = organization.Known;
        var keys = organization.Stretches.Select(stretch => stretch.Key).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in known.Chunks.Keys.Where(key => !keys.Contains(key)).ToArray())
        {
            known.Chunks.Remove(gone);
        }

        loaded[organization.Name] = known;
        UsageChunk[] chunks = [.. organization.Stretches.SelectMany(stretch => known.Chunks[stretch.Key])];
        known.Projections = new UsageProjections(chunks, known.Keys.Select(keys => keys.Keys.Count), memory, known.Projections);
        return new LoadedUsage(
            organization.Name,
            chunks,
            [.. organization.Stretches.SelectMany(stretch => stretch.Months).SelectMany(month => month).Select(file => CoverageOf(file.Usage!))],
            [.. known.Keys.Select(keys => (IReadOnlyList<string>)[.. keys.Keys])],
            known.Projections,
            [.. organization.Stretches.SelectMany(stretch => stretch.Months).SelectMany(month => month)]);
    }

    /// <summary>Months in order, small ones together: a chunk of their own for each would be mostly overhead.</summary>
    private static List<Stretch> StretchesOf(IEnumerable<DataFile> files)
    {
        List<Stretch> stretches = [];
        List<DataFile[]> months = [];
        foreach (var month in files.GroupBy(file => file.Month, StringComparer.Ordinal).OrderBy(month => month.Key, StringComparer.Ordinal))
        {
            months.Add([.. month]);
            if (months.Sum(files => files.Sum(file => file.Rows)) >= UsageChunk.MaxRows)
            {
                stretches.Add(new Stretch(months));
                months = [];
            }
        }

        if (months.Count > 0)
        {
            stretches.Add(new Stretch(months));
        }

        return stretches;
    }

    /// <summary>Gives codes to the keys of files that are new: reads them on all cores, and numbers them in order.</summary>
    private void ReadKeys(Loading[] organizations)
    {
        var missing = organizations.SelectMany(organization => organization.Stretches
            .SelectMany(stretch => stretch.Months)
            .SelectMany(month => month)
            .Where(file => !organization.Known.Codes.ContainsKey(file.Path))
            .Select(file => (organization.Known, File: file))).ToArray();
        var texts = new StringArray?[missing.Length][][];
        InOrder(missing.Length, i => texts[i] = ReadTexts(missing[i].File));
        for (var i = 0; i < missing.Length; i++)
        {
            var (known, file) = missing[i];
            known.Codes[file.Path] = Array.ConvertAll(
                texts[i], group => Array.ConvertAll(DimensionNumbers, dimension => known.Keys[dimension].CodesFor(group[dimension])));
        }
    }

    private StringArray?[][] ReadTexts(DataFile file)
    {
        var (content, reader) = open(file);
        using (content)
        {
            return [.. Enumerable.Range(0, reader.RowGroups.Count).Select(group => Dimensions.Stored
                .Select(dimension => dimensions.Contains(dimension) ? reader.ReadTexts(group, dimension.ColumnName()) : null)
                .ToArray())];
        }
    }

    private List<UsageChunk> Pack(LoadedOrganization organization, Stretch stretch, ChunkMemory memory)
    {
        List<UsageChunk> chunks = [];
        try
        {
            foreach (var month in stretch.Months)
            {
                if (month is [var only])
                {
                    PackFile(organization, only, memory, chunks);
                }
                else
                {
                    PackFiles(organization, month, memory, chunks);
                }
            }

            memory.Builder.Flush(chunks);
            return chunks;
        }
        catch
        {
            memory.Builder.Flush([]);
            throw;
        }
        finally
        {
            memory.Release();
        }
    }

    /// <summary>A file is sorted, so its row groups are packed as they come.</summary>
    private void PackFile(LoadedOrganization organization, DataFile file, ChunkMemory memory, List<UsageChunk> chunks)
    {
        var (content, reader) = open(file);
        using (content)
        {
            var totals = new Int128[Measures.Count];
            for (var group = 0; group < reader.RowGroups.Count; group++)
            {
                var rows = memory.Read(reader, group, columns);
                AddTotals(rows, totals);
                if (rows.RowCount > 0)
                {
                    memory.Builder.Append(new ChunkPiece(rows, 0, rows.RowCount, organization.Codes[file.Path][group]), chunks);
                }

                memory.Release();
            }

            CheckTotals(file, reader.Name, totals);
        }
    }

    private void PackFiles(LoadedOrganization organization, DataFile[] files, ChunkMemory memory, List<UsageChunk> chunks)
    {
        List<RecordBatch> runs = [];
        List<int[][]> codes = [];
        foreach (var file in files)
        {
            var (content, reader) = open(file);
            using (content)
            {
                var totals = new Int128[Measures.Count];
                for (var group = 0; group < reader.RowGroups.Count; group++)
                {
                    runs.Add(memory.Read(reader, group, columns));
                    codes.Add(organization.Codes[file.Path][group]);
                    AddTotals(runs[^1], totals);
                }

                CheckTotals(file, reader.Name, totals);
            }
        }

        foreach (var piece in RunMerge.InTimeOrder(runs, codes))
        {
            memory.Builder.Append(piece, chunks);
        }
    }

    private void AddTotals(RecordBatch rows, Int128[] totals)
    {
        foreach (var measure in measures)
        {
            totals[(int)measure] += UsageStore.TotalOf(rows, measure);
        }
    }

    private void CheckTotals(DataFile file, string path, Int128[] totals)
    {
        foreach (var measure in measures)
        {
            var expected = file.Usage!.Totals.GetValueOrDefault(measure.ColumnName(), "nothing");
            if (totals[(int)measure].ToString(CultureInfo.InvariantCulture) != expected)
            {
                throw new CorruptFileException(path, null, measure.ColumnName(), $"a sum of {totals[(int)measure]}", $"{expected} by the manifest", "The file was changed or damaged; restore it from a backup.");
            }
        }
    }

    private static Coverage CoverageOf(UsageFileFacts facts)
    {
        var grain = Duration.FromMinutes(facts.GrainMinutes);
        return new Coverage(Instants.FromUnixMicroseconds(facts.FirstBucket), Instants.FromUnixMicroseconds(facts.LastBucket) + grain, grain);
    }

    /// <summary>Runs work on all cores; of several errors the first in order is thrown, so that none depends on timing.</summary>
    private static void InOrder(int count, Action<int> work)
    {
        var errors = new Exception?[count];
        Parallel.For(0, count, i =>
        {
            try
            {
                work(i);
            }
            catch (Exception exception)
            {
                errors[i] = exception;
            }
        });
        if (Array.Find(errors, error => error is not null) is { } first)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        }
    }

    /// <summary>Some months that are packed together.</summary>
    private sealed class Stretch(List<DataFile[]> months)
    {
        public List<DataFile[]> Months { get; } = months;

        /// <summary>Its files: another file makes it another stretch.</summary>
        public string Key { get; } = string.Join('\n', months.SelectMany(month => month).Select(file => file.Path));
    }

    private sealed record Loading(string Name, List<Stretch> Stretches, LoadedOrganization Known);

    /// <summary>What is kept of an organisation.</summary>
    private sealed class LoadedOrganization
    {
        public KeyDictionary[] Keys { get; } = [.. Dimensions.Stored.Select(_ => new KeyDictionary())];

        /// <summary>By file, row group and dimension: the table's code for each code of the file.</summary>
        public Dictionary<string, int[][][]> Codes { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, IReadOnlyList<UsageChunk>> Chunks { get; } = new(StringComparer.Ordinal);

        /// <summary>Of the last table: its cubes are brought up to date, not built anew.</summary>
        public UsageProjections? Projections { get; set; }
    }

    /// <summary>One thread's builder, and the memory that decoded rows wait in.</summary>
    private sealed class ChunkMemory(bool usesSlabs)
    {
        private readonly List<(RecordBatch Rows, NativeArena Arena)> used = [];
        private readonly Stack<NativeArena> free = [];

        public UsageChunkBuilder Builder { get; } = new(usesSlabs);

        public RecordBatch Read(ParquetReader reader, int rowGroup, string[] columns)
        {
            var size = reader.ArenaBytes(rowGroup, columns);
            if (!free.TryPop(out var arena) || arena.CapacityBytes < size)
            {
                arena = new NativeArena(size);
            }

            arena.Reset();
            var rows = reader.ReadRowGroup(rowGroup, columns, arena);
            used.Add((rows, arena));
            return rows;
        }

        /// <summary>Takes back the memory of rows that are packed.</summary>
        public void Release()
        {
            for (var i = used.Count - 1; i >= 0; i--)
            {
                if (!Builder.NeedsStill(used[i].Rows))
                {
                    free.Push(used[i].Arena);
                    used.RemoveAt(i);
                }
            }
        }
    }
}

/// <summary>The usage of one organisation, without names: those come from the directory when somebody asks.</summary>
/// <param name="Organization">Organisation id.</param>
/// <param name="Chunks">Rows in time order.</param>
/// <param name="Coverage">Time and grain of the files.</param>
/// <param name="Keys">For each stored dimension its keys by code.</param>
/// <param name="Projections">What is kept beside the rows.</param>
/// <param name="Files">The files that the rows came from, in the order of their months.</param>
internal sealed record LoadedUsage(
    string Organization,
    IReadOnlyList<UsageChunk> Chunks,
    IReadOnlyList<Coverage> Coverage,
    IReadOnlyList<IReadOnlyList<string>> Keys,
    UsageProjections Projections,
    IReadOnlyList<DataFile> Files)
{
    /// <summary>The usage under names.</summary>
    public UsageTable Named(IUsageNames names) => new(Chunks, Coverage, Keys, names, Projections);
}
