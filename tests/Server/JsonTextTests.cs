using System.Globalization;
using System.Text;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
using Analytics.Tests.Properties;
using NodaTime;
using NodaTime.Extensions;
using NodaTime.Text;
using Xunit;

namespace Analytics.Tests.Server;

/// <summary>Single values of the server's own JSON beside the framework's writer and NodaTime's patterns.</summary>
public class JsonTextTests
{
    private static readonly DateTimeZone[] Zones = [.. DateTimeZoneProviders.Tzdb.GetAllZones()];
    private static readonly string[] OddPieces =
        ["\"", "\\", "/", "<b>", "&", "'", "\0", "\u0001", "\b", "\t", "\n", "\f", "\r", "\u001f", "\u007f", "\u0085", "\u00a0", "ü", "€", "\u2028", "\u2029", "\ufeff", "\uffff", "😀", "👩‍👩‍👧", "\ud800", "\udc00", "\ud83d", "\udfff\ud800", " ", "plain", ""];

    [Fact]
    public void Text_EveryCharacter_IsEscapedAsByTheFrameworksWriter()
    {
        for (var first = 0; first <= char.MaxValue; first += 64)
        {
            // Surrogates without their other half too; the letter between keeps them apart.
            var text = string.Concat(Enumerable.Range(first, 64).Select(character => $"{(char)character}a"));
            AssertSame(text);
        }
    }

    [Fact]
    public void Text_AnyText_IsWhatTheFrameworksWriterWrites() => Sampled.Check(1_000, (random, _) => AssertSame(AnyText(random)));

    [Fact]
    public void Numbers_OfAnySize_AreTheirExactDigits() => Sampled.Check(2_000, (random, _) =>
    {
        var value = AnyNumber(random);

        Assert.Equal($"{{\"n\":{value.ToString(CultureInfo.InvariantCulture)}}}", Written(json => json.Integer("n", value)));
        Assert.Equal($"{{\"n\":{PicoDollars.Format(value)}}}", Written(json => json.Decimal("n", value)));
        Assert.Equal($"{{\"n\":\"{PicoDollars.Format(value)}\"}}", Written(json =>
        {
            json.Properties("\"n\":"u8);
            json.QuotedDecimal(value);
        }));
    });

    [Fact]
    public void Decimal_EveryPlaceAndLimit_IsItsExactDigits()
    {
        Int128[] limits = [0, PicoDollars.PerDollar, long.MaxValue, ulong.MaxValue, (Int128)ulong.MaxValue * PicoDollars.PerDollar, Int128.MaxValue];
        foreach (var limit in limits)
        {
            for (Int128 step = 1; step <= PicoDollars.PerDollar; step *= 10)
            {
                foreach (var value in (Int128[])[limit, unchecked(limit + step), limit - step, -limit])
                {
                    Assert.Equal($"{{\"n\":{PicoDollars.Format(value)}}}", Written(json => json.Decimal("n", value)));
                }
            }
        }
    }

    [Fact]
    public void Dates_InAnyZoneAndYear_AreWhatNodaTimeWrites() => Sampled.Check(3_000, (random, _) =>
    {
        // Years 0 to 9999: those of every date that can be asked for, with an edge of its zone.
        var date = new LocalDate(random.Next(10_000), random.Next(1, 13), random.Next(1, 29));
        var zone = Zones[random.Next(Zones.Length)];
        var second = date.AtMidnight().InUtc().ToInstant() + Duration.FromSeconds(random.Next(NodaConstants.SecondsPerDay));
        var instant = random.Next(4) == 0 ? second + Duration.FromNanoseconds(random.Next(1_000) * 1_000_100L) : second;
        var local = second.InZone(zone).ToOffsetDateTime();
        var pattern = OffsetDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm:sso<+HH:mm>");

        Assert.Equal($"{{\"d\":\"{LocalDatePattern.Iso.Format(date)}\"}}", Written(json => json.Date("d", date)));
        Assert.Equal($"{{\"d\":\"{InstantPattern.ExtendedIso.Format(instant)}\"}}", Written(json => json.Instant("d", instant)));
        if (local.Year is >= 0 and <= 9999)
        {
            Assert.Equal($"{{\"d\":\"{pattern.Format(local)}\"}}", Written(json => json.LocalTime("d", second, zone.GetUtcOffset(second))));
        }
    });

    [Fact]
    public void LocalTime_OfEveryOffsetThatAZoneEverHad_IsWhatNodaTimeWrites()
    {
        var pattern = OffsetDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm:sso<+HH:mm>");
        foreach (var zone in Zones)
        {
            foreach (var interval in zone.GetZoneIntervals(Instant.FromUtc(1800, 1, 1, 0, 0), Instant.FromUtc(2040, 1, 1, 0, 0)))
            {
                var instant = interval.HasStart ? interval.Start : Instant.FromUtc(1800, 1, 1, 0, 0);
                Assert.Equal(
                    $"{{\"d\":\"{pattern.Format(instant.WithOffset(interval.WallOffset))}\"}}",
                    Written(json => json.LocalTime("d", instant, interval.WallOffset)));
            }
        }
    }

    [Fact]
    public void ObjectsAndArrays_Nested_HaveCommasWhereTheyBelong() => Assert.Equal(
        """{"a":{},"b":[],"c":[{"x":1,"y":[{},{"z":null}]},{}],"d":{"e":true},"f":false}""",
        Written(json =>
        {
            json.StartObject("a");
            json.EndObject();
            json.StartArray("b");
            json.EndArray();
            json.StartArray("c");
            json.StartObject();
            json.Integer("x", 1);
            json.StartArray("y");
            json.StartObject();
            json.EndObject();
            json.StartObject();
            json.Text("z", null);
            json.EndObject();
            json.EndArray();
            json.EndObject();
            json.StartObject();
            json.EndObject();
            json.EndArray();
            json.StartObject("d");
            json.Flag("e", true);
            json.EndObject();
            json.Flag("f", false);
        }));

    [Fact]
    public void Text_LongerThanTheBuffer_IsWrittenWhole()
    {
        var text = string.Concat(Enumerable.Repeat("é\"", 3 * JsonText.PieceBytes));

        Assert.Equal(PlainJson.Object(json => json.WriteString("t", text)), Written(json => json.Text("t", text)));
    }

    /// <summary>Any text: letters, what JSON escapes, and what is not valid UTF-16.</summary>
    internal static string AnyText(Random random)
    {
        var text = new StringBuilder();
        for (var i = random.Next(8); i > 0; i--)
        {
            text.Append(random.Next(3) == 0 ? ((char)random.Next(char.MaxValue + 1)).ToString() : OddPieces[random.Next(OddPieces.Length)]);
        }

        return text.ToString();
    }

    private static Int128 AnyNumber(Random random)
    {
        var bits = new Int128((ulong)random.NextInt64() << 1, ((ulong)random.NextInt64() << 1) | (uint)random.Next(2));
        var value = bits >> random.Next(127);
        Int128 zeros = 1;
        for (var i = random.Next(14); i > 0; i--)
        {
            zeros *= 10;
        }

        return random.Next(2) == 0 ? value : value / zeros * zeros;
    }

    private static void AssertSame(string text)
    {
        Assert.Equal(PlainJson.Object(json => json.WriteString("t", text)), Written(json => json.Text("t", text)));
        Assert.Equal(PlainJson.Object(json => json.WriteString("t", text)), Written(json => json.Properties([.. "\"t\":"u8, .. JsonText.Encode(text)])));
    }

    private static string Written(Action<JsonText> write) => UsageJsonTests.Text(json =>
    {
        write(json);
        return Task.CompletedTask;
    });
}
