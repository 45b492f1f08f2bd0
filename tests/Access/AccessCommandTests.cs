using Analytics.Server.Access;
using Analytics.Server.Commands;
using Analytics.Storage;
using Analytics.Storage.Directory;
using Microsoft.Extensions.Configuration;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Access;

// token create with an end, list, revoke; audit; the first start; what is said at start; settings.
public sealed class AccessCommandTests : IDisposable
{
    private static readonly Instant Now = Instant.FromUtc(2026, 6, 26, 12, 0);
    private readonly TemporaryFolder folder = new();

    private string Data => folder.File("data");

    [Fact]
    public async Task Token_CreateListRevoke_AndTheAuditLogSaysSo()
    {
        var created = await RunAsync("token", "create", "--data", Data, "--organization", "org_1", "--user", "u_1", "--role", "owner", "--expires", "2026-12-31");
        Assert.Matches("^token: ana_[A-Za-z0-9_-]{43}\n$", created.Output);
        var id = System.Text.RegularExpressions.Regex.Match(created.Error, "tok_[0-9a-f]{16}").Value;
        Assert.Equal($"id: {id}, good until 2027-01-01T00:00:00Z; 'token revoke {id}' ends it.\n", created.Error);

        var list = await RunAsync("token", "list", "--data", Data);
        Assert.Matches($"^id +organization +user +kind +created +expires +state\n{id} +org_1 +u_1 +read +2026-06-26T12:00:00Z +2027-01-01T00:00:00Z +in force\n$", list.Output);

        var revoked = await RunAsync("token", "revoke", id, "--data", Data);
        Assert.Equal((0, $"{id} of u_1 in org_1 was revoked at 2026-06-26T12:00:00Z.\n"), (revoked.Code, revoked.Output));
        Assert.Contains("revoked 2026-06-26T12:00:00Z", (await RunAsync("token", "list", "--data", Data, "--organization", "org_1")).Output, StringComparison.Ordinal);
        Assert.Single((await RunAsync("token", "list", "--data", Data, "--organization", "org_2")).Output.TrimEnd().Split('\n'));

        var audit = await RunAsync("audit", "--data", Data, "--json", "--limit", "2");
        Assert.Contains("\"action\":\"token.revoke\"", audit.Output.Split('\n')[0], StringComparison.Ordinal);
        Assert.Contains("\"detail\":\"read, of u_1, until 2027-01-01T00:00:00Z\"", audit.Output.Split('\n')[1], StringComparison.Ordinal);
        Assert.Matches("(?s)^number +at +who +organization +action +target +detail\n3 .* operator +org_1 +token.revoke", (await RunAsync("audit", "--data", Data, "--organization", "org_1")).Output);
    }

    [Theory]
    [InlineData("2026-06-26T12:00:01Z", 0, "good until 2026-06-26T12:00:01Z")]
    [InlineData("2026-06-26T14:00:01+02:00", 0, "good until 2026-06-26T12:00:01Z")]
    [InlineData("2026-06-26", 0, "good until 2026-06-27T00:00:00Z")]
    [InlineData("2026-06-25", 2, "--expires: found 2026-06-26T00:00:00Z, expected a time to come.")]
    [InlineData("2026-06-26T12:00:00Z", 2, "expected a time to come")]
    [InlineData("tomorrow", 2, "--expires: found 'tomorrow', expected a day such as 2026-12-31, or a moment such as 2026-12-31T12:00:00Z.")]
    public async Task Token_Expires_IsADayOrAMoment(string text, int code, string error)
    {
        var created = await RunAsync("token", "create", "--data", Data, "--organization", "org_1", "--user", "u_1", "--role", "owner", "--expires", text);

        Assert.Equal(code, created.Code);
        Assert.Contains(error, created.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mistakes_AreSaid_AndMakeNoDataFolder()
    {
        Assert.Contains("has no directory.sqlite, expected a data folder", (await RunAsync("token", "list", "--data", Data)).Error, StringComparison.Ordinal);
        Assert.Contains("has no directory.sqlite, expected a data folder", (await RunAsync("audit", "--data", Data)).Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Data));

        await RunAsync("token", "create", "--data", Data, "--organization", "org_1", "--user", "u_1", "--role", "owner");
        var secret = "ana_" + new string('x', 43);
        var revoke = await RunAsync("token", "revoke", secret, "--data", Data);
        Assert.Equal(2, revoke.Code);
        Assert.DoesNotContain(secret, revoke.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync("audit", "--data", Data, "--limit", "0")).Code);
    }

