using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Analytics.Engine.Arrow;
using Analytics.Engine.Arrow.CInterface;
using Analytics.Tests.Properties;
using Xunit;

namespace Analytics.Tests.Arrow;

/// <summary>Batches handed over and taken back by the C data and C stream interfaces. Alone, since it counts what is alive.</summary>
[Collection(Name)]
public sealed unsafe class CInterfaceTests
{
    public const string Name = "C interface";

    private static readonly Schema Schema = new(new Field("number", ArrowType.Int64, IsNullable: true), new Field("text", ArrowType.DictionaryUtf8, IsNullable: true));

    [Fact]
    public void Structs_HaveTheSizesOfTheAbi() => Assert.Equal((72, 80, 40), (sizeof(CArrowSchema), sizeof(CArrowArray), sizeof(CArrowArrayStream)));

    [Fact]
    public void Batch_AnyBatch_IsTheSameAfterExportAndImport()
    {
        var before = LiveExports();
        Sampled.Check(300, (random, size) =>
        {
            var schema = ArrowSamples.Schema(random, ArrowSamples.SomeTypes(random, 6));
            var batch = ArrowSamples.Batches(random, schema, 1, size * 2)[0];

            using (var imported = RoundTrip(batch))
            {
                Assert.Equal(ArrowText.Of(schema, [batch]), ArrowText.Of(imported.Batch.Schema, [imported.Batch]));
            }

            Assert.Equal(before, CArrowExport.LiveCount);
        });
    }

    [Fact]
    public void Batch_SliceOfASliceOfAnImport_IsTheSame() => Sampled.Check(100, (random, size) =>
    {
        var schema = ArrowSamples.Schema(random, ArrowSamples.SomeTypes(random, 6));
        var batch = ArrowSamples.Batches(random, schema, 1, size * 4)[0];
        using var first = RoundTrip(batch);
        var start = random.Next(batch.RowCount + 1);
        var count = random.Next(batch.RowCount - start + 1);

        using var second = RoundTrip(first.Batch.Slice(start, count));

        Assert.Equal(ArrowText.Of(schema, [batch.Slice(start, count)]), ArrowText.Of(schema, [second.Batch]));
    });

    [Fact]
    public void Batch_RoundTrip_SharesTheMemory()
    {
        var batch = Batch(1, 2, 3).Slice(1, 2);

        using var imported = RoundTrip(batch);

        Assert.True(batch.Column<PrimitiveArray<long>>(0).Values.Overlaps(imported.Batch.Column<PrimitiveArray<long>>(0).Values, out var distance) && distance == 0);
        Assert.True(batch.Column<DictionaryArray>(1).Codes.Overlaps(imported.Batch.Column<DictionaryArray>(1).Codes));
        Assert.Equal(batch.Column<DictionaryArray>(1).Dictionary.Data.Address, imported.Batch.Column<DictionaryArray>(1).Dictionary.Data.Address);
    }

    [Fact]
    public void Stream_AnyBatches_IsTheSame() => Sampled.Check(50, (random, size) =>
    {
        var schema = ArrowSamples.Schema(random, ArrowSamples.SomeTypes(random, 6));
        var batches = ArrowSamples.Batches(random, schema, random.Next(5), size);
        var before = (LiveExports(), CArrowImport.LiveCount);
        CArrowArrayStream native;
        CArrowExport.Stream(schema, batches, &native);

        List<ImportedBatch> imported = [];
        using (var stream = CArrowImport.Stream(&native, "test"))
        {
            Assert.True(native.Release is null);
            while (stream.Next() is { } batch)
            {
                imported.Add(batch);
            }

            Assert.Null(stream.Next());
            Assert.Equal(ArrowText.Of(schema, batches), ArrowText.Of(stream.Schema, imported.Select(batch => batch.Batch)));
        }

        Assert.Equal(batches.Count, CArrowImport.LiveCount - before.Item2);
        imported.ForEach(batch => batch.Dispose());
        imported.ForEach(batch => batch.Dispose());
        Assert.Equal(before, (CArrowExport.LiveCount, CArrowImport.LiveCount));
    });

    [Fact]
    public void Stream_ProducerThrows_GivesItsWordsAndKeepsNothing()
    {
        var before = LiveExports();
        CArrowArrayStream native;
        CArrowExport.Stream(Schema, Failing(), &native);

        using (var stream = CArrowImport.Stream(&native, "test"))
        {
            stream.Next()!.Dispose();
            var error = Assert.Throws<IOException>(() => stream.Next());
            Assert.Equal("'test' gave error 5 in place of a batch: The disk is gone.", error.Message);
        }

        Assert.Equal(before, CArrowExport.LiveCount);

        static IEnumerable<RecordBatch> Failing()
        {
            yield return Batch(1);
            throw new InvalidOperationException("The disk is gone.");
        }
    }

