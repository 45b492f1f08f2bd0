using System.Buffers.Binary;
using Analytics.Storage.Parquet;

namespace Analytics.Tests.Storage.Parquet;

/// <summary>A sound file, whole and taken apart.</summary>
/// <param name="Name">Where it comes from.</param>
/// <param name="Bytes">The file.</param>
/// <param name="Parts">The same as parts; null where it is damaged already.</param>
internal sealed record FuzzSeed(string Name, byte[] Bytes, ParquetParts? Parts);

/// <summary>How a file is changed.</summary>
internal enum Mutation
{
    Truncate,
    FlipBits,
    SpliceBytes,
    InsertBytes,
    DeleteBytes,
    BoundaryInteger,
    FooterField,
    FooterCounts,
    PageHeaderField,
    PageBody,
    PageBodyBoundary,
    SwapPages,
    SwapChunks,
    CodecOrEncoding,
}

/// <summary>Changes files in all the ways that may surprise a reader. The same random numbers give the same file.</summary>
internal static class ParquetMutations
{
    private static readonly long[] Boundaries =
    [
        0, 1, -1, 2, 7, 8, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, sbyte.MinValue, short.MaxValue, ushort.MaxValue, 1 << 20, (1 << 24) - 1, 1 << 24, (1 << 24) + 1,
        1 << 30, (1 << 30) + 1, int.MaxValue, int.MinValue, int.MaxValue - 1, uint.MaxValue, 1L << 40, long.MaxValue, long.MinValue, long.MaxValue - 7,
    ];

    /// <summary>Changes a file once or a few times in one way.</summary>
    /// <param name="random">What decides.</param>
    /// <param name="seed">The file.</param>
    /// <param name="other">Another file, for bytes that are foreign.</param>
    /// <param name="mutation">The way that was taken.</param>
    public static byte[] Apply(Random random, FuzzSeed seed, FuzzSeed other, out Mutation mutation)
    {
        mutation = (Mutation)random.Next(seed.Parts is null ? (int)Mutation.FooterField : Enum.GetValues<Mutation>().Length);
        return mutation switch
        {
            Mutation.Truncate => seed.Bytes[..random.Next(seed.Bytes.Length)],
            Mutation.FlipBits => FlipBits(random, seed.Bytes),
            Mutation.SpliceBytes => Splice(random, seed.Bytes, other.Bytes),
            Mutation.InsertBytes => Insert(random, seed.Bytes),
            Mutation.DeleteBytes => Delete(random, seed.Bytes),
            Mutation.BoundaryInteger => WriteBoundary(random, seed.Bytes),
            Mutation.FooterField => FooterField(random, seed),
            _ => OfParts(random, seed.Parts!.Clone(), other, mutation),
        };
    }

    private static byte[] OfParts(Random random, ParquetParts parts, FuzzSeed other, Mutation mutation)
    {
        var chunks = parts.Chunks.Where(chunk => chunk.Pages.Count > 0).ToList();
        if (chunks.Count == 0)
        {
            return parts.ToBytes();
        }

        var chunk = chunks[random.Next(chunks.Count)];
        var page = chunk.Pages[random.Next(chunk.Pages.Count)];
        switch (mutation)
        {
            case Mutation.FooterCounts:
                Counts(random, parts, chunk);
                break;
            case Mutation.PageHeaderField:
                page.ToBytes();
                page.IsHeaderFinal = true;
                Edit(random, page.Header);
                break;
            case Mutation.PageBody:
                page.Body = Body(random, page.Body, other.Bytes);
                SetUncompressedSize(random, page);
                break;
            case Mutation.PageBodyBoundary when page.Body.Length > 0:
                page.Body = WriteBoundary(random, page.Body);
                break;
            case Mutation.SwapPages:
                SwapPages(random, chunk, chunks[random.Next(chunks.Count)]);
                break;
            case Mutation.SwapChunks:
                SwapChunks(random, chunk, chunks[random.Next(chunks.Count)]);
                break;
            case Mutation.CodecOrEncoding:
                CodecOrEncoding(random, chunk, page);
                break;
        }

        return parts.ToBytes();
    }

    private static byte[] FlipBits(Random random, byte[] bytes)
    {
        var changed = (byte[])bytes.Clone();
        for (var count = random.Next(1, 9); count > 0; count--)
        {
            changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
        }

        return changed;
    }

