namespace Analytics.Engine.Arrow.Ipc;

/// <summary>Writes record batches in Arrow's file format.</summary>
/// <remarks>
/// As <see cref="ArrowStreamWriter"/>; but a file has one dictionary for each coded column, to which batches only add. A
/// batch with another dictionary gets its new texts added and its codes translated. Polars takes no
/// additions, neither in files nor in streams: for it, give all batches one dictionary.
/// </remarks>
/// <param name="stream">Written from where it stands, which becomes the start of the file; not disposed. It need not seek.</param>
/// <param name="schema">The columns of all batches.</param>
/// <param name="options">How to write; null for the defaults.</param>
public sealed class ArrowFileWriter(Stream stream, Schema schema, ArrowWriterOptions? options = null)
{
    private readonly IpcWriter writer = new(stream, schema, options, isFile: true);

    /// <summary>Writes a batch, and before the first one the schema.</summary>
    /// <param name="batch">Its fields are those of the schema.</param>
    /// <exception cref="ArgumentException">The batch has other columns.</exception>
    /// <exception cref="ObjectDisposedException">The file is finished.</exception>
    /// <exception cref="OverflowException">The texts of a dictionary take more than 2 GiB.</exception>
    /// <exception cref="IOException">The stream failed.</exception>
    public void Write(RecordBatch batch) => writer.Write(batch);

    /// <summary>Writes the footer, without which there is no file. Once only; more calls do nothing.</summary>
    /// <exception cref="IOException">The stream failed.</exception>
    public void Finish() => writer.Finish();
}
