using System.Buffers;
using System.Buffers.Binary;

namespace Analytics.Storage.Parquet;

/// <summary>Takes values of bytes one after the other.</summary>
internal interface IByteArraySink
{
    /// <summary>Takes the next value.</summary>
    /// <param name="value">Valid during the call.</param>
    void Add(scoped ReadOnlySpan<byte> value);
}

/// <summary>Decodes values of BYTE_ARRAY and FIXED_LEN_BYTE_ARRAY.</summary>
/// <param name="width">Bytes of each value; 0 where each has a length of its own.</param>
internal readonly struct ByteArrayValues(int width)
{
    /// <summary>Checks that a page has the values it should have, as far as that needs no memory.</summary>
    /// <param name="body">The values of one page.</param>
    /// <param name="encoding">Their encoding.</param>
    /// <param name="valueCount">How many there should be.</param>
    /// <exception cref="MalformedDataException">There are not, or the type has no such encoding.</exception>
    public void Check(ReadOnlySpan<byte> body, ParquetEncoding encoding, int valueCount)
    {
        switch (encoding)
        {
            case ParquetEncoding.Plain when width > 0:
            case ParquetEncoding.ByteStreamSplit when width > 0:
                if (body.Length != (long)valueCount * width)
                {
                    throw new MalformedDataException($"{body.Length} bytes of values", $"{valueCount} values of {width} bytes");
                }

                break;
            case ParquetEncoding.Plain:
                if (body.Length < (long)valueCount * sizeof(uint))
                {
                    throw new MalformedDataException($"{body.Length} bytes of values", $"{valueCount} values with a length of four bytes each");
                }

                break;
            case ParquetEncoding.PlainDictionary or ParquetEncoding.RleDictionary:
                RleHybrid.Check(body, valueCount);
                break;
            case ParquetEncoding.DeltaLengthByteArray when width == 0 && valueCount > 0:
                _ = DeltaBinaryPacked.Measure(body, valueCount);
                break;
            case ParquetEncoding.DeltaByteArray when valueCount > 0:
                var suffixes = body[DeltaBinaryPacked.Measure(body, valueCount)..];
                _ = DeltaBinaryPacked.Measure(suffixes, valueCount);
                break;
            case ParquetEncoding.DeltaLengthByteArray or ParquetEncoding.DeltaByteArray when valueCount == 0:
                break;
            default:
                throw Encodings.Unsupported(encoding, width > 0
                    ? "Plain, RleDictionary, DeltaByteArray or ByteStreamSplit"
                    : "Plain, RleDictionary, DeltaLengthByteArray or DeltaByteArray");
        }
    }

    /// <summary>Decodes a page.</summary>
    /// <typeparam name="TSink">Where the values go.</typeparam>
    /// <param name="body">Values that passed <see cref="Check"/>.</param>
    /// <param name="encoding">Their encoding.</param>
    /// <param name="valueCount">How many there are.</param>
    /// <param name="dictionary">The dictionary page, if there is one.</param>
    /// <param name="sink">Gets the values.</param>
    /// <exception cref="MalformedDataException">The page is damaged.</exception>
    public void Decode<TSink>(ReadOnlySpan<byte> body, ParquetEncoding encoding, int valueCount, ByteArrayDictionary dictionary, ref TSink sink)
        where TSink : IByteArraySink, allows ref struct
    {
        if (valueCount == 0)
        {
            return;
        }

        switch (encoding)
        {
            case ParquetEncoding.Plain:
                DecodePlain(body, valueCount, ref sink);
                break;
            case ParquetEncoding.ByteStreamSplit:
                DecodeStreams(body, ref sink);
                break;
            case ParquetEncoding.DeltaLengthByteArray:
                DecodeLengths(body, valueCount, ref sink);
                break;
            case ParquetEncoding.DeltaByteArray:
                DecodePrefixes(body, valueCount, ref sink);
                break;
            default:
                DecodeIndices(body, valueCount, dictionary, ref sink);
                break;
        }
    }

    /// <summary>Decodes values that lie one after the other.</summary>
    public void DecodePlain<TSink>(ReadOnlySpan<byte> body, int valueCount, ref TSink sink)
        where TSink : IByteArraySink, allows ref struct
    {
        for (var i = 0; i < valueCount; i++)
        {
            var length = (uint)width;
            if (width == 0)
            {
                length = body.Length < sizeof(uint) ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(body);
                body = body[Math.Min(body.Length, sizeof(uint))..];
            }

            if (length > body.Length)
            {
                throw new MalformedDataException($"the end of a page in value {i} of {valueCount}", "a whole value");
            }

            sink.Add(body[..(int)length]);
            body = body[(int)length..];
        }

        if (!body.IsEmpty)
        {
            throw new MalformedDataException($"{body.Length} bytes after the last value of a page", "none");
        }
    }

    private void DecodeStreams<TSink>(ReadOnlySpan<byte> body, ref TSink sink)
        where TSink : IByteArraySink, allows ref struct
    {
        var values = ArrayPool<byte>.Shared.Rent(body.Length);
        try
        {
            FixedWidthValues.JoinStreams(body, values.AsSpan(0, body.Length), width);
            DecodePlain(values.AsSpan(0, body.Length), body.Length / width, ref sink);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(values);
        }
    }

    private static void DecodeLengths<TSink>(ReadOnlySpan<byte> body, int valueCount, ref TSink sink)
        where TSink : IByteArraySink, allows ref struct
    {
        var rented = ArrayPool<int>.Shared.Rent(valueCount);
        try
        {
            var lengths = rented.AsSpan(0, valueCount);
            var bytes = TakeLengths(body, lengths);
            foreach (var length in lengths)
            {
                sink.Add(TakeValue(ref bytes, length));
            }

            CheckEnd(bytes);
        }
        finally
        {
            ArrayPool<int>.Shared.Return(rented);
        }
    }

    /// <summary>Each value begins like the one before it: the lengths of what is alike, then the rest of each.</summary>
    private void DecodePrefixes<TSink>(ReadOnlySpan<byte> body, int valueCount, ref TSink sink)
        where TSink : IByteArraySink, allows ref struct
    {
        var rented = ArrayPool<int>.Shared.Rent(2 * valueCount);
        var value = new ArrayBufferWriter<byte>();
        try
        {
            var prefixes = rented.AsSpan(0, valueCount);
            var suffixes = rented.AsSpan(valueCount, valueCount);
            var bytes = TakeLengths(TakeLengths(body, prefixes), suffixes);
            CheckSize(prefixes, suffixes);
            for (var i = 0; i < valueCount; i++)
            {
                if ((uint)prefixes[i] > (uint)value.WrittenCount)
                {
                    throw new MalformedDataException($"a value that shares {prefixes[i]} bytes with the one before", $"0 to {value.WrittenCount}");
                }

                var suffix = TakeValue(ref bytes, suffixes[i]);
                KeepFirst(value, prefixes[i]);
                value.Write(suffix);
                if (width > 0 && value.WrittenCount != width)
                {
                    throw new MalformedDataException($"a value of {value.WrittenCount} bytes", $"{width}");
                }

                sink.Add(value.WrittenSpan);
            }

            CheckEnd(bytes);
        }
        finally
        {
            ArrayPool<int>.Shared.Return(rented);
        }
    }

    // A page of a few bytes may stand for any number of long values that are nearly alike.
    private static void CheckSize(ReadOnlySpan<int> prefixes, ReadOnlySpan<int> suffixes)
    {
        var size = 0L;
        for (var i = 0; i < prefixes.Length; i++)
        {
            size += (long)prefixes[i] + suffixes[i];
        }

        if (size > ParquetLayout.MaxChunkBytes)
        {
            throw new MalformedDataException($"{size} bytes of values in one page", $"at most {ParquetLayout.MaxChunkBytes}", "Write the file again with smaller row groups.");
        }
    }

    private static void KeepFirst(ArrayBufferWriter<byte> value, int length)
    {
        // The writer only forgets all; what it has written stays in place below.
        value.ResetWrittenCount();
        value.Advance(length);
    }

    private static void DecodeIndices<TSink>(ReadOnlySpan<byte> body, int valueCount, ByteArrayDictionary dictionary, ref TSink sink)
        where TSink : IByteArraySink, allows ref struct
    {
        var rented = ArrayPool<int>.Shared.Rent(valueCount);
        try
        {
            var indices = rented.AsSpan(0, valueCount);
            RleHybrid.DecodeIndices(body, dictionary.Count, indices);
            foreach (var index in indices)
            {
                sink.Add(dictionary[index]);
            }
        }
        finally
        {
            ArrayPool<int>.Shared.Return(rented);
        }
    }

    private static ReadOnlySpan<byte> TakeLengths(ReadOnlySpan<byte> body, Span<int> lengths)
    {
        var size = DeltaBinaryPacked.Measure(body, lengths.Length);
        DeltaBinaryPacked.Decode(body[..size], lengths);
        return lengths.IndexOfAnyInRange(int.MinValue, -1) is >= 0 and var index
            ? throw new MalformedDataException($"a length of {lengths[index]} bytes", "0 or more")
            : body[size..];
    }

    private static ReadOnlySpan<byte> TakeValue(ref ReadOnlySpan<byte> bytes, int length)
    {
        if ((uint)length > (uint)bytes.Length)
        {
            throw new MalformedDataException($"a value of {length} bytes", $"0 to {bytes.Length}, the rest of the page");
        }

        var value = bytes[..length];
        bytes = bytes[length..];
        return value;
    }

    private static void CheckEnd(ReadOnlySpan<byte> rest)
    {
        if (!rest.IsEmpty)
        {
            throw new MalformedDataException($"{rest.Length} bytes after the last value of a page", "none");
        }
    }
}

