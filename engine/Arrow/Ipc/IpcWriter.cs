using System.Buffers.Binary;

namespace Analytics.Engine.Arrow.Ipc;

/// <summary>Writes messages, as a stream or as a file.</summary>
internal sealed class IpcWriter
{
    private readonly Stream stream;
    private readonly Schema schema;
    private readonly ArrowWriterOptions options;
    private readonly bool isFile;
    private readonly IpcDictionary?[] dictionaries;
    private readonly List<long> dictionaryBlocks = [];
    private readonly List<long> batchBlocks = [];
    private long position;
    private bool isBegun;
    private bool isFinished;

    public IpcWriter(Stream stream, Schema schema, ArrowWriterOptions? options, bool isFile)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(schema);
        this.stream = stream;
        this.schema = schema;
        this.options = options ?? new ArrowWriterOptions();
        this.isFile = isFile;
        var number = 0;
        dictionaries = [.. schema.Fields.Select(field => field.Type is ArrowType.DictionaryType ? new IpcDictionary(number++, isFile) : null)];
        WrittenSchema = IpcSchema.Write(new Schema(schema.Fields.Select(Written), schema.Metadata));
    }

    private FlatBufferWriter WrittenSchema { get; }

    public void Write(RecordBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ObjectDisposedException.ThrowIf(isFinished, this);
        if (!batch.Schema.Fields.SequenceEqual(schema.Fields))
        {
            throw new ArgumentException("The batch has other columns than the schema that the writer was made with.", nameof(batch));
        }

        Begin();
        using var body = new IpcBody();
        for (var i = 0; i < batch.Columns.Count; i++)
        {
            var column = batch.Columns[i];
            if (dictionaries[i] is { } dictionary)
            {
                column = dictionary.Add((DictionaryArray)column, out var news, out var isDelta);
                if (news is not null)
                {
                    WriteDictionary(dictionary.Number, news, isDelta);
                }
            }

            body.Add(column, options.WidenDecimals);
        }

        WriteMessage(IpcMessageKind.RecordBatch, body.Table(batch.RowCount), body, batchBlocks);
        GC.KeepAlive(batch);
    }

    public void Finish()
    {
        if (isFinished)
        {
            return;
        }

        Begin();
        Write(IpcFormat.Continuation);
        Write(0);
        if (isFile)
        {
            var footer = new FlatBufferWriter().Int16(0, IpcFormat.Version).Table(1, WrittenSchema)
                .Structs(2, [.. dictionaryBlocks], 3).Structs(3, [.. batchBlocks], 3).ToBytes();
            stream.Write(footer);
            Write(footer.Length);
            stream.Write(IpcFormat.Magic);
        }

        isFinished = true;
    }

    private void Begin()
    {
        if (isBegun)
        {
            return;
        }

        isBegun = true;
        if (isFile)
        {
            stream.Write([.. IpcFormat.Magic, 0, 0]);
            position += IpcFormat.Magic.Length + 2;
        }

        using var body = new IpcBody();
        WriteMessage(IpcMessageKind.Schema, WrittenSchema, body, []);
    }

    private void WriteDictionary(long number, StringArray texts, bool isDelta)
    {
        using var body = new IpcBody();
        body.Add(texts, isWidened: false);
        var batch = new FlatBufferWriter().Int64(0, number).Table(1, body.Table(texts.Length)).Bool(2, isDelta);
        WriteMessage(IpcMessageKind.DictionaryBatch, batch, body, dictionaryBlocks);
    }

    // Message: 0 version, 1 header_type, 2 header, 3 bodyLength. See IpcInput.Next for what stands around it.
    private void WriteMessage(IpcMessageKind kind, FlatBufferWriter header, IpcBody body, List<long> blocks)
    {
        var message = new FlatBufferWriter().Int16(0, IpcFormat.Version).Byte(1, (byte)kind).Table(2, header).Int64(3, body.LengthBytes).ToBytes();
        var start = position;
        var padded = (int)(IpcBody.Padded(start + 8 + message.Length) - start - 8);
        Write(IpcFormat.Continuation);
        Write(padded);
        stream.Write(message);
        stream.Write(new byte[padded - message.Length]);
        body.WriteTo(stream);
        position = start + 8 + padded + body.LengthBytes;

        // A block's second number is of 32 bits, with 32 unused ones above.
        blocks.AddRange([start, 8 + padded, body.LengthBytes]);
    }

    private void Write(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        stream.Write(bytes);
    }

    private Field Written(Field field) => options.WidenDecimals && field.Type is ArrowType.DecimalType { BitWidth: 64 } type
        ? field with { Type = type with { BitWidth = 128 } }
        : field;
}
