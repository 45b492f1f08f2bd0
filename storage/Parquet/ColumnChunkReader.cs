using System.Buffers;
using System.Runtime.InteropServices;
using Analytics.Engine.Arrow;
using Analytics.Storage.Inspection;

namespace Analytics.Storage.Parquet;

/// <summary>
/// Decodes column chunks, one after the other. First all pages of a chunk are checked, so that what is allocated after
/// that is backed by values in the file.
/// </summary>
/// <remarks>What it needs for one chunk it keeps for the next. Not safe for use by several threads at once.</remarks>
internal sealed class ColumnChunkReader : IDisposable
{
    private readonly ScratchMemory uncompressed = new();
    private readonly List<Page> pages = [];
    private readonly List<DataPage> dataPages = [];
    private Page? dictionaryPage;
    private int[]? dictionaryEnds;
    private int position;

    /// <summary>Where in the chunk the page begins that was looked at last: the place of an error.</summary>
    public int Position => position;

    /// <summary>Decodes a chunk.</summary>
    /// <param name="bytes">The whole chunk.</param>
    /// <param name="chunk">What the footer says of it; in a codec that is supported.</param>
    /// <param name="column">The column.</param>
    /// <param name="checkPages">Whether to compare each page with its checksum.</param>
    /// <param name="arena">Gives the memory for values of fixed width and for codes, if it has room.</param>
    /// <exception cref="MalformedDataException">The pages are damaged, or in an encoding that is not supported.</exception>
    public ArrowArray Read(ReadOnlySpan<byte> bytes, ColumnChunkMetadata chunk, ParquetColumn column, bool checkPages, NativeArena? arena)
    {
        var rowCount = (int)chunk.ValueCount;
        var size = ColumnPages.Find(bytes, chunk.Codec, rowCount, checkPages, pages, ref position);
        var source = bytes;
        if (chunk.Codec != CompressionCodec.Uncompressed)
        {
            var target = uncompressed.Reserve(size);
            ColumnPages.Decompress(bytes, chunk.Codec, pages, target, ref position);
            source = target;
        }

        Check(source, column);
        var isValid = ReadValidity(source, rowCount, out var validity);
        try
        {
            return new Decoder(this, source, column, rowCount, isValid.AsSpan(0, isValid.Length == 0 ? 0 : rowCount), validity, arena).Decode();
        }
        finally
        {
            ArrayPool<bool>.Shared.Return(isValid);
        }
    }

    /// <summary>Decodes the distinct texts of a chunk: of its dictionary, where all pages refer to it, and else of all pages.</summary>
    /// <param name="bytes">The whole chunk.</param>
    /// <param name="chunk">What the footer says of it; in a codec that is supported.</param>
    /// <param name="column">A column of texts.</param>
    /// <param name="checkPages">Whether to compare each page with its checksum.</param>
    /// <exception cref="MalformedDataException">The pages are damaged, or in an encoding that is not supported.</exception>
    public StringArray ReadTexts(ReadOnlySpan<byte> bytes, ColumnChunkMetadata chunk, ParquetColumn column, bool checkPages)
    {
        ColumnPages.Find(bytes, chunk.Codec, (int)chunk.ValueCount, checkPages, pages, ref position);
        if (pages is not [{ Header.Type: PageType.Dictionary } dictionary, ..]
            || !pages.TrueForAll(page => page == dictionary || Encodings.IsDictionary(page.Header.Encoding)))
        {
            return ((DictionaryArray)Read(bytes, chunk, column, checkPages: false, arena: null)).Dictionary;
        }

        pages.RemoveRange(1, pages.Count - 1);
        var source = bytes;
        if (chunk.Codec != CompressionCodec.Uncompressed)
        {
            var target = uncompressed.Reserve(dictionary.Header.UncompressedBytes);
            ColumnPages.Decompress(bytes, chunk.Codec, pages, target, ref position);
            source = target;
        }

        Check(source, column);
        var texts = new TextDictionary();
        new Decoder(this, source, column, 0, default, null, null).DecodeDictionary(new int[pages[0].Header.ValueCount], texts);
        return texts.ToArray();
    }

    /// <inheritdoc/>
    public void Dispose() => uncompressed.Dispose();

