namespace Analytics.Engine.Arrow.Ipc;

/// <summary>Numbers and signs of the IPC format.</summary>
internal static class IpcFormat
{
    /// <summary>Alignment of what is written, in bytes: bodies and buffers start at multiples of it.</summary>
    public const int AlignmentBytes = 64;

    /// <summary>The version of the metadata that is written, V5.</summary>
    public const short Version = 4;

    /// <summary>V4, written before Arrow 1.0. Unions had a validity bitmap then.</summary>
    public const short Version4 = 3;

    /// <summary>What precedes the length of every message since Arrow 0.15.</summary>
    public const int Continuation = -1;

    /// <summary>What files begin and end with.</summary>
    public static ReadOnlySpan<byte> Magic => "ARROW1"u8;
}

/// <summary>What a message holds: MessageHeader of Message.fbs.</summary>
internal enum IpcMessageKind : byte
{
    Schema = 1,
    DictionaryBatch = 2,
    RecordBatch = 3,
}

/// <summary>The union Type of Schema.fbs.</summary>
internal enum IpcType : byte
{
    Null = 1,
    Int = 2,
    FloatingPoint = 3,
    Binary = 4,
    Utf8 = 5,
    Bool = 6,
    Decimal = 7,
    Date = 8,
    Time = 9,
    Timestamp = 10,
    Interval = 11,
    List = 12,
    Struct = 13,
    Union = 14,
    FixedSizeBinary = 15,
    FixedSizeList = 16,
    Map = 17,
    Duration = 18,
    LargeBinary = 19,
    LargeUtf8 = 20,
    LargeList = 21,
    RunEndEncoded = 22,
    BinaryView = 23,
    Utf8View = 24,
    ListView = 25,
    LargeListView = 26,
}
