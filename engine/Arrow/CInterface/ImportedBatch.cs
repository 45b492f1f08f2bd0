namespace Analytics.Engine.Arrow.CInterface;

/// <summary>A batch over memory of somebody else.</summary>
/// <remarks>
/// The memory is given back when the last array over it is gone, or at once by <see cref="Dispose"/>, after which no array
/// of the batch can be used, nor a slice of one.
/// </remarks>
public sealed class ImportedBatch : IDisposable
{
    private readonly ImportedMemory memory;

    internal ImportedBatch(RecordBatch batch, ImportedMemory memory) => (Batch, this.memory) = (batch, memory);

    /// <summary>The columns.</summary>
    public RecordBatch Batch { get; }

    /// <inheritdoc/>
    public void Dispose() => memory.Dispose();
}
