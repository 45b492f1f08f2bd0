using System.Runtime.InteropServices;
using System.Text.Json;
using Analytics.Engine.Arrow;
using Analytics.Engine.Queries;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts.Formats;
using Analytics.Storage.Directory;
using Analytics.Storage.Rollup;
using NodaTime;

namespace Analytics.Server.Focus;

/// <summary>Priced items as rows of FOCUS 1.2, the FinOps Open Cost and Usage Specification: one for each day, project and SKU meter.</summary>
/// <remarks>
/// <para>
/// A SKU is what is bought: a route and a pricing rule. The rule is its meter. Charge periods are days of the zone that was
/// asked for, billing periods its calendar months, both as instants of UTC. The billed cost is what the gateway recorded;
/// the list cost is the list price times the quantity where the directory has a price for the rule, else the billed cost.
/// </para>
/// <para>Tokens are consumed one by one and priced by the million, as price lists print them.</para>
/// </remarks>
/// <param name="plan">Days of the range over the table of items; it reads rows, no cubes.</param>
/// <param name="directory">Names and prices.</param>
internal sealed class FocusExport(QueryPlan plan, OrganizationDirectory directory)
{
    // Numbers are written with 12 decimals: a millionth of a unit is so many of the last.
    private const long PicoPerMicro = 1_000_000;
    private const decimal PicoPerDollar = 1_000_000_000_000m;

    private readonly UsageTable table = plan.Table;
    private readonly Dictionary<(int Mapping, int Rule), Int128?> listPrices = [];

    /// <summary>The rows as a table; days in order, and on a day by project, route, rule and unit.</summary>
    /// <remarks>Columns that FOCUS does not know begin with x_.</remarks>
    public LongForm ToLongForm() => new LongForm<FocusRow>(plan, Rows(), Columns(), "x_Timezone");

    private IEnumerable<LongColumn<FocusRow>> Columns() =>
    [
        Money("BilledCost", row => row.CostPicoUsd),
        Same("BillingAccountId", directory.Organization.Id),
        Same("BillingAccountName", directory.Organization.Name),
        Same("BillingAccountType", "Organization"),
        Same("BillingCurrency", "USD"),
        LongColumn<FocusRow>.Instant("BillingPeriodStart", row => StartOfMonth(row, 0)),
        LongColumn<FocusRow>.Instant("BillingPeriodEnd", row => StartOfMonth(row, 1)),
        Same("ChargeCategory", "Usage"),
        LongColumn<FocusRow>.OptionalText("ChargeClass", _ => null),
        LongColumn<FocusRow>.Text("ChargeDescription", row => $"{Key(Dimension.Rule, row.Rule)} of {Key(Dimension.Mapping, row.Mapping)}"),
        Same("ChargeFrequency", "Usage-Based"),
        LongColumn<FocusRow>.Instant("ChargePeriodStart", row => row.Day.Start),
        LongColumn<FocusRow>.Instant("ChargePeriodEnd", row => row.Day.End),
        Money("ConsumedQuantity", row => row.QuantityMicros * PicoPerMicro),
        Coded("ConsumedUnit", Dimension.Unit, row => row.Unit, Plural),
        Money("ContractedCost", row => row.CostPicoUsd),
        Money("EffectiveCost", row => row.CostPicoUsd),
        OfMapping("InvoiceIssuerName", Dimension.Provider),
        Money("ListCost", ListCost),
        LongColumn<FocusRow>.OptionalMoney("ListUnitPrice", ListPrice),
        Same("PricingCategory", "Standard"),
        Money("PricingQuantity", PricingQuantity),
        Coded("PricingUnit", Dimension.Unit, row => row.Unit, unit => unit == PricedItem.Token ? "1000000 Tokens" : Plural(unit)),
        OfMapping("ProviderName", Dimension.Provider),
        OfMapping("PublisherName", Dimension.Provider),
        Coded("ResourceId", Dimension.Mapping, row => row.Mapping),
        OfMapping("ResourceName", Dimension.Model),
        Same("ResourceType", "Model"),
        Same("ServiceCategory", "AI and Machine Learning"),
        OfMapping("ServiceName", Dimension.Model),
        Same("ServiceSubcategory", "Generative AI"),
        LongColumn<FocusRow>.Text("SkuId", row => $"{Key(Dimension.Mapping, row.Mapping)}:{Key(Dimension.Rule, row.Rule)}"),
        Coded("SkuMeter", Dimension.Rule, row => row.Rule),
        OfMapping("SkuPriceDetails", Dimension.Model, model => JsonSerializer.Serialize(new Dictionary<string, string> { ["x_Model"] = model })),
        LongColumn<FocusRow>.Text("SkuPriceId", row => $"{Key(Dimension.Mapping, row.Mapping)}:{Key(Dimension.Rule, row.Rule)}:{Key(Dimension.Unit, row.Unit)}"),
        Coded("SubAccountId", Dimension.Project, row => row.Project),
        Coded("SubAccountName", Dimension.Project, row => row.Project, project => table.Table(Dimension.Project).Label(table.Table(Dimension.Project).CodeOf(project))),
        Same("SubAccountType", "Project"),
        Same("Tags", "{}"),
    ];

    /// <summary>Units as FOCUS writes them: capitalised and in the plural.</summary>
    private static string Plural(string unit) => unit.Length == 0 ? unit : $"{char.ToUpperInvariant(unit[0])}{unit[1..]}s";

