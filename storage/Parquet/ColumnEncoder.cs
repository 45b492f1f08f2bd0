using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Unicode;
using Analytics.Engine.Arrow;

namespace Analytics.Storage.Parquet;

/// <summary>Encodes the values of a column chunk into pages, and finds their bounds.</summary>
/// <remarks>
/// Nulls have no value: the values of a nullable column are moved together first, and each of its pages begins with the
/// levels that say which rows they belong to.
/// </remarks>
internal sealed class ColumnEncoder(int pageSizeBytes)
{
    private const int MaxBoundBytes = 64;

    // Leaves room for the page headers: a chunk of more than MaxChunkBytes is not read.
    private const int MaxChunkBodyBytes = ParquetLayout.MaxChunkBytes - (1 << 20);

    private readonly ArrayBufferWriter<byte> levels = new();
    private PageBuffer pages = new();
    private PageBuffer otherPages = new();

    // Of the chunk at hand: its column, and which of its rows have a value; all where it is empty.
    private Field field = new("", ArrowType.Int64);
    private int rowCount;
    private bool[] isValid = [];
    private int nullCount;

    /// <summary>The pages of the last chunk, until the next.</summary>
    public PageBuffer Pages => pages;

    /// <summary>The bounds of each data page of the last chunk; null if the chunk has none.</summary>
    public IReadOnlyList<ColumnStatistics>? PageBounds { get; private set; }

    /// <summary>Encodes one chunk.</summary>
    /// <param name="field">The column, for messages.</param>
    /// <param name="column">1 row or more.</param>
    /// <exception cref="ArgumentException">A text is not UTF-8, a decimal has too many digits, the chunk is too large, or the column's type cannot be written.</exception>
    public ColumnStatistics Encode(Field field, ArrowArray column)
    {
        pages.Clear();
        this.field = field;
        (rowCount, nullCount) = (column.Length, column.NullCount);
        isValid = nullCount == 0 ? [] : ArrayPool<bool>.Shared.Rent(rowCount);
        try
        {
            for (var row = 0; nullCount > 0 && row < rowCount; row++)
            {
                isValid[row] = column.IsValid(row);
            }

            var bounds = column switch
            {
                PrimitiveArray<long> longs when ParquetSchema.PhysicalTypeOf(field.Type) == PhysicalType.Int32 => WithoutNulls(longs.Values, EncodeNarrowed),
                PrimitiveArray<long> longs => WithoutNulls(longs.Values, EncodeIntegers),
                PrimitiveArray<int> ints => WithoutNulls(ints.Values, EncodeIntegers),
                PrimitiveArray<Int128> decimals => WithoutNulls(decimals.Values, EncodeIntegers),
                BooleanArray flags => EncodeFlags(flags),
                DictionaryArray texts => EncodeTexts(texts, field.Name),
                StringArray texts => EncodeTexts(texts, field.Name),
                _ => throw new ArgumentException($"Column '{field.Name}' is a {column.GetType().Name}, which cannot be written."),
            };
            ThrowIfTooLarge(field.Name, pages.SizeBytes);
            return bounds with { NullCount = nullCount };
        }
        finally
        {
            ArrayPool<bool>.Shared.Return(isValid);
        }
    }

    private delegate ColumnStatistics ValueEncoder<T>(ReadOnlySpan<T> values);

    private ColumnStatistics WithoutNulls<T>(ReadOnlySpan<T> values, ValueEncoder<T> encode)
    {
        if (nullCount == 0)
        {
            return encode(values);
        }

        var rented = ArrayPool<T>.Shared.Rent(rowCount - nullCount);
        try
        {
            var count = 0;
            for (var row = 0; row < values.Length; row++)
            {
                if (isValid[row])
                {
                    rented[count++] = values[row];
                }
            }

            return encode(rented.AsSpan(0, count));
        }
        finally
        {
            ArrayPool<T>.Shared.Return(rented);
        }
    }

