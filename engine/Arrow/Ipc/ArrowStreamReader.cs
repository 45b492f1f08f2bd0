using Analytics.Engine.Arrow.Foreign;

namespace Analytics.Engine.Arrow.Ipc;

/// <summary>Reads record batches in Arrow's streaming format.</summary>
/// <remarks>
/// <para>
/// Nothing in the stream is believed: whatever its bytes, reading gives batches or <see cref="ArrowFormatException"/>, and
/// memory grows with the bytes that really arrive (by at most 64 times, where views share texts).
/// </para>
/// <para>
/// Texts and bytes with 64-bit offsets or by view become those with 32-bit offsets, dates in milliseconds days, codes of
/// any width 32-bit codes. Nested columns, and others that no array here holds, are skipped (<see cref="Skipped"/>).
/// Compressed buffers, big-endian values and bodies of 2 GiB or more are refused.
/// </para>
/// </remarks>
public sealed class ArrowStreamReader
{
    private readonly IpcInput input;
    private readonly IpcReader reader;
    private bool isAtEnd;

    private ArrowStreamReader(IpcInput input, IpcReader reader) => (this.input, this.reader) = (input, reader);

    /// <summary>The columns, without the skipped ones.</summary>
    public Schema Schema => reader.Schema.Schema;

    /// <summary>The columns that are left out.</summary>
    public IReadOnlyList<SkippedColumn> Skipped => reader.Schema.Skipped;

    /// <summary>Whether the mark that ends a stream was read. A writer may leave it out; a stream that was cut off between two messages has none.</summary>
    public bool HasEndMarker => input.HasEndMarker;

    /// <summary>Reads the schema.</summary>
    /// <param name="stream">At the start of the Arrow stream; read as far as the batches asked for, and not disposed.</param>
    /// <param name="name">The stream's name for messages.</param>
    /// <exception cref="ArrowFormatException">The data are damaged, or of a form that is not supported.</exception>
    /// <exception cref="IOException">The stream failed.</exception>
    public static ArrowStreamReader Open(Stream stream, string name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var input = new IpcInput(stream, name);
        var place = input.Place;
        var message = input.Next() ?? throw place.Refuse("the end", "a schema");
        return message.Kind == IpcMessageKind.Schema
            ? new ArrowStreamReader(input, new IpcReader(IpcSchema.Read(message.Header, message.Version), message.Place))
            : throw place.Refuse($"a message of kind {message.Kind}", "a schema first");
    }

    /// <summary>The next batch; null after the last.</summary>
    /// <exception cref="ArrowFormatException">The data are damaged, or of a form that is not supported. Nothing more can be read.</exception>
    /// <exception cref="IOException">The stream failed.</exception>
    public RecordBatch? Next()
    {
        while (!isAtEnd && input.Next() is { } message)
        {
            switch (message.Kind)
            {
                case IpcMessageKind.RecordBatch:
                    return reader.Batch(message);
                case IpcMessageKind.DictionaryBatch:
                    reader.Dictionary(message);
                    break;
                default:
                    throw message.Place.Refuse("a second schema", "a dictionary batch or record batch");
            }
        }

        isAtEnd = true;
        return null;
    }
}
