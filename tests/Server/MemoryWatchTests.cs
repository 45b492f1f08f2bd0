using Analytics.Engine.Projections;
using Analytics.Engine.Usage;
using Analytics.Server;
using Analytics.Tests.Usage;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Server;

public class MemoryWatchTests
{
    [Theory]
    [InlineData("MemTotal: 1000 kB\nMemAvailable: 51 kB\n", null, null, null, false)]
    [InlineData("MemTotal: 1000 kB\nMemAvailable: 49 kB\n", null, null, null, true)]
    [InlineData("MemTotal: 1000 kB\nMemAvailable: 900 kB\n", "max\n", "990\n", null, false)]
    [InlineData("MemTotal: 1000 kB\nMemAvailable: 900 kB\n", "1000\n", "960\n", null, true)]
    [InlineData("MemTotal: 1000 kB\nMemAvailable: 900 kB\n", "1000\n", "960\n", "anon 5\ninactive_file 100\n", false)]
    [InlineData(null, null, null, null, false)]
    public void Check_ByWhatIsAvailable_HalvesTheProjections(string? machine, string? limit, string? used, string? stat, bool isShort)
    {
        var random = new Random(1);
        var table = UsageSamples.Table(random, UsageSamples.Rows(random, 40, Instant.FromUtc(2026, 1, 1, 0, 0), isHuge: false), new SampleNames());
        var memory = new ProjectionMemory(long.MaxValue);
        var projections = new UsageProjections(table.Chunks, Dimensions.Stored.Select(dimension => table.Table(dimension).Count), memory, buildsAtOnce: true);
        foreach (var dimension in Dimensions.Stored)
        {
            projections.CubeFor(new CubeKey(dimension, null, null, IsHeadline: false), 0);
        }

        var before = memory.UsedBytes;
        var freed = MemoryWatch.Check(memory, path => path switch
        {
            "/proc/meminfo" => machine,
            "/sys/fs/cgroup/memory.max" => limit,
            "/sys/fs/cgroup/memory.current" => used,
            "/sys/fs/cgroup/memory.stat" => stat,
            _ => throw new ArgumentException(path),
        });

        Assert.Equal(isShort, freed > 0);
        Assert.Equal(before - freed, memory.UsedBytes);
        Assert.True(!isShort || memory.UsedBytes <= before / 2);
    }
}
