using System.Text;
using Analytics.Storage.Import;
using Xunit;

namespace Analytics.Tests.Import;

public class LineReaderTests
{
    private static readonly string[] Pieces = ["\n", "\r\n", "a", "bc", "\r", "\n\n", "é", "\"", string.Empty];
    private static readonly int[] LongLengths = [65_535, 65_536, 200_000, LineReader.MaxLineBytes - 1, LineReader.MaxLineBytes, LineReader.MaxLineBytes + 1, LineReader.MaxLineBytes + 70_000, 3 * LineReader.MaxLineBytes];

    [Fact]
    public async Task Lines_AnyContentInAnyPieces_EqualASplit()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var content = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => Pieces[random.Next(Pieces.Length)]));
            var lines = content.Split('\n');
            var expected = lines[^1].Length == 0 ? lines[..^1] : lines;

            Assert.Equal(expected.Select((line, i) => (i + 1L, line.EndsWith('\r') ? line[..^1] : line)), await Read(content, isQuoted: false, seed));
        }
    }

    [Fact]
    public async Task Lines_BreaksInsideOfQuotes_BelongToTheLine()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var lines = await Read("\uFEFFa,\"b\n\"\"c\r\n\",d\r\n\"\"\n\"open\nend", isQuoted: true, seed);

            Assert.Equal([(1, "a,\"b\n\"\"c\r\n\",d"), (4, "\"\""), (5, "\"open\nend")], lines);
        }
    }

    [Fact]
    public async Task Lines_BeyondTheLimit_AreCutAndMarked()
    {
        var content = string.Join('\n', LongLengths.Select(length => new string('x', length)));
        var reader = new LineReader(new PieceStream(Encoding.UTF8.GetBytes(content), new Random(1), 100_000), isQuoted: false);
        foreach (var length in LongLengths)
        {
            Assert.True(await reader.ReadAsync(CancellationToken.None));
            Assert.Equal((length > LineReader.MaxLineBytes, Math.Min(length, LineReader.MaxLineBytes)), (reader.IsTooLong, reader.Line.Length));
        }

        Assert.False(await reader.ReadAsync(CancellationToken.None));
        Assert.False(await reader.ReadAsync(CancellationToken.None));
    }

    private static async Task<List<(long Number, string Text)>> Read(string content, bool isQuoted, int seed)
    {
        var reader = new LineReader(new PieceStream(Encoding.UTF8.GetBytes(content), new Random(seed), 7), isQuoted);
        List<(long, string)> lines = [];
        while (await reader.ReadAsync(CancellationToken.None))
        {
            lines.Add((reader.Number, Encoding.UTF8.GetString(reader.Line)));
        }

        return lines;
    }

    /// <summary>Bytes that come in pieces of any size.</summary>
    private sealed class PieceStream(byte[] content, Random random, int largest) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, random.Next(1, largest))], cancellationToken);
    }
}
