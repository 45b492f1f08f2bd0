using Analytics.Engine.Arrow;
using Analytics.Engine.Arrow.Ipc;
using Analytics.Storage;
using Analytics.Storage.Parquet;

namespace Analytics.Server.Contracts.Formats;

/// <summary>Writes long forms as CSV, Arrow and Parquet: batch by batch, in memory that does not grow with the rows.</summary>
internal static class LongFormWriter
{
    // Some 190 bytes a row where a row has every column. CSV is sent as it is written, so its batches only have to be long
    // enough; a row group of Parquet is better long.
    private const int CsvRows = 4_096;
    private const int ArrowRows = 16_384;
    private const int ParquetRows = 65_536;

    private static readonly ParquetWriterOptions ParquetOptions = new() { HasPageIndex = false };

    /// <summary>Writes a whole answer.</summary>
    /// <param name="form">The answer.</param>
    /// <param name="format">Any but JSON.</param>
    /// <param name="metadata">What the files of Arrow and Parquet say about themselves.</param>
    /// <param name="stream">Gets the bytes.</param>
    /// <param name="hold">Told whenever the answer takes more memory than it did.</param>
    /// <param name="cancellation">The client went away.</param>
    public static Task WriteAsync(LongForm form, AnswerFormat format, IReadOnlyDictionary<string, string> metadata, AnswerStream stream, Action<long> hold, CancellationToken cancellation)
    {
        var schema = new Schema(form.Fields, metadata);
        return format.Name switch
        {
            "csv" => CsvAsync(form, schema, stream, hold, cancellation),
            "arrow" => ArrowAsync(form, schema, stream, hold, cancellation),
            "parquet" => ParquetAsync(form, schema, stream, hold, cancellation),
            _ => throw new ArgumentException($"'{format.Name}' is not written from a long form.", nameof(format)),
        };
    }

    private static async Task CsvAsync(LongForm form, Schema schema, AnswerStream stream, Action<long> hold, CancellationToken cancellation)
    {
        var writer = new CsvWriter(stream, schema);
        foreach (var batch in form.Batches(schema, CsvRows))
        {
            hold(form.HeldBytes + stream.HeldBytes);
            writer.Open(batch);
            for (var row = 0; row < batch.RowCount;)
            {
                row = writer.Write(batch, row);
                if (stream.HasPiece)
                {
                    await stream.SendAsync(cancellation);
                }
            }
        }

        await stream.SendAsync(cancellation);
    }

    private static async Task ArrowAsync(LongForm form, Schema schema, AnswerStream stream, Action<long> hold, CancellationToken cancellation)
    {
        var writer = new ArrowStreamWriter(stream, schema);
        foreach (var batch in form.Batches(schema, ArrowRows))
        {
            writer.Write(batch);
            hold(form.HeldBytes + stream.HeldBytes);
            await stream.SendAsync(cancellation);
        }

        writer.Finish();
        await stream.SendAsync(cancellation);
    }

    private static async Task ParquetAsync(LongForm form, Schema schema, AnswerStream stream, Action<long> hold, CancellationToken cancellation)
    {
        using var file = new ResponseFile(stream);
        var writer = new ParquetWriter(file, schema, schema.Metadata, ParquetOptions);
        foreach (var batch in form.Batches(schema, ParquetRows))
        {
            writer.WriteRowGroup(batch);
            hold(form.HeldBytes + stream.HeldBytes);
            await stream.SendAsync(cancellation);
        }

        writer.Finish();
        await stream.SendAsync(cancellation);
    }

    /// <summary>The answer as a file that is written from its start to its end.</summary>
    private sealed class ResponseFile(AnswerStream stream) : WritableFile
    {
        public override void Write(ReadOnlySpan<byte> bytes) => stream.Write(bytes);

        public override void Sync() => throw new NotSupportedException("An answer is not on a disk.");

        public override void Dispose()
        {
        }
    }
}
