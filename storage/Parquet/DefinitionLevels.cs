using System.Buffers.Binary;

namespace Analytics.Storage.Parquet;

/// <summary>The levels of an optional column that is not nested: 1 for a value, 0 for a null.</summary>
/// <remarks>
/// A page of version 1 begins with them: a length of four bytes and then runs, or in the old encoding BIT_PACKED one
/// bit a row and no length. A page of version 2 has their size in its header.
/// </remarks>
internal readonly ref struct DefinitionLevels
{
    private readonly ReadOnlySpan<byte> levels;
    private readonly int rowCount;
    private readonly bool isBitPacked;

    /// <summary>Finds the levels of a page.</summary>
    /// <param name="source">The bytes of the page.</param>
    /// <param name="header">What stands before it.</param>
    /// <exception cref="MalformedDataException">The page ends before them, or they are in an unknown encoding.</exception>
    public DefinitionLevels(ReadOnlySpan<byte> source, PageHeader header)
    {
        rowCount = header.ValueCount;
        if (header.Type == PageType.DataV2)
        {
            levels = source.Slice(header.RepetitionLevelBytes, header.DefinitionLevelBytes);
            SizeBytes = header.LevelBytes;
            return;
        }

        isBitPacked = header.LevelEncoding == ParquetEncoding.BitPacked;
        if (!isBitPacked && header.LevelEncoding != ParquetEncoding.Rle)
        {
            throw new MalformedDataException($"levels in encoding {header.LevelEncoding}", "Rle or BitPacked");
        }

        var prefix = isBitPacked ? 0 : sizeof(uint);
        var length = isBitPacked
            ? (uint)((rowCount + 7L) / 8)
            : source.Length < prefix ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(source);
        if (length > source.Length - prefix)
        {
            throw new MalformedDataException($"levels that end after the page of {source.Length} bytes", "levels inside of it");
        }

        levels = source.Slice(prefix, (int)length);
        SizeBytes = prefix + (int)length;
    }

    /// <summary>Bytes of the page before its values.</summary>
    public int SizeBytes { get; }

    /// <summary>Counts the values that are not null.</summary>
    /// <exception cref="MalformedDataException">There are fewer levels than rows.</exception>
    public int CountValues()
    {
        if (!isBitPacked)
        {
            return RleHybrid.CountOnes(levels, rowCount);
        }

        // The order of the bits in a byte only matters in the last one.
        Span<bool> last = stackalloc bool[8];
        Bits.UnpackHighestFirst(levels[(rowCount / 8)..], last[..(rowCount % 8)]);
        return Bits.CountOnes(levels, rowCount / 8 * 8) + last[..(rowCount % 8)].Count(true);
    }

    /// <summary>Says for each row whether it has a value.</summary>
    /// <param name="isValid">One flag for each row, filled completely.</param>
    public void Decode(Span<bool> isValid)
    {
        if (isBitPacked)
        {
            Bits.UnpackHighestFirst(levels, isValid);
        }
        else
        {
            RleHybrid.DecodeBits(levels, isValid);
        }
    }
}
