using Analytics.Engine.Arrow.Foreign;

namespace Analytics.Engine.Arrow.Ipc;

/// <summary>Walks over the nodes and buffers of one record batch, column by column.</summary>
/// <remarks>
/// RecordBatch: 0 length, 1 nodes, 2 buffers, 3 compression, 4 variadicBufferCounts. A node is i64 length, i64 nulls; a
/// buffer i64 offset in the body, i64 length. Each array has a node and its buffers; its children follow.
/// </remarks>
internal sealed class IpcBatchReader
{
    private readonly FlatBufferVector nodes;
    private readonly FlatBufferVector buffers;
    private readonly FlatBufferVector variadics;
    private readonly NativeBuffer body;
    private readonly ForeignPlace place;
    private int nextNode;
    private int nextBuffer;
    private int nextVariadic;

    /// <summary>Begins.</summary>
    /// <param name="batch">The table.</param>
    /// <param name="message">The message that it is in.</param>
    public IpcBatchReader(FlatBufferTable batch, IpcMessage message)
    {
        (body, place) = (message.Body, message.Place);
        if (batch.Table(3) is { } compression)
        {
            throw place.Refuse(
                $"buffers compressed with {(compression.Byte(0) switch { 0 => "LZ4_FRAME", 1 => "ZSTD", var codec => $"codec {codec}" })}",
                "buffers without compression",
                "Have the writer not compress them: its option is often called 'compression'.");
        }

        RowCount = place.Size(batch.Int64(0), "a row count of");
        nodes = batch.Vector(1, 16);
        buffers = batch.Vector(2, 16);
        variadics = batch.Vector(4, 8);
    }

    /// <summary>Rows.</summary>
    public int RowCount { get; }

    /// <summary>The next column's memory.</summary>
    public ForeignColumn Take(ForeignField field)
    {
        var at = place with { Column = field.Name };
        var (length, nullCount) = Node(at);
        if (length != RowCount)
        {
            throw at.Refuse($"{length} values", $"{RowCount}, the rows of the batch");
        }

        if (nullCount < 0 || nullCount > length)
        {
            throw at.Refuse($"{nullCount} nulls", $"0 to {length}");
        }

        var further = new NativeBuffer[Buffers(field.Type, at) - 1];
        var validity = Buffer(at);
        for (var i = 0; i < further.Length; i++)
        {
            further[i] = Buffer(at);
        }

        return new ForeignColumn(RowCount, nullCount, BitOffset: 0, validity, further);
    }

    /// <summary>Passes over a column and its children.</summary>
    public void Skip(ForeignField field)
    {
        var at = place with { Column = field.Name };
        Node(at);
        for (var count = Buffers(field.Type, at); count > 0; count--)
        {
            Buffer(at);
        }

        // The values of a dictionary come in batches of their own.
        foreach (var child in field.Dictionary is null ? field.Children : [])
        {
            Skip(child);
        }
    }

    /// <summary>Refuses a batch with more than its columns need.</summary>
    public void End()
    {
        if (nextNode != nodes.Count || nextBuffer != buffers.Count || nextVariadic != variadics.Count)
        {
            throw place.Refuse(
                $"{nodes.Count} arrays and {buffers.Count} buffers", $"{nextNode} and {nextBuffer}, as the schema says");
        }
    }

    private (long Length, long NullCount) Node(ForeignPlace at) => nextNode < nodes.Count
        ? (nodes.Int64(nextNode), nodes.Int64(nextNode++, 8))
        : throw at.Refuse($"{nodes.Count} arrays", "one more, as the schema says");

    private int Buffers(ForeignType type, ForeignPlace at)
    {
        if (type is not ForeignType.Variable { Layout: VariableLayout.Views })
        {
            return type.BufferCount;
        }

        var further = nextVariadic < variadics.Count ? variadics.Int64(nextVariadic++) : throw at.Refuse("no count of data buffers", "one for each column of views");
        return further >= 0 && further <= buffers.Count - nextBuffer - type.BufferCount
            ? type.BufferCount + (int)further
            : throw at.Refuse($"{further} data buffers", $"0 to the {buffers.Count} buffers of the batch");
    }

    private NativeBuffer Buffer(ForeignPlace at)
    {
        if (nextBuffer >= buffers.Count)
        {
            throw at.Refuse($"{buffers.Count} buffers", "one more, as the schema says");
        }

        var (offset, length) = (buffers.Int64(nextBuffer), buffers.Int64(nextBuffer++, 8));
        return length == 0 ? body.Slice(0, 0)
            : offset >= 0 && length > 0 && length <= body.LengthBytes - offset ? body.Slice((int)offset, (int)length)
            : throw at.Refuse($"a buffer of {length} bytes at {offset}", $"one inside of the body of {body.LengthBytes} bytes");
    }
}
