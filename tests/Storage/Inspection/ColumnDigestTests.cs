using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Analytics.Engine.Arrow;
using Analytics.Storage.Inspection;
using Xunit;

namespace Analytics.Tests.Storage.Inspection;

public class ColumnDigestTests
{
    private static readonly ValidityBitmap NullInTheMiddle = ValidityBitmap.From([true, false, true]);

    /// <summary>Type, values with a null in the middle, and what becomes of them: kind, texts, sum, min, max.</summary>
    public static TheoryData<string, string[], string?, string, string> Columns => new()
    {
        { "bool", ["true", "false"], "1", "false", "true" },
        { "int", ["-128", "127"], "-1", "-128", "127" },
        { "int", ["0", "18446744073709551615"], "18446744073709551615", "0", "18446744073709551615" },
        { "decimal_unscaled", ["-12345", "99"], "-12246", "-12345", "99" },
        { "epoch_days", ["-1", "20000"], "19999", "-1", "20000" },
        { "time_ms", ["1", "86399999"], "86400000", "1", "86399999" },
        { "epoch_us", ["-1000", "9223372036854775807000"], "9223372036854775806000", "-1000", "9223372036854775807000" },
        { "epoch_us", ["-2", "1"], "-1", "-2", "1" },
        { "epoch_ns", ["-1001", "1999"], "998", "-1001", "1999" },
        { "float", ["-0", "1.5"], "1.5", "-0", "1.5" },
        { "float", ["0.10000000149011612", "Infinity"], "Infinity", "0.10000000149011612", "Infinity" },
        { "utf8", ["é", "z"], "3", "z", "é" },
        { "hex", ["ff", "0a00"], "3", "0a00", "ff" },
        { "uuid", ["00112233-4455-6677-8899-aabbccddeeff", "ffffffff-0000-0000-0000-000000000000"], null, "00112233-4455-6677-8899-aabbccddeeff", "ffffffff-0000-0000-0000-000000000000" },
    };

    private static ArrowArray[] Arrays =>
    [
        new BooleanArray([true, true, false], NullInTheMiddle),
        new PrimitiveArray<sbyte>(new ArrowType.IntType(8, true), [-128, 5, 127], NullInTheMiddle),
        new PrimitiveArray<ulong>(new ArrowType.IntType(64, false), [0, 5, ulong.MaxValue], NullInTheMiddle),
        new PrimitiveArray<long>(new ArrowType.DecimalType(64, 9, 2), [-12345, 5, 99], NullInTheMiddle),
        new PrimitiveArray<int>(ArrowType.Date, [-1, 5, 20_000], NullInTheMiddle),
        new PrimitiveArray<int>(new ArrowType.TimeType(TimeUnit.Millisecond), [1, 5, 86_399_999], NullInTheMiddle),
        new PrimitiveArray<long>(new ArrowType.TimestampType(TimeUnit.Millisecond, "UTC"), [-1, 5, long.MaxValue], NullInTheMiddle),
        new PrimitiveArray<long>(new ArrowType.TimestampType(TimeUnit.Nanosecond, "UTC"), [-1001, 5, 1999], NullInTheMiddle),
        new PrimitiveArray<long>(new ArrowType.TimestampType(TimeUnit.Nanosecond, null), [-1001, 5, 1999], NullInTheMiddle),
        new PrimitiveArray<double>(ArrowType.Float64, [-0.0, 5, 1.5], NullInTheMiddle),
        new PrimitiveArray<float>(new ArrowType.FloatType(32), [0.1f, 5, float.PositiveInfinity], NullInTheMiddle),
        StringArray.From(["é", null, "z"]),
        new BinaryArray(NativeBuffer.Copy<int>([0, 1, 1, 3]), NativeBuffer.Copy<byte>([0xFF, 0x0A, 0]), NullInTheMiddle),
        new FixedSizeBinaryArray(new ArrowType.FixedSizeBinaryType(16, IsUuid: true), 3, NativeBuffer.Copy<byte>(
            [.. Convert.FromHexString("00112233445566778899AABBCCDDEEFF"), .. new byte[16], 255, 255, 255, 255, .. new byte[12]]), NullInTheMiddle),
    ];

    [Fact]
    public void Finish_EachType_GivesCanonicalText()
    {
        Assert.All(Columns.Zip(Arrays), pair =>
        {
            var expected = pair.First;
            var texts = (string[])expected[1];
            var content = Digest(pair.Second);

            Assert.Equal(expected[0], content.Kind);
            Assert.Equal((3, 1), (content.RowCount, content.NullCount));
            Assert.Equal([texts[0], null, texts[1]], content.First);
            Assert.Equal((expected[2], expected[3], expected[4]), (content.Sum, content.Min, content.Max));
            Assert.Equal(Md5($"{texts[0]}\n\\N\n{texts[1]}\n"), content.Md5);
        });
        Assert.Equal(Columns.Count, Arrays.Length);
    }