    private void Check(ReadOnlySpan<byte> source, ParquetColumn column)
    {
        dictionaryPage = null;
        dictionaryEnds = null;
        dataPages.Clear();
        foreach (var page in pages)
        {
            position = page.Offset;
            if (page.Header.Type == PageType.Dictionary)
            {
                if (page.Header.Encoding is not (ParquetEncoding.Plain or ParquetEncoding.PlainDictionary))
                {
                    throw new MalformedDataException($"a dictionary page in encoding {page.Header.Encoding}", "Plain");
                }

                CheckValues(source[page.Start..page.End], ParquetEncoding.Plain, page.Header.ValueCount, column);
                dictionaryPage = page;
                continue;
            }

            dataPages.Add(CheckData(source, page, column));
        }
    }

    private DataPage CheckData(ReadOnlySpan<byte> source, Page page, ParquetColumn column)
    {
        var start = page.Start;
        var valueCount = page.Header.ValueCount;
        if (column.IsNullable)
        {
            var levels = new DefinitionLevels(source[page.Start..page.End], page.Header);
            valueCount = levels.CountValues();
            start += levels.SizeBytes;
        }
        else if (page.Header.LevelBytes > 0)
        {
            // A required column may have levels all the same, which say nothing.
            start += page.Header.LevelBytes;
        }

        if (Encodings.IsDictionary(page.Header.Encoding) && dictionaryPage is null && valueCount > 0)
        {
            throw new MalformedDataException("dictionary indices without a dictionary page", "a dictionary page before them");
        }

        CheckValues(source[start..page.End], page.Header.Encoding, valueCount, column);
        return new DataPage(page, start, valueCount);
    }

    private static void CheckValues(ReadOnlySpan<byte> body, ParquetEncoding encoding, int valueCount, ParquetColumn column)
    {
        switch (column.Physical)
        {
            case PhysicalType.Boolean:
                BooleanValues.Check(body, encoding, valueCount);
                break;
            case PhysicalType.Int32:
                FixedWidthValues.Check<int>(body, encoding, valueCount);
                break;
            case PhysicalType.Int64:
                FixedWidthValues.Check<long>(body, encoding, valueCount);
                break;
            case PhysicalType.Int96:
                FixedWidthValues.Check<Int96>(body, encoding, valueCount);
                break;
            case PhysicalType.Float:
                FixedWidthValues.Check<float>(body, encoding, valueCount);
                break;
            case PhysicalType.Double:
                FixedWidthValues.Check<double>(body, encoding, valueCount);
                break;
            default:
                new ByteArrayValues(column.TypeLength).Check(body, encoding, valueCount);
                break;
        }
    }

    /// <summary>Reads which rows have a value.</summary>
    /// <returns>A rented flag for each row; without any where no value is null.</returns>
    private bool[] ReadValidity(ReadOnlySpan<byte> source, int rowCount, out ValidityBitmap? validity)
    {
        validity = null;
        if (dataPages.TrueForAll(page => page.ValueCount == page.Page.Header.ValueCount))
        {
            return [];
        }

        var rented = ArrayPool<bool>.Shared.Rent(rowCount);
        var rest = rented.AsSpan(0, rowCount);
        foreach (var (page, _, _) in dataPages)
        {
            new DefinitionLevels(source[page.Start..page.End], page.Header).Decode(rest[..page.Header.ValueCount]);
            rest = rest[page.Header.ValueCount..];
        }

        validity = ValidityBitmap.From(rented.AsSpan(0, rowCount));
        return rented;
    }

    /// <summary>A data page that is checked.</summary>
    /// <param name="Page">Its place.</param>
    /// <param name="Start">Where its values begin, after the levels.</param>
    /// <param name="ValueCount">Values that are not null.</param>
    private readonly record struct DataPage(Page Page, int Start, int ValueCount);

    /// <summary>Nanoseconds of a day and a Julian day, as Spark and Impala once wrote timestamps.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private readonly struct Int96
    {
        private const int UnixEpochDay = 2_440_588;
        private const long MicrosecondsPerDay = 86_400_000_000;

        private readonly long nanoseconds;
        private readonly int day;

        public long ToUnixMicroseconds() => checked(((day - (long)UnixEpochDay) * MicrosecondsPerDay) + (nanoseconds / 1000));
    }

