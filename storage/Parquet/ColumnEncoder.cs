using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Unicode;
using Analytics.Engine.Arrow;

namespace Analytics.Storage.Parquet;

/// <summary>Encodes the values of a column chunk into pages, and finds their bounds.</summary>
internal sealed class ColumnEncoder(int pageSizeBytes)
{
    private const int MaxBoundBytes = 64;

    // Leaves room for the page headers: a chunk of more than MaxChunkBytes is not read.
    private const int MaxChunkBodyBytes = ParquetLayout.MaxChunkBytes - (1 << 20);

    private PageBuffer pages = new();
    private PageBuffer otherPages = new();

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
        var bounds = column switch
        {
            PrimitiveArray<long> longs when ParquetSchema.PhysicalTypeOf(field.Type) == PhysicalType.Int32 => EncodeNarrowed(longs.Values, field.Name),
            PrimitiveArray<long> longs => EncodeIntegers(longs.Values),
            PrimitiveArray<int> ints => EncodeIntegers(ints.Values),
            DictionaryArray texts => EncodeTexts(texts, field.Name),
            StringArray texts => EncodeTexts(texts, field.Name),
            _ => throw new ArgumentException($"Column '{field.Name}' is a {column.GetType().Name}, which cannot be written."),
        };
        ThrowIfTooLarge(field.Name, pages.SizeBytes);
        return bounds;
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

    private ColumnStatistics EncodeNarrowed(ReadOnlySpan<long> values, string name)
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
                    throw new ArgumentException($"Column '{name}' has the decimal {values[row]} (unscaled), which has more digits than its type.");
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
        if (typeof(T) == typeof(long))
        {
            EncodeDeltas(MemoryMarshal.Cast<T, long>(values));
            isPlain = pages.SizeBytes >= smallest;
            smallest = Math.Min(smallest, pages.SizeBytes);
        }

        var rented = ArrayPool<int>.Shared.Rent(values.Length);
        try
        {
            var codes = rented.AsSpan(0, values.Length);
            if (IntegerDictionary.TryEncode(values, Math.Min(smallest, ParquetLayout.DictionaryLimitBytes), codes) is { } distinct)
            {
                otherPages.Clear();
                otherPages.Body.Write(MemoryMarshal.AsBytes(distinct.AsSpan()));
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
        var rowsPerPage = Math.Max(1, pageSizeBytes / sizeof(long));
        for (var row = 0; row < values.Length; row += rowsPerPage)
        {
            var page = values[row..Math.Min(values.Length, row + rowsPerPage)];
            DeltaBinaryPacked.Encode(page, pages.Body);
            pages.EndPage(PageType.Data, ParquetEncoding.DeltaBinaryPacked, page.Length);
        }
    }

    private unsafe void EncodePlain<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        pages.Clear();
        var rowsPerPage = Math.Max(1, pageSizeBytes / sizeof(T));
        for (var row = 0; row < values.Length; row += rowsPerPage)
        {
            var page = values[row..Math.Min(values.Length, row + rowsPerPage)];
            pages.Body.Write(MemoryMarshal.AsBytes(page));
            pages.EndPage(PageType.Data, ParquetEncoding.Plain, page.Length);
        }
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
            var codes = rented.AsSpan(0, column.Length);
            var source = column.Codes;
            for (var row = 0; row < source.Length; row++)
            {
                ref var code = ref known[source[row]];
                if (code < 0)
                {
                    code = texts.Code(column.Dictionary.Utf8(source[row]), out _);
                }

                codes[row] = code;
            }

            return EncodeTextDictionary(texts, codes, name);
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
            var codes = rented.AsSpan(0, column.Length);
            var plainBytes = 0L;
            for (var row = 0; row < column.Length; row++)
            {
                var text = column.Utf8(row);
                plainBytes += sizeof(uint) + text.Length;
                codes[row] = texts.Code(text, out _);
            }

            var dictionaryBytes = DictionaryBytes(texts);
            var indexBytes = (long)column.Length * RleHybrid.WidthFor(texts.Count) / 8;
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
        var (firstRow, start) = (0, 0);
        for (var row = 0; row < codes.Length; row++)
        {
            var text = texts[codes[row]];
            if (row > firstRow && pages.SizeBytes - start + sizeof(uint) + text.Length > pageSizeBytes)
            {
                pages.EndPage(PageType.Data, ParquetEncoding.Plain, row - firstRow);
                (firstRow, start) = (row, pages.SizeBytes);
            }

            AppendPlain(text);
        }

        pages.EndPage(PageType.Data, ParquetEncoding.Plain, codes.Length - firstRow);
        return KeepBounds(texts, codes, bounds);
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
        for (var row = 0; row < codes.Length; row += rowsPerPage)
        {
            var page = codes[row..Math.Min(codes.Length, row + rowsPerPage)];
            RleHybrid.Encode(page, width, target.Body);
            target.EndPage(PageType.Data, ParquetEncoding.RleDictionary, page.Length);
        }
    }

    private ColumnStatistics KeepBounds<T>(ReadOnlySpan<T> values, ColumnStatistics bounds)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        List<ColumnStatistics> all = [];
        var rowCount = values.Length;
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
        if (bounds.Min is null)
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
        var min = T.MaxValue;
        var max = T.MinValue;
        foreach (var value in values)
        {
            min = T.Min(min, value);
            max = T.Max(max, value);
        }

        return new ColumnStatistics(
            MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in min)).ToArray(), MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in max)).ToArray(), 0);
    }

    private static ColumnStatistics Bounds(TextDictionary texts, string name)
    {
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
