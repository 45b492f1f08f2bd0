namespace Analytics.Storage.Parquet;

/// <summary>What all decoders ask of an encoding.</summary>
internal static class Encodings
{
    public static bool IsDictionary(ParquetEncoding encoding) =>
        encoding is ParquetEncoding.PlainDictionary or ParquetEncoding.RleDictionary;

    public static MalformedDataException Unsupported(ParquetEncoding encoding, string expected) =>
        new($"encoding {encoding}", expected, "Write the file again with plain or dictionary encoding.");
}
