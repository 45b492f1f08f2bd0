using Analytics.Storage;
using Xunit;

namespace Analytics.Tests.Store;

public class LoadQueueTests
{
    [Fact]
    public void Take_SomebodyWaits_ThatOneIsFirstAndSmallOnesFollow()
    {
        var queue = new LoadQueue([("large", 9_000_000), ("small", 10), ("other", 20), ("wanted", 5_000_000)]);

        var wait = queue.WaitFor("wanted");

        Assert.False(wait.IsCompleted);
        Assert.Equal(["wanted"], queue.Take());
        Assert.Equal(["small", "other"], queue.Take());
        Assert.Equal(["large"], queue.Take());
        Assert.Empty(queue.Take());
    }

    [Fact]
    public async Task Done_WakesWhoWaits_AndCountsRows()
    {
        var queue = new LoadQueue([("a", 1), ("b", 2)]);
        var (a, b) = (queue.WaitFor("a"), queue.WaitFor("b"));
        queue.Take();

        queue.Done("b");

        await b;
        Assert.False(a.IsCompleted);
        Assert.True(queue.WaitFor("b").IsCompletedSuccessfully);
        Assert.True(queue.WaitFor("unknown").IsCompletedSuccessfully);
        Assert.Equal((2, 3), (queue.LoadedRows, queue.TotalRows));
    }

    [Fact]
    public async Task Fail_WhoWaitsGetsTheError()
    {
        var queue = new LoadQueue([("a", 1), ("b", 2)]);
        var wait = queue.WaitFor("a");

        queue.Fail(new InvalidOperationException("broken"));

        Assert.Equal("broken", (await Assert.ThrowsAsync<InvalidOperationException>(() => wait)).Message);
        await Assert.ThrowsAsync<InvalidOperationException>(() => queue.WaitFor("b"));
        Assert.Empty(queue.Take());
    }
}
