using Analytics.Engine.Usage;

namespace Analytics.Server.Contracts;

/// <summary>A table whose rows are shown: its columns and what they are called.</summary>
/// <param name="Dimensions">Dimensions with the name of the key, as in filters, and of the label where that is another text.</param>
/// <param name="Metrics">Numbers.</param>
internal sealed record RowTable(IReadOnlyList<(Dimension Dimension, string Key, string? Label)> Dimensions, IReadOnlyList<RowMetric> Metrics)
{
    private static readonly IReadOnlyList<(Dimension Dimension, string Key, string? Label)> OfRequests =
    [
        (Dimension.Project, "projectId", "project"),
        (Dimension.ApiKey, "apiKeyId", "apiKey"),
        (Dimension.Member, "memberId", "member"),
        (Dimension.Model, "model", null),
        (Dimension.Mapping, "mapping", null),
        (Dimension.Provider, "provider", null),
        (Dimension.App, "app", null),
        (Dimension.ServiceType, "serviceType", null),
        (Dimension.Agent, "agentId", "agent"),
    ];

    /// <summary>Requests.</summary>
    public static readonly RowTable Requests = new(OfRequests, RowMetric.OfRequests);

    /// <summary>Priced items.</summary>
    public static readonly RowTable Items = new([.. OfRequests, (Dimension.Rule, "rule", null), (Dimension.Unit, "unit", null)], RowMetric.OfItems);

    /// <summary>Orders of rows in the words of <see cref="RowSort"/>.</summary>
    public IReadOnlyList<string> Sorts { get; } =
        [.. Metrics.Select(metric => metric.Name).Prepend(RowSort.Time).SelectMany(name => new[] { name, RowSort.Descending + name })];
}
