using System.Security.Cryptography;
using System.Text;
using Analytics.Storage.Directory;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Storage;

public class DirectoryTokenTests : DirectoryTest
{
    private static readonly Instant Now = Instant.FromUtc(2026, 6, 24, 12, 0);

    [Fact]
    public void Authenticate_CreatedToken_GivesItsHolderInEveryInstance()
    {
        using var store = OpenFull();
        using var other = Open();
        Assert.Null(other.Authenticate("ana_" + new string('A', 43), Now));

        var read = store.CreateToken("org_1", "u_1", TokenKind.Read, Now);
        var ingest = store.CreateToken("org_2", "u_2", TokenKind.Ingest, Now);

        Assert.Matches("^ana_[A-Za-z0-9_-]{43}$", read);
        var (ana, ben) = (store.Tokens("org_1").Single(), other.Tokens("org_2").Single());
        Assert.Equal(new TokenIdentity(ana.Id, "org_1", "u_1", TokenKind.Read), store.Authenticate(read, Now));
        Assert.Equal(new TokenIdentity(ben.Id, "org_2", "u_2", TokenKind.Ingest), other.Authenticate(ingest, Now));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ana_")]
    [InlineData("Bearer x")]
    [InlineData("ana_ééééééééééééééééééééééééééééééééééééééééééé")]
    public void Authenticate_AnyOtherText_IsNobody(string token)
    {
        using var store = OpenFull();
        store.CreateToken("org_1", "u_1", TokenKind.Read, Now);

        Assert.Null(store.Authenticate(token, Now));
    }

    [Fact]
    public void CreateToken_NoMember_IsAnError()
    {
        using var store = OpenFull();

        var exception = Assert.Throws<ArgumentException>(() => store.CreateToken("org_2", "u_1", TokenKind.Read, Now));

        Assert.StartsWith("User 'u_1' is not a member of organization 'org_2'.", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Authenticate_MemberWhoLeft_IsNobody()
    {
        using var store = OpenFull();
        var token = store.CreateToken("org_1", "u_2", TokenKind.Read, Now);

        store.Import(Parse("""{"members": [{"organizationId": "org_1", "userId": "u_1", "role": "owner"}]}"""));

        Assert.Null(store.Authenticate(token, Now));
    }

    [Fact]
    public void CreateToken_File_HasTheHashOnly()
    {
        string token;
        using (var store = OpenFull())
        {
            token = store.CreateToken("org_1", "u_1", TokenKind.Read, Now);
            Assert.False(Contains("-wal", Encoding.ASCII.GetBytes(token[4..])));
        }

        Assert.True(Contains("", SHA256.HashData(Encoding.ASCII.GetBytes(token))));
        Assert.False(Contains("", Encoding.ASCII.GetBytes(token[4..])));
    }

    private bool Contains(string suffix, byte[] bytes)
    {
        using var file = new FileStream(DatabasePath + suffix, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var content = new byte[file.Length];
        file.ReadExactly(content);
        return content.AsSpan().IndexOf(bytes) >= 0;
    }
}
