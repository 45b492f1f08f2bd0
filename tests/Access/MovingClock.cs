using NodaTime;

namespace Analytics.Tests.Access;

/// <summary>A clock that moves when it is told to.</summary>
public sealed class MovingClock(Instant start) : IClock
{
    private long ticks = start.ToUnixTimeTicks();

    public Instant GetCurrentInstant() => Instant.FromUnixTimeTicks(Interlocked.Read(ref ticks));

    public void Advance(Duration duration) => Interlocked.Add(ref ticks, duration.BclCompatibleTicks);
}