    [Fact]
    public void Stream_BatchOfOtherColumns_IsAnInvalidArgument()
    {
        CArrowArrayStream native;
        CArrowExport.Stream(new Schema(new Field("other", ArrowType.Int64)), [Batch(1)], &native);
        using var stream = CArrowImport.Stream(&native, "test");

        Assert.Contains("error 22", Assert.Throws<IOException>(() => stream.Next()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Release_ChildMovedAway_LivesOnAndIsReleasedOnce()
    {
        var before = LiveExports();
        CArrowArray root;
        CArrowExport.Batch(Batch(1, 2, 3), &root);
        Assert.Equal(before + 4, CArrowExport.LiveCount);

        var moved = *root.Children[0];
        root.Children[0]->Release = null;
        root.Release(&root);
        Assert.True(root.Release is null);
        GC.Collect();
        GC.WaitForPendingFinalizers();

        Assert.Equal(before + 1, CArrowExport.LiveCount);
        Assert.Equal([1L, 2L, 3L], new ReadOnlySpan<long>(moved.Buffers[1], 3));
        moved.Release(&moved);
        Assert.True(moved.Release is null);
        Assert.Equal(before, CArrowExport.LiveCount);
    }

    [Fact]
    public void Release_BatchesForgotten_HappensByTheCollector()
    {
        var before = (LiveExports(), CArrowImport.LiveCount);
        var kept = Forget(20);

        for (var i = 0; i < 20 && CArrowImport.LiveCount > before.Item2 + 1; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        // Four structures: the batch, two columns and a dictionary. The slice of one column keeps all of them.
        Assert.Equal((before.Item1 + 4, before.Item2 + 1), (CArrowExport.LiveCount, CArrowImport.LiveCount));
        Assert.Equal([7L], ((PrimitiveArray<long>)kept).Values);
        GC.KeepAlive(kept);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static ArrowArray Forget(int count)
        {
            ArrowArray? kept = null;
            for (var i = 0; i < count; i++)
            {
                kept = RoundTrip(Batch(6, 7, 8)).Batch.Columns[0].Slice(1, 1);
            }

            return kept!;
        }
    }

    [Fact]
    public void Batch_StructureWithAnOffset_TakesTheRowsBehindIt()
    {
        CArrowSchema schema;
        CArrowArray array;
        CArrowExport.Schema(Schema, &schema);
        CArrowExport.Batch(Batch(1, 2, 3, 4), &array);
        (array.Offset, array.Length) = (1, 2);

        using var imported = CArrowImport.Batch(&schema, &array, "test");

        Assert.Equal([2L, 3L], imported.Batch.Column<PrimitiveArray<long>>(0).Values);
    }

    [Fact]
    public void Schema_NameWithAZero_Throws()
    {
        var before = LiveExports();
        var schema = new Schema(new Field("a", ArrowType.Int32), new Field("b\0c", ArrowType.Int32));

        Assert.Throws<ArgumentException>(() =>
        {
            CArrowSchema target;
            CArrowExport.Schema(schema, &target);
        });
        Assert.Equal(before, CArrowExport.LiveCount);
    }

    [Theory]
    [InlineData("u", new[] { 0, 3, 3, 6 }, "äbcd"), InlineData("z", new[] { 0, 3, 3, 6 }, "äbcd")]
    [InlineData("U", new[] { 0, 3, 3, 6 }, "äbcd"), InlineData("Z", new[] { 0, 3, 3, 6 }, "äbcd")]
    public void Batch_TextsOfAnyOffsets_AreRead(string format, int[] offsets, string data)
    {
        using var foreign = new Foreign(format, 3);
        foreign.Buffer(1, format is "u" or "z" ? MemoryMarshal.AsBytes<int>(offsets) : MemoryMarshal.AsBytes<long>([.. offsets.Select(offset => (long)offset)]));
        foreign.Buffer(2, System.Text.Encoding.UTF8.GetBytes(data + "x"));

        using var imported = foreign.Import(3);

        Assert.Equal(
            format is "u" or "U" ? ["äb", "", "cdx"] : ["c3a462", "", "636478"],
            ArrowText.Rows(imported.Batch));
    }

    [Fact]
    public void Batch_Views_AreReadAndTheirBlocksGivenBack()
    {
        _ = LiveExports();
        var before = CArrowImport.LiveCount;
        using var foreign = new Foreign("vu", 4);
        foreign.Buffer(1, [.. View("short"), .. View("a text in a block", 0, 3), .. View("")]);
        foreign.Buffer(2, "...a text in a block"u8);
        foreign.Buffer(3, BitConverter.GetBytes(20L));

        using (var imported = foreign.Import(3))
        {
            Assert.Equal(["short", "a text in a block", ""], ArrowText.Rows(imported.Batch));
        }

        Assert.Equal(before, CArrowImport.LiveCount);
    }

    [Theory]
    [InlineData("l", 2, "Found 3 buffers in 'test', column 'c'; expected 2.")]
    [InlineData("u", 3, "Found no buffer 1 in 'test', column 'c'; expected one of 16 bytes.")]
    [InlineData("d:76,3,256", 2, "Found decimals of 256 bits in 'test', column 'c'; expected decimals of 64 or 128 bits.")]
    [InlineData("d:x,3", 2, "Found format 'd:x,3' in 'test', column 'c'; expected whole numbers behind the colon.")]
    [InlineData("tsx:", 2, "Found format 'tsx:' in 'test', column 'c'; expected a unit s, m, u or n.")]
    [InlineData("w:-1", 2, "Found values of -1 bytes in 'test', column 'c'; expected 0 or more.")]
    [InlineData("?", 2, "Found format '?' in 'test', column 'c'; expected one of the Arrow C data interface.")]
    public void Batch_OtherForms_AreRefusedAndGivenBack(string format, int buffers, string message)
    {
        using var foreign = new Foreign(format, buffers == 2 && format == "l" ? 3 : buffers);

        var error = Assert.Throws<ArrowFormatException>(() => foreign.Import(3));

        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Batch_Released_IsRefused()
    {
        CArrowSchema schema;
        CArrowArray array;
        CArrowExport.Schema(Schema, &schema);
        CArrowExport.Batch(Batch(1), &array);
        array.Release(&array);
        var (schemas, arrays) = ((nint)(&schema), (nint)(&array));

        Assert.Throws<ArrowFormatException>(() => CArrowImport.Batch((CArrowSchema*)schemas, (CArrowArray*)arrays, "test"));
        Assert.Throws<ArrowFormatException>(() => CArrowImport.Schema((CArrowSchema*)schemas, "test"));
    }

    /// <summary>Structures that are alive, without those that earlier tests left to the collector.</summary>
    internal static long LiveExports()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return CArrowExport.LiveCount;
    }

    private static RecordBatch Batch(params long[] numbers) => new(
        Schema,
        new PrimitiveArray<long>(ArrowType.Int64, numbers),
        new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, new int[numbers.Length]), StringArray.From(["text"])));

    private static ImportedBatch RoundTrip(RecordBatch batch)
    {
        CArrowSchema schema;
        CArrowArray array;
        CArrowExport.Schema(batch.Schema, &schema);
        CArrowExport.Batch(batch, &array);
        return CArrowImport.Batch(&schema, &array, "test");
    }

    private static byte[] View(string text, int block = 0, int offset = 0)
    {
        var view = new byte[16];
        BitConverter.TryWriteBytes(view, text.Length);
        if (text.Length <= 12)
        {
            System.Text.Encoding.UTF8.GetBytes(text, view.AsSpan(4));
        }
        else
        {
            BitConverter.TryWriteBytes(view.AsSpan(8), block);
            BitConverter.TryWriteBytes(view.AsSpan(12), offset);
        }

        return view;
    }

    /// <summary>A batch of one column, built by hand as another producer would. It counts what is released.</summary>
    private sealed class Foreign : IDisposable
    {
        private static int released;

        private readonly List<nint> blocks = [];
        private readonly CArrowSchema* schemas;
        private readonly CArrowArray* arrays;

        public Foreign(string format, int buffers)
        {
            schemas = Allocate<CArrowSchema>(2);
            arrays = Allocate<CArrowArray>(2);
            schemas[0] = new CArrowSchema { Format = Text("+s"), ChildCount = 1, Children = (CArrowSchema**)Allocate<nint>(1), Release = &ReleaseSchema };
            schemas[0].Children[0] = schemas + 1;
            schemas[1] = new CArrowSchema { Format = Text(format), Name = Text("c"), Flags = CArrowSchema.Nullable, Release = &ReleaseSchema };
            arrays[0] = new CArrowArray { ChildCount = 1, BufferCount = 1, Buffers = (void**)Allocate<nint>(1), Children = (CArrowArray**)Allocate<nint>(1), Release = &ReleaseArray };
            arrays[0].Children[0] = arrays + 1;
            arrays[1] = new CArrowArray { BufferCount = buffers, Buffers = (void**)Allocate<nint>(buffers), Release = &ReleaseArray };
            released = 0;
        }

        public void Buffer(int index, ReadOnlySpan<byte> bytes)
        {
            var block = Allocate<byte>(bytes.Length);
            bytes.CopyTo(new Span<byte>(block, bytes.Length));
            arrays[1].Buffers[index] = block;
        }

        public ImportedBatch Import(int length)
        {
            arrays[0].Length = arrays[1].Length = length;
            return CArrowImport.Batch(schemas, arrays, "test");
        }

        public void Dispose()
        {
            // Schema and batch, each once: the children are the consumer's only where it moves them.
            Assert.Equal(2, released);
            blocks.ForEach(block => NativeMemory.Free((void*)block));
        }

        private byte* Text(string text)
        {
            var block = Allocate<byte>(text.Length + 1);
            System.Text.Encoding.UTF8.GetBytes(text, new Span<byte>(block, text.Length));
            return block;
        }

        private T* Allocate<T>(int count)
            where T : unmanaged
        {
            var block = NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(T));
            blocks.Add((nint)block);
            return (T*)block;
        }

        [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
        private static void ReleaseSchema(CArrowSchema* schema)
        {
            released++;
            schema->Release = null;
        }

        [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
        private static void ReleaseArray(CArrowArray* array)
        {
            released++;
            array->Release = null;
        }
    }
}

/// <summary>Tests that export share counters of the process, so they run one after another.</summary>
[CollectionDefinition(CInterfaceTests.Name)]
public sealed class CInterfaceCollection;
