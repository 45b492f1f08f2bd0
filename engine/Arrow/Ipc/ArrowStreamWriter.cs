namespace Analytics.Engine.Arrow.Ipc;

/// <summary>Writes record batches in Arrow's streaming format.</summary>
/// <remarks>
/// Equal batches give equal bytes, with no clock or identity in them, as long as what stands in the place of nulls is
/// equal too. Messages, bodies and buffers start at multiples of 64 bytes. A coded column's dictionary is written before
/// the first batch; later only what is added to it, or another one in its place.
/// </remarks>
/// <param name="stream">Written from where it stands, and not disposed.</param>
/// <param name="schema">The columns of all batches.</param>
/// <param name="options">How to write; null for the defaults.</param>
public sealed class ArrowStreamWriter(Stream stream, Schema schema, ArrowWriterOptions? options = null)
{
    private readonly IpcWriter writer = new(stream, schema, options, isFile: false);

    /// <summary>Writes a batch, and before the first one the schema.</summary>
    /// <param name="batch">Its fields are those of the schema.</param>
    /// <exception cref="ArgumentException">The batch has other columns.</exception>
    /// <exception cref="ObjectDisposedException">The stream is finished.</exception>
    /// <exception cref="IOException">The stream failed.</exception>
    public void Write(RecordBatch batch) => writer.Write(batch);

    /// <summary>Writes the mark that ends the stream. Once only; more calls do nothing.</summary>
    /// <exception cref="IOException">The stream failed.</exception>
    public void Finish() => writer.Finish();
}
