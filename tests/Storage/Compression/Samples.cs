using System.Text;
using Analytics.Storage;
using Xunit;

namespace Analytics.Tests.Storage.Compression;

/// <summary>Decodes one block or stream, as all codecs do it.</summary>
internal delegate void Decoder(ReadOnlySpan<byte> source, Span<byte> target);

/// <summary>Bytes to compress, and what each decoder has to keep to whatever it is given.</summary>
internal static class Samples
{
    public const int Shapes = 8;

    private const int GuardBytes = 32;
    private const byte Guard = 42;

    private static readonly string[] Words = ["input_tokens", "output_tokens", "claude", "2026-03-29T", "organization", "member", "app", ", ", ": ", "\n", "cache", "read", "0.0", "null"];

    /// <summary>Zeros, noise, few values, short and long periods, text, noise that comes again from far before, a mixture.</summary>
    public static byte[] Bytes(int length, int shape)
    {
        var random = new Random((length * 7) + shape);
        var noise = new byte[length];
        random.NextBytes(noise);
        return shape switch
        {
            0 => new byte[length],
            1 => noise,
            2 => [.. noise.Select(value => (byte)(value % 3))],
            3 => [.. noise.Select((_, i) => noise[i % 5])],
            4 => [.. noise.Select((_, i) => noise[i % 71])],
            5 => Text(length, random),
            6 => [.. noise.Select((value, i) => i < length / 2 ? value : noise[i - (length / 2)])],
            _ => [.. Text(length / 3, random), .. noise[..(length / 4)], .. new byte[length / 5], .. Text(length - (length / 3) - (length / 4) - (length / 5), random)],
        };
    }

    /// <summary>Decodes into the middle of a larger block, which must stay as it is around it.</summary>
    public static byte[] Decode(Decoder decoder, ReadOnlySpan<byte> source, int length)
    {
        var guarded = new byte[length + (2 * GuardBytes)];
        guarded.AsSpan().Fill(Guard);
        try
        {
            decoder(source, guarded.AsSpan(GuardBytes, length));
        }
        finally
        {
            Assert.Equal(-1, guarded.AsSpan(0, GuardBytes).IndexOfAnyExcept(Guard));
            Assert.Equal(-1, guarded.AsSpan(GuardBytes + length).IndexOfAnyExcept(Guard));
        }

        return guarded[GuardBytes..(GuardBytes + length)];
    }

    /// <summary>Returns what was decoded, or null where the decoder refused; any other exception leaves.</summary>
    public static byte[]? TryDecode(Decoder decoder, ReadOnlySpan<byte> source, int length)
    {
        try
        {
            return Decode(decoder, source, length);
        }
        catch (MalformedDataException)
        {
            return null;
        }
    }

    /// <summary>Returns a copy with one to three bytes changed, or a few cut out or put in.</summary>
    public static byte[] Damage(byte[] source, Random random)
    {
        var damaged = source.ToList();
        switch (random.Next(8))
        {
            case 0:
                damaged.RemoveRange(random.Next(damaged.Count), 1);
                break;
            case 1:
                damaged.Insert(random.Next(damaged.Count), (byte)random.Next(256));
                break;
            default:
                for (var flips = random.Next(1, 4); flips > 0; flips--)
                {
                    // Near the start are the headers and tables, in which damage does most.
                    var at = random.Next(2) == 0 ? random.Next(damaged.Count) : random.Next(Math.Min(damaged.Count, 64));
                    damaged[at] = random.Next(2) == 0 ? (byte)random.Next(256) : (byte)(damaged[at] ^ (1 << random.Next(8)));
                }

                break;
        }

        return [.. damaged];
    }

    private static byte[] Text(int length, Random random)
    {
        var text = new StringBuilder();
        while (text.Length < length)
        {
            text.Append(random.Next(3) == 0 ? $"{random.Next(90_000)}" : Words[(int)(Words.Length * Math.Pow(random.NextDouble(), 2))]);
        }

        return Encoding.ASCII.GetBytes(text.ToString(0, length));
    }
}