    [Fact]
    public async Task DirectoryImport_IsAudited()
    {
        await RunAsync("directory", "import", folder.Write("d.json", AccessServer.People), "--data", Data);

        var audit = await RunAsync("audit", "--data", Data, "--organization", "org_2");

        Assert.Contains("member.add", audit.Output, StringComparison.Ordinal);
        Assert.Contains("operator", audit.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void FirstStart_PrintsATokenOnce_AndSaysHowToMakeOneWhereNoneIsInForce()
    {
        using var store = UsageStore.Open(Data, Files.Physical);
        var first = new FirstStart("main", "boss");

        var greeting = first.Greet(store, Now).ToList();
        var token = greeting[1]["token: ".Length..];
        Assert.Equal("boss", store.Directory.Authenticate(token, Now)!.UserId);
        Assert.Empty(first.Greet(store, Now));

        var id = store.Directory.Tokens().Single().Id;
        store.Directory.RevokeToken(id, null, Now);
        Assert.Equal(
            [$"Nobody can ask yet: no token is in force. Make one: analytics token create --data {Data} --organization main --user boss"],
            first.Greet(store, Now));
    }

    [Fact]
    public void FirstStart_WhereUsageCameFirst_MakesNothing()
    {
        using var store = UsageStore.Open(Data, Files.Physical);
        store.Directory.Register(1, new Registrations { Organizations = ["org_7"] });

        Assert.Equal(
            [$"Nobody can ask yet: no token is in force. Make one: analytics token create --data {Data} --organization org_7 --user owner --role owner"],
            new FirstStart("default", "owner").Greet(store, Now));
        Assert.Empty(store.Directory.Tokens());
    }

    [Fact]
    public void NewDataFolder_IsClosedToOthers()
    {
        using var store = UsageStore.Open(Data, Files.Physical);
        store.Directory.CreateFirstToken("main", "boss", Now, AuditActor.Server(Now));

        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(Owner | UnixFileMode.UserExecute, File.GetUnixFileMode(Data));
        Assert.All(Directory.GetFiles(Data), file => Assert.Equal((file, Owner), (file, File.GetUnixFileMode(file))));
        Assert.Equal(4, Directory.GetFiles(Data).Length - 1);
    }

    [Fact]
    public void DoorNotes_SayWhatIsOpen()
    {
        using var store = UsageStore.Open(Data, Files.Physical);
        Assert.Empty(DoorNotes.For(store.Folder, ["http://127.0.0.1:5080", "http://localhost:5080", "http://[::1]:5080"], new AccessSettings()));
        Assert.Empty(DoorNotes.For(store.Folder, ["http://0.0.0.0:5080"], new AccessSettings { IsBehindTlsProxy = true }));
        Assert.StartsWith("note: over plain http on http://0.0.0.0:5080 ", Assert.Single(DoorNotes.For(store.Folder, ["http://0.0.0.0:5080"], new AccessSettings())), StringComparison.Ordinal);
        Assert.StartsWith("note: ", Assert.Single(DoorNotes.For(store.Folder, ["http://*:5080"], new AccessSettings())), StringComparison.Ordinal);
        Assert.StartsWith("note: ", Assert.Single(DoorNotes.For(store.Folder, ["http://[::]:5080"], new AccessSettings())), StringComparison.Ordinal);
        Assert.StartsWith("warning: sessions ", Assert.Single(DoorNotes.For(store.Folder, ["http://192.0.2.1:5080"], new AccessSettings { AllowsHttpSessions = true })), StringComparison.Ordinal);

        File.SetUnixFileMode(Data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead);
        Assert.StartsWith("warning: others ", Assert.Single(DoorNotes.For(store.Folder, [], new AccessSettings())), StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_All_AreRead()
    {
        var settings = Read(
            ("Oidc:Issuer", "https://a.example.com"), ("Oidc:Audience", "api"), ("Oidc:SubjectClaim", "oid"), ("Oidc:KeysUri", "https://keys.example.com/k"), ("Oidc:TokenTypes", "JWT, x+jwt"),
            ("Oidc:Issuers:0:Issuer", "http://127.0.0.1:9/realm"), ("Oidc:Issuers:0:Audience", "other"),
            ("RateLimit:RequestsPerMinute", "7"), ("Sessions:TlsProxy", "true"), ("Sessions:AllowHttp", "True"));

        Assert.Equal(["https://a.example.com", "http://127.0.0.1:9/realm"], settings.Issuers.Select(issuer => issuer.Issuer));
        Assert.Equal(("api", "oid", "https://keys.example.com/k"), (settings.Issuers[0].Audience, settings.Issuers[0].SubjectClaim, settings.Issuers[0].KeysUri!.ToString()));
        Assert.Equal(["JWT", "x+jwt"], settings.Issuers[0].TokenTypes);
        Assert.Equal(("sub", null), (settings.Issuers[1].SubjectClaim, settings.Issuers[1].KeysUri));
        Assert.Equal((7, true, true), (settings.RequestsPerMinute, settings.IsBehindTlsProxy, settings.AllowsHttpSessions));
        Assert.Equal((0, 60_000, false, false), (Read().Issuers.Count, Read().RequestsPerMinute, Read().IsBehindTlsProxy, Read().AllowsHttpSessions));
    }

    [Theory]
    [InlineData("Oidc:Issuer=https://a", "Analytics__Oidc__Audience): found nothing")]
    [InlineData("Oidc:Audience=api", "Analytics__Oidc__Issuer): found nothing")]
    [InlineData("Oidc:Issuer=http://a.example.com;Oidc:Audience=x", "expected an https address")]
    [InlineData("Oidc:Issuer=a;Oidc:Audience=x", "expected an https address")]
    [InlineData("Oidc:Issuer=https://a?x=1;Oidc:Audience=x", "expected an https address")]
    [InlineData("Oidc:Issuer=https://u:p@a;Oidc:Audience=x", "expected an https address")]
    [InlineData("Oidc:Issuer=https://a;Oidc:Audience=x;Oidc:KeysUri=ftp://a", "Analytics__Oidc__KeysUri")]
    [InlineData("Oidc:Issuer=https://a;Oidc:Audience=x;Oidc:TokenTypes= ", "Analytics__Oidc__TokenTypes")]
    [InlineData("Oidc:Issuer=https://a;Oidc:Audience=x;Oidc:Issuers:0:Issuer=https://a;Oidc:Issuers:0:Audience=y", "found issuer 'https://a' twice")]
    [InlineData("Oidc:Isuer=https://a", "Analytics__Oidc__Isuer): found an unknown setting")]
    [InlineData("Oidc:Issuers:0:Isuer=https://a", "Analytics__Oidc__Issuers__0__Isuer): found an unknown setting")]
    [InlineData("RateLimit:RequestsPerMinute=many", "found 'many', expected a whole number")]
    [InlineData("RateLimit:PerMinute=1", "found an unknown setting")]
    [InlineData("Sessions:TlsProxy=yes", "found 'yes', expected true or false")]
    [InlineData("Sessions:AllowHTTPS=true", "found an unknown setting")]
    public void Settings_Wrong_AreNamed(string settings, string expected)
    {
        var exception = Assert.Throws<UsageException>(() => Read([.. settings.Split(';').Select(pair => (pair.Split('=', 2)[0], pair.Split('=', 2)[1]))]));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private static AccessSettings Read(params (string Name, string Value)[] settings) => AccessSettings.Read(new ConfigurationBuilder()
        .AddInMemoryCollection(settings.ToDictionary(setting => setting.Name, setting => (string?)setting.Value)).Build());

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandRunner.RunAsync(AnalyticsCommand.Root(new FixedClock(Now)), args, output, error);
        return (code, output.ToString(), error.ToString());
    }
}
