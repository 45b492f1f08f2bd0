using Analytics.Engine.Arrow;
using Xunit;

namespace Analytics.Tests.Arrow;

public class ArrowArrayTests
{
    [Fact]
    public void PrimitiveArray_TypeOfOtherWidth_Throws()
    {
        var error = Assert.Throws<ArgumentException>(() => new PrimitiveArray<int>(ArrowType.Int64, [1]));
        Assert.Contains("does not hold values of Int32", error.Message, StringComparison.Ordinal);
        Assert.Equal("type", error.ParamName);

        Assert.Throws<ArgumentException>(() => new PrimitiveArray<long>(ArrowType.Int32, [1]));
        Assert.Throws<ArgumentException>(() => new PrimitiveArray<double>(ArrowType.Int64, [1]));
        Assert.Throws<ArgumentException>(() => new PrimitiveArray<int>(ArrowType.Utf8, [1]));
        Assert.Throws<ArgumentException>(() => new PrimitiveArray<int>(ArrowType.DictionaryUtf8, [1]));
    }

    [Fact]
    public void PrimitiveArray_FittingTypes_HoldsACopy()
    {
        foreach (var type in new[] { ArrowType.Int64, ArrowType.TimestampMicrosUtc, ArrowType.PicoDollars })
        {
            long[] values = [long.MinValue, 0, long.MaxValue];
            var array = new PrimitiveArray<long>(type, values);
            values[0] = 1;

            Assert.Equal(type, array.Type);
            Assert.Equal([long.MinValue, 0, long.MaxValue], array.Values);
        }
    }

    [Fact]
    public void StringArray_AnyTexts_ReadsThemBack()
    {
        string[] texts = ["", "ada", "Zoë", "日本", "𝄞", "", "\0"];
        var array = StringArray.From(texts);

        Assert.Equal(texts, Enumerable.Range(0, array.Length).Select(i => array[i]));
        Assert.Equal("Zoë"u8, array.Utf8(2));
        Assert.Equal(0, StringArray.From([]).Length);
    }

    [Fact]
    public void StringArray_LoneSurrogate_BecomesReplacementCharacter() => Assert.Equal("a\uFFFD", StringArray.From(["a\uD800"])[0]);

    [Fact]
    public void StringArray_IndexOutside_Throws()
    {
        var array = StringArray.From(["a", "b", "c"]).Slice(0, 2);

        Assert.Throws<ArgumentOutOfRangeException>(() => array[2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => array[-1]);
    }

    [Theory]
    [InlineData("Offsets must ascend inside of the 3 bytes of data.", new int[0])]
    [InlineData("Offsets must ascend inside of the 3 bytes of data.", new[] { -1, 3 })]
    [InlineData("Offsets must ascend inside of the 3 bytes of data.", new[] { 0, 4 })]
    [InlineData("Offset 2 is 1, less than the one before, 2.", new[] { 0, 2, 1, 3 })]
    [InlineData("Offset 1 is -1, less than the one before, 0.", new[] { 0, -1, 3 })]
    public void StringArray_OffsetsThatDoNotAscendOverTheData_Throws(string message, int[] offsets)
    {
        var error = Assert.Throws<ArgumentException>(() => new StringArray(NativeBuffer.Copy<int>(offsets), NativeBuffer.Copy("abc"u8)));

        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "Code 2 in row 1 is outside of the dictionary of 2 texts.")]
    [InlineData(-1, "Code -1 in row 1 is outside of the dictionary of 2 texts.")]
    [InlineData(int.MinValue, "Code -2147483648 in row 1 is outside of the dictionary of 2 texts.")]
    public void DictionaryArray_CodeOutsideOfDictionary_Throws(int code, string message)
    {
        var error = Assert.Throws<ArgumentException>(
            () => new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, [1, code]), StringArray.From(["", "a"])));

        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Slice_OfASlice_SharesTheMemoryOfTheWhole()
    {
        var numbers = new PrimitiveArray<int>(ArrowType.Int32, [0, 1, 2, 3, 4]);
        var texts = StringArray.From(["a", "bb", "", "ccc"]);
        var coded = new DictionaryArray(numbers.Slice(0, 4), texts);

        Assert.Equal([2, 3], numbers.Slice(1, 4).Slice(1, 2).Values);
        Assert.True(numbers.Values[2..4].Overlaps(numbers.Slice(2, 2).Values));
        Assert.Equal("ccc", texts.Slice(1, 3).Slice(2, 1)[0]);
        Assert.Equal([2], coded.Slice(1, 3).Slice(1, 1).Codes);
        Assert.Same(texts, coded.Slice(1, 1).Dictionary);
        Assert.Equal(0, numbers.Slice(5, 0).Length);
    }

    [Fact]
    public void Slice_NotInside_Throws()
    {
        var numbers = new PrimitiveArray<int>(ArrowType.Int32, [0, 1, 2]);
        ArrowArray[] arrays = [numbers, StringArray.From(["a", "b", "c"]), new DictionaryArray(numbers, StringArray.From(["a", "b", "c"]))];
        (int First, int Count)[] outside = [(-1, 1), (0, -1), (0, 4), (3, 1), (4, 0), (1, int.MaxValue), (int.MaxValue, int.MaxValue)];

        Assert.All(arrays, array => Assert.All(outside, range =>
            Assert.Throws<ArgumentOutOfRangeException>(() => array.Slice(range.First, range.Count))));
    }
}
