using Analytics.Storage.Directory;
using Xunit;

namespace Analytics.Tests.Storage;

// Round trip; absence of arrays and of entries; seen things; members; models; undeleting; references; all or nothing.
public class DirectoryImportTests : DirectoryTest
{
    [Fact]
    public void Import_NewDocument_CountsWhatWasAdded()
    {
        using var store = Open();

        var changes = store.Import(Parse(Full));

        Assert.Equal(
            new DirectoryChanges(new(2, 0, 0), new(2, 0, 0), new(3, 0, 0), new(2, 0, 0), new(2, 0, 0), new(1, 0, 0), new(2, 0, 0)),
            changes);
        Assert.Equal(14, changes.Total);
    }

    [Fact]
    public void Export_ImportedAgain_ChangesNothing()
    {
        using var store = OpenFull();
        RegisterSome(store);
        var version = store.Version;

        foreach (var document in new[] { store.Export(), store.Export("org_1"), store.Export("org_3"), Parse(Full) with { Models = null } })
        {
            Assert.Equal(0, store.Import(Parse(Text(document))).Total);
        }

        Assert.Equal(version, store.Version);
    }

    [Fact]
    public void Export_IntoAnotherDirectory_GivesTheSameDocument()
    {
        using var store = OpenFull();
        RegisterSome(store);
        using var other = DirectoryStore.Open(DatabasePath + "-other");

        other.Import(store.Export());

        Assert.Equal(Text(store.Export()), Text(other.Export()));
    }

    [Fact]
    public void Export_OneOrganization_HasNothingOfOthers()
    {
        using var store = OpenFull();

        var document = store.Export("org_2");

        Assert.Equal(["org_2"], document.NamedOrganizations());
        Assert.Equal(["u_2"], document.Users!.Select(user => user.Id));
        Assert.Empty(document.Models!);
    }

    [Fact]
    public void Import_ArrayAbsent_ChangesNothing()
    {
        using var store = OpenFull();

        Assert.Equal(0, store.Import(Parse("""{"organizations": [{"id": "org_2", "name": "Globex", "plan": "pro"}]}""")).Total);
    }

    [Fact]
    public void Import_EntriesAbsent_DeletesThemInNamedOrganizationsOnly()
    {
        using var store = OpenFull();

        var changes = store.Import(Parse(
            """
            { "organizations": [ { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": ["UTC"] } ],
              "users": [], "members": [ { "organizationId": "org_1", "userId": "u_1", "role": "admin" } ],
              "projects": [], "apiKeys": [], "agents": [], "models": [] }
            """));

        Assert.Equal(
            new DirectoryChanges(new(0, 1, 0), default, new(0, 1, 1), new(0, 0, 1), new(0, 0, 1), new(0, 0, 1), new(0, 0, 1)),
            changes);
        var directory = store.Read("org_1");
        Assert.Equal(["UTC"], directory.Organization.Timezones);
        Assert.Equal(new ProjectEntry("org_1", "prj_1", "Production API", "#4e79a7", Deleted: true), directory.Projects["prj_1"]);
        Assert.Equal(new ApiKeyEntry("org_1", "key_1", "prj_1", "prod-etl", "u_1", Deleted: true), directory.ApiKeys["key_1"]);
        Assert.True(directory.Agents["agt_1"].Deleted);
        Assert.Equal(["openai/gpt-5.5"], directory.Models.Keys);
        Assert.Equal([new DirectoryMember("u_1", "Ana", "ana@example.com", "admin")], directory.Members.Values);
        Assert.Contains("u_2", directory.Users);
        Assert.Null(store.FindRole("org_1", "u_2"));
        Assert.Equal("admin", store.FindRole("org_2", "u_2"));
        Assert.False(store.Read("org_2").Projects["prj_1"].Deleted);
    }

