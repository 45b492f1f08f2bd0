namespace Analytics.Server.Contracts;

/// <content>FOCUS.</content>
internal static partial class Samples
{
    public const string Focus =
        """
        BilledCost,BillingAccountId,BillingAccountName,BillingAccountType,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargeCategory,ChargeClass,ChargeDescription,ChargeFrequency,ChargePeriodStart,ChargePeriodEnd,ConsumedQuantity,ConsumedUnit,ContractedCost,EffectiveCost,InvoiceIssuerName,ListCost,ListUnitPrice,PricingCategory,PricingQuantity,PricingUnit,ProviderName,PublisherName,ResourceId,ResourceName,ResourceType,ServiceCategory,ServiceName,ServiceSubcategory,SkuId,SkuMeter,SkuPriceDetails,SkuPriceId,SubAccountId,SubAccountName,SubAccountType,Tags,x_Timezone
        0.0125,org_1,Acme,Organization,USD,2026-05-31T22:00:00Z,2026-06-30T22:00:00Z,Usage,,input_tokens of azure/gpt-5.5,Usage-Based,2026-06-23T22:00:00Z,2026-06-24T22:00:00Z,10000,Tokens,0.0125,0.0125,azure,0.0125,1.25,Standard,0.01,1000000 Tokens,azure,azure,azure/gpt-5.5,gpt-5.5,Model,AI and Machine Learning,gpt-5.5,Generative AI,azure/gpt-5.5:input_tokens,input_tokens,"{""x_Model"":""gpt-5.5""}",azure/gpt-5.5:input_tokens:token,prj_1,Production API,Project,{},Europe/Paris
        """;
}
