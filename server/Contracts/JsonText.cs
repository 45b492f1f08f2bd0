using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using NodaTime;

namespace Analytics.Server.Contracts;

/// <summary>One JSON object as UTF-8, written into a buffer and sent to the client piece by piece.</summary>
/// <param name="body">What the client reads.</param>
/// <remarks>
/// Byte for byte what <see cref="System.Text.Json.Utf8JsonWriter"/> writes without indentation and with
/// <see cref="JavaScriptEncoder.UnsafeRelaxedJsonEscaping"/>; tests hold both side by side. It is here for speed: an answer
/// of a year is thousands of small objects, and the general writer spends most of its time on what this one leaves out,
/// validation, and names and labels that are encoded again for each object.
/// Nobody checks that objects and arrays are closed.
/// </remarks>
internal sealed class JsonText(PipeWriter body) : IDisposable
{
    /// <summary>What is gathered before it is sent.</summary>
    public const int PieceBytes = 1 << 16;

    // Grows where a single text or a run of writes without a send needs it.
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(2 * PieceBytes);
    private int length;
    private bool isFirst = true;

    /// <summary>Names are written as they are: the answer is JSON in UTF-8 and never part of a page.</summary>
    public static JavaScriptEncoder Encoder => JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>Whether a piece is ready to be sent.</summary>
    public bool HasPiece => length >= PieceBytes;

    /// <summary>Whether a piece was sent, so that the header has left.</summary>
    public bool IsSent { get; private set; }

    /// <summary>Bytes that were written and not sent.</summary>
    public ReadOnlySpan<byte> Pending => buffer.AsSpan(0, length);

    /// <summary>A text as JSON, with its quotes.</summary>
    /// <param name="value">Any text; half of a surrogate pair becomes U+FFFD.</param>
    public static byte[] Encode(string value) => Encoding.UTF8.GetBytes($"\"{Encoder.Encode(value)}\"");

    /// <summary>Starts an object: the answer, or the next element of an array.</summary>
    public void StartObject()
    {
        var target = Reserve(2);
        target[0] = (byte)',';
        var at = isFirst ? 0 : 1;
        target[at] = (byte)'{';
        length += at + 1;
        isFirst = true;
    }

    /// <summary>Starts an object as a property.</summary>
    public void StartObject(string name)
    {
        Name(name);
        Open((byte)'{');
    }

    /// <summary>Starts an object as a property whose name is any text, such as a model's.</summary>
    public void StartEntry(string key)
    {
        Properties([.. Encode(key), (byte)':']);
        Open((byte)'{');
    }

    /// <summary>Ends an object.</summary>
    public void EndObject() => Close((byte)'}');

    /// <summary>Starts an array as a property.</summary>
    public void StartArray(string name)
    {
        Name(name);
        Open((byte)'[');
    }

    /// <summary>Ends an array.</summary>
    public void EndArray() => Close((byte)']');

    /// <summary>A text; null for none.</summary>
    public void Text(string name, string? value)
    {
        Name(name);
        if (value is null)
        {
            Raw("null"u8);
            return;
        }

        // Returns the same object where nothing is to be escaped.
        var encoded = Encoder.Encode(value);
        var target = Reserve(Encoding.UTF8.GetMaxByteCount(encoded.Length) + 2);
        target[0] = (byte)'"';
        var written = Encoding.UTF8.GetBytes(encoded, target[1..]);
        target[written + 1] = (byte)'"';
        length += written + 2;
    }

    /// <summary>A value that is JSON already.</summary>
    public void Encoded(string name, ReadOnlySpan<byte> json)
    {
        Name(name);
        Raw(json);
    }

    /// <summary>True or false.</summary>
    public void Flag(string name, bool value)
    {
        Name(name);
        Raw(value ? "true"u8 : "false"u8);
    }

    /// <summary>An integer of any size.</summary>
    public void Integer(string name, Int128 value)
    {
        Name(name);
        Integer(value);
    }

    /// <summary>A number with up to 12 decimals.</summary>
    /// <param name="name">The property.</param>
    /// <param name="pico">Its value times 1e12.</param>
    public void Decimal(string name, Int128 pico)
    {
        Name(name);
        Decimal(pico);
    }