    [Fact]
    public void Import_SeenThingsAbsent_StayUntilADocumentChangedThem()
    {
        using var store = OpenFull();
        RegisterSome(store);
        var empty = Parse("""{"organizations": [{"id": "org_3", "plan": "enterprise"}], "projects": [], "apiKeys": [], "agents": [], "models": []}""");

        Assert.Equal(0, store.Import(empty).Total);
        store.Import(Parse("""{"projects": [{"organizationId": "org_3", "id": "seen_p", "name": "Named"}]}"""));
        Assert.Equal(new ChangeCounts(0, 0, 1), store.Import(empty).Projects);

        var directory = store.Read("org_3");
        Assert.True(directory.Projects["seen_p"].Deleted);
        Assert.False(directory.ApiKeys["seen_k"].Deleted);
        Assert.Equal(("m", "seen"), directory.ResolveModel("seen/model"));
    }

    [Fact]
    public void Import_DeletedThingNamedAgain_ComesBack()
    {
        using var store = OpenFull();
        store.Import(Parse("""{"organizations": [{"id": "org_1", "name": "Acme", "plan": "enterprise"}], "agents": []}"""));

        var changes = store.Import(Parse(
            """{"agents": [{"id": "agt_1", "organizationId": "org_1", "projectId": "prj_1", "name": "Triage"}]}"""));

        Assert.Equal(new ChangeCounts(0, 1, 0), changes.Agents);
        Assert.False(store.Read("org_1").Agents["agt_1"].Deleted);
    }

    [Fact]
    public void Import_ExplicitlyDeleted_CountsAsRemoved()
    {
        using var store = OpenFull();

        var changes = store.Import(Parse("""{"agents": [{"id": "agt_1", "organizationId": "org_1", "name": "Triage", "deleted": true}]}"""));

        Assert.Equal(new ChangeCounts(0, 0, 1), changes.Agents);
    }

    [Fact]
    public void Import_OperatorsModels_AreAGroupOfTheirOwn()
    {
        using var store = OpenFull();

        var changes = store.Import(Parse("""{"models": [{"mapping": "openai/gpt-6"}]}"""));

        Assert.Equal(new ChangeCounts(1, 0, 1), changes.Models);
        Assert.Equal(["azure/gpt-5.5", "openai/gpt-6"], store.Read("org_1").Models.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Import_UnknownReferences_ReportsAllAndChangesNothing()
    {
        using var store = Open();
        var version = store.Version;

        var exception = Assert.Throws<DirectoryDocumentException>(() => store.Import(Parse(
            """
            { "organizations": [ { "id": "o", "plan": "pro" } ],
              "members": [ { "organizationId": "o", "userId": "u", "role": "owner" } ],
              "projects": [ { "id": "p", "organizationId": "other" } ],
              "apiKeys": [ { "id": "k", "organizationId": "o", "projectId": "p", "createdBy": "u" } ],
              "models": [ { "organizationId": "none", "mapping": "m" } ] }
            """)));

        Assert.Equal(
            [
                "members[0].userId: found \"u\", expected a user of this document or of the directory",
                "projects[0].organizationId: found \"other\", expected an organization of this document or of the directory",
                "apiKeys[0].projectId: found \"p\", expected a project of the same organization",
                "apiKeys[0].createdBy: found \"u\", expected a user of this document or of the directory",
                "models[0].organizationId: found \"none\", expected an organization of this document or of the directory",
            ],
            exception.Problems);
        Assert.Empty(store.Organizations());
        Assert.Equal(version, store.Version);
    }

    [Fact]
    public void Import_DocumentMadeInCode_IsChecked()
    {
        using var store = Open();

        Assert.Throws<DirectoryDocumentException>(() => store.Import(new DirectoryDocument
        {
            Organizations = [new OrganizationEntry("o", "o", "unlimited", [])],
        }));
    }

    private static void RegisterSome(DirectoryStore store) => store.Register(1, new Registrations
    {
        ApiKeys = [new SeenApiKey("org_3", "seen_k", "seen_p", "a key", "seen_u")],
        Agents = [new SeenAgent("org_3", "seen_a")],
        Models = [new SeenModel("org_3", "seen/model", "m"), new SeenModel("org_1", "azure/gpt-5.5", "other", "other")],
    });
}