    [Fact]
    public void Finish_DictionaryWithUnusedTexts_TakesTheUsedOnes()
    {
        var codes = new PrimitiveArray<int>(ArrowType.Int32, [2, 0, 2, 1], ValidityBitmap.From([true, false, true, true]));

        var content = Digest(new DictionaryArray(codes, StringArray.From(["a", "m", "p", "z"])));

        Assert.Equal(("3", "m", "p", Md5("p\n\\N\np\nm\n")), (content.Sum, content.Min, content.Max, content.Md5));
    }

    [Fact]
    public void Finish_SumBeyond128Bits_IsExact()
    {
        var values = Enumerable.Repeat(Int128.MaxValue, 5).Append(Int128.MinValue).Append(-1).ToArray();

        var content = Digest(new PrimitiveArray<Int128>(new ArrowType.DecimalType(128, 38, 0), values));

        Assert.Equal(values.Aggregate(BigInteger.Zero, (sum, value) => sum + value).ToString(CultureInfo.InvariantCulture), content.Sum);
    }

    [Fact]
    public void Finish_NaN_CountsAndPoisonsTheSumOnly()
    {
        var content = Digest(new PrimitiveArray<Half>(new ArrowType.FloatType(16), [(Half)1, Half.NaN, (Half)(-2)]));

        Assert.Equal((1, "NaN", "-2", "1", Md5("1\nNaN\n-2\n")), (content.NanCount, content.Sum, content.Min, content.Max, content.Md5));
    }

    [Fact]
    public void Finish_SmallAmongLargeFloats_AreNotLost() =>
        Assert.Equal("2", Digest(new PrimitiveArray<double>(ArrowType.Float64, [1, 1e100, 1, -1e100])).Sum);

    [Fact]
    public void Finish_NothingOrNullsOnly_HasNoBounds()
    {
        var none = Digest(new PrimitiveArray<long>(ArrowType.Int64, []));
        var nulls = Digest(new PrimitiveArray<long>(ArrowType.Int64, [1, 2], ValidityBitmap.From([false, false])));

        Assert.Equal((0L, null, null, null, null), (none.RowCount, none.Sum, none.Min, none.Max, none.Md5));
        Assert.Empty(none.First);
        Assert.Equal((2L, null, null, null, Md5("\\N\n\\N\n")), (nulls.NullCount, nulls.Sum, nulls.Min, nulls.Max, nulls.Md5));
        Assert.Equal([null, null], nulls.First);
    }

    // Longer than the buffer, both as they are and as digits.
    [Theory]
    [InlineData(5_000)]
    [InlineData(40_000)]
    [InlineData(200_000)]
    public void Finish_LongValues_AreHashedWhole(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        var text = new string('x', length);

        var hex = Digest(new BinaryArray(NativeBuffer.Copy<int>([0, 1, length]), NativeBuffer.Copy<byte>(bytes)));
        var utf8 = Digest(StringArray.From([text, "y", text]));

        Assert.Equal(Md5($"{Convert.ToHexStringLower(bytes[..1])}\n{Convert.ToHexStringLower(bytes[1..])}\n"), hex.Md5);
        Assert.Equal(Md5($"{text}\ny\n{text}\n"), utf8.Md5);
    }

    [Fact]
    public void Inspect_Batches_EqualsOneBatch()
    {
        var schema = new Schema(new Field("n", ArrowType.Int64), new Field("t", ArrowType.Utf8, IsNullable: true));
        var batch = new RecordBatch(schema, new PrimitiveArray<long>(ArrowType.Int64, [3, 1, 2, 9]), StringArray.From(["b", null, "a", ""]));

        var whole = Inspect(batch);
        var parts = Inspect(batch.Slice(0, 1), batch.Slice(1, 0), batch.Slice(1, 3));

        Assert.Equal((4, 1, 4, 3), (whole.RowCount, whole.RowGroupCount, parts.RowCount, parts.RowGroupCount));
        Assert.Equal(["15", "2"], whole.Columns.Select(column => column.Content!.Sum));
        foreach (var (one, other) in whole.Columns.Zip(parts.Columns))
        {
            Assert.Equal(one.Content! with { First = [] }, other.Content! with { First = [] });
            Assert.Equal(one.Content.First, other.Content.First);
        }

        InspectedTable Inspect(params RecordBatch[] batches) => FileInspector.Inspect("a", 1, "rows", schema, batches, CancellationToken.None);
    }

    private static ColumnContent Digest(ArrowArray array)
    {
        using var digest = ColumnDigest.For(array.Type);
        digest.Add(array);
        return digest.Finish();
    }

#pragma warning disable CA5351 // It compares values, and protects nothing.
    private static string Md5(string text) => Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5351
}
