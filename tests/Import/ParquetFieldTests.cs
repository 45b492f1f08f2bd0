using System.Globalization;
using System.Text;
using Analytics.Engine.Arrow;
using Analytics.Engine.Usage;
using Analytics.Storage.Catalog;
using Analytics.Storage.Import;
using Analytics.Tests.Properties;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Import;

/// <summary>Values of Parquet columns as fields of rollup rows. Text in a message is what the file has.</summary>
public class ParquetFieldTests
{
    [Fact]
    public void Count_OfAnyInteger_IsExact_AndANullIs0()
    {
        AssertCount<sbyte>(new ArrowType.IntType(8, true), 127);
        AssertCount<byte>(new ArrowType.IntType(8, false), 255);
        AssertCount<short>(new ArrowType.IntType(16, true), 32_767);
        AssertCount<ushort>(new ArrowType.IntType(16, false), 65_535);
        AssertCount<int>(ArrowType.Int32, int.MaxValue);
        AssertCount<uint>(new ArrowType.IntType(32, false), uint.MaxValue);
        AssertCount<long>(ArrowType.Int64, long.MaxValue);
        AssertCount<ulong>(new ArrowType.IntType(64, false), long.MaxValue);
        AssertCount<long>(new ArrowType.DecimalType(64, 18, 0), 7);
        AssertCount<Int128>(new ArrowType.DecimalType(128, 38, 0), long.MaxValue);
    }