    /// <summary>Decodes one chunk that is checked.</summary>
    private readonly ref struct Decoder(
        ColumnChunkReader reader, ReadOnlySpan<byte> source, ParquetColumn column, int rowCount, ReadOnlySpan<bool> isValid, ValidityBitmap? validity, NativeArena? arena)
    {
        // 38 digits take 16; there may be more that only repeat the sign.
        private const int MaxDecimalBytes = 64;

        private readonly ReadOnlySpan<byte> source = source;
        private readonly ReadOnlySpan<bool> isValid = isValid;

        private ReadOnlySpan<byte> DictionaryBody => reader.dictionaryPage is { } page ? source[page.Start..page.End] : default;

        private int DictionaryCount => reader.dictionaryPage?.Header.ValueCount ?? 0;

        public ArrowArray Decode() => (column.Physical, column.Type) switch
        {
            (PhysicalType.Boolean, _) => Booleans(),
            (PhysicalType.Float, _) => Same<float, float>(),
            (PhysicalType.Double, _) => Same<double, double>(),
            (PhysicalType.Int96, _) => Converted<Int96, long>(static value => value.ToUnixMicroseconds()),
            (PhysicalType.Int32, ArrowType.IntType(8, true)) => Converted<int, sbyte>(static value => checked((sbyte)value)),
            (PhysicalType.Int32, ArrowType.IntType(8, false)) => Converted<int, byte>(static value => checked((byte)value)),
            (PhysicalType.Int32, ArrowType.IntType(16, true)) => Converted<int, short>(static value => checked((short)value)),
            (PhysicalType.Int32, ArrowType.IntType(16, false)) => Converted<int, ushort>(static value => checked((ushort)value)),
            (PhysicalType.Int32, ArrowType.IntType(32, false)) => Same<int, uint>(),
            (PhysicalType.Int32, ArrowType.DecimalType(64, _, _)) => Converted<int, long>(static value => value),
            (PhysicalType.Int32, ArrowType.DecimalType) => Converted<int, Int128>(static value => value),
            (PhysicalType.Int32, _) => Same<int, int>(),
            (PhysicalType.Int64, ArrowType.IntType(64, false)) => Same<long, ulong>(),
            (PhysicalType.Int64, ArrowType.DecimalType(128, _, _)) => Converted<long, Int128>(static value => value),
            (PhysicalType.Int64, _) => Same<long, long>(),
            (_, ArrowType.DictionaryType) => Texts(),
            (_, ArrowType.DecimalType(64, _, _)) => FromBytes<long>(static value => checked((long)ReadBigEndian(value))),
            (_, ArrowType.DecimalType) => FromBytes<Int128>(ReadBigEndian),
            (_, ArrowType.FloatType) => FromBytes<Half>(static value => MemoryMarshal.Read<Half>(value)),
            (_, ArrowType.FixedSizeBinaryType type) => FixedSizeBinary(type),
            _ => Binary(),
        };

        /// <summary>Values that are stored as they are in memory.</summary>
        private PrimitiveArray<T> Same<TPhysical, T>()
            where TPhysical : unmanaged
            where T : unmanaged =>
            new(column.Type, NativeBuffer.Create<TPhysical, Decoder>(rowCount, this, static (target, decoder) => decoder.DecodeFixed(target), arena), validity);

        private void DecodeFixed<T>(Span<T> target)
            where T : unmanaged
        {
            var dictionary = MemoryMarshal.Cast<byte, T>(DictionaryBody);
            var row = 0;
            foreach (var page in reader.dataPages)
            {
                reader.position = page.Page.Offset;
                var rows = target.Slice(row, page.Page.Header.ValueCount);
                FixedWidthValues.Decode(source[page.Start..page.Page.End], page.Page.Header.Encoding, dictionary, rows[..page.ValueCount]);
                Spread(rows, page.ValueCount, row);
                row += rows.Length;
            }
        }

        private PrimitiveArray<T> Converted<TPhysical, T>(Func<TPhysical, T> convert)
            where TPhysical : unmanaged
            where T : unmanaged
        {
            var state = new Conversion<TPhysical, T>(this, convert);
            var buffer = NativeBuffer.Create<T, Conversion<TPhysical, T>>(
                rowCount, state, static (target, state) => state.Decoder.DecodeConverted(target, state.Convert));
            return new PrimitiveArray<T>(column.Type, buffer, validity);
        }

        private void DecodeConverted<TPhysical, T>(Span<T> target, Func<TPhysical, T> convert)
            where TPhysical : unmanaged
            where T : unmanaged
        {
            var rented = ArrayPool<TPhysical>.Shared.Rent(rowCount);
            try
            {
                var values = rented.AsSpan(0, rowCount);
                DecodeFixed(values);
                for (var row = 0; row < values.Length; row++)
                {
                    // In the place of a null stands 0, which every type has.
                    target[row] = isValid.IsEmpty || isValid[row] ? convert(values[row]) : default;
                }
            }
            catch (OverflowException)
            {
                throw new MalformedDataException($"a value outside of {TypeName.Of(column.Type)}", "values inside of it");
            }
            finally
            {
                ArrayPool<TPhysical>.Shared.Return(rented);
            }
        }

        private BooleanArray Booleans()
        {
            var rented = ArrayPool<bool>.Shared.Rent(rowCount);
            try
            {
                var row = 0;
                foreach (var page in reader.dataPages)
                {
                    reader.position = page.Page.Offset;
                    var rows = rented.AsSpan(row, page.Page.Header.ValueCount);
                    BooleanValues.Decode(source[page.Start..page.Page.End], page.Page.Header.Encoding, rows[..page.ValueCount]);
                    Spread(rows, page.ValueCount, row);
                    row += rows.Length;
                }

                return new BooleanArray(rented.AsSpan(0, rowCount), validity);
            }
            finally
            {
                ArrayPool<bool>.Shared.Return(rented);
            }
        }

        /// <summary>Texts, whatever their encoding, as codes of one dictionary of distinct texts.</summary>
        private DictionaryArray Texts()
        {
            var state = new TextState(this, new TextDictionary());
            var codes = NativeBuffer.Create<int, TextState>(rowCount, state, static (target, state) => state.Decoder.DecodeTexts(target, state.Texts), arena);
            return new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, codes, validity), state.Texts.ToArray());
        }

        private void DecodeTexts(Span<int> target, TextDictionary texts)
        {
            // Nearly always 0, 1, 2...: it differs only where a dictionary page holds a text twice.
            var codes = new int[DictionaryCount];
            DecodeDictionary(codes, texts);
            var isIdentity = texts.Count == codes.Length;
            var row = 0;
            var size = 0L;
            foreach (var page in reader.dataPages)
            {
                reader.position = page.Page.Offset;
                var rows = target.Slice(row, page.Page.Header.ValueCount);
                var values = rows[..page.ValueCount];
                var body = source[page.Start..page.Page.End];
                if (Encodings.IsDictionary(page.Page.Header.Encoding) && isIdentity)
                {
                    RleHybrid.DecodeIndices(body, codes.Length, values);
                }
                else if (Encodings.IsDictionary(page.Page.Header.Encoding))
                {
                    RleHybrid.Decode(body, codes, values);
                }
                else
                {
                    var sink = new TextSink(values, texts);
                    new ByteArrayValues(column.TypeLength).Decode(body, page.Page.Header.Encoding, values.Length, default, ref sink);
                    size += sink.SizeBytes;
                    if (size > ParquetLayout.MaxChunkBytes)
                    {
                        throw TooLarge(size);
                    }
                }

                Spread(rows, page.ValueCount, row);
                row += rows.Length;
            }
        }

        public void DecodeDictionary(int[] codes, TextDictionary texts)
        {
            if (reader.dictionaryPage is { } dictionary)
            {
                reader.position = dictionary.Offset;
                var sink = new TextSink(codes, texts);
                new ByteArrayValues(column.TypeLength).DecodePlain(DictionaryBody, codes.Length, ref sink);
            }
        }

        private PrimitiveArray<T> FromBytes<T>(BytesReader<T> read)
            where T : unmanaged
        {
            var state = new BytesConversion<T>(this, read);
            var buffer = NativeBuffer.Create<T, BytesConversion<T>>(
                rowCount, state, static (target, state) => state.Decoder.DecodeFromBytes(target, state.Read));
            return new PrimitiveArray<T>(column.Type, buffer, validity);
        }

        private void DecodeFromBytes<T>(Span<T> target, BytesReader<T> read)
            where T : unmanaged
        {
            var row = 0;
            foreach (var page in reader.dataPages)
            {
                var rows = target.Slice(row, page.Page.Header.ValueCount);
                var sink = new ConvertingSink<T>(rows, read, column.Type);
                DecodeBytes(page, ref sink);
                Spread(rows, page.ValueCount, row);
                row += rows.Length;
            }
        }

        private FixedSizeBinaryArray FixedSizeBinary(ArrowType.FixedSizeBinaryType type)
        {
            if ((long)rowCount * type.Width > ParquetLayout.MaxChunkBytes)
            {
                throw TooLarge((long)rowCount * type.Width);
            }

            var buffer = NativeBuffer.Create<byte, Decoder>(rowCount * type.Width, this, static (target, decoder) => decoder.DecodeFixedSizeBinary(target));
            return new FixedSizeBinaryArray(type, rowCount, buffer, validity);
        }

        private void DecodeFixedSizeBinary(Span<byte> target)
        {
            target.Clear();
            var sink = new FixedSizeSink(target, isValid, column.TypeLength);
            foreach (var page in reader.dataPages)
            {
                DecodeBytes(page, ref sink);
            }
        }

        private BinaryArray Binary()
        {
            // Measured before anything is allocated: a dictionary's value may stand in any number of rows.
            var size = new SizeSink();
            foreach (var page in reader.dataPages)
            {
                DecodeBytes(page, ref size);
            }

            var offsets = ArrayPool<int>.Shared.Rent(rowCount + 1);
            try
            {
                var state = new BinaryState(this, offsets.AsSpan(0, rowCount + 1));
                var data = NativeBuffer.Create<byte, BinaryState>(
                    (int)size.SizeBytes, state, static (target, state) => state.Decoder.DecodeBinary(target, state.Offsets));
                return new BinaryArray(NativeBuffer.Copy<int>(offsets.AsSpan(0, rowCount + 1)), data, validity);
            }
            finally
            {
                ArrayPool<int>.Shared.Return(offsets);
            }
        }

        private void DecodeBinary(Span<byte> target, Span<int> offsets)
        {
            var sink = new BinarySink(target, offsets, isValid);
            foreach (var page in reader.dataPages)
            {
                DecodeBytes(page, ref sink);
            }

            sink.Finish();
        }

        private void DecodeBytes<TSink>(DataPage page, ref TSink sink)
            where TSink : IByteArraySink, allows ref struct
        {
            var values = new ByteArrayValues(column.TypeLength);
            var isDictionary = Encodings.IsDictionary(page.Page.Header.Encoding) && page.ValueCount > 0;
            reader.position = isDictionary ? reader.dictionaryPage!.Value.Offset : page.Page.Offset;
            var dictionary = isDictionary ? Dictionary() : default;
            reader.position = page.Page.Offset;
            values.Decode(source[page.Start..page.Page.End], page.Page.Header.Encoding, page.ValueCount, dictionary, ref sink);
        }

        private ByteArrayDictionary Dictionary() => new(
            DictionaryBody, reader.dictionaryEnds ??= ByteArrayDictionary.FindEnds(DictionaryBody, DictionaryCount, column.TypeLength), column.TypeLength);

        /// <summary>Moves values, which lie at the start of the rows without gaps, to the rows that have one.</summary>
        private void Spread<T>(Span<T> rows, int valueCount, int firstRow)
        {
            if (valueCount == rows.Length)
            {
                return;
            }

            var flags = isValid.Slice(firstRow, rows.Length);
            for (var row = rows.Length - 1; row >= 0; row--)
            {
                rows[row] = flags[row] ? rows[--valueCount] : default!;
            }
        }

        private static Int128 ReadBigEndian(ReadOnlySpan<byte> value)
        {
            if (value.Length is 0 or > MaxDecimalBytes)
            {
                throw new MalformedDataException($"a decimal of {value.Length} bytes", $"1 to {MaxDecimalBytes}");
            }

            var result = (Int128)(sbyte)value[0];
            foreach (var next in value[1..])
            {
                result = checked((result * 256) + next);
            }

            return result;
        }

        private static MalformedDataException TooLarge(long size) => new(
            $"{size} bytes of values in one row group", $"at most {ParquetLayout.MaxChunkBytes}", "Write the file again with smaller row groups.");

        private delegate T BytesReader<T>(ReadOnlySpan<byte> value);

        private readonly ref struct Conversion<TPhysical, T>(Decoder decoder, Func<TPhysical, T> convert)
        {
            public Decoder Decoder { get; } = decoder;

            public Func<TPhysical, T> Convert { get; } = convert;
        }

        private readonly ref struct BytesConversion<T>(Decoder decoder, BytesReader<T> read)
        {
            public Decoder Decoder { get; } = decoder;

            public BytesReader<T> Read { get; } = read;
        }

        private readonly ref struct TextState(Decoder decoder, TextDictionary texts)
        {
            public Decoder Decoder { get; } = decoder;

            public TextDictionary Texts { get; } = texts;
        }

        private ref struct TextSink(Span<int> codes, TextDictionary texts) : IByteArraySink
        {
            private readonly Span<int> codes = codes;
            private int count;

            public long SizeBytes { get; private set; }

            public void Add(scoped ReadOnlySpan<byte> value)
            {
                SizeBytes += value.Length;
                codes[count++] = texts.Code(value, out var isNew);
                if (isNew && !System.Text.Unicode.Utf8.IsValid(value))
                {
                    throw new MalformedDataException("a text that is not UTF-8", "UTF-8");
                }
            }
        }

        private ref struct ConvertingSink<T>(Span<T> target, BytesReader<T> read, ArrowType type) : IByteArraySink
        {
            private readonly Span<T> target = target;
            private int count;

            public void Add(scoped ReadOnlySpan<byte> value)
            {
                try
                {
                    target[count++] = read(value);
                }
                catch (OverflowException)
                {
                    throw new MalformedDataException($"a value outside of {TypeName.Of(type)}", "values inside of it");
                }
            }
        }

        private ref struct FixedSizeSink(Span<byte> target, ReadOnlySpan<bool> isValid, int width) : IByteArraySink
        {
            private readonly Span<byte> target = target;
            private readonly ReadOnlySpan<bool> isValid = isValid;
            private int row;

            public void Add(scoped ReadOnlySpan<byte> value)
            {
                for (; !isValid.IsEmpty && !isValid[row]; row++)
                {
                }

                value.CopyTo(target[(row++ * width)..]);
            }
        }

        /// <summary>Adds up the bytes of values.</summary>
        private ref struct SizeSink : IByteArraySink
        {
            public long SizeBytes { get; private set; }

            public void Add(scoped ReadOnlySpan<byte> value)
            {
                SizeBytes += value.Length;
                if (SizeBytes > ParquetLayout.MaxChunkBytes)
                {
                    throw TooLarge(SizeBytes);
                }
            }
        }

        private readonly ref struct BinaryState(Decoder decoder, Span<int> offsets)
        {
            public Decoder Decoder { get; } = decoder;

            public Span<int> Offsets { get; } = offsets;
        }

        private ref struct BinarySink(Span<byte> target, Span<int> offsets, ReadOnlySpan<bool> isValid) : IByteArraySink
        {
            private readonly Span<byte> target = target;
            private readonly Span<int> offsets = offsets;
            private readonly ReadOnlySpan<bool> isValid = isValid;
            private int size;
            private int row;

            public void Add(scoped ReadOnlySpan<byte> value)
            {
                SkipNulls();
                offsets[row++] = size;
                value.CopyTo(target[size..]);
                size += value.Length;
            }

            public void Finish()
            {
                SkipNulls();
                offsets[row] = size;
            }

            private void SkipNulls()
            {
                for (; row < isValid.Length && !isValid[row]; row++)
                {
                    offsets[row] = size;
                }
            }
        }
    }
}
