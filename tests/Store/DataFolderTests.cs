using System.Globalization;
using Analytics.Engine.Usage;
using Analytics.Storage;
using Analytics.Storage.Catalog;
using Analytics.Storage.Rollup;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Store;

public sealed class DataFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void Verify_AnyFlippedByteOfAnyDataFile_NamesFileAndColumn()
    {
        Fill();
        string[] columns = ["id_hash_high", "id_hash_low", "content_hash", .. UsageSchema.Requests.Fields.Select(field => field.Name), "rule", "unit", "quantity", "(page index)", "(footer)", "(magic)"];
        HashSet<string> named = [];
        foreach (var path in DataFiles())
        {
            var original = File.ReadAllBytes(path);
            for (var i = 0; i < original.Length; i++)
            {
                var flipped = original.ToArray();
                flipped[i] ^= (byte)(1 << (i % 8));
                File.WriteAllBytes(path, flipped);

                var finding = Assert.Single(Verify().Findings);

                Assert.Equal(Path.GetRelativePath(Data, path), finding.File);
                Assert.Contains(finding.Column, columns);
                named.Add(finding.Column);
            }

            File.WriteAllBytes(path, original);
        }

        Assert.Equal(columns.Order(StringComparer.Ordinal), named.Order(StringComparer.Ordinal));
        Assert.Empty(Verify().Findings);
    }

    [Fact]
    public void Load_AnyFlippedByteOfTheUsageFile_GivesTheSameSumsOrRefuses()
    {
        Fill();
        var path = DataFiles().First(file => file.Contains("requests", StringComparison.Ordinal));
        var expected = Sums();
        var original = File.ReadAllBytes(path);
        var refused = 0;
        for (var i = 0; i < original.Length; i++)
        {
            var flipped = original.ToArray();
            flipped[i] ^= 0x20;
            File.WriteAllBytes(path, flipped);
            try
            {
                Assert.Equal(expected, Sums());
            }
            catch (CorruptFileException exception)
            {
                Assert.Contains(Path.GetFileName(path), exception.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.True(refused > original.Length / 2, $"{refused} of {original.Length} flips were refused.");
    }

    [Fact]
    public void Manifest_AnyFlippedByteOrTruncation_IsNoticed()
    {
        Fill();
        var path = Path.Combine(Data, "manifest.json");
        var original = File.ReadAllBytes(path);
        for (var i = 0; i < original.Length; i++)
        {
            var flipped = original.ToArray();
            flipped[i] ^= (byte)(1 << (i % 7));
            File.WriteAllBytes(path, flipped);
            var isNoticed = Verify().Findings is [{ Column: "(manifest)" }];

            // White space, letter case of names and the like outside of the checked part may change nothing.
            Assert.True(isNoticed || Manifest.Read(Files.Physical, path).Sequence == 1, $"Byte {i} flipped unnoticed.");
            File.WriteAllBytes(path, original[..i]);
            Assert.Equal("(manifest)", Assert.Single(Verify().Findings).Column);
        }
    }

    [Fact]
    public void Commit_AfterLoad_IsSeenByTheNextSnapshot_OfAnyOrganization()
    {
        using var store = UsageStore.Open(Data, Files.Physical);
        Add(store, "early");
        store.Load();
        var before = store.Snapshot("late");

        Add(store, "late");
        Add(store, "early");

        Assert.Equal((0, 1, 2), (before.Usage.RowCount, store.Snapshot("late").Usage.RowCount, store.Snapshot("early").Usage.RowCount));
    }

    [Fact]
    public void Open_HeldFolder_NamesTheOwner()
    {
        using var first = UsageStore.Open(Data, Files.Physical);

        var error = Assert.Throws<DataFolderInUseException>(() => UsageStore.Open(Data, Files.Physical));

        Assert.Equal($"Data folder '{Data}' is in use by another process (pid {Environment.ProcessId}). Stop it, or wait until it ends, then repeat the command.", error.Message);
    }

    [Fact]
    public void Load_TruncatedMissingOrForeignFile_IsRefusedByName()
    {
        Fill();
        var path = DataFiles().First(file => file.Contains("requests", StringComparison.Ordinal));
        var original = File.ReadAllBytes(path);

        File.WriteAllBytes(path, original[..^10]);
        AssertRefused($"Found {original.Length - 10} bytes in '{path}'; expected {original.Length} by the manifest. The file was truncated or replaced; restore it from a backup.");

        File.Delete(path);
        AssertRefused($"Found no file in '{path}'; expected a file of {original.Length} bytes. It was removed; restore it from a backup.");

        File.WriteAllBytes(path, new byte[original.Length]);
        Assert.Throws<CorruptFileException>(() => Sums());
        Assert.Equal("(magic)", Verify().Findings[0].Column);

        void AssertRefused(string message) => Assert.Equal(message, Assert.Throws<CorruptFileException>(() => Sums()).Message);
    }

    [Fact]
    public void Load_SeveralDamagedFiles_NamesTheFirstByMonthWhateverIsReadFirst()
    {
        FillYear();
        var files = DataFiles();
        Assert.Equal(24, files.Length);
        foreach (var path in files[5..].Where((_, i) => i % 3 == 0))
        {
            var bytes = File.ReadAllBytes(path);
            bytes[20] ^= 1;
            File.WriteAllBytes(path, bytes);
        }

        for (var i = 0; i < 20; i++)
        {
            var error = Assert.Throws<CorruptFileException>(() => Sums());
            Assert.Equal(files[5], Path.Combine(Data, error.Path));
        }
    }

    [Fact]
    public void Load_ManyFiles_GivesTheSameCodesAndRowsEachTime()
    {
        FillYear();
        var first = Load();

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(first, Load());
        }

        // Two files in each month: both bring a project that no file before them has.
        Assert.Equal(Enumerable.Range(0, 24).Select(i => $"p{(i * 7 % 24).ToString(CultureInfo.InvariantCulture)}").Prepend(string.Empty), first.Split('|')[0].Split(','));

        string Load()
        {
            using var store = UsageStore.Open(Data, Files.Physical);
            store.Load();
            var usage = store.Snapshot("org").Usage;
            var projects = usage.Table(Dimension.Project);
            var codes = usage.Chunks.SelectMany(chunk => chunk.ToArray(Dimension.Project));
            return $"{string.Join(',', Enumerable.Range(0, projects.Count).Select(projects.Key))}|{string.Join(',', codes)}";
        }
    }

    [Fact]
    public void ForeignFileInAPartition_IsNotReadAndVerifyNamesIt()
    {
        Fill();
        var expected = Sums();
        var stranger = Path.Combine(Path.GetDirectoryName(DataFiles()[0])!, "notes.parquet");
        File.WriteAllText(stranger, "hello");

        Assert.Equal(expected, Sums());
        var finding = Assert.Single(Verify().Findings);
        Assert.Equal((Path.GetRelativePath(Data, stranger), "found a file that the manifest does not name, expected none. It is not read; move it away."), (finding.File, finding.Problem));
    }

    [Fact]
    public void Open_DataWithoutManifest_IsNotTakenForAnEmptyStore()
    {
        Fill();
        File.Delete(Path.Combine(Data, "manifest.json"));

        var error = Assert.Throws<DataFolderException>(() => UsageStore.Open(Data, Files.Physical));

        Assert.Contains("has data files", error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(DataFiles());
    }

    [Fact]
    public void Directory_MissingEmptyOlderOrDamaged_IsNoticed()
    {
        Fill();
        using (var store = UsageStore.Open(Data, Files.Physical))
        {
            Add(store, "org");
            Add(store, "org");
        }

        var path = Path.Combine(Data, "directory.sqlite");
        var original = File.ReadAllBytes(path);

        File.Delete(path);
        Assert.Contains("Found no directory.sqlite in", Assert.Throws<DataFolderException>(() => Sums()).Message, StringComparison.Ordinal);
        Assert.Equal(("directory.sqlite", "(file)"), (Verify().Findings[0].File, Verify().Findings[0].Column));

        File.WriteAllBytes(path, []);
        Assert.NotEmpty(Verify().Findings);
        Assert.Contains("that has seen -1 commits", Assert.Throws<DataFolderException>(() => Sums()).Message, StringComparison.Ordinal);

        File.WriteAllText(path, "hello world, this is no database");
        Assert.NotEmpty(Verify().Findings);

        File.WriteAllBytes(path, original[..(original.Length / 2)]);
        Assert.NotEmpty(Verify().Findings);

        File.WriteAllBytes(path, original);
        Assert.Empty(Verify().Findings);
    }

    [Fact]
    public void Open_FileInsteadOfFolder_IsRefused()
    {
        var file = folder.Write("data", "x");

        Assert.Equal($"'{file}' is a file, expected a folder. Check --data.", Assert.Throws<DataFolderException>(() => UsageStore.Open(Data, Files.Physical)).Message);
    }

    [Fact]
    public void Organizations_WithAnyId_KeepTheirFilesInsideOfTheDataFolder()
    {
        string[] ids = ["../../etc", "Acme", "acme", "a/b", ".", new string('ü', 128), "sha256-0123", "CON", "a b=c%"];
        using (var store = UsageStore.Open(Data, Files.Physical))
        {
            foreach (var id in ids)
            {
                Add(store, id);
            }

            store.Load();
            Assert.All(ids, id => Assert.Equal(1, store.Snapshot(id).Usage.RowCount));
        }

        var folders = DataFiles().Select(path => Path.GetRelativePath(Data, path).Split('/')[1]).ToArray();
        Assert.Equal(ids.Length, folders.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(folders, name => Assert.True(name.Length < 128 && !name.Contains("..", StringComparison.Ordinal)));
        Assert.Contains("organization=%41cme", folders);
        Assert.Empty(Verify().Findings);
    }

    [Fact]
    public void Files_AreForTheOwnerOnly()
    {
        Fill();

        Assert.All(Directory.GetFiles(Data, "*", SearchOption.AllDirectories), file =>
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
        Assert.All([Data, .. Directory.GetDirectories(Data, "*", SearchOption.AllDirectories)], path =>
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path)));
    }

    public void Dispose() => folder.Dispose();

    private string Data => folder.File("data");

    private string[] DataFiles() => [.. Directory.GetFiles(Data, "*.parquet", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private VerifyReport Verify() => StoreVerifier.Verify(Data, Files.Physical, CancellationToken.None);

    private UsageSums Sums()
    {
        using var store = UsageStore.Open(Data, Files.Physical);
        store.Load();
        UsageSums sums = default;
        foreach (var chunk in store.Snapshot("org").Usage.Chunks)
        {
            foreach (var measure in Measures.All)
            {
                foreach (var value in chunk.ToArray(measure))
                {
                    sums[measure] += value;
                }
            }
        }

        return sums;
    }

    /// <summary>One commit with usage and ids of one month.</summary>
    private void Fill()
    {
        using var store = UsageStore.Open(Data, Files.Physical);
        var append = store.Append("org", Duration.FromHours(1));
        for (var i = 0; i < 9; i++)
        {
            UsageMeasures measures = default;
            foreach (var measure in Measures.All)
            {
                measures[measure] = (i * 1000) + (int)measure;
            }

            append.Add(new UsageEvent
            {
                Id = $"id-{i}",
                Timestamp = Instant.FromUtc(2026, 6, 1 + i, 10, 0),
                Keys = new UsageKeys($"prj-{i % 3}", "key", "a/b", "app", "text-generation", string.Empty),
                Measures = measures,
                ContentHash = i,
                Labels = new UsageLabels(),
            });
        }

        append.Commit(source: null);
    }

    /// <summary>Two commits of a row in each month of a year, with a project of its own each.</summary>
    private void FillYear()
    {
        using var store = UsageStore.Open(Data, Files.Physical);
        for (var commit = 0; commit < 2; commit++)
        {
            var append = store.Append("org", Duration.FromHours(1));
            for (var month = 1; month <= 12; month++)
            {
                var project = ((2 * (month - 1)) + commit) * 7 % 24;
                UsageMeasures measures = default;
                measures[Measure.RequestCount] = 1;
                append.Add(Instant.FromUtc(2026, month, 3, commit, 0), new UsageKeys($"p{project}", "k", "m", string.Empty, string.Empty, string.Empty), measures, new UsageLabels());
            }

            append.Commit(source: null);
        }
    }

    private static void Add(UsageStore store, string organization)
    {
        var append = store.Append(organization, Duration.FromHours(1));
        UsageMeasures measures = default;
        measures[Measure.RequestCount] = 1;
        append.Add(Instant.FromUtc(2026, 6, 1, 0, 0), new UsageKeys("p", "k", "m", string.Empty, string.Empty, string.Empty), measures, new UsageLabels());
        append.Commit(source: null);
    }
}