    private static LongColumn<FocusRow> Same(string name, string text) => LongColumn<FocusRow>.Coded(name, StringArray.From([text]), _ => 0);

    private static LongColumn<FocusRow> Money(string name, Func<FocusRow, Int128> read) => LongColumn<FocusRow>.Money(name, read);

    private LongColumn<FocusRow> Coded(string name, Dimension dimension, Func<FocusRow, int> code, Func<string, string>? text = null)
    {
        var texts = new CodedTexts();
        var places = Enumerable.Range(0, table.Table(dimension).Count).Select(i => texts.Add(text is null ? Key(dimension, i) : text(Key(dimension, i)))).ToArray();
        return LongColumn<FocusRow>.Coded(name, texts.ToArray(), row => places[code(row)]);
    }

    private LongColumn<FocusRow> OfMapping(string name, Dimension derived, Func<string, string>? text = null)
    {
        var lookup = table.Lookup(derived).ToArray();
        return Coded(name, derived, row => lookup[row.Mapping], text);
    }

    private string Key(Dimension dimension, int code) => table.Table(dimension).Key(code);

    private Instant StartOfMonth(FocusRow row, int later)
    {
        var month = new YearMonth(row.Day.Date.Year, row.Day.Date.Month).PlusMonths(later);
        return plan.Query.Zone.AtStartOfDay(month.OnDayOfMonth(1)).ToInstant();
    }

    private bool IsToken(FocusRow row) => Key(Dimension.Unit, row.Unit) == PricedItem.Token;

    /// <summary>Millions of tokens, or units, with 12 decimals.</summary>
    private Int128 PricingQuantity(FocusRow row) => IsToken(row) ? row.QuantityMicros : row.QuantityMicros * PicoPerMicro;

    /// <summary>US dollars for a million tokens, with 12 decimals; null where the directory has no price for the rule.</summary>
    private Int128? ListPrice(FocusRow row)
    {
        ref var price = ref CollectionsMarshal.GetValueRefOrAddDefault(listPrices, (row.Mapping, row.Rule), out var isKnown);
        if (!isKnown)
        {
            var rule = Key(Dimension.Rule, row.Rule);
            price = IsToken(row) && directory.Models.GetValueOrDefault(Key(Dimension.Mapping, row.Mapping))?.Prices.FirstOrDefault(one => one.Rule == rule) is { } listed
                ? (Int128)(listed.UsdPerMillion * PicoPerDollar)
                : null;
        }

        return price;
    }

    /// <summary>List price times quantity, rounded half to even to 12 decimals.</summary>
    private Int128 ListCost(FocusRow row)
    {
        if (ListPrice(row) is not { } price)
        {
            return row.CostPicoUsd;
        }

        var (cost, rest) = Int128.DivRem(checked(price * PricingQuantity(row)), PicoDollars.PerDollar);
        return cost + (rest > PicoDollars.PerDollar / 2 || (rest == PicoDollars.PerDollar / 2 && Int128.IsOddInteger(cost)) ? 1 : 0);
    }

    private IEnumerable<FocusRow> Rows()
    {
        Dictionary<(int Project, int Mapping, int Rule, int Unit), (Int128 Quantity, Int128 Cost)> day = [];
        int[] rows = [];
        for (var next = 0; next < plan.Scans.Count;)
        {
            var bucket = plan.Scans[next].Bucket;
            for (; next < plan.Scans.Count && plan.Scans[next].Bucket == bucket; next++)
            {
                var scan = plan.Scans[next];
                rows = rows.Length < scan.RowCount ? new int[scan.RowCount] : rows;
                Add(day, scan, rows.AsSpan(0, scan.Select(rows)));
            }

            foreach (var (sku, sums) in day
                .OrderBy(sku => Key(Dimension.Project, sku.Key.Project), StringComparer.Ordinal)
                .ThenBy(sku => Key(Dimension.Mapping, sku.Key.Mapping), StringComparer.Ordinal)
                .ThenBy(sku => Key(Dimension.Rule, sku.Key.Rule), StringComparer.Ordinal)
                .ThenBy(sku => Key(Dimension.Unit, sku.Key.Unit), StringComparer.Ordinal))
            {
                yield return new FocusRow(plan.Buckets[bucket], sku.Project, sku.Mapping, sku.Rule, sku.Unit, sums.Quantity, sums.Cost);
            }

            day.Clear();
        }
    }

    private static void Add(Dictionary<(int Project, int Mapping, int Rule, int Unit), (Int128 Quantity, Int128 Cost)> day, Scan scan, ReadOnlySpan<int> rows)
    {
        var chunk = scan.Chunk;
        var (projects, mappings, rules, units) = (chunk.Codes(Dimension.Project), chunk.Codes(Dimension.Mapping), chunk.Codes(Dimension.Rule), chunk.Codes(Dimension.Unit));
        var (quantities, costs) = (chunk.Values(Measure.Quantity), chunk.Values(Measure.Cost));
        foreach (var selected in rows)
        {
            var row = scan.FirstRow + selected;
            ref var sums = ref CollectionsMarshal.GetValueRefOrAddDefault(day, ((int)projects[row], (int)mappings[row], (int)rules[row], (int)units[row]), out _);
            sums = (sums.Quantity + quantities[row], sums.Cost + costs[row]);
        }

        GC.KeepAlive(chunk);
    }
}
