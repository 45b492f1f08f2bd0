using NodaTime;

namespace Analytics.Tests;

/// <summary>A clock that stands still.</summary>
public sealed class FixedClock(Instant now) : IClock
{
    public Instant GetCurrentInstant() => now;
}