    /// <summary>A local date as <c>uuuu-MM-dd</c>.</summary>
    /// <param name="name">The property.</param>
    /// <param name="date">In years 0 to 9999.</param>
    public void Date(string name, LocalDate date)
    {
        Name(name);
        var target = Reserve(12);
        target[0] = target[11] = (byte)'"';
        DateText.Date(date.Year, date.Month, date.Day, target[1..]);
        length += 12;
    }

    /// <summary>An instant in UTC, in RFC 3339.</summary>
    public void Instant(string name, Instant instant)
    {
        Name(name);
        var target = Reserve(DateText.MaxLength + 2);
        target[0] = (byte)'"';
        var written = DateText.Instant(instant, target[1..]);
        target[written + 1] = (byte)'"';
        length += written + 2;
    }

    /// <summary>A local date-time with its offset, in RFC 3339.</summary>
    public void LocalTime(string name, Instant instant, Offset offset)
    {
        Name(name);
        var target = Reserve(DateText.MaxLength + 2);
        target[0] = (byte)'"';
        var written = DateText.LocalTime(instant, offset, target[1..]);
        target[written + 1] = (byte)'"';
        length += written + 2;
    }

    /// <summary>Properties, or a property's name with its colon, that are JSON already.</summary>
    public void Properties(ReadOnlySpan<byte> json)
    {
        // The comma is written in any case, and written over where there is none.
        var target = Reserve(json.Length + 1);
        target[0] = (byte)',';
        var at = isFirst ? 0 : 1;
        json.CopyTo(target[at..]);
        length += at + json.Length;
        isFirst = false;
    }

    /// <summary>An integer as the value of a property whose name was written.</summary>
    public void Integer(Int128 value) => length += DecimalText.Integer(value, Reserve(DecimalText.MaxIntegerLength));

    /// <summary>A number with up to 12 decimals as the value of a property whose name was written.</summary>
    public void Decimal(Int128 pico) => length += DecimalText.Write(pico, Reserve(DecimalText.MaxLength));

    /// <summary>The same as a text.</summary>
    public void QuotedDecimal(Int128 pico)
    {
        var target = Reserve(DecimalText.MaxLength + 2);
        target[0] = (byte)'"';
        var written = DecimalText.Write(pico, target[1..]);
        target[written + 1] = (byte)'"';
        length += written + 2;
    }

    /// <summary>Room for what a caller writes itself, counted by <see cref="Advance"/>: a stretch of JSON behind a property.</summary>
    /// <param name="count">Bytes at most.</param>
    public Span<byte> GetSpan(int count) => Reserve(count);

    /// <summary>Counts what was written to <see cref="GetSpan"/>.</summary>
    /// <param name="count">Bytes.</param>
    public void Advance(int count) => length += count;

    /// <summary>Sends what was written so far and waits until the client has room for more.</summary>
    /// <exception cref="OperationCanceledException">The client went away.</exception>
    public async ValueTask SendAsync(CancellationToken cancellation)
    {
        IsSent = true;
        var result = await body.WriteAsync(buffer.AsMemory(0, length), cancellation);
        length = 0;
        if (result.IsCompleted)
        {
            // Nobody reads any more. Kestrel takes and drops what is written then, as fast as it comes.
            throw new OperationCanceledException(cancellation);
        }
    }

    /// <summary>Gives the buffer back; what was not sent is lost.</summary>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
    }

    private void Name(string name)
    {
        Debug.Assert(Ascii.IsValid(name) && Encoder.Encode(name) == name, "Names of properties are written as they are.");
        var target = Reserve(name.Length + 4);
        var at = 0;
        if (!isFirst)
        {
            target[at++] = (byte)',';
        }

        isFirst = false;
        target[at++] = (byte)'"';
        at += Encoding.ASCII.GetBytes(name, target[at..]);
        target[at++] = (byte)'"';
        target[at++] = (byte)':';
        length += at;
    }

    private void Open(byte bracket)
    {
        Reserve(1)[0] = bracket;
        length++;
        isFirst = true;
    }

    private void Close(byte bracket)
    {
        Reserve(1)[0] = bracket;
        length++;
        isFirst = false;
    }

    private void Raw(ReadOnlySpan<byte> json)
    {
        json.CopyTo(Reserve(json.Length));
        length += json.Length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Span<byte> Reserve(int count)
    {
        if (buffer.Length - length < count)
        {
            Grow(count);
        }

        return buffer.AsSpan(length);
    }

    private void Grow(int count)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(length + count), buffer.Length * 2));
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
