using Analytics.Engine.Projections;
using Analytics.Server.Commands;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Analytics.Tests.Commands;

public class ProjectionBudgetTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1000", 1000)]
    [InlineData("64KiB", 65_536)]
    [InlineData("256MiB", 268_435_456)]
    [InlineData("3GiB", 3_221_225_472)]
    public void Read_Size_IsBytes(string text, long bytes) => Assert.Equal(bytes, ProjectionBudget.Read(Settings(text)));

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("1.5GiB")]
    [InlineData("1GB")]
    [InlineData("99999999999GiB")]
    public void Read_NoSize_SaysWhatIsExpected(string text)
    {
        var error = Assert.Throws<UsageException>(() => ProjectionBudget.Read(Settings(text)));

        Assert.Equal($"The setting Engine:ProjectionBudget (environment variable Analytics__Engine__ProjectionBudget): found '{text}', expected a size such as 256MiB, or 0 for none.", error.Message);
    }

    [Fact]
    public void Read_NotSet_IsTheDefault() => Assert.Equal(ProjectionMemory.DefaultBudgetBytes, ProjectionBudget.Read(new ConfigurationBuilder().Build()));

    private static IConfigurationRoot Settings(string text) =>
        new ConfigurationBuilder().AddInMemoryCollection([new(ProjectionBudget.Setting, text)]).Build();
}