    private bool IsValid(int row) => nullCount == 0 || isValid[row];

    /// <summary>Begins a data page: with its levels, where the column is nullable.</summary>
    /// <param name="target">Gets the page.</param>
    /// <param name="row">Its first row.</param>
    /// <param name="rows">Its rows.</param>
    /// <returns>How many of the rows have a value.</returns>
    private int BeginPage(PageBuffer target, int row, int rows)
    {
        if (!field.IsNullable)
        {
            return rows;
        }

        var count = 0;
        var rented = ArrayPool<int>.Shared.Rent(rows);
        for (var i = 0; i < rows; i++)
        {
            rented[i] = IsValid(row + i) ? 1 : 0;
            count += rented[i];
        }

        levels.ResetWrittenCount();
        RleHybrid.EncodeRuns(rented.AsSpan(0, rows), width: 1, levels);
        ArrayPool<int>.Shared.Return(rented);
        BinaryPrimitives.WriteUInt32LittleEndian(target.Body.GetSpan(sizeof(uint)), (uint)levels.WrittenCount);
        target.Body.Advance(sizeof(uint));
        target.Body.Write(levels.WrittenSpan);
        return count;
    }

    // Before the pages are encoded, as they are encoded in one block of memory; and after it, as estimates are low.
    private static void ThrowIfTooLarge(string name, long sizeBytes)
    {
        if (sizeBytes > MaxChunkBodyBytes)
        {
            throw new ArgumentException(
                $"Column '{name}' takes {sizeBytes} bytes in one row group; at most {MaxChunkBodyBytes} are allowed. Write smaller row groups.");
        }
    }

    private ColumnStatistics EncodeNarrowed(ReadOnlySpan<long> values)
    {
        var rented = ArrayPool<int>.Shared.Rent(values.Length);
        try
        {
            var narrowed = rented.AsSpan(0, values.Length);
            for (var row = 0; row < values.Length; row++)
            {
                narrowed[row] = (int)values[row];
                if (narrowed[row] != values[row])
                {
                    throw new ArgumentException($"Column '{field.Name}' has the decimal {values[row]} (unscaled), which has more digits than its type.");
                }
            }

            return EncodeIntegers<int>(narrowed);
        }
        finally
        {
            ArrayPool<int>.Shared.Return(rented);
        }
    }

    private unsafe ColumnStatistics EncodeIntegers<T>(ReadOnlySpan<T> values)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        // The smallest; of equal ones the first of plain, delta, dictionary.
        var smallest = (long)values.Length * sizeof(T);
        var isPlain = true;
        if (typeof(T) == typeof(long) && nullCount == 0)
        {
            EncodeDeltas(MemoryMarshal.Cast<T, long>(values));
            isPlain = pages.SizeBytes >= smallest;
            smallest = Math.Min(smallest, pages.SizeBytes);
        }

        var rented = ArrayPool<int>.Shared.Rent(values.Length);
        try
        {
            var codes = rented.AsSpan(0, values.Length);
            if (!values.IsEmpty && IntegerDictionary.TryEncode(values, Math.Min(smallest, ParquetLayout.DictionaryLimitBytes), codes) is { } distinct)
            {
                otherPages.Clear();
                WriteValues<T>(distinct, otherPages.Body);
                EncodeCodes(otherPages, distinct.Length, codes);
                if (otherPages.SizeBytes < smallest)
                {
                    (pages, otherPages) = (otherPages, pages);
                    return KeepBounds(values, Bounds<T>(distinct));
                }
            }
        }
        finally
        {
            ArrayPool<int>.Shared.Return(rented);
        }

        if (isPlain)
        {
            EncodePlain(values);
        }

