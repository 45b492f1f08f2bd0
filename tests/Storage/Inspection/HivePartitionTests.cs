using Analytics.Storage.Catalog;
using Xunit;

namespace Analytics.Tests.Storage.Inspection;

public class HivePartitionTests
{
    public static TheoryData<string, string[]> Paths => new()
    {
        { "a.parquet", [] },
        { "month=2026-06/a.parquet", ["month: 2026-06"] },
        { "/data/requests/organization=acme/month=2026-06/00000007-1.parquet", ["organization: acme", "month: 2026-06"] },
        { "organization=org%2Fwith%20space%3D%C3%A9%25/a", ["organization: org/with space=é%"] },
        { "organization=__HIVE_DEFAULT_PARTITION__/a", ["organization: null"] },
        { "a%20b=1=2/a", ["a b: 1=2"] },
        { "day=/a", ["day: "] },
        { "100%=50%/a", ["100%: 50%"] },
        { "=1/plain/a=b", [] },
    };

    [Theory, MemberData(nameof(Paths))]
    public void Parse_Path_GivesKeysAndValues(string path, string[] expected) =>
        Assert.Equal(expected, HivePartition.Parse(path).Select(partition => $"{partition.Key}: {partition.Value ?? "null"}"));
}
