using Analytics.Storage.Directory;
using Xunit;

namespace Analytics.Tests.Storage;

public class DirectoryDocumentTests : DirectoryTest
{
    private static readonly string TooLongId = new('x', 129);

    public static TheoryData<string, string> Problems => new()
    {
        { "[]", "$: found an array, expected an object" },
        { "{", "$: found no valid JSON at line 1, byte 2, expected one JSON object" },
        { "{} {}", "$: found no valid JSON at line 1, byte 4, expected one JSON object" },
        { """{"users": null}""", "users: found null, expected an array" },
        { """{"user": []}""", "user: found an unknown property, expected one of organizations, users, members, projects, apiKeys, agents, models" },
        { """{"users": [7]}""", "users[0]: found 7, expected an object" },
        { """{"users": [{"id": "u", "nmae": "Ana"}]}""", "users[0].nmae: found an unknown property, expected one of id, name, email, identities" },
        { """{"users": [{"id": "u", "id": "v"}]}""", "users[0].id: found the property again, expected it once" },
        { """{"users": [{"id": ""}]}""", "users[0].id: found \"\", expected an id of 1 to 128 characters" },
        { """{"users": [{"id": 12}]}""", "users[0].id: found 12, expected an id of 1 to 128 characters" },
        { """{"users": [{"id": "a\nb"}]}""", "users[0].id: found \"a\\nb\", expected an id of 1 to 128 characters without control characters" },
        { """{"users": [{"id": "\ud800"}]}""", "users[0].id: found \"\\ud800\", expected an id of 1 to 128 characters" },
        { $$"""{"users": [{"id": "{{TooLongId}}"}]}""", $"users[0].id: found \"{TooLongId[..59]}... of 129 characters, expected an id of 1 to 128 characters" },
        { """{"users": [{"id": "u"}, {"id": "u"}]}""", "users[1].id: found \"u\" again, expected it once; users[0] has it" },
        { """{"apiKeys": [{"id": "k", "projectId": "p"}]}""", "apiKeys[0].organizationId: found nothing, expected an id of 1 to 128 characters" },
        { """{"members": [{"organizationId": "o", "userId": "u", "role": "Owner"}]}""", "members[0].role: found \"Owner\", expected one of owner, admin, developer, member" },
        { """{"organizations": [{"id": "o", "plan": "team"}]}""", "organizations[0].plan: found \"team\", expected one of free, pro, enterprise" },
        { """{"organizations": [{"id": "o", "plan": "pro", "timezones": ["UTC", "UTC+05:30"]}]}""", "organizations[0].timezones[1]: found \"UTC+05:30\", expected an IANA time zone such as Europe/Paris" },
        { """{"projects": [{"id": "p", "organizationId": "o", "color": "#4e79ag"}]}""", "projects[0].color: found \"#4e79ag\", expected a color such as #4e79a7" },
        { """{"projects": [{"id": "p", "organizationId": "o", "deleted": 1}]}""", "projects[0].deleted: found 1, expected true or false" },
        { """{"models": [{"mapping": "m", "prices": [{"rule": "requests", "unit": "token", "usdPerMillion": 1}]}]}""", "models[0].prices[0].rule: found \"requests\", expected one of input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens" },
        { """{"models": [{"mapping": "m", "prices": [{"rule": "input_tokens", "unit": "image", "usdPerMillion": 1}]}]}""", "models[0].prices[0].unit: found \"image\", expected token" },
        { """{"models": [{"mapping": "m", "prices": [{"rule": "input_tokens", "unit": "token", "usdPerMillion": 1}, {"rule": "input_tokens", "unit": "token", "usdPerMillion": 2}]}]}""", "models[0].prices[1].rule: found \"input_tokens\" again, expected it once; models[0].prices[0] has it" },
    };

    public static TheoryData<string> WrongPrices =>
        ["\"\"", "-1", "\"-0.5\"", "\" 1\"", "\"1,5\"", "\"+1\"", "\"abc\"", "1e-13", "1e-400", "1e400", "0.0000000000001", "1000000.1", "\"1e99999999999\"", "true"];

    [Theory, MemberData(nameof(Problems))]
    public void Parse_OneProblem_NamesPathFoundAndExpected(string json, string problem)
    {
        var exception = Assert.Throws<DirectoryDocumentException>(() => Parse(json));

        Assert.Equal([problem], exception.Problems);
        Assert.Equal($"The directory document has 1 problem; nothing was changed.\n{problem}", exception.Message);
    }

    [Theory, MemberData(nameof(WrongPrices))]
    public void Parse_WrongPrice_IsRefused(string price)
    {
        var json = $$"""{"models": [{"mapping": "m", "prices": [{"rule": "input_tokens", "unit": "token", "usdPerMillion": {{price}}}]}]}""";

        var problem = Assert.Single(Assert.Throws<DirectoryDocumentException>(() => Parse(json)).Problems);

        Assert.Equal(
            $"models[0].prices[0].usdPerMillion: found {price}, expected a price of 0 to 1000000 with at most 12 decimals, such as \"1.25\"",
            problem);
    }

    [Theory]
    [InlineData("0", "0")]
    [InlineData("\"0.0375\"", "0.0375")]
    [InlineData("0.000000000001", "0.000000000001")]
    [InlineData("1.5e-3", "0.0015")]
    [InlineData("\"1.250000000000000000\"", "1.25")]
    [InlineData("1E6", "1000000")]
    [InlineData("999999.999999999999", "999999.999999999999")]
    public void Parse_Price_IsReadExactly(string price, string written)
    {
        var document = Parse(
            $$"""{"models": [{"mapping": "m", "prices": [{"rule": "input_tokens", "unit": "token", "usdPerMillion": {{price}}}]}]}""");

        Assert.Contains($"\"usdPerMillion\": \"{written}\"", Text(document), StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_ManyProblems_ListsTwentyAndCountsAll()
    {
        var json = $$"""{"users": [{{string.Join(',', Enumerable.Repeat("{}", 25))}}]}""";

        var exception = Assert.Throws<DirectoryDocumentException>(() => Parse(json));

        Assert.Equal(20, exception.Problems.Count);
        Assert.StartsWith("The directory document has 25 problems;", exception.Message, StringComparison.Ordinal);
        Assert.EndsWith("users[19].id: found nothing, expected an id of 1 to 128 characters\nand 5 more", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_NotUtf8_IsRefused()
    {
        var exception = Assert.Throws<DirectoryDocumentException>(() => DirectoryDocument.Parse([(byte)'{', 0xFF, (byte)'}']));

        Assert.Equal(["$: found bytes that are not UTF-8, expected JSON in UTF-8"], exception.Problems);
    }

    [Fact]
    public void Parse_ByteOrderMarkNullsAndEmptyLabels_AreAbsent()
    {
        var document = Parse("\uFEFF" + """{"users": [{"id": "u", "name": "", "email": null}]}""");

        Assert.Equal([new UserEntry("u", "u")], document.Users);
        Assert.Null(document.Projects);
    }

    [Fact]
    public void ToUtf8_ParsedAgain_IsTheSameText()
    {
        var text = Text(Parse(Full));

        Assert.Equal(text, Text(Parse(text)));
        Assert.Contains("Zürich 東京", text, StringComparison.Ordinal);
    }

    [Fact]
    public void NamedOrganizations_AnyEntry_Names()
    {
        var document = Parse("""{"agents": [{"id": "a", "organizationId": "o2"}], "models": [{"mapping": "m"}, {"organizationId": "o1", "mapping": "m"}]}""");

        Assert.Equal(["o1", "o2"], document.NamedOrganizations());
    }
}