    [Fact]
    public void Count_OutOfRange_IsRejected()
    {
        var field = Column("inputTokens", new PrimitiveArray<Int128>(new ArrowType.DecimalType(128, 38, 0), [-1, (Int128)long.MaxValue + 1, Int128.MinValue]));

        Assert.Equal("found -1, expected an integer from 0 to 9223372036854775807.", Message("invalid-value", () => field.Count(0)));
        Assert.Equal("found 9223372036854775808, expected an integer from 0 to 9223372036854775807.", Message("invalid-value", () => field.Count(1)));
        Assert.StartsWith("found -170141183460469231731687303715884105728,", Message("invalid-value", () => field.Count(2)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TimeUnit.Millisecond, 1_767_225_600_123, "2026-01-01T00:00:00.123Z")]
    [InlineData(TimeUnit.Microsecond, 1_767_225_600_000_001, "2026-01-01T00:00:00.000001Z")]
    [InlineData(TimeUnit.Nanosecond, 1_767_225_600_999_999_999, "2026-01-01T00:00:00.999999999Z")]
    [InlineData(TimeUnit.Millisecond, 0, "1970-01-01T00:00:00Z")]
    [InlineData(TimeUnit.Millisecond, 253_370_764_799_999, "9998-12-31T23:59:59.999Z")]
    public void Time_OfAnyUnit_WithZoneOrWithout_IsUtc(TimeUnit unit, long value, string expected)
    {
        foreach (var zone in (string?[])["UTC", null])
        {
            var field = Column("bucketStart", new PrimitiveArray<long>(new ArrowType.TimestampType(unit, zone), [value]));

            Assert.Equal((expected, expected), ($"{field.Time(0):uuuu-MM-ddTHH:mm:ss.FFFFFFFFF'Z'}", field.Shown(0)));
        }
    }

    [Theory]
    [InlineData(TimeUnit.Millisecond, -1, "found 1969-12-31T23:59:59.999Z, expected a time from 1970 to 9998.")]
    [InlineData(TimeUnit.Nanosecond, -1, "found 1969-12-31T23:59:59.999999999Z, expected a time from 1970 to 9998.")]
    [InlineData(TimeUnit.Millisecond, 253_370_764_800_000, "found 9999-01-01T00:00:00Z, expected a time from 1970 to 9998.")]
    [InlineData(TimeUnit.Millisecond, long.MinValue, "found -9223372036854775808 milliseconds since 1970, expected a time from 1970 to 9998.")]
    [InlineData(TimeUnit.Microsecond, long.MaxValue, "found 9223372036854775807 microseconds since 1970, expected a time from 1970 to 9998.")]
    public void Time_OutOfRange_IsRejected(TimeUnit unit, long value, string message)
    {
        var field = Column("bucketStart", new PrimitiveArray<long>(new ArrowType.TimestampType(unit, "UTC"), [value]));

        Assert.Equal(message, Message("invalid-timestamp", () => field.Time(0)));
    }

    [Fact]
    public void Time_OfDatesAndTexts_IsReadOrRejected()
    {
        var days = Column("bucketStart", new PrimitiveArray<int>(ArrowType.Date, [20_454, -1, int.MaxValue]));
        Assert.Equal(Instant.FromUtc(2026, 1, 1, 0, 0), days.Time(0));
        Assert.Equal("found 1969-12-31T00:00:00Z, expected a time from 1970 to 9998.", Message("invalid-timestamp", () => days.Time(1)));
        Assert.Equal("found 2147483647 days since 1970, expected a time from 1970 to 9998.", Message("invalid-timestamp", () => days.Time(2)));

        var texts = Column("bucketStart", Texts("2026-01-01T02:00:00+02:00", "2026-01-01", null));
        Assert.Equal(Instant.FromUtc(2026, 1, 1, 0, 0), texts.Time(0));
        Assert.Equal(
            "found '2026-01-01', expected RFC 3339 with an offset, such as 2026-06-24T13:05:00Z, from 1970 to 9998.",
            Message("invalid-timestamp", () => texts.Time(1)));
        Assert.Equal("found nothing, expected a time from 1970 to 9998.", Message("invalid-timestamp", () => texts.Time(2)));
    }

    [Fact]
    public void Cost_OfAnyDecimal_IsAsItsText() => Sampled.Check(500, (random, _) =>
    {
        // Few digits, many digits, and halves that are rounded to even.
        var scale = random.Next(39);
        var digits = random.Next(1, 39);
        var unscaled = Int128.Parse(string.Concat(Enumerable.Range(0, digits).Select(i => i == digits - 1 && random.Next(2) == 0 ? 5 : random.Next(random.Next(2) == 0 ? 1 : 10))), CultureInfo.InvariantCulture);
        var field = Column("cost", new PrimitiveArray<Int128>(new ArrowType.DecimalType(128, 38, scale), [unscaled]));

        var result = PicoDollars.TryParse(Encoding.ASCII.GetBytes(field.Shown(0)!), out var pico, out var isRounded);

        if (result == PicoDollarsResult.Ok)
        {
            Assert.Equal((pico, isRounded), field.Cost(0));
        }
        else
        {
            Assert.Equal($"found '{field.Shown(0)}', expected at most 9223372.036854775807.", Message("too-large", () => field.Cost(0)));
        }
    });

    [Fact]
    public void Cost_OfDecimalsAtTheEdges_IsExact()
    {
        var picos = Column("cost", new PrimitiveArray<long>(ArrowType.PicoDollars, [long.MaxValue, 1, -1], ValidityBitmap.From([true, true, true])));
        Assert.Equal(((long.MaxValue, false), (1, false)), (picos.Cost(0), picos.Cost(1)));
        Assert.Equal(
            "found '-0.000000000001', expected a decimal number of US dollars, 0 or more, such as 0.0375.",
            Message("invalid-value", () => picos.Cost(2)));

        // Half a pico-dollar goes to the even one.
        var halves = Column("cost", new PrimitiveArray<Int128>(new ArrowType.DecimalType(128, 38, 13), [5, 15, 25, ((Int128)long.MaxValue * 10) + 4, ((Int128)long.MaxValue * 10) + 5]));
        Assert.Equal(((0, true), (2, true), (2, true), (long.MaxValue, true)), (halves.Cost(0), halves.Cost(1), halves.Cost(2), halves.Cost(3)));
        Assert.Equal("found '9223372.0368547758075', expected at most 9223372.036854775807.", Message("too-large", () => halves.Cost(4)));

        var dollars = Column("cost", new PrimitiveArray<ulong>(new ArrowType.IntType(64, false), [9_223_372, 9_223_373, 0], ValidityBitmap.From([true, true, false])));
        Assert.Equal(((9_223_372_000_000_000_000, false), (null, false)), (dollars.Cost(0), dollars.Cost(2)));
        Assert.Equal("found '9223373', expected at most 9223372.036854775807.", Message("too-large", () => dollars.Cost(1)));
    }

    [Theory]
    [InlineData(0.1, 100_000_000_000, false)]
    [InlineData(1e-7, 100_000, false)]
    [InlineData(9_223_372.0, 9_223_372_000_000_000_000, false)]
    [InlineData(0.30000000000000004, 300_000_000_000, true)]
    [InlineData(5e-324, 0, true)]
    [InlineData(0.0, 0, false)]
    public void Cost_OfADouble_IsItsShortestText(double value, long pico, bool isRounded) =>
        Assert.Equal((pico, isRounded), Column("cost", new PrimitiveArray<double>(ArrowType.Float64, [value])).Cost(0));

    [Fact]
    public void Cost_OfFloatsAndTexts_IsReadOrRejected()
    {
        var singles = Column("cost", new PrimitiveArray<float>(new ArrowType.FloatType(32), [0.1f, float.NaN, -0.5f, float.MaxValue, -0f]));
        Assert.Equal(((100_000_000_000, false), (0, false)), (singles.Cost(0), singles.Cost(4)));
        Assert.Equal("found 'NaN', expected a decimal number of US dollars, 0 or more, such as 0.0375.", Message("invalid-value", () => singles.Cost(1)));
        Assert.Equal("found '-0.5', expected a decimal number of US dollars, 0 or more, such as 0.0375.", Message("invalid-value", () => singles.Cost(2)));
        Assert.Equal("found '3.4028235E+38', expected at most 9223372.036854775807.", Message("too-large", () => singles.Cost(3)));

        var texts = Column("cost", Texts("1.5e-3", "", null, "$1"));
        Assert.Equal(((1_500_000_000, false), (null, false), (null, false)), (texts.Cost(0), texts.Cost(1), texts.Cost(2)));
        Assert.Equal("found '$1', expected a decimal number of US dollars, 0 or more, such as 0.0375.", Message("invalid-value", () => texts.Cost(3)));
    }

    [Fact]
    public void Text_IsMadeOnceForAllRows_AndARejectionIsForEachOfThem()
    {
        var field = Column("app", Texts("a", "a", null, "\u0007", "\u0007", new string('x', 129)));

        Assert.Same(field.Text(0), field.Text(1));
        Assert.Equal(string.Empty, field.Text(2));
        foreach (var row in (int[])[3, 4])
        {
            Assert.Equal("found 1 characters or a control character, expected plain text of at most 128.", Message("invalid-text", () => field.Text(row)));
        }

        Assert.Equal("found 129 characters or a control character, expected plain text of at most 128.", Message("invalid-text", () => field.Text(5)));
    }

    [Fact]
    public void LongTexts_AreRejectedByTheirStart()
    {
        var text = new string('日', 1_000_000);

        Assert.Equal("found 3000000 bytes, expected plain text of at most 128 characters.", Message("invalid-text", () => Column("app", Texts(text)).Text(0)));
        Assert.Equal(
            $"found '{text[..40]}', expected RFC 3339 with an offset, such as 2026-06-24T13:05:00Z, from 1970 to 9998.",
            Message("invalid-timestamp", () => Column("bucketStart", Texts(text)).Time(0)));
        Assert.Equal($"found '{text[..40]}', expected a decimal number of US dollars, 0 or more, such as 0.0375.", Message("invalid-value", () => Column("cost", Texts(text)).Cost(0)));
        Assert.Equal(text[..333] + "…", Column("app", Texts(text)).Shown(0));
        Assert.Equal(128, Column("app", Texts(text[..128])).Text(0).Length);
    }

    [Fact]
    public void Folder_IsReadAsText_AndATimeAlsoAsADate()
    {
        Assert.Equal(Instant.FromUtc(2026, 1, 1, 0, 0), new ParquetFolderField("bucketStart", new HivePartition("day", "2026-01-01")).Time(3));
        Assert.Equal(Instant.FromUtc(2026, 1, 1, 10, 0), new ParquetFolderField("bucketStart", new HivePartition("hour", "2026-01-01T10:00:00Z")).Time(3));
        Assert.Equal(7, new ParquetFolderField("requestCount", new HivePartition("n", "7")).Count(3));
        Assert.Equal((500_000_000_000, false), new ParquetFolderField("cost", new HivePartition("usd", "0.5")).Cost(3));
        var none = new ParquetFolderField("app", new HivePartition("app", null));
        Assert.Equal((string.Empty, null), (none.Text(3), none.Shown(3)));
        Assert.Throws<FieldException>(() => new ParquetFolderField("requestCount", new HivePartition("n", "-7")));
    }

    private static void AssertCount<T>(ArrowType type, T value)
        where T : unmanaged, System.Numerics.INumber<T>
    {
        Assert.Null(ParquetColumnField.Expected("inputTokens", type));
        var field = Column("inputTokens", new PrimitiveArray<T>(type, [value, value], ValidityBitmap.From([true, false])));

        Assert.Equal((type, long.CreateChecked(value), 0), (type, field.Count(0), field.Count(1)));
        Assert.Equal((value.ToString(null, CultureInfo.InvariantCulture), null), (field.Shown(0), field.Shown(1)));
    }

    private static ParquetColumnField Column(string name, ArrowArray values)
    {
        var field = new ParquetColumnField(name, values.Type);
        field.Begin(values);
        return field;
    }

    private static DictionaryArray Texts(params string?[] texts)
    {
        string[] distinct = [.. texts.OfType<string>().Distinct()];
        int[] codes = [.. texts.Select(text => text is null ? 0 : Array.IndexOf(distinct, text))];
        bool[] isValid = [.. texts.Select(text => text is not null)];
        return new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, codes, ValidityBitmap.From(isValid)), StringArray.From(distinct));
    }

    private static string Message<T>(string code, Func<T> read)
    {
        var exception = Assert.Throws<FieldException>(() => { read(); });
        Assert.Equal(code, exception.Code);
        return exception.Message;
    }
}
