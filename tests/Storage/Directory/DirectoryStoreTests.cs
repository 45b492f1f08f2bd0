using Analytics.Storage.Directory;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Analytics.Tests.Storage;

// Registering, membership, versions across instances, model resolution, the file.
public class DirectoryStoreTests : DirectoryTest
{
    [Fact]
    public void Register_Again_IsIgnored()
    {
        using var store = Open();
        var registrations = new Registrations { Projects = [new SeenProject("o", "p", "Label")] };

        Assert.Equal(-1, store.LastSequence);
        Assert.True(store.Register(7, registrations));
        var version = store.Version;
        Assert.False(store.Register(7, new Registrations { Organizations = ["other"] }));
        Assert.False(store.Register(6, new Registrations { Organizations = ["other"] }));
        Assert.Equal(7, store.LastSequence);
        Assert.True(store.Register(8, registrations));

        Assert.Equal(version, store.Version);
        Assert.Equal(8, store.LastSequence);
        Assert.Equal([new OrganizationEntry("o", "o", "enterprise", [])], store.Organizations());
    }

    [Fact]
    public void Register_KnownThings_StayAsTheyAre()
    {
        using var store = OpenFull();
        var before = Text(store.Export());

        store.Register(1, new Registrations
        {
            Organizations = ["org_1"],
            Users = [new SeenUser("org_1", "u_1", "Other")],
            Projects = [new SeenProject("org_1", "prj_1", "Other")],
            ApiKeys = [new SeenApiKey("org_1", "key_1", "prj_1", "Other", "u_2"), new SeenApiKey("org_1", "key_0", "prj_1", MemberId: "u_2")],
            Agents = [new SeenAgent("org_1", "agt_1")],
        });

        Assert.Equal(before, Text(store.Export()));
    }

    [Fact]
    public void Register_SeenKeyWithoutCreator_IsFilledOnce()
    {
        using var store = Open();

        store.Register(1, new Registrations { ApiKeys = [new SeenApiKey("o", "k", "p")] });
        Assert.Null(store.Read("o").ApiKeys["k"].CreatedBy);
        store.Register(2, new Registrations { ApiKeys = [new SeenApiKey("o", "k", "p", MemberId: "u")], Users = [new SeenUser("o", "u", "Uma")] });
        store.Register(3, new Registrations { ApiKeys = [new SeenApiKey("o", "k", "p", MemberId: "v")] });

        var directory = store.Read("o");
        Assert.Equal("u", directory.ApiKeys["k"].CreatedBy);
        Assert.Equal(new DirectoryMember("u", "Uma", null, "member"), directory.Members["u"]);
    }

    [Fact]
    public void Register_UserWhoLeft_StaysOut()
    {
        using var store = OpenFull();
        store.Import(Parse("""{"members": [{"organizationId": "org_1", "userId": "u_1", "role": "owner"}]}"""));

        store.Register(1, new Registrations { Users = [new SeenUser("org_1", "u_2")] });
        Assert.Null(store.FindRole("org_1", "u_2"));

        store.EnsureMember("org_1", "u_2", "admin");
        Assert.Equal("admin", store.FindRole("org_1", "u_2"));
    }

    [Fact]
    public void Register_UserOfAnotherOrganization_IsNotShownHere()
    {
        using var store = OpenFull();

        store.Register(1, new Registrations { ApiKeys = [new SeenApiKey("org_2", "key_9", "prj_1", MemberId: "u_1")], Users = [new SeenUser("org_2", "u_1", "Ana?")] });

        Assert.Null(store.FindRole("org_2", "u_1"));
        Assert.Equal("u_1", store.Read("org_2").ApiKeys["key_9"].CreatedBy);
        Assert.DoesNotContain("u_1", store.Read("org_2").Members.Keys);
    }

    [Fact]
    public void EnsureMember_EmptyDirectory_AddsAllAndKeepsAnExistingRole()
    {
        using var store = Open();

        store.EnsureMember("o", "u", "owner");
        store.EnsureMember("o", "u", "member");

        Assert.Equal("owner", store.FindRole("o", "u"));
        Assert.Equal("enterprise", store.FindOrganization("o")!.Plan);
        Assert.Throws<DirectoryDocumentException>(() => store.EnsureMember("o", "u", "boss"));
        Assert.Throws<DirectoryDocumentException>(() => store.EnsureMember("", "u", "owner"));
    }

    [Fact]
    public void Version_ChangeByAnotherInstance_IsSeen()
    {
        using var one = Open();
        using var two = Open();
        var version = two.Version;

        one.Import(Parse(Full));

        Assert.True(two.Version > version);
        Assert.Equal("owner", two.FindRole("org_1", "u_1"));
        Assert.Equal(two.Version, two.Read("org_1").Version);
    }

    [Fact]
    public async Task Register_TwoInstancesAtOnce_LosesNothing()
    {
        using var one = Open();
        using var two = Open();

        await Task.WhenAll(
            Task.Run(() => Add(one, "a")), Task.Run(() => Add(two, "b")), Task.Run(() => Add(one, "c")));

        Assert.Equal(61, one.Version);
        Assert.Equal(60, two.Organizations().Count);

        static void Add(DirectoryStore store, string prefix)
        {
            for (var i = 0; i < 20; i++)
            {
                store.EnsureMember($"{prefix}{i}", "u", "owner");
            }
        }
    }

