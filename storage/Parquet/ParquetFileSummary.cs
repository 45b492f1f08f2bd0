namespace Analytics.Storage.Parquet;

/// <summary>What to remember about a written file in order to recognize damage later.</summary>
/// <param name="SizeBytes">The whole file.</param>
/// <param name="Crc32">CRC-32 of all bytes of the file.</param>
/// <param name="FooterCrc32">CRC-32 of the footer and the four bytes of its length: from <paramref name="FooterOffset"/> to size - 4.</param>
/// <param name="FooterOffset">Bytes from the start of the file to the footer.</param>
/// <param name="RowCount">Rows of all row groups.</param>
public sealed record ParquetFileSummary(long SizeBytes, uint Crc32, uint FooterCrc32, long FooterOffset, long RowCount);