    private static byte[] Splice(Random random, byte[] bytes, byte[] other)
    {
        var changed = (byte[])bytes.Clone();
        var length = random.Next(1, Math.Min(random.Next(10) == 0 ? 4096 : 64, Math.Min(changed.Length, other.Length)));
        other.AsSpan(random.Next(other.Length - length + 1), length).CopyTo(changed.AsSpan(random.Next(changed.Length - length + 1)));
        return changed;
    }

    private static byte[] Insert(Random random, byte[] bytes)
    {
        var position = random.Next(bytes.Length + 1);
        var inserted = new byte[random.Next(1, 33)];
        if (random.Next(2) == 0)
        {
            random.NextBytes(inserted);
        }

        return [.. bytes[..position], .. inserted, .. bytes[position..]];
    }

    private static byte[] Delete(Random random, byte[] bytes)
    {
        var position = random.Next(bytes.Length);
        return [.. bytes[..position], .. bytes[Math.Min(bytes.Length, position + random.Next(1, 65))..]];
    }

    private static byte[] WriteBoundary(Random random, byte[] bytes)
    {
        var changed = (byte[])bytes.Clone();
        Span<byte> number = stackalloc byte[10];
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            var length = Math.Min(Number(random, number), changed.Length);
            number[..length].CopyTo(changed.AsSpan(Position(random, changed.Length - length)));
        }

