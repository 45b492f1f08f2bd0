using System.Globalization;
using System.Threading.RateLimiting;
using Analytics.Server.Contracts;
using Microsoft.AspNetCore.RateLimiting;

namespace Analytics.Server.Access;

/// <summary>How often one token, session or user may ask. Who is not known is not counted: there is nothing to do but refuse.</summary>
internal static class RateLimits
{
    /// <summary>Configures the framework's limiter.</summary>
    /// <param name="options">Its options.</param>
    /// <param name="perMinute">Requests a minute, 1 or more.</param>
    public static void Configure(RateLimiterOptions options, int perMinute)
    {
        options.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context => Authentication.CallerOf(context) is { } caller
            ? RateLimitPartition.GetTokenBucketLimiter(caller.Key, _ => Bucket(perMinute))
            : RateLimitPartition.GetNoLimiter(string.Empty));
        options.OnRejected = (rejected, _) =>
        {
            var seconds = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)) : 1;
            rejected.HttpContext.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            return new ValueTask(ProblemResponse.WriteAsync(rejected.HttpContext, AccessProblems.TooManyRequests(perMinute)));
        };
    }

    // Refilled each second where that gives whole requests, else as many seconds apart as one request takes.
    private static TokenBucketRateLimiterOptions Bucket(int perMinute) => new()
    {
        TokenLimit = perMinute,
        TokensPerPeriod = Math.Max(1, perMinute / 60),
        ReplenishmentPeriod = TimeSpan.FromSeconds(Math.Max(1, 60 / perMinute)),
    };
}
