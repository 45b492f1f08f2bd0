using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>What a chart says and what it draws.</summary>
internal static class ChartReading
{
    /// <summary>Reads the buckets of a chart with the keyboard, from the first to the last.</summary>
    /// <returns>For each bucket its title, and what is read of the total and each series.</returns>
    public static async Task<IReadOnlyList<(string Title, IReadOnlyDictionary<string, string> Values)>> ReadAsync(Window window, int most = 400)
    {
        var surface = window.Page.Locator(".plot-surface").First;
        await surface.FocusAsync();
        await window.Page.Keyboard.PressAsync("Home");
        List<(string, IReadOnlyDictionary<string, string>)> buckets = [];
        while (buckets.Count < most)
        {
            var (title, values) = await BucketAsync(window);
            if (buckets.Count > 0 && buckets[^1].Item1 == title)
            {
                break;
            }

            buckets.Add((title, values));
            await window.Page.Keyboard.PressAsync("ArrowRight");
        }

        await window.Page.Keyboard.PressAsync("Escape");
        return buckets;
    }

    /// <summary>Asserts which series have usage somewhere in a chart.</summary>
    public static async Task AssertSeriesAsync(Window window, params string[] names)
    {
        var buckets = await ReadAsync(window);
        Assert.Equal(names.Order(StringComparer.Ordinal), buckets.SelectMany(bucket => bucket.Values.Keys).Where(name => name != "Total").Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>The colour of a point of the first chart, in CSS pixels of its canvas, as <c>#rrggbb</c>.</summary>
    public static async Task<string> ColorAsync(Window window, double x, double y) =>
        (await window.EvaluateAsync(
            """
            ([x, y]) => {
              const canvas = document.querySelector('.plot-canvas canvas');
              const scale = canvas.width / canvas.clientWidth;
              const [red, green, blue, alpha] = canvas.getContext('2d').getImageData(Math.round(x * scale), Math.round(y * scale), 1, 1).data;
              return alpha === 0 ? 'none' : '#' + [red, green, blue].map((part) => part.toString(16).padStart(2, '0')).join('');
            }
            """,
            new[] { x, y })).GetString()!;

    /// <summary>The size of the first chart's canvas in CSS pixels.</summary>
    public static async Task<(double Width, double Height)> SizeAsync(Window window)
    {
        var box = await window.Page.Locator(".plot-canvas canvas").First.BoundingBoxAsync();
        return (box!.Width, box.Height);
    }

    private static async Task<(string Title, IReadOnlyDictionary<string, string> Values)> BucketAsync(Window window)
    {
        var read = await window.EvaluateAsync(
            """
            () => {
              const tooltip = document.querySelector('.plot .sr .tooltip');
              return {
                title: tooltip.querySelector('.tooltip-title').textContent,
                rows: [...tooltip.querySelector('table').rows].map((row) => [row.querySelector('th').textContent.trim(), row.querySelector('th ~ td').textContent.trim()]),
              };
            }
            """);
        return (read.GetProperty("title").GetString()!, read.GetProperty("rows").EnumerateArray().ToDictionary(row => row[0].GetString()!, row => row[1].GetString()!));
    }
}
