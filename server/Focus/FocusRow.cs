using Analytics.Engine.Time;

namespace Analytics.Server.Focus;

/// <summary>What one meter of one SKU counted for one project on one day.</summary>
/// <param name="Day">The day.</param>
/// <param name="Project">Code of the project.</param>
/// <param name="Mapping">Code of the route: the SKU's first half.</param>
/// <param name="Rule">Code of the pricing rule: the SKU's second half, its meter.</param>
/// <param name="Unit">Code of the unit.</param>
/// <param name="QuantityMicros">Millionths of the unit.</param>
/// <param name="CostPicoUsd">1e-12 US dollars.</param>
internal readonly record struct FocusRow(TimeBucket Day, int Project, int Mapping, int Rule, int Unit, Int128 QuantityMicros, Int128 CostPicoUsd);
