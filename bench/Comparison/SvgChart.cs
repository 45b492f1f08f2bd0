using System.Globalization;
using System.Security;
using System.Text;

namespace Analytics.Bench.Comparison;

/// <summary>What one colour of a chart stands for.</summary>
/// <param name="Name">Name in the legend.</param>
/// <param name="Color">Colour as <c>#rrggbb</c>.</param>
/// <param name="IsDashed">Whether its line is dashed.</param>
internal sealed record ChartSeries(string Name, string Color, bool IsDashed = false);

/// <summary>Bars that stand together.</summary>
/// <param name="Label">Name, at the left.</param>
/// <param name="Detail">A second, smaller line.</param>
/// <param name="Values">One for each series, more than 0; null for no bar.</param>
internal sealed record BarGroup(string Label, string Detail, IReadOnlyList<double?> Values);

/// <summary>Charts of milliseconds on logarithmic scales, as SVG that needs nothing else: no script, no font, no style sheet.</summary>
internal sealed class SvgChart
{
    private const int Width = 880;
    private const int Left = 190;
    private const int Right = 84;
    private const int BarHeight = 13;
    private const int BarStep = 16;
    private const int GroupGap = 16;
    private const int LegendRow = 22;
    private const int LabelStep = 16;
    private const string Ink = "#1f2933";
    private const string Faint = "#66727f";
    private const string Grid = "#e3e7eb";

    // Widths of letters are guessed: no font is known here.
    private const double LetterWidth = 6.5;

    private readonly StringBuilder body = new();
    private readonly string title;
    private int height;

    private SvgChart(string title, string subtitle)
    {
        this.title = title;
        Text(24, 32, title, 17, Ink, weight: 600);
        Text(24, 52, subtitle, 12.5, Faint);
        height = 66;
    }

    /// <summary>Horizontal bars in groups.</summary>
    /// <param name="title">Title.</param>
    /// <param name="subtitle">What is measured.</param>
    /// <param name="series">Series, in the order of a group's bars.</param>
    /// <param name="groups">Groups, from top to bottom; at least one value in all.</param>
    public static string Bars(string title, string subtitle, IReadOnlyList<ChartSeries> series, IReadOnlyList<BarGroup> groups)
    {
        var chart = new SvgChart(title, subtitle);
        chart.Legend(series);
        var (low, high) = Range(groups.SelectMany(group => group.Values).OfType<double>());
        var top = chart.height + 22;
        var bottom = top + groups.Sum(group => (group.Values.Count(value => value is not null) * BarStep) + GroupGap) - (GroupGap / 2);
        for (var decade = low; decade <= high; decade++)
        {
            var x = X(Math.Pow(10, decade));
            chart.Line(x, top - 6, x, bottom, Grid, 1);
            chart.Text(x, top - 12, Tick(decade), 11.5, Faint, anchor: "middle");
        }

        var y = (double)top;
        foreach (var group in groups)
        {
            var bars = group.Values.Count(value => value is not null);
            var middle = y + (bars * BarStep / 2.0);
            chart.Text(Left - 14, middle - 1, group.Label, 13, Ink, anchor: "end", weight: 600);
            chart.Text(Left - 14, middle + 13, group.Detail, 11, Faint, anchor: "end");
            for (var i = 0; i < group.Values.Count; i++)
            {
                if (group.Values[i] is { } value)
                {
                    var end = Math.Max(X(value), Left + 2);
                    chart.body.Append(CultureInfo.InvariantCulture, $"<rect x=\"{Left}\" y=\"{Number(y)}\" width=\"{Number(end - Left)}\" height=\"{BarHeight}\" rx=\"2\" fill=\"{series[i].Color}\"/>\n");
                    chart.Text(end + 6, y + BarHeight - 2.5, Duration(value), 11.5, Ink, weight: i == 0 ? 600 : 400);
                    y += BarStep;
                }
            }

            y += GroupGap;
        }

        chart.height = bottom + 14;
        return chart.ToString();

        double X(double value) => Left + ((Math.Log10(value) - low) / (high - low) * (Width - Left - Right));
    }

    /// <summary>Lines over numbers of rows, both axes logarithmic.</summary>
    /// <param name="title">Title.</param>
    /// <param name="subtitle">What is measured.</param>
    /// <param name="series">Series.</param>
    /// <param name="rows">Positions on the horizontal axis, ascending, 2 or more.</param>
    /// <param name="values">For each series a value for each position; null for none.</param>
    public static string Lines(string title, string subtitle, IReadOnlyList<ChartSeries> series, IReadOnlyList<long> rows, IReadOnlyList<IReadOnlyList<double?>> values)
    {
        const int PlotHeight = 380;
        const int AxisLeft = 76;
        const int LabelWidth = 250;
        var chart = new SvgChart(title, subtitle);
        var top = chart.height + 14;
        var (low, high) = Range(values.SelectMany(line => line).OfType<double>());
        for (var decade = low; decade <= high; decade++)
        {
            var y = Y(Math.Pow(10, decade));
            chart.Line(AxisLeft, y, Width - LabelWidth, y, Grid, 1);
            chart.Text(AxisLeft - 10, y + 4, Tick(decade), 11.5, Faint, anchor: "end");
        }

        foreach (var count in rows)
        {
            chart.Line(X(count), top, X(count), top + PlotHeight, Grid, 1);
            chart.Text(X(count), top + PlotHeight + 20, $"{RowCount.Format(count)} rows", 12, Faint, anchor: "middle");
        }

        List<(double Y, string Text, string Color)> labels = [];
        for (var i = 0; i < series.Count; i++)
        {
            var points = rows.Zip(values[i]).Where(point => point.Second is not null).Select(point => (X: X(point.First), Y: Y(point.Second!.Value), Value: point.Second.Value)).ToArray();
            if (points.Length == 0)
            {
                continue;
            }

            var dashes = series[i].IsDashed ? " stroke-dasharray=\"6 4\"" : string.Empty;
            chart.body.Append(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{series[i].Color}\" stroke-width=\"2.5\" stroke-linejoin=\"round\"{dashes} points=\"{string.Join(' ', points.Select(point => $"{Number(point.X)},{Number(point.Y)}"))}\"/>\n");
            foreach (var point in points)
            {
                chart.body.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{Number(point.X)}\" cy=\"{Number(point.Y)}\" r=\"4\" fill=\"{series[i].Color}\"/>\n");
            }

            labels.Add((points[^1].Y, $"{series[i].Name}: {Duration(points[^1].Value)}", series[i].Color));
        }

