using System.Globalization;
using System.Text;
using Analytics.Storage.Import;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Import;

public class UsageTimeTests
{
    [Fact]
    public void TryParse_Utf8_EqualsThePattern()
    {
        var random = new Random(1);
        string[] samples =
        [
            "2026-06-24T13:05:00Z", "2026-06-24T13:05:00.1Z", "2026-06-24T13:05:00.123456789Z", "2026-06-24T13:05:00.1234567891Z", "2026-06-24T13:05:00.Z",
            "2026-06-24T24:00:00Z", "2026-06-24T23:59:60Z", "2026-02-29T00:00:00Z", "2024-02-29T00:00:00Z", "1969-12-31T23:59:59.5Z", "0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999999999Z", "2026-06-24T13:05:00+05:30", "2026-06-24t13:05:00z", "2026-06-24 13:05:00Z", "2026-6-24T13:05:00Z", "+026-06-24T13:05:00Z", "", "Z",
        ];
        foreach (var sample in samples)
        {
            AssertSame(sample);
            for (var i = 0; i < 300 && sample.Length > 0; i++)
            {
                // A misspelling that often is right all the same: a digit for a digit.
                var text = sample.ToCharArray();
                text[random.Next(text.Length)] = "0123456789:-.TZ+"[random.Next(16)];
                AssertSame(new string(text));
            }
        }
    }

    private static void AssertSame(string text)
    {
        var isTime = UsageTime.TryParse(text, out var expected);
        Assert.True(isTime == UsageTime.TryParse(Encoding.UTF8.GetBytes(text), out Instant actual), text);
        Assert.True(expected == actual, string.Create(CultureInfo.InvariantCulture, $"{text}: {expected} {actual}"));
    }
}
