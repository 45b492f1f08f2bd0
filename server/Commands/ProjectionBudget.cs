using System.Globalization;
using Analytics.Engine.Projections;

namespace Analytics.Server.Commands;

/// <summary>How much memory the prefix sums of all organisations together may take.</summary>
internal static class ProjectionBudget
{
    /// <summary>Name of the setting; its environment variable is <c>Analytics__Engine__ProjectionBudget</c>.</summary>
    public const string Setting = "Engine:ProjectionBudget";

    private static readonly (string Unit, long Bytes)[] Units = [("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10), ("", 1)];

    /// <summary>Reads the setting.</summary>
    /// <returns>Bytes, 0 or more.</returns>
    /// <exception cref="UsageException">The setting is no size.</exception>
    public static long Read(IConfiguration settings)
    {
        if (settings[Setting] is not { } text)
        {
            return ProjectionMemory.DefaultBudgetBytes;
        }

        var (unit, bytes) = Array.Find(Units, unit => text.EndsWith(unit.Unit, StringComparison.Ordinal));
        return long.TryParse(text[..^unit.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= long.MaxValue / bytes
            ? count * bytes
            : throw new UsageException($"The setting {Setting} (environment variable Analytics__Engine__ProjectionBudget): found '{text}', expected a size such as 256MiB, or 0 for none.");
    }
}
