namespace Analytics.Engine.Usage;

/// <summary>What usage can be grouped and filtered by.</summary>
public enum Dimension
{
    /// <summary>Project: stored.</summary>
    Project,

    /// <summary>API key: stored.</summary>
    ApiKey,

    /// <summary>The route that served a request, such as <c>azure/gpt-5.5</c>: stored.</summary>
    Mapping,

    /// <summary>The application that sent a request: stored.</summary>
    App,

    /// <summary>The kind of service, such as <c>text-generation</c>: stored.</summary>
    ServiceType,

    /// <summary>Agent: stored.</summary>
    Agent,

    /// <summary>Pricing rule of a priced item, such as <c>input_tokens</c>: stored, by items only.</summary>
    Rule,

    /// <summary>What a priced item counts, such as <c>token</c>: stored, by items only.</summary>
    Unit,

    /// <summary>Conversation with an agent: stored, by conversations only.</summary>
    Conversation,

    /// <summary>Canonical model: a function of <see cref="Mapping"/>.</summary>
    Model,

    /// <summary>Provider: a function of <see cref="Mapping"/>.</summary>
    Provider,

    /// <summary>Member, the creator of the API key: a function of <see cref="ApiKey"/>.</summary>
    Member,
}

/// <summary>Facts about dimensions.</summary>
public static class Dimensions
{
    /// <summary>Dimensions that rows store, in the order of their columns. What a table has no column for is "none" in all of its rows.</summary>
    public static IReadOnlyList<Dimension> Stored { get; } =
    [
        Dimension.Project, Dimension.ApiKey, Dimension.Mapping, Dimension.App, Dimension.ServiceType, Dimension.Agent,
        Dimension.Rule, Dimension.Unit, Dimension.Conversation,
    ];

    /// <summary>Dimensions that every table stores.</summary>
    public static IReadOnlyList<Dimension> OfRequests { get; } = [.. Stored.TakeWhile(dimension => dimension != Dimension.Rule)];

    /// <summary>Dimensions that are looked up from a stored one after the sum, so that a corrected table corrects history.</summary>
    public static IReadOnlyList<Dimension> Derived { get; } = [Dimension.Model, Dimension.Provider, Dimension.Member];

    /// <summary>All dimensions.</summary>
    public static IReadOnlyList<Dimension> All { get; } = [.. Stored, .. Derived];

    /// <summary>The stored dimension that a dimension is read from: itself, or what it is a function of.</summary>
    /// <param name="dimension">Any dimension.</param>
    public static Dimension StoredSource(this Dimension dimension) => dimension switch
    {
        Dimension.Model or Dimension.Provider => Dimension.Mapping,
        Dimension.Member => Dimension.ApiKey,
        _ => dimension,
    };

    /// <summary>Whether rows store the dimension.</summary>
    /// <param name="dimension">Any dimension.</param>
    public static bool IsStored(this Dimension dimension) => dimension.StoredSource() == dimension;
}