/// <summary>The entries of a dictionary page of bytes.</summary>
internal readonly ref struct ByteArrayDictionary
{
    private readonly ReadOnlySpan<byte> body;
    private readonly int[] ends;
    private readonly int prefix;

    /// <summary>Takes entries that are found.</summary>
    /// <param name="body">PLAIN values.</param>
    /// <param name="ends">Where in it each ends.</param>
    /// <param name="width">Bytes of each value; 0 where each has a length of its own.</param>
    public ByteArrayDictionary(ReadOnlySpan<byte> body, int[] ends, int width)
    {
        this.body = body;
        this.ends = ends;
        prefix = PrefixOf(width);
    }

    public int Count => ends?.Length ?? 0;

    /// <summary>Finds the entries.</summary>
    /// <param name="body">PLAIN values that passed <see cref="ByteArrayValues.Check"/>.</param>
    /// <param name="count">Entries.</param>
    /// <param name="width">Bytes of each value; 0 where each has a length of its own.</param>
    /// <returns>Where in <paramref name="body"/> each ends.</returns>
    /// <exception cref="MalformedDataException">The page is damaged.</exception>
    public static int[] FindEnds(ReadOnlySpan<byte> body, int count, int width)
    {
        var ends = new int[count];
        var sink = new EndSink(ends, PrefixOf(width));
        new ByteArrayValues(width).DecodePlain(body, count, ref sink);
        return ends;
    }

    public ReadOnlySpan<byte> this[int index] => body[((index == 0 ? 0 : ends[index - 1]) + prefix)..ends[index]];

    private static int PrefixOf(int width) => width == 0 ? sizeof(uint) : 0;

    private struct EndSink(int[] ends, int prefix) : IByteArraySink
    {
        private int count;
        private int position;

        public void Add(scoped ReadOnlySpan<byte> value)
        {
            position += prefix + value.Length;
            ends[count++] = position;
        }
    }
}
