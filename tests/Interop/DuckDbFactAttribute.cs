using Analytics.Bench.Comparison;
using Xunit;

namespace Analytics.Tests.Interop;

/// <summary>A test that needs DuckDB; reported as skipped, with the reason, where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class DuckDbFactAttribute : FactAttribute
{
    public DuckDbFactAttribute() => Skip = DuckDb.WhyNot;
}

/// <summary>A theory that needs DuckDB; reported as skipped, with the reason, where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class DuckDbTheoryAttribute : TheoryAttribute
{
    public DuckDbTheoryAttribute() => Skip = DuckDb.WhyNot;
}
