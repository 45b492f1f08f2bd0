using System.Text;
using Analytics.Bench.Comparison;
using Analytics.Server.Contracts.Formats;
using Analytics.Tests.Interop;
using Analytics.Tests.Properties;
using Xunit;

namespace Analytics.Tests.Server.Formats;

/// <summary>Cells of CSV: no text is taken for a formula, and every text can be had back.</summary>
public class CsvTextTests
{
    private const int Cases = 500;

    // What quoting and guarding have to tell apart, and some of what they have to leave alone.
    private static readonly string[] Parts =
        ["=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠", "'", "''", "\"", "\"\"", ",", " ", "a", "Zoë", "日本", "𝄞", "1", "\u2028", "\uFEFF", "null"];

    [Theory]
    [InlineData("", "\"\"")]
    [InlineData("plain text", "plain text")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"hi\"", "\"say \"\"hi\"\"\"")]
    [InlineData("two\nlines", "\"two\nlines\"")]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+49", "'+49")]
    [InlineData("-1", "'-1")]
    [InlineData("@sum", "'@sum")]
    [InlineData("\tx", "'\tx")]
    [InlineData("\rx", "\"'\rx\"")]
    [InlineData("\nx", "\"'\nx\"")]
    [InlineData("\0x", "'\0x")]
    [InlineData("＝1", "'＝1")]
    [InlineData("＋1", "'＋1")]
    [InlineData("－1", "'－1")]
    [InlineData("＠x", "'＠x")]
    [InlineData("=cmd|'/c calc'!A1,\"x\"", "\"'=cmd|'/c calc'!A1,\"\"x\"\"\"")]
    [InlineData("'=1", "''=1")]
    [InlineData("'quoted'", "'quoted'")]
    [InlineData("a=b", "a=b")]
    public void Encode_Text_IsQuotedAndGuarded(string text, string cell) => Assert.Equal(cell, Encoding.UTF8.GetString(CsvText.Encode(text)));

    [Fact]
    public void Encode_AnyTexts_CanBeHadBackAndNoneBeginsAFormula() => Sampled.Check(Cases, (random, size) =>
    {
        string[] texts = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => Text(random, size))];
        var line = string.Join(',', texts.Select(text => Encoding.UTF8.GetString(CsvText.Encode(text)))) + "\r\n";

        var cells = Assert.Single(AnswerTable.CsvRecords(line));

        Assert.Equal(texts, cells.Select(AnswerTable.Unguarded));
        Assert.All(cells, cell => Assert.DoesNotMatch("^[=+@\\t\\r\\n\\0＝＋－＠-]", cell!));
    });

    [DuckDbFact]
    public void Encode_AnyTexts_AreReadByDuckDb()
    {
        using var folder = new TemporaryFolder();
        using var duck = DuckDb.Open(threads: 1);
        var random = new Random(20_261_122);

        // DuckDB takes a byte order mark off the start of a file, and a text with U+0000 ends there in its literals, not in files.
        string[] texts = [.. Enumerable.Range(0, 400).Select(_ => Text(random, 12))];
        var csv = "row,text\r\n" + string.Concat(texts.Select((text, row) => $"{row},{Encoding.UTF8.GetString(CsvText.Encode(text))}\r\n"));

        var read = AnswerTable.OfCsv(duck, folder.Write("texts.csv", csv));

        Assert.Equal(texts, read.Rows.Select(row => row[1]));
    }

    private static string Text(Random random, int size) => string.Concat(Enumerable.Range(0, random.Next(Math.Min(size, 12))).Select(_ => Parts[random.Next(Parts.Length)]));
}
