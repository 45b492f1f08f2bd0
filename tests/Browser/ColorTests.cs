using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>
/// Colours of the dashboard's source by calculation: apart from each other for everyone (Machado 2009, severity 1.0, CIEDE2000, every
/// pair), and readable (WCAG 2).
/// </summary>
public sealed partial class ColorTests
{
    private static readonly double[][] Normal = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
    private static readonly double[][] Protanopia = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]];
    private static readonly double[][] Deuteranopia = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]];
    private static readonly double[][] Tritanopia = [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]];

    private static readonly string Source = Path.Combine(RepositoryRoot.Path, "server", "dashboard", "src");

    [Theory]
    [InlineData("light", 17.5, 8.8, 7.8, 12.4)]
    [InlineData("dark", 18.5, 11.3, 9.2, 8.0)]
    public void Series_EveryPair_IsApartForEveryone(string theme, double normal, double protanopia, double deuteranopia, double tritanopia)
    {
        string[] colors = [.. Series(theme), Tokens(theme)["others"]];
        Assert.Equal(11, colors.Distinct().Count());
        foreach (var (name, matrix, least) in new[] { ("normal", Normal, normal), ("protanopia", Protanopia, protanopia), ("deuteranopia", Deuteranopia, deuteranopia), ("tritanopia", Tritanopia, tritanopia) })
        {
            var seen = colors.Select(color => Lab(Seen(color, matrix))).ToArray();
            var closest = (from first in Enumerable.Range(0, colors.Length) from second in Enumerable.Range(0, first) select (Difference(seen[first], seen[second]), $"{colors[first]} {colors[second]}")).Min();

            // Thresholds are written with one decimal.
            Assert.True(closest.Item1 >= least - 0.05, $"{theme}, {name}: {closest.Item2} are {closest.Item1:0.00} apart, expected {least}.");
        }
    }

    [Theory]
    [InlineData("light")]
    [InlineData("dark")]
    public void Series_OnTheirCard_HaveAContrastOfThree(string theme)
    {
        var tokens = Tokens(theme);
        foreach (var color in Series(theme).Append(tokens["others"]).Append(tokens["bar"]).Append(tokens["up"]).Append(tokens["down"]))
        {
            Assert.True(Contrast(color, tokens["card"]) >= 3, $"{theme}: {color} on {tokens["card"]} has {Contrast(color, tokens["card"]):0.00}.");
        }
    }

    [Theory]
    [InlineData("light")]
    [InlineData("dark")]
    public void Text_OnEverythingItStandsOn_HasAContrastOfFourAndAHalf(string theme)
    {
        var tokens = Tokens(theme);
        var pairs = from text in new[] { "text", "text-2", "text-3", "accent", "good", "bad", "warn" } from ground in new[] { "card", "bg", "raised" } select (text, ground);
        pairs = pairs.Concat([("text", "hover"), ("text-2", "hover"), ("text-3", "hover"), ("accent", "hover"), ("accent", "accent-tint"), ("on-accent", "accent"), ("warn", "warn-tint")]);
        pairs = pairs.Concat(HeatText().Select(heat => (heat.Text, $"heat-{heat.Step}")));
        var faint = pairs.Select(pair => (pair, Ratio: Contrast(tokens[pair.Item1], tokens[pair.Item2]))).Where(pair => pair.Ratio < 4.5).Select(pair => $"{pair.pair.Item1} on {pair.pair.Item2}: {pair.Ratio:0.00}");
        Assert.Empty(faint);
    }

    [Theory]
    [InlineData("light")]
    [InlineData("dark")]
    public void Series_AreNotTheColoursOfGoodAndBad(string theme)
    {
        var tokens = Tokens(theme);
        foreach (var status in new[] { "good", "bad", "warn" })
        {
            Assert.DoesNotContain(tokens[status], Series(theme), StringComparer.OrdinalIgnoreCase);
            var closest = Series(theme).Min(color => (Difference(Lab(Seen(color, Normal)), Lab(Seen(tokens[status], Normal))), color));
            Assert.True(closest.Item1 >= 5, $"{theme}: series {closest.color} is {closest.Item1:0.00} from {status} {tokens[status]}.");
        }
    }

    [Fact]
    public void CanvasColours_AreTheStyleSheets()
    {
        // Charts are painted with colours of their own list, because a canvas knows no variables of CSS.
        var ink = InkPattern().Matches(File.ReadAllText(Path.Combine(Source, "charts", "palette.ts")));
        foreach (var (theme, match) in new[] { "dark", "light" }.Zip(ink))
        {
            foreach (var (name, token) in new[] { ("card", "card"), ("text", "text"), ("text2", "text-2"), ("text3", "text-3"), ("grid", "grid"), ("border", "border"), ("others", "others"), ("accent", "accent") })
            {
                Assert.Equal(Tokens(theme)[token], Normalized(Regex.Match(match.Value, $@"\b{name}: ""(#\w+)""").Groups[1].Value));
            }
        }

        Assert.Equal(2, ink.Count);
    }

    [Fact]
    public void Difference_OfPublishedPairs_IsAsPublished()
    {
        // Sharma, Wu and Dalal 2005, pairs 1, 10, 20 and 25.
        Assert.Equal(2.0425, Difference((50, 2.6772, -79.7751), (50, 0, -82.7485)), 4);
        Assert.Equal(7.1792, Difference((50, 2.49, -0.001), (50, -2.49, 0.0009)), 4);
        Assert.Equal(1.0000, Difference((50, 2.5, 0), (50, 3.2592, 0.3350)), 4);
        Assert.Equal(1.2644, Difference((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387)), 4);
        Assert.Equal(21, Contrast("#000000", "#ffffff"), 6);
    }

    private static string[] Series(string theme) =>
        [.. ColorPattern().Matches(Regex.Match(File.ReadAllText(Path.Combine(Source, "charts", "palette.ts")), $@"const {(theme == "dark" ? "Dark" : "Light")} = \[([^\]]*)\]").Groups[1].Value).Select(match => Normalized(match.Value))];

    private static Dictionary<string, string> Tokens(string theme)
    {
        var css = File.ReadAllText(Path.Combine(Source, "styles.css"));
        Dictionary<string, string> tokens = [];
        foreach (var selector in theme == "dark" ? new[] { ":root {", ":root[data-theme=\"dark\"] {" } : [":root {"])
        {
            var start = css.IndexOf(selector, StringComparison.Ordinal);
            Assert.True(start >= 0, $"Found no '{selector}' in styles.css.");
            foreach (Match match in TokenPattern().Matches(css[start..css.IndexOf('}', start)]))
            {
                tokens[match.Groups[1].Value] = Normalized(match.Groups[2].Value);
            }
        }

        return tokens;
    }

    /// <summary>Which text is on which step of a heat table.</summary>
    private static IEnumerable<(string Text, int Step)> HeatText()
    {
        var css = File.ReadAllText(Path.Combine(Source, "styles.css"));
        for (var step = 1; step <= 7; step++)
        {
            var rules = Regex.Matches(css, $@"(?<=[\s,])\.heat-{step}\b[^{{]*\{{([^}}]*)\}}").Select(match => match.Groups[1].Value).ToArray();
            var text = rules.Select(rule => Regex.Match(rule, @"(?<![-\w])color: var\(--([\w-]+)\)")).LastOrDefault(match => match.Success)?.Groups[1].Value;
            Assert.True(text is not null, $"Found no colour of the text of .heat-{step}.");
            yield return (text!, step);
        }
    }

    private static string Normalized(string color) =>
        (color.Length == 4 ? $"#{color[1]}{color[1]}{color[2]}{color[2]}{color[3]}{color[3]}" : color).ToLowerInvariant();

    private static double[] Linear(string color) =>
        [.. Enumerable.Range(0, 3).Select(part => int.Parse(color.AsSpan(1 + (2 * part), 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0).Select(value => value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4))];

    /// <summary>Linear RGB as it is seen.</summary>
    private static double[] Seen(string color, double[][] matrix)
    {
        var linear = Linear(color);
        return [.. matrix.Select(row => Math.Clamp((row[0] * linear[0]) + (row[1] * linear[1]) + (row[2] * linear[2]), 0, 1))];
    }

    private static double Contrast(string first, string second)
    {
        var (a, b) = (Luminance(first), Luminance(second));
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);

        static double Luminance(string color)
        {
            var linear = Linear(color);
            return (0.2126 * linear[0]) + (0.7152 * linear[1]) + (0.0722 * linear[2]);
        }
    }

    private static (double L, double A, double B) Lab(double[] linear)
    {
        var x = ((0.4124564 * linear[0]) + (0.3575761 * linear[1]) + (0.1804375 * linear[2])) / 0.95047;
        var y = (0.2126729 * linear[0]) + (0.7151522 * linear[1]) + (0.0721750 * linear[2]);
        var z = ((0.0193339 * linear[0]) + (0.1191920 * linear[1]) + (0.9503041 * linear[2])) / 1.08883;
        return ((116 * Root(y)) - 16, 500 * (Root(x) - Root(y)), 200 * (Root(y) - Root(z)));

        static double Root(double value) => value > 216.0 / 24_389 ? Math.Cbrt(value) : ((24_389.0 / 27 * value) + 16) / 116;
    }

    /// <summary>CIEDE2000.</summary>
    private static double Difference((double L, double A, double B) first, (double L, double A, double B) second)
    {
        var meanChroma = (Math.Sqrt((first.A * first.A) + (first.B * first.B)) + Math.Sqrt((second.A * second.A) + (second.B * second.B))) / 2;
        var g = 0.5 * (1 - Math.Sqrt(Math.Pow(meanChroma, 7) / (Math.Pow(meanChroma, 7) + Math.Pow(25, 7))));
        var (a1, a2) = ((1 + g) * first.A, (1 + g) * second.A);
        var (c1, c2) = (Math.Sqrt((a1 * a1) + (first.B * first.B)), Math.Sqrt((a2 * a2) + (second.B * second.B)));
        var (h1, h2) = (Hue(a1, first.B), Hue(a2, second.B));
        var turn = c1 * c2 == 0 ? 0 : Math.Abs(h2 - h1) <= 180 ? h2 - h1 : h2 - h1 > 180 ? h2 - h1 - 360 : h2 - h1 + 360;
        var (light, chroma, hue) = (second.L - first.L, c2 - c1, 2 * Math.Sqrt(c1 * c2) * Math.Sin(Radians(turn / 2)));
        var (meanL, meanC) = ((first.L + second.L) / 2, (c1 + c2) / 2);
        var meanH = c1 * c2 == 0 ? h1 + h2 : Math.Abs(h1 - h2) <= 180 ? (h1 + h2) / 2 : h1 + h2 < 360 ? (h1 + h2 + 360) / 2 : (h1 + h2 - 360) / 2;
        var t = 1 - (0.17 * Math.Cos(Radians(meanH - 30))) + (0.24 * Math.Cos(Radians(2 * meanH))) + (0.32 * Math.Cos(Radians((3 * meanH) + 6))) - (0.20 * Math.Cos(Radians((4 * meanH) - 63)));
        var sl = 1 + (0.015 * Math.Pow(meanL - 50, 2) / Math.Sqrt(20 + Math.Pow(meanL - 50, 2)));
        var (sc, sh) = (1 + (0.045 * meanC), 1 + (0.015 * meanC * t));
        var rotation = -2 * Math.Sqrt(Math.Pow(meanC, 7) / (Math.Pow(meanC, 7) + Math.Pow(25, 7))) * Math.Sin(Radians(60 * Math.Exp(-Math.Pow((meanH - 275) / 25, 2))));
        return Math.Sqrt(Math.Pow(light / sl, 2) + Math.Pow(chroma / sc, 2) + Math.Pow(hue / sh, 2) + (rotation * chroma / sc * hue / sh));

        static double Hue(double a, double b) => a == 0 && b == 0 ? 0 : (Math.Atan2(b, a) * 180 / Math.PI + 360) % 360;
        static double Radians(double degrees) => degrees * Math.PI / 180;
    }

    [GeneratedRegex(@"#[0-9A-Fa-f]{6}")]
    private static partial Regex ColorPattern();

    [GeneratedRegex(@"--([\w-]+): (#[0-9a-fA-F]{6}|#[0-9a-fA-F]{3});")]
    private static partial Regex TokenPattern();

    [GeneratedRegex(@"\{ card: ""[^}]*\}")]
    private static partial Regex InkPattern();
}
