using System.Globalization;
using Analytics.Bench.Comparison;
using Analytics.Tests.Interop;
using Xunit;

namespace Analytics.Tests.Server;

/// <summary><c>/export/focus</c>: what a FinOps tool reads.</summary>
public class FocusTests
{
    private const string Directory =
        """
        {
          "organizations": [ { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": ["Europe/Paris"] } ],
          "users": [ { "id": "u_1", "name": "Ana" } ],
          "members": [ { "organizationId": "org_1", "userId": "u_1", "role": "owner" } ],
          "projects": [ { "id": "p1", "organizationId": "org_1", "name": "=Production" } ],
          "models": [ { "organizationId": "org_1", "mapping": "azure/gpt", "model": "gpt-5.5", "provider": "azure", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "1.25" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "10" } ] } ]
        }
        """;

    private const string Range = "organizationId=org_1&from=2026-06-24&to=2026-07-01";

    // Two requests of one day and one of the next month; the second day begins at 22:00 of the first in UTC.
    private const string Events =
        """
        {"id":"1","timestamp":"2026-06-24T10:00:00Z","organizationId":"org_1","projectId":"p1","apiKeyId":"k","mapping":"azure/gpt","inputTokens":1000000,"outputTokens":7}
        {"id":"2","timestamp":"2026-06-24T21:00:00Z","organizationId":"org_1","projectId":"p1","apiKeyId":"j","mapping":"azure/gpt","inputTokens":1}
        {"id":"3","timestamp":"2026-06-30T22:00:00Z","organizationId":"org_1","projectId":"p2","apiKeyId":"k","mapping":"x","cost":"0.75","items":[{"rule":"speech","unit":"second","quantity":2.5,"cost":"0.75"}]}
        """;

    [Fact]
    public async Task Focus_Csv_HasARowForEachDayProjectAndMeter()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events, NodaTime.Instant.FromUtc(2026, 7, 2, 0, 0));

        using var response = await server.GetAsync($"/export/focus?{Range}", server.Token("org_1", "u_1"));
        var lines = (await response.Content.ReadAsStringAsync()).TrimEnd().Split("\r\n");

        Assert.Equal("text/csv", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(
            "BilledCost,BillingAccountId,BillingAccountName,BillingAccountType,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargeCategory,ChargeClass,ChargeDescription,ChargeFrequency,ChargePeriodStart,ChargePeriodEnd,ConsumedQuantity,ConsumedUnit,ContractedCost,EffectiveCost,InvoiceIssuerName,ListCost,ListUnitPrice,PricingCategory,PricingQuantity,PricingUnit,ProviderName,PublisherName,ResourceId,ResourceName,ResourceType,ServiceCategory,ServiceName,ServiceSubcategory,SkuId,SkuMeter,SkuPriceDetails,SkuPriceId,SubAccountId,SubAccountName,SubAccountType,Tags,x_Timezone",
            lines[0]);
        Assert.Equal(
            [
                "1.25000125,org_1,Acme,Organization,USD,2026-05-31T22:00:00Z,2026-06-30T22:00:00Z,Usage,,input_tokens of azure/gpt,Usage-Based,2026-06-23T22:00:00Z,2026-06-24T22:00:00Z,1000001,Tokens,1.25000125,1.25000125,azure,1.25000125,1.25,Standard,1.000001,1000000 Tokens,azure,azure,azure/gpt,gpt-5.5,Model,AI and Machine Learning,gpt-5.5,Generative AI,azure/gpt:input_tokens,input_tokens,\"{\"\"x_Model\"\":\"\"gpt-5.5\"\"}\",azure/gpt:input_tokens:token,p1,'=Production,Project,{},Europe/Paris",
                "0.00007,org_1,Acme,Organization,USD,2026-05-31T22:00:00Z,2026-06-30T22:00:00Z,Usage,,output_tokens of azure/gpt,Usage-Based,2026-06-23T22:00:00Z,2026-06-24T22:00:00Z,7,Tokens,0.00007,0.00007,azure,0.00007,10,Standard,0.000007,1000000 Tokens,azure,azure,azure/gpt,gpt-5.5,Model,AI and Machine Learning,gpt-5.5,Generative AI,azure/gpt:output_tokens,output_tokens,\"{\"\"x_Model\"\":\"\"gpt-5.5\"\"}\",azure/gpt:output_tokens:token,p1,'=Production,Project,{},Europe/Paris",
                "0.75,org_1,Acme,Organization,USD,2026-06-30T22:00:00Z,2026-07-31T22:00:00Z,Usage,,speech of x,Usage-Based,2026-06-30T22:00:00Z,2026-07-01T22:00:00Z,2.5,Seconds,0.75,0.75,\"\",0.75,,Standard,2.5,Seconds,\"\",\"\",x,x,Model,AI and Machine Learning,x,Generative AI,x:speech,speech,\"{\"\"x_Model\"\":\"\"x\"\"}\",x:speech:second,p2,p2,Project,{},Europe/Paris",
            ],
            lines[1..]);
    }

    [DuckDbFact]
    public async Task Focus_Parquet_SumsToTheActivity()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events, NodaTime.Instant.FromUtc(2026, 7, 2, 0, 0));
        var token = server.Token("org_1", "u_1");

        using var response = await server.GetAsync($"/export/focus?{Range}&format=parquet", token);
        var path = server.Folder.File("focus.parquet");
        await File.WriteAllBytesAsync(path, await response.Content.ReadAsByteArrayAsync());
        var activity = await server.JsonAsync($"/analytics/activity?{Range}", token);
        using var duck = DuckDb.Open(threads: 1);
        var found = duck.Run($"SELECT sum(BilledCost), sum(ConsumedQuantity), count(*), count(ListUnitPrice) FROM read_parquet({DuckDb.Quote(path)})").Rows[0];

        Assert.Equal(activity.GetProperty("totals").GetProperty("cost").GetDecimal(), decimal.Parse(found[0]!, CultureInfo.InvariantCulture));
        Assert.Equal((1_000_010.5m, "3", "2"), (decimal.Parse(found[1]!, CultureInfo.InvariantCulture), found[2]!, found[3]!));
    }

    [Theory]
    [InlineData("format=json", "/problems/not-acceptable")]
    [InlineData("format=xml", "/problems/invalid-parameters")]
    [InlineData("groupBy=model", "/problems/invalid-parameters")]
    public async Task Focus_WhatItIsNot_IsRefused(string parameter, string type)
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", string.Empty);

        using var response = await server.GetAsync($"/export/focus?{Range}&{parameter}", server.Token("org_1", "u_1"));

        Assert.Equal(type, (await AccessTests.ProblemAsync(response)).GetProperty("type").GetString());
    }
}