        // Labels at the lines' ends, pushed down where they would lie on one another.
        var free = double.MinValue;
        foreach (var (y, text, color) in labels.OrderBy(label => label.Y))
        {
            var at = Math.Max(y, free);
            chart.body.Append(CultureInfo.InvariantCulture, $"<rect x=\"{Width - LabelWidth + 10}\" y=\"{Number(at - 5)}\" width=\"10\" height=\"10\" rx=\"2\" fill=\"{color}\"/>\n");
            chart.Text(Width - LabelWidth + 26, at + 4, text, 12, Ink);
            free = at + LabelStep;
        }

        chart.height = top + PlotHeight + 38;
        return chart.ToString();

        double X(long count) => AxisLeft + 24 + ((Math.Log10(count) - Math.Log10(rows[0])) / (Math.Log10(rows[^1]) - Math.Log10(rows[0])) * (Width - LabelWidth - AxisLeft - 36));
        double Y(double value) => top + PlotHeight - ((Math.Log10(value) - low) / (high - low) * PlotHeight);
    }

    /// <summary>A time in the unit that suits it, in three digits: <c>87 µs</c>, <c>4.56 ms</c>, <c>1.23 s</c>.</summary>
    /// <param name="milliseconds">More than 0.</param>
    public static string Duration(double milliseconds) => milliseconds switch
    {
        < 0.9995 => $"{ThreeDigits(milliseconds * 1e3)} µs",
        < 999.5 => $"{ThreeDigits(milliseconds)} ms",
        _ => $"{ThreeDigits(milliseconds / 1e3)} s",
    };

    /// <summary>A number in three digits or, from 1,000 on, in whole ones.</summary>
    /// <param name="value">0 or more.</param>
    public static string ThreeDigits(double value) => value.ToString(value switch { < 9.995 => "0.00", < 99.95 => "0.0", _ => "#,0" }, CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"""
        <svg xmlns="http://www.w3.org/2000/svg" width="{Width}" height="{height}" viewBox="0 0 {Width} {height}" role="img" aria-label="{SecurityElement.Escape(title)}" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', Arial, sans-serif">
        <rect width="{Width}" height="{height}" rx="8" fill="#ffffff"/>
        {body}</svg>

        """).ReplaceLineEndings("\n");

    /// <summary>From the power of ten below all values to a little above them, at least one decade: logarithms.</summary>
    private static (int Low, double High) Range(IEnumerable<double> values)
    {
        double[] all = [.. values];
        var low = (int)Math.Floor(Math.Log10(all.Min()));
        return (low, Math.Max(low + 1, Math.Log10(all.Max()) + 0.05));
    }

    private static string Tick(int decade) => decade switch
    {
        < 0 => $"{Number(Math.Pow(10, decade + 3))} µs",
        < 3 => $"{Number(Math.Pow(10, decade))} ms",
        _ => $"{Number(Math.Pow(10, decade - 3))} s",
    };

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private void Legend(IReadOnlyList<ChartSeries> series)
    {
        var x = 24.0;
        var y = height + 6;
        foreach (var one in series)
        {
            var width = 26 + (one.Name.Length * LetterWidth) + 14;
            if (x + width > Width - 24)
            {
                x = 24;
                y += LegendRow;
            }

            body.Append(CultureInfo.InvariantCulture, $"<rect x=\"{Number(x)}\" y=\"{y}\" width=\"14\" height=\"12\" rx=\"2\" fill=\"{one.Color}\"/>\n");
            Text(x + 20, y + 10.5, one.Name, 12.5, Ink);
            x += width;
        }

        height = y + LegendRow;
    }

    private void Line(double x1, double y1, double x2, double y2, string color, double width) =>
        body.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Number(x1)}\" y1=\"{Number(y1)}\" x2=\"{Number(x2)}\" y2=\"{Number(y2)}\" stroke=\"{color}\" stroke-width=\"{Number(width)}\"/>\n");

    private void Text(double x, double y, string text, double size, string color, string anchor = "start", int weight = 400) =>
        body.Append(CultureInfo.InvariantCulture, $"<text x=\"{Number(x)}\" y=\"{Number(y)}\" font-size=\"{Number(size)}\" fill=\"{color}\" text-anchor=\"{anchor}\" font-weight=\"{weight}\">{SecurityElement.Escape(text)}</text>\n");
}