        return KeepBounds(values, Bounds(values));
    }

    private void EncodeDeltas(ReadOnlySpan<long> values)
    {
        // Only for columns without nulls: a page of this encoding has one value at least.
        var rowsPerPage = Math.Max(1, pageSizeBytes / sizeof(long));
        for (var row = 0; row < values.Length; row += rowsPerPage)
        {
            var page = values[row..Math.Min(values.Length, row + rowsPerPage)];
            BeginPage(pages, row, page.Length);
            DeltaBinaryPacked.Encode(page, pages.Body);
            pages.EndPage(PageType.Data, ParquetEncoding.DeltaBinaryPacked, page.Length);
        }
    }

    private unsafe void EncodePlain<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        pages.Clear();
        var rowsPerPage = Math.Max(1, pageSizeBytes / sizeof(T));
        for (var row = 0; row < rowCount; row += rowsPerPage)
        {
            var rows = Math.Min(rowCount - row, rowsPerPage);
            var count = BeginPage(pages, row, rows);
            WriteValues(values[..count], pages.Body);
            pages.EndPage(PageType.Data, ParquetEncoding.Plain, rows);
            values = values[count..];
        }
    }

    /// <summary>Writes values as PLAIN has them: little-endian, but for decimals of 16 bytes.</summary>
    private static void WriteValues<T>(ReadOnlySpan<T> values, ArrayBufferWriter<byte> target)
        where T : unmanaged
    {
        if (typeof(T) != typeof(Int128))
        {
            target.Write(MemoryMarshal.AsBytes(values));
            return;
        }

        foreach (var value in MemoryMarshal.Cast<T, Int128>(values))
        {
            BinaryPrimitives.WriteInt128BigEndian(target.GetSpan(ParquetSchema.Decimal128Bytes), value);
            target.Advance(ParquetSchema.Decimal128Bytes);
        }
    }

    private ColumnStatistics EncodeFlags(BooleanArray column)
    {
        var (hasFalse, hasTrue) = (false, false);
        var rowsPerPage = (int)Math.Min(pageSizeBytes * 8L, ParquetLayout.MaxRowsPerRowGroup);
        for (var row = 0; row < rowCount; row += rowsPerPage)
        {
            var rows = Math.Min(rowCount - row, rowsPerPage);
            var bytes = (BeginPage(pages, row, rows) + 7) / 8;
            var packed = pages.Body.GetSpan(bytes)[..bytes];
            packed.Clear();
            for (var (i, bit) = (row, 0); i < row + rows; i++)
            {
                if (IsValid(i))
                {
                    var flag = column[i];
                    (hasFalse, hasTrue) = (hasFalse || !flag, hasTrue || flag);
                    packed[bit >> 3] |= (byte)(flag ? 1 << (bit & 7) : 0);
                    bit++;
                }
            }

            pages.Body.Advance(bytes);
            pages.EndPage(PageType.Data, ParquetEncoding.Plain, rows);
        }

        PageBounds = null;
        return hasFalse || hasTrue
            ? new ColumnStatistics(new[] { (byte)(hasFalse ? 0 : 1) }, new[] { (byte)(hasTrue ? 1 : 0) }, 0)
            : new ColumnStatistics(null, null, 0);
    }

    private ColumnStatistics EncodeTexts(DictionaryArray column, string name)
    {
        var texts = new TextDictionary();
        var rented = ArrayPool<int>.Shared.Rent(column.Length);
        var known = ArrayPool<int>.Shared.Rent(column.Dictionary.Length);
        try
        {
            // Only the entries that the rows use, in the order of their first use; equal entries become one.
            known.AsSpan(0, column.Dictionary.Length).Fill(-1);
            var count = 0;
            var source = column.Codes;
            for (var row = 0; row < source.Length; row++)
            {
                if (!IsValid(row))
                {
                    continue;
                }

                ref var code = ref known[source[row]];
                if (code < 0)
                {
                    code = texts.Code(column.Dictionary.Utf8(source[row]), out _);
                }

                rented[count++] = code;
            }

            var codes = rented.AsSpan(0, count);
            return codes.IsEmpty ? EncodePlainTexts(texts, codes, name) : EncodeTextDictionary(texts, codes, name);
        }
        finally
        {
            ArrayPool<int>.Shared.Return(known);
            ArrayPool<int>.Shared.Return(rented);
        }
    }

    private ColumnStatistics EncodeTexts(StringArray column, string name)
    {
        var texts = new TextDictionary();
        var rented = ArrayPool<int>.Shared.Rent(column.Length);
        try
        {
            var (count, plainBytes) = (0, 0L);
            for (var row = 0; row < column.Length; row++)
            {
                if (IsValid(row))
                {
                    var text = column.Utf8(row);
                    plainBytes += sizeof(uint) + text.Length;
                    rented[count++] = texts.Code(text, out _);
                }
            }

            var codes = rented.AsSpan(0, count);
            var dictionaryBytes = DictionaryBytes(texts);
            var indexBytes = (long)count * RleHybrid.WidthFor(Math.Max(1, texts.Count)) / 8;
            if (dictionaryBytes <= ParquetLayout.DictionaryLimitBytes && dictionaryBytes + indexBytes < plainBytes)
            {
                return EncodeTextDictionary(texts, codes, name);
            }

            ThrowIfTooLarge(name, plainBytes);
            return EncodePlainTexts(texts, codes, name);
        }
        finally
        {
            ArrayPool<int>.Shared.Return(rented);
        }
    }

    private ColumnStatistics EncodeTextDictionary(TextDictionary texts, ReadOnlySpan<int> codes, string name)
    {
        var bounds = Bounds(texts, name);
        ThrowIfTooLarge(name, DictionaryBytes(texts) + ((long)codes.Length * RleHybrid.WidthFor(texts.Count) / 8));
        for (var code = 0; code < texts.Count; code++)
        {
            AppendPlain(texts[code]);
        }

        EncodeCodes(pages, texts.Count, codes);
        return KeepBounds(texts, codes, bounds);
    }

    private ColumnStatistics EncodePlainTexts(TextDictionary texts, ReadOnlySpan<int> codes, string name)
    {
        var bounds = Bounds(texts, name);
        var rest = codes;
        for (int row = 0, rows; row < rowCount; row += rows)
        {
            rows = RowsOfPage(texts, rest, row);
            var count = BeginPage(pages, row, rows);
            foreach (var code in rest[..count])
            {
                AppendPlain(texts[code]);
            }

            pages.EndPage(PageType.Data, ParquetEncoding.Plain, rows);
            rest = rest[count..];
        }

        return KeepBounds(texts, codes, bounds);
    }

    /// <summary>As many rows as fit into a page; one in any case.</summary>
    /// <param name="texts">What the codes stand for.</param>
    /// <param name="codes">Of the rows that have a value, from the page's first row on.</param>
    /// <param name="first">That row.</param>
    private int RowsOfPage(TextDictionary texts, ReadOnlySpan<int> codes, int first)
    {
        var (row, value, bytes) = (first, 0, 0L);
        for (; row < rowCount; row++)
        {
            if (IsValid(row))
            {
                bytes += sizeof(uint) + texts[codes[value++]].Length;
                if (row > first && bytes > pageSizeBytes)
                {
                    break;
                }
            }
        }

        return row - first;
    }

    private static long DictionaryBytes(TextDictionary texts) => texts.LengthBytes + ((long)texts.Count * sizeof(uint));

    private void AppendPlain(ReadOnlySpan<byte> text)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(pages.Body.GetSpan(sizeof(uint)), (uint)text.Length);
        pages.Body.Advance(sizeof(uint));
        pages.Body.Write(text);
    }

    /// <summary>Ends the dictionary page that was begun, and adds the codes as data pages.</summary>
    private void EncodeCodes(PageBuffer target, int entries, ReadOnlySpan<int> codes)
    {
        target.EndPage(PageType.Dictionary, ParquetEncoding.Plain, entries);
        var width = RleHybrid.WidthFor(entries);
        var rowsPerPage = Math.Max(1, (int)Math.Min(pageSizeBytes * 8L / width, ParquetLayout.MaxRowsPerRowGroup));
        for (var row = 0; row < rowCount; row += rowsPerPage)
        {
            var rows = Math.Min(rowCount - row, rowsPerPage);
            var count = BeginPage(target, row, rows);
            RleHybrid.Encode(codes[..count], width, target.Body);
            target.EndPage(PageType.Data, ParquetEncoding.RleDictionary, rows);
            codes = codes[count..];
        }
    }

    private ColumnStatistics KeepBounds<T>(ReadOnlySpan<T> values, ColumnStatistics bounds)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        if (nullCount > 0)
        {
            // How many values a page has is in its levels by now; readers do without.
            PageBounds = null;
            return bounds;
        }

        List<ColumnStatistics> all = [];
        foreach (var rows in DataPageRows())
        {
            all.Add(rows == rowCount ? bounds : Bounds(values[..rows]));
            values = values[rows..];
        }

        PageBounds = all;
        return bounds;
    }

    private ColumnStatistics KeepBounds(TextDictionary texts, ReadOnlySpan<int> codes, ColumnStatistics bounds)
    {
        PageBounds = null;
        if (bounds.Min is null || nullCount > 0)
        {
            return bounds;
        }

        List<ColumnStatistics> all = [];
        var page = 0;
        var lastPage = new int[texts.Count];
        foreach (var rows in DataPageRows())
        {
            page++;
            var (min, max) = (codes[0], codes[0]);
            foreach (var code in codes[..rows])
            {
                // A text that came up in this page is compared once.
                if (lastPage[code] != page)
                {
                    lastPage[code] = page;
                    min = texts[code].SequenceCompareTo(texts[min]) < 0 ? code : min;
                    max = texts[code].SequenceCompareTo(texts[max]) > 0 ? code : max;
                }
            }

            all.Add(new ColumnStatistics(texts[min].ToArray(), texts[max].ToArray(), 0));
            codes = codes[rows..];
        }

        PageBounds = all;
        return bounds;
    }

    private IEnumerable<int> DataPageRows() => pages.Pages.Where(page => page.Type == PageType.Data).Select(page => page.ValueCount);

    private static ColumnStatistics Bounds<T>(ReadOnlySpan<T> values)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        if (values.IsEmpty)
        {
            return new ColumnStatistics(null, null, 0);
        }

        var min = T.MaxValue;
        var max = T.MinValue;
        foreach (var value in values)
        {
            min = T.Min(min, value);
            max = T.Max(max, value);
        }

        return new ColumnStatistics(Bound(min), Bound(max), 0);
    }

    private static byte[] Bound<T>(T value)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray();
        if (typeof(T) == typeof(Int128))
        {
            bytes.AsSpan().Reverse();
        }

        return bytes;
    }

    private static ColumnStatistics Bounds(TextDictionary texts, string name)
    {
        if (texts.Count == 0)
        {
            return new ColumnStatistics(null, null, 0);
        }

        int min = 0, max = 0;
        for (var code = 0; code < texts.Count; code++)
        {
            if (!Utf8.IsValid(texts[code]))
            {
                throw new ArgumentException($"Column '{name}' has a text that is not UTF-8; only UTF-8 is written.");
            }

            min = texts[code].SequenceCompareTo(texts[min]) < 0 ? code : min;
            max = texts[code].SequenceCompareTo(texts[max]) > 0 ? code : max;
        }

        // Long texts would blow up the footer, and cut ones are bounds that not every reader gets right.
        return texts[min].Length > MaxBoundBytes || texts[max].Length > MaxBoundBytes
            ? new ColumnStatistics(null, null, 0)
            : new ColumnStatistics(texts[min].ToArray(), texts[max].ToArray(), 0);
    }
}
