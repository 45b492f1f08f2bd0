using Analytics.Engine.Arrow;
using Xunit;

namespace Analytics.Tests.Arrow;

public class RecordBatchTests
{
    private static readonly Schema Schema = new(new Field("member", ArrowType.Utf8), new Field("tokens", ArrowType.Int64));

    [Fact]
    public void RecordBatch_OtherNumberOfColumns_Throws() =>
        AssertRefused("The schema has 2 fields; 1 columns were given.", StringArray.From(["ada"]));

    [Fact]
    public void RecordBatch_ColumnOfOtherType_Throws() =>
        AssertRefused(
            $"Column 'tokens' is {ArrowType.PicoDollars}, expected {ArrowType.Int64}.",
            StringArray.From(["ada"]),
            new PrimitiveArray<long>(ArrowType.PicoDollars, [1]));

    [Fact]
    public void RecordBatch_ColumnsOfOtherLengths_Throws() =>
        AssertRefused(
            "Column 'tokens' has 1 rows; column 'member' has 2.",
            StringArray.From(["ada", "bob"]),
            new PrimitiveArray<long>(ArrowType.Int64, [1]));

    [Fact]
    public void RecordBatch_NullArgument_Throws()
    {
        Assert.Throws<ArgumentNullException>(() => new RecordBatch(null!));
        Assert.Throws<ArgumentNullException>(() => new RecordBatch(Schema, null!));
    }

    [Fact]
    public void RecordBatch_CallerChangesListsLater_StaysAsItWas()
    {
        List<Field> fields = [.. Schema.Fields];
        List<ArrowArray> columns = [StringArray.From(["ada"]), new PrimitiveArray<long>(ArrowType.Int64, [1])];
        var batch = new RecordBatch(new Schema(fields), columns);
        var second = columns[1];

        fields.Clear();
        columns.Reverse();

        Assert.Equal(["member", "tokens"], batch.Schema.Fields.Select(field => field.Name));
        Assert.Same(second, batch.Columns[1]);
    }

    [Fact]
    public void RecordBatch_NoColumns_HasNoRows() => Assert.Equal(0, new RecordBatch(new Schema()).RowCount);

    [Fact]
    public void Slice_SomeRows_SlicesAllColumns()
    {
        var batch = new RecordBatch(Schema, StringArray.From(["ada", "bob", "eve"]), new PrimitiveArray<long>(ArrowType.Int64, [1, 2, 3]));

        var slice = batch.Slice(1, 2);

        Assert.Equal(2, slice.RowCount);
        Assert.Equal("bob", slice.Column<StringArray>(0)[0]);
        Assert.Equal([2, 3], slice.Column<PrimitiveArray<long>>(1).Values);
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Slice(2, 2));
    }

    [Fact]
    public void Schema_NameTwice_Throws()
    {
        var error = Assert.Throws<ArgumentException>(() => new Schema(new Field("a", ArrowType.Int32), new Field("b", ArrowType.Int32), new Field("a", ArrowType.Utf8)));

        Assert.StartsWith("Column 'a' appears 2 times in the schema.", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, new Schema(new Field("a", ArrowType.Int32), new Field("A", ArrowType.Int32)).Fields.Count);
    }

    [Fact]
    public void IndexOf_Name_ComparesByOrdinal()
    {
        Assert.Equal(1, Schema.IndexOf("tokens"));
        Assert.Equal(-1, Schema.IndexOf("Tokens"));
    }

    private static void AssertRefused(string message, params ArrowArray[] columns)
    {
        var error = Assert.Throws<ArgumentException>(() => new RecordBatch(Schema, columns));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.Equal("columns", error.ParamName);
    }
}