        return changed;
    }

    // Lengths and bit widths stand at the start of a page, and the footer's at the end of a file.
    private static int Position(Random random, int last) => random.Next(3) switch
    {
        0 => random.Next(Math.Min(last, 16) + 1),
        1 => last - random.Next(Math.Min(last, 16) + 1),
        _ => random.Next(last + 1),
    };

    private static int Number(Random random, Span<byte> target)
    {
        var value = Boundaries[random.Next(Boundaries.Length)];
        switch (random.Next(3))
        {
            case 0:
                BinaryPrimitives.WriteInt32LittleEndian(target, (int)value);
                return sizeof(int);
            case 1:
                BinaryPrimitives.WriteInt64LittleEndian(target, value);
                return sizeof(long);
            default:
                var length = 0;
                var rest = (ulong)value;
                for (; rest >= 0x80; rest >>= 7)
                {
                    target[length++] = (byte)(rest | 0x80);
                }

                target[length] = (byte)rest;
                return length + 1;
        }
    }

    private static byte[] FooterField(Random random, FuzzSeed seed)
    {
        var footer = seed.Parts!.Footer.Clone();
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            Edit(random, footer);
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(seed.Bytes.AsSpan(seed.Bytes.Length - 8));
        return ParquetParts.Join(seed.Bytes[..^(length + 8)], footer);
    }

    private static void Edit(Random random, ThriftTree root)
    {
        var all = root.All().ToList();
        var tree = all[random.Next(all.Count)];
        switch (tree.Type)
        {
            case ThriftType.Struct when tree.Fields.Count > 0:
                tree.Fields.RemoveAt(random.Next(tree.Fields.Count));
                break;
            case ThriftType.List when tree.Items.Count > 0:
                EditList(random, tree);
                break;
            case ThriftType.Binary:
                tree.Bytes = EditBytes(random, tree.Bytes);
                break;
            case ThriftType.True or ThriftType.False:
                tree.Number ^= 1;
                break;
            default:
                tree.Number = random.Next(4) switch
                {
                    0 => tree.Number + random.Next(-2, 3),
                    1 => random.Next(-2, 20),
                    2 => tree.Number * random.Next(2, 1000),
                    _ => Boundaries[random.Next(Boundaries.Length)],
                };
                tree.Type = random.Next(20) == 0 && tree.IsInteger ? ThriftType.Int64 : tree.Type;
                break;
        }
    }

    private static void EditList(Random random, ThriftTree list)
    {
        var index = random.Next(list.Items.Count);
        switch (random.Next(4))
        {
            case 0:
                list.Items.RemoveAt(index);
                break;
            case 1:
                list.Items.Insert(index, list.Items[index].Clone());
                break;
            case 2:
                var other = random.Next(list.Items.Count);
                (list.Items[index], list.Items[other]) = (list.Items[other], list.Items[index]);
                break;
            default:
                list.Items.AddRange(Enumerable.Repeat(list.Items[index], random.Next(1, 300)));
                break;
        }
    }

    private static byte[] EditBytes(Random random, byte[] bytes) => random.Next(4) switch
    {
        0 => bytes[..random.Next(bytes.Length + 1)],
        1 => [.. bytes, (byte)random.Next(256)],
        2 => [.. Enumerable.Repeat((byte)'a', random.Next(2000))],
        _ => bytes.Length == 0 ? [0xFF] : FlipBits(random, bytes),
    };

    /// <summary>Claims other numbers of rows and values, in all places alike or in some.</summary>
    private static void Counts(Random random, ParquetParts parts, ParquetParts.ChunkParts chunk)
    {
        var rows = random.Next(3) == 0 ? random.Next(100_000) : Boundaries[random.Next(Boundaries.Length)];
        var isSingle = parts.Footer[4]!.Items.Count == 1;
        if (isSingle || random.Next(2) == 0)
        {
            parts.Footer.Set(3, ThriftType.Int64, rows);
        }

        foreach (var rowGroup in parts.Footer[4]!.Items)
        {
            rowGroup.Set(3, ThriftType.Int64, rows);
            foreach (var column in rowGroup[1]!.Items)
            {
                column[3]!.Set(5, ThriftType.Int64, rows);
            }
        }

        var counted = chunk.Pages.Where(page => !page.IsDictionary).ToList();
        foreach (var page in counted.Take(random.Next(2) == 0 ? 1 : counted.Count))
        {
            (page.Header[5] ?? page.Header[8])?.Set(1, ThriftType.Int32, counted.Count == 1 ? (int)rows : (int)(rows / counted.Count));
        }
    }

    private static byte[] Body(Random random, byte[] body, byte[] other)
    {
        if (body.Length == 0)
        {
            return [.. Enumerable.Repeat((byte)random.Next(256), random.Next(20))];
        }

        return random.Next(6) switch
        {
            0 => body[..random.Next(body.Length)],
            1 => Insert(random, body),
            2 => Delete(random, body),
            3 when body.Length > 1 => Splice(random, body, other),
            4 => FlipFirst(random, body),
            _ => FlipBits(random, body),
        };
    }

    private static byte[] FlipFirst(Random random, byte[] body)
    {
        var changed = (byte[])body.Clone();
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            changed[random.Next(Math.Min(changed.Length, 24))] = (byte)random.Next(256);
        }

        return changed;
    }

    private static void SetUncompressedSize(Random random, ParquetParts.PageParts page)
    {
        // Where nothing is compressed, the two sizes must agree for the page to be looked at.
        if (random.Next(4) != 0)
        {
            page.Header.Set(2, ThriftType.Int32, page.Body.Length);
        }
    }

    private static void SwapPages(Random random, ParquetParts.ChunkParts chunk, ParquetParts.ChunkParts other)
    {
        var index = random.Next(chunk.Pages.Count);
        var otherIndex = random.Next(other.Pages.Count);
        switch (random.Next(4))
        {
            case 0:
                chunk.Pages.RemoveAt(index);
                break;
            case 1:
                chunk.Pages.Insert(index, other.Pages[otherIndex].Clone());
                break;
            case 2:
                (chunk.Pages[index].Body, other.Pages[otherIndex].Body) = (other.Pages[otherIndex].Body, chunk.Pages[index].Body);
                break;
            default:
                (chunk.Pages[index], other.Pages[otherIndex]) = (other.Pages[otherIndex], chunk.Pages[index]);
                break;
        }
    }

    private static void SwapChunks(Random random, ParquetParts.ChunkParts chunk, ParquetParts.ChunkParts other)
    {
        List<ParquetParts.PageParts> pages = [.. chunk.Pages];
        chunk.Pages.Clear();
        chunk.Pages.AddRange(other.Pages);
        other.Pages.Clear();
        other.Pages.AddRange(pages);
        if (random.Next(2) == 0)
        {
            // The values are then called by the other's codec, too.
            var codec = chunk.Metadata[4]!.Number;
            chunk.Metadata.Set(4, ThriftType.Int32, other.Metadata[4]!.Number);
            other.Metadata.Set(4, ThriftType.Int32, codec);
        }
    }

    private static void CodecOrEncoding(Random random, ParquetParts.ChunkParts chunk, ParquetParts.PageParts page)
    {
        switch (random.Next(4))
        {
            case 0:
                chunk.Metadata.Set(4, ThriftType.Int32, random.Next(-1, 10));
                break;
            case 1:
                page.Header.Set(1, ThriftType.Int32, random.Next(-1, 6));
                break;
            case 2 when page.Header[5] is { } header:
                header.Set((short)random.Next(2, 5), ThriftType.Int32, random.Next(-1, 12));
                break;
            default:
                // Field 2 of the headers of version 1 and of dictionaries, 4 of those of version 2.
                var values = page.Header[5] ?? page.Header[7] ?? page.Header[8];
                values?.Set((short)(values == page.Header[8] ? 4 : 2), ThriftType.Int32, random.Next(-1, 12));
                break;
        }
    }
}
