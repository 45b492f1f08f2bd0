using Analytics.Engine.Arrow;
using Analytics.Engine.Chunks;
using Analytics.Engine.Usage;
using Analytics.Tests.Properties;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Usage;

public class UsageTableTests
{
    private static readonly Instant Noon = Instant.FromUtc(2026, 3, 29, 12, 0);
    private static readonly Duration Hour = Duration.FromHours(1);

    [Fact]
    public void Add_OverlappingSortedRuns_EqualsStableSortOfTheirConcatenation() => Sampled.Check(100, (random, size) =>
    {
        UsageRow[][] runs = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => UsageSamples.Rows(random, random.Next(size), Noon, isHuge: false))];
        var builder = new UsageTableBuilder();

        builder.Add([.. runs.Select(run => UsageSamples.Batch(run))], []);

        var rows = UsageSamples.RowsOf(builder.Build(new SampleNames()));
        Assert.Equal(runs.SelectMany(run => run).OrderBy(row => row.Start).Select(row => row.ToString()), rows.Select(row => row.ToString()));
    });

    [Fact]
    public void Add_SeveralStretches_KeepsCodesOfEarlierOnes()
    {
        var builder = new UsageTableBuilder();
        builder.Add([UsageSamples.Batch(UsageRow.Of(Noon, "b", 1), UsageRow.Of(Noon, "a", 1))], []);
        var early = builder.Build(new SampleNames());
        builder.Add([UsageSamples.Batch(UsageRow.Of(Noon + Hour, "c", 1), UsageRow.Of(Noon + Hour, "a", 1))], []);
        var late = builder.Build(new SampleNames());

        Assert.All(new[] { "", "a", "b" }, key => Assert.Equal(early.Table(Dimension.Project).CodeOf(key), late.Table(Dimension.Project).CodeOf(key)));
        Assert.Equal(["b", "a", "c", "a"], UsageSamples.RowsOf(late).Select(row => row.Keys[0]));
        Assert.Same(early.Chunks[0], late.Chunks[0]);
    }

    [Fact]
    public void Build_BuilderGoesOn_SnapshotStaysAsItWas()
    {
        var builder = new UsageTableBuilder();
        builder.Add([UsageSamples.Batch(UsageRow.Of(Noon, "a", 1))], [new Coverage(Noon, Noon + Hour, Hour)]);
        var snapshot = builder.Build(new SampleNames());

        builder.Add([UsageSamples.Batch(UsageRow.Of(Noon + Hour, "b", 1))], [new Coverage(Noon + Hour, Noon + Hour + Hour, Hour)]);

        Assert.Equal(1, snapshot.RowCount);
        Assert.Equal([new Coverage(Noon, Noon + Hour, Hour)], snapshot.Coverage);
        Assert.Equal(Noon + Hour, snapshot.WithNames(new SampleNames()).DataThrough);
        Assert.Equal(-1, snapshot.WithNames(new SampleNames()).Table(Dimension.Project).CodeOf("b"));
    }

    [Fact]
    public void WithNames_OtherNames_RelabelsAndDerivesAnewOverTheSameRows()
    {
        var random = new Random(1);
        var rows = UsageSamples.Rows(random, 200, Noon, isHuge: false);
        var table = UsageSamples.Table(random, rows, new SampleNames());
        var names = new SampleNames(edition: 1);

        var renamed = table.WithNames(names);

        Assert.True(table.Chunks.SequenceEqual(renamed.Chunks)); // the very same objects
        Assert.Equal((table.RowCount, table.DataThrough), (renamed.RowCount, renamed.DataThrough));
        foreach (var dimension in Dimensions.All)
        {
            var members = renamed.Table(dimension);
            Assert.All(Enumerable.Range(0, members.Count), code => Assert.Equal(
                names.NameOf(dimension, members.Key(code)),
                new Name(members.Label(code), members.IsDeleted(code))));
        }

        foreach (var dimension in Dimensions.Derived)
        {
            var source = renamed.Table(dimension.StoredSource());
            Assert.Equal(
                Enumerable.Range(0, source.Count).Select(code => names.Derive(dimension, source.Key(code))),
                renamed.Lookup(dimension).ToArray().Select(renamed.Table(dimension).Key));
        }

        Assert.NotEqual(table.Table(Dimension.Member).Key(1), renamed.Table(Dimension.Member).Key(1));
    }

    [Fact]
    public void UsageTable_NoRows_IsEmpty()
    {
        var builder = new UsageTableBuilder();
        builder.Add([], []);
        builder.Add([UsageSamples.Batch()], []);

        var table = builder.Build(new SampleNames());

        Assert.Empty(table.Chunks);
        Assert.Equal((0, null), (table.RowCount, table.DataThrough));
        Assert.Equal("(none)", table.Table(Dimension.Member).Label(0));
    }

    [Fact]
    public void UsageTable_ChunksNotInTimeOrder_Throws()
    {
        UsageChunk[] chunks = [Chunk(UsageRow.Of(Noon, "", 1)), Chunk(UsageRow.Of(Noon - Hour, "", 1))];

        var error = Assert.Throws<ArgumentException>(() => new UsageTable(chunks, [], NoKeys(), new SampleNames()));

        Assert.StartsWith("Chunk 1 starts at 2026-03-29T11:00:00Z, before the last row of chunk 0.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UsageTable_CodeWithoutKey_Throws()
    {
        UsageChunk[] chunks = [Chunk(UsageRow.Of(Noon, "a", 1), UsageRow.Of(Noon, "b", 1))];

        var error = Assert.Throws<ArgumentException>(() => new UsageTable(chunks, [], NoKeys(), new SampleNames()));

        Assert.StartsWith("Chunk 0 has code 1 of Project, which has 1 keys.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UsageChunk_BadRows_Throws()
    {
        AssertRefused(
            "Row 1 starts before row 0; rows must be sorted by bucket_start.",
            () => Chunk(UsageRow.Of(Noon, "", 1), UsageRow.Of(Noon - Hour, "", 1)));
        AssertRefused(
            "Column 'cost' holds -7; usage is never negative.",
            () => Chunk(UsageRow.Of(Noon, "", -7), UsageRow.Of(Noon, "", 1)));
    }

    // With the codes that its own dictionaries have.
    private static UsageChunk Chunk(params UsageRow[] rows)
    {
        var batch = UsageSamples.Batch(rows);
        int[][] codes = [.. Dimensions.Stored.Select(dimension =>
            Enumerable.Range(0, batch.Column<DictionaryArray>(UsageSchema.ColumnOf(dimension)).Dictionary.Length).ToArray())];
        return new UsageChunkBuilder().Build([new ChunkPiece(batch, 0, rows.Length, codes)]);
    }

    [Fact]
    public void Add_RunNotSorted_Throws()
    {
        var unsorted = UsageSamples.Batch(UsageRow.Of(Noon + Hour, "", 1), UsageRow.Of(Noon - Hour, "", 1));

        Assert.Throws<ArgumentException>(() => new UsageTableBuilder().Add([unsorted, UsageSamples.Batch(UsageRow.Of(Noon, "", 1))], []));
    }

    [Fact]
    public void DimensionTable_BadKeys_Throws()
    {
        AssertRefused("Code 0 must be the empty key.", () => new DimensionTable([], key => new Name(key)));
        AssertRefused("Code 0 must be the empty key.", () => new DimensionTable(["a"], key => new Name(key)));
        Assert.Throws<ArgumentException>(() => new DimensionTable(["", "a", "a"], key => new Name(key)));
    }

    [Fact]
    public void KeyDictionary_Keys_GetCodesInOrderOfFirstAppearance()
    {
        var dictionary = new KeyDictionary();

        Assert.Equal([1, 0, 2], dictionary.CodesFor(StringArray.From(["b", "", "B"])));
        var first = dictionary.ToArray();
        Assert.Same(first, dictionary.ToArray());
        Assert.Equal([3, 1], dictionary.CodesFor(StringArray.From(["a", "b"])));

        Assert.Equal(["", "b", "B", "a"], dictionary.Keys);
        Assert.Equal((3, 4), (first.Length, dictionary.ToArray().Length));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(10, 1)]
    [InlineData(19, 1)]
    [InlineData(-1, -1)] // towards the past
    [InlineData(-10, -1)]
    [InlineData(-11, -2)]
    public void ToUnixMicroseconds_Ticks_RoundsTowardsThePast(long ticks, long micros) =>
        Assert.Equal(micros, Instant.FromUnixTimeTicks(ticks).ToUnixMicroseconds());

    [Fact]
    public void FromUnixMicroseconds_EndsOfTime_RoundTripAndNoFurther()
    {
        var (first, last) = (Instant.MinValue.ToUnixMicroseconds(), Instant.MaxValue.ToUnixMicroseconds());

        Assert.Equal(Instant.MinValue, Instants.FromUnixMicroseconds(first));
        Assert.Equal(last, Instants.FromUnixMicroseconds(last).ToUnixMicroseconds());
        Assert.Throws<ArgumentOutOfRangeException>(() => Instants.FromUnixMicroseconds(first - 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Instants.FromUnixMicroseconds(last + 1));
    }

    [Theory]
    [InlineData("2026-03-29T00:00:00Z", false)] // its start: not inside
    [InlineData("2026-03-29T01:00:00Z", false)]
    [InlineData("2026-03-29T01:15:00Z", true)]
    [InlineData("2026-03-29T03:00:00Z", false)] // its end
    [InlineData("2026-03-29T03:15:00Z", false)]
    [InlineData("2026-03-28T23:45:00Z", false)]
    public void IsCutInexactlyBy_Edge_LooksAtThoseInsideOnly(string edge, bool expected)
    {
        var coverage = new Coverage(Instant.FromUtc(2026, 3, 29, 0, 0), Instant.FromUtc(2026, 3, 29, 3, 0), Hour);

        Assert.Equal(expected, coverage.IsCutInexactlyBy(NodaTime.Text.InstantPattern.General.Parse(edge).Value));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1600)] // outside of what 64 bits of nanoseconds since 1970 reach
    [InlineData(2400)]
    [InlineData(9998)]
    public void IsCutInexactlyBy_FarYears_Answers(int year)
    {
        var start = Instant.FromUtc(year, 1, 1, 0, 0);
        var coverage = new Coverage(start, start + Duration.FromDays(2), Hour);

        Assert.False(coverage.IsCutInexactlyBy(start + Hour));
        Assert.True(coverage.IsCutInexactlyBy(start + Duration.FromMinutes(30)));
    }

    [Fact]
    public void ColumnOf_DerivedDimension_Throws() => Assert.All(Dimensions.Derived, dimension =>
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => UsageSchema.ColumnOf(dimension));
        Assert.Throws<ArgumentOutOfRangeException>(() => dimension.ColumnName());
    });

    [Fact]
    public void ColumnOf_EveryColumn_HasItsName()
    {
        Assert.All(Dimensions.Stored, dimension => Assert.Equal(dimension.ColumnName(), UsageSchema.Schema.Fields[UsageSchema.ColumnOf(dimension)].Name));
        Assert.All(Measures.All, measure => Assert.Equal(measure.ColumnName(), UsageSchema.Schema.Fields[UsageSchema.ColumnOf(measure)].Name));
        Assert.Equal(1 + Dimensions.Stored.Count + Measures.Count, UsageSchema.Schema.Fields.Count);
        Assert.Equal(Measures.Count, Measures.All.Count);
    }

    private static string[][] NoKeys() => [.. Dimensions.Stored.Select(_ => new[] { "" })];

    private static void AssertRefused(string message, Func<object> construct) =>
        Assert.StartsWith(message, Assert.Throws<ArgumentException>(construct).Message, StringComparison.Ordinal);
}
