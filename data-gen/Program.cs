using System.CommandLine;
using System.Globalization;
using Analytics.DataGen;
using Analytics.Engine.Usage;
using Analytics.Storage;
using NodaTime;
using NodaTime.Text;

var data = new Option<string>("--data") { Description = "The data folder; it must hold no usage yet.", Required = true, HelpName = "DIR" };
var until = new Option<string>("--until") { Description = "Last day of the year (UTC), or the end of its last hour as RFC 3339.", Required = true, HelpName = "DATE" };
var seed = new Option<ulong>("--seed") { Description = "Equal seeds and ends give equal data.", DefaultValueFactory = _ => 20260624 };
var demo = new Command("demo", "A year of usage of one organisation, its directory and its prices.") { data, until, seed };
demo.SetAction(parsed =>
{
    if (!TryEnd(parsed.GetValue(until)!, out var end))
    {
        Console.Error.WriteLine($"error: --until: found '{parsed.GetValue(until)}', expected a date such as 2026-06-24 or a whole hour such as 2026-06-24T13:00:00Z.");
        return 2;
    }

    try
    {
        using var store = UsageStore.Open(parsed.GetValue(data)!, Files.Physical);
        if (store.Manifest.Files.Count > 0)
        {
            Console.Error.WriteLine($"error: '{store.Folder.Root}' holds usage already. Choose another --data.");
            return 73;
        }

        var (totals, rows) = new DemoYear(parsed.GetValue(seed), end).WriteTo(store);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{rows:N0} rows: {totals[Measure.RequestCount]:N0} requests, {totals.TotalTokens:N0} tokens, ${PicoDollars.Format(totals[Measure.Cost])}, {totals[Measure.UnpricedCount]:N0} requests without a price."));
        return 0;
    }
    catch (IOException exception)
    {
        Console.Error.WriteLine($"error: {exception.Message}");
        return 73;
    }
});
return new RootCommand("Synthetic usage, the same for the same seed on every machine.") { demo }.Parse(args).Invoke();

static bool TryEnd(string text, out Instant end)
{
    var date = LocalDatePattern.Iso.Parse(text);
    var instant = InstantPattern.ExtendedIso.Parse(text);
    end = date.Success ? date.Value.PlusDays(1).AtStartOfDayInZone(DateTimeZone.Utc).ToInstant() : instant.Success ? instant.Value : default;
    return (date.Success || instant.Success) && end.ToUnixTimeTicks() % Duration.FromHours(1).BclCompatibleTicks == 0;
}
