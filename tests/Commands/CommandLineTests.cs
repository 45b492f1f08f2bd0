using Analytics.Server.Commands;
using Analytics.Storage;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Commands;

public sealed class CommandLineTests : IDisposable
{
    private const string Event = """{"id":"1","timestamp":"2026-06-24T10:15:00Z","organizationId":"org_1","projectId":"p","apiKeyId":"k","mapping":"a/b","cost":"0.5"}""";
    private readonly TemporaryFolder folder = new();

    [Fact]
    public async Task ImportDirectoryTokenVerify_InOrder_Work()
    {
        var directory = folder.Write("directory.json", """
            { "organizations": [ { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": ["Europe/Paris"] } ],
              "users": [ { "id": "u_1", "name": "Ana" } ],
              "members": [ { "organizationId": "org_1", "userId": "u_1", "role": "owner" } ] }
            """);
        Assert.Equal(0, (await Run("directory", "import", directory, "--data", Data)).Code);

        var import = await Run("import", "events", folder.Write("e.ndjson", Event + "\nbad"), "--data", Data, "--organization", "org_1");
        Assert.Equal(0, import.Code);
        Assert.Contains("accepted      1 lines", import.Output, StringComparison.Ordinal);
        Assert.Contains("rejected      1", import.Output, StringComparison.Ordinal);
        Assert.Contains("cost          $0.5", import.Output, StringComparison.Ordinal);
        Assert.Contains("line 2: The line is not a JSON object", import.Output, StringComparison.Ordinal);

        var token = await Run("token", "create", "--data", Data, "--organization", "org_1", "--user", "u_1");
        Assert.Equal(0, token.Code);
        Assert.Matches("^ana_[A-Za-z0-9_-]{43}$", token.Output.Split().Last(word => word.Length > 0));

        var verify = await Run("verify", "--data", Data);
        Assert.Equal((0, true), (verify.Code, verify.Output.StartsWith("ok: 3 files, 1 usage rows, 1 event ids, ", StringComparison.Ordinal)));

        var export = await Run("directory", "export", "--data", Data, "--organization", "org_1");
        Assert.Contains("\"Acme\"", export.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_FlippedByte_NamesFileAndColumnAndFails()
    {
        await Run("import", "events", folder.Write("e.ndjson", Event), "--data", Data, "--organization", "org_1");
        var file = Directory.GetFiles(Path.Combine(Data, "requests"), "*.parquet", SearchOption.AllDirectories).Single();
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[10] ^= 1; // in the first column's first page
        await File.WriteAllBytesAsync(file, bytes);

        var verify = await Run("verify", "--data", Data);

        Assert.Equal(1, verify.Code);
        Assert.Contains("requests/organization=org_1/month=2026-06/00000001-1.parquet: bucket_start: ", verify.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mistakes_EndWithTheirExitCodeAndAnError()
    {
        var good = folder.Write("e.ndjson", Event);
        await Run("import", "events", good, "--data", Data, "--organization", "org_1");
        (string[] Args, int Code, string Error)[] cases =
        [
            (["import", "events", good, "--data", Data, "--organization", "org_1"], 65, "which was imported before as events"),
            (["import", "events", folder.File("none"), "--data", Data, "--organization", "org_1"], 65, "is not a file. Nothing was imported."),
            (["import", "events", good, "--data", Data], 2, "--organization"),
            (["import", "events", good, "--dryrun", "--data", Data, "--organization", "org_1"], 2, "found '--dryrun', expected one of this command's options; --help lists them."),
            (["import", "events", good, "--data", Data, "--organization", ""], 2, "--organization: found 0 characters, expected an id"),
            (["import", "rollup-csv", good, "--data", Data, "--organization", "o", "--map", "a=b"], 2, "--map: found the field 'a', expected one of bucketStart, "),
            (["import", "rollup-csv", folder.Write("a.csv", "time,n"), "--data", Data, "--organization", "o", "--map", "bucketStart=hour,requestCount=n"], 65, "line 1: column 'hour' (for bucketStart) is not in the header"),
            (["token", "create", "--data", Data, "--organization", "org_1", "--user", "u_x"], 2, "User 'u_x' is not a member of organization 'org_1'. Add them with 'directory import', or pass --role to add them now."),
            (["directory", "import", good, "--data", Data], 65, "id: found an unknown property, expected one of organizations, "),
            (["directory", "import", folder.Write("d.json", "{"), "--data", Data], 65, "JSON"),
            (["verify", "--data", folder.File("nothing")], 65, "has no manifest.json, expected a data folder."),
            (["serve", "--data", Data, "--urls", "5080"], 2, "--urls: found '5080', expected an address such as http://127.0.0.1:5080."),
            (["serv"], 2, "serv"),
        ];
        foreach (var (args, code, error) in cases)
        {
            var result = await Run(args);

            Assert.True((code, true) == (result.Code, result.Error.Contains(error, StringComparison.Ordinal)), $"{string.Join(' ', args)}: {result.Code} {result.Error}");
            Assert.StartsWith("error: ", result.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Import_HeldFolder_IsBusy()
    {
        using var holder = UsageStore.Open(Data, Files.Physical);

        var result = await Run("import", "events", folder.Write("e.ndjson", Event), "--data", Data, "--organization", "org_1");

        Assert.Equal(75, result.Code);
        Assert.Contains("is in use by another process (pid ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_Strict_FailsOnARejectedLineAndKeepsTheGoodOnes()
    {
        var result = await Run("import", "events", folder.Write("e.ndjson", Event + "\nbad"), "--data", Data, "--organization", "org_1", "--strict");

        Assert.Equal(1, result.Code);
        Assert.Equal(0, (await Run("verify", "--data", Data)).Code);
    }

    [Fact]
    public async Task NoArguments_ShowHelp()
    {
        var result = await Run();

        Assert.Equal(0, result.Code);
        Assert.All((string[])["serve", "import", "directory", "token", "verify"], command => Assert.Contains(command, result.Output, StringComparison.Ordinal));
    }

    public void Dispose() => folder.Dispose();

    private string Data => folder.File("data");

    private static async Task<(int Code, string Output, string Error)> Run(params string[] args)
    {
        var clock = new FixedClock(Instant.FromUtc(2026, 6, 26, 12, 0));
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandRunner.RunAsync(AnalyticsCommand.Root(clock), args, output, error);
        return (code, output.ToString(), error.ToString());
    }
}