    [Fact]
    public void Read_UnknownOrganization_IsWhatUsageWillRegister()
    {
        using var store = Open();

        Assert.Null(store.FindOrganization("o"));
        Assert.Equal(("o", "enterprise", 0), (store.Read("o").Organization.Name, store.Read("o").Organization.Plan, store.Read("o").Projects.Count));
        Assert.Empty(store.Export("o").Organizations!);
    }

    [Theory]
    [InlineData("own/both", "own-model", "own-provider")]
    [InlineData("own/model-only", "own-model", "operator-provider")]
    [InlineData("own/nothing", "operator-model", "operator-provider")]
    [InlineData("operator/model-only", "operator-model", "seen-provider")]
    [InlineData("seen/both", "seen-model", "seen-provider")]
    [InlineData("seen/nothing:free", "nothing", "seen")]
    [InlineData("openrouter/anthropic/claude:beta:2", "anthropic/claude", "openrouter")]
    [InlineData("gpt-5:latest", "gpt-5", "")]
    [InlineData("a:b/c", "c", "a:b")]
    [InlineData("/x", "x", "")]
    [InlineData("", "", "")]
    public void ResolveModel_Mapping_TakesEachPartFromTheFirstSource(string mapping, string model, string provider)
    {
        using var store = Open();
        store.Register(1, new Registrations
        {
            Models =
            [
                .. new[] { "own/both", "own/model-only", "own/nothing", "operator/model-only", "seen/both" }
                    .Select(seen => new SeenModel("o", seen, "seen-model", "seen-provider")),
                new SeenModel("o", "seen/nothing:free", "", null),
            ],
        });
        store.Import(Parse(
            """
            { "models": [
              { "organizationId": "o", "mapping": "own/both", "model": "own-model", "provider": "own-provider" },
              { "organizationId": "o", "mapping": "own/model-only", "model": "own-model", "provider": "" },
              { "organizationId": "o", "mapping": "own/nothing" },
              { "mapping": "own/both", "model": "operator-model", "provider": "operator-provider" },
              { "mapping": "own/model-only", "model": "operator-model", "provider": "operator-provider" },
              { "mapping": "own/nothing", "model": "operator-model", "provider": "operator-provider" },
              { "mapping": "operator/model-only", "model": "operator-model" } ] }
            """));

        Assert.Equal((model, provider), store.Read("o").ResolveModel(mapping));
    }

    [Fact]
    public void Open_NewFile_IsForTheOwnerOnly()
    {
        using var store = OpenFull();

        foreach (var file in new[] { DatabasePath, DatabasePath + "-wal", DatabasePath + "-shm" })
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    [Fact]
    public void Open_Again_FindsEverything()
    {
        string before;
        using (var store = OpenFull())
        {
            before = Text(store.Export());
        }

        using var again = Open();
        Assert.Equal(before, Text(again.Export()));
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("This is a longer text file, which is not an SQLite database in spite of its name, and it goes on to pass one header of 100 bytes.")]
    public void Open_NotADatabase_SaysSoAndLeavesItAlone(string content)
    {
        File.WriteAllText(DatabasePath, content);

        var exception = Assert.Throws<DirectoryFileException>(Open);

        Assert.Equal(
            $"Directory '{DatabasePath}': found a file that is not an SQLite database, expected a directory. Name another file, or move this one away.",
            exception.Message);
        Assert.Equal(content, File.ReadAllText(DatabasePath));
    }

    [Fact]
    public void Open_AnotherProgramsDatabase_SaysSoAndLeavesItAlone()
    {
        Run("CREATE TABLE cookies (name TEXT)");
        var before = File.ReadAllBytes(DatabasePath);

        var exception = Assert.Throws<DirectoryFileException>(Open);

        Assert.Contains("found another program's SQLite database", exception.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(DatabasePath));
    }

    [Fact]
    public void Open_DamagedDatabase_SaysWhatToDo()
    {
        OpenFull().Dispose();
        var bytes = File.ReadAllBytes(DatabasePath);
        bytes.AsSpan(100, 2_000).Fill(0xFF); // the first page after the header: the list of tables
        File.WriteAllBytes(DatabasePath, bytes);

        var exception = Assert.Throws<DirectoryFileException>(Open);

        Assert.Equal(
            $"Directory '{DatabasePath}': found a damaged SQLite database. Restore a backup, or move the file away and import the directory document again.",
            exception.Message);
    }

    [Fact]
    public async Task Open_NewFileManyTimesAtOnce_CreatesItOnce()
    {
        var stores = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(Open)));

        Assert.All(stores, store => Assert.Equal(1, store.Version));
        Array.ForEach(stores, store => store.Dispose());
    }

    [Fact]
    public void Open_NewerVersion_SaysWhatToDo()
    {
        Open().Dispose();
        Run("PRAGMA user_version = 3");

        var exception = Assert.Throws<DirectoryFileException>(Open);

        Assert.Equal(
            $"Directory '{DatabasePath}': found schema version 3, expected 1 to 2. A newer release wrote the file: use that release, or restore a backup.",
            exception.Message);
    }

    private void Run(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={DatabasePath};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The texts are those of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
