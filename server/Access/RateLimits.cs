using System.Globalization;
using System.Numerics;
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

    // Refilled as often as gives whole requests at whole seconds: 60,000 a minute are 1,000 a second, 90 are 3 every 2 seconds.
    private static TokenBucketRateLimiterOptions Bucket(int perMinute)
    {
        var periods = (int)BigInteger.GreatestCommonDivisor(perMinute, 60);
        return new TokenBucketRateLimiterOptions { TokenLimit = perMinute, TokensPerPeriod = perMinute / periods, ReplenishmentPeriod = TimeSpan.FromSeconds(60 / periods) };
    }
}
