using System.Globalization;
using System.Text;
using Analytics.Engine.Arrow;

namespace Analytics.Storage.Inspection;

/// <summary>Adds up texts, bytes and UUIDs.</summary>
/// <param name="kind">What the text of a value is: utf8, hex or uuid.</param>
internal sealed class BytesDigest(string kind) : ColumnDigest
{
    private long sizeBytes;
    private byte[]? min;
    private byte[]? max;

    protected override string Kind => kind;

    protected override void AddValues(ArrowArray array)
    {
        switch (array)
        {
            case DictionaryArray texts:
                Add(texts);
                break;
            case BinaryArray values:
                for (var row = 0; row < values.Length; row++)
                {
                    Add(values.IsValid(row), values.Bytes(row));
                }

                break;
            case FixedSizeBinaryArray values:
                for (var row = 0; row < values.Length; row++)
                {
                    Add(values.IsValid(row), values.Bytes(row));
                }

                break;
            default:
                throw new ArgumentException($"{array.GetType().Name} does not hold texts or bytes.", nameof(array));
        }

        GC.KeepAlive(array);
    }

    protected override ColumnContent WithBounds(ColumnContent content) => content with
    {
        Sum = kind == "uuid" ? null : sizeBytes.ToString(CultureInfo.InvariantCulture),
        Min = TextOf(min!),
        Max = TextOf(max!),
    };

    private void Add(DictionaryArray texts)
    {
        var codes = texts.Codes;
        var isUsed = new bool[texts.Dictionary.Length];
        for (var row = 0; row < codes.Length; row++)
        {
            if (!texts.IsValid(row))
            {
                Text.AddNull();
                continue;
            }

            var value = texts.Dictionary.Utf8(codes[row]);
            Text.Add(value);
            sizeBytes += value.Length;
            isUsed[codes[row]] = true;
        }

        for (var code = 0; code < isUsed.Length; code++)
        {
            if (isUsed[code])
            {
                Compare(texts.Dictionary.Utf8(code));
            }
        }
    }

    private void Add(bool isValid, ReadOnlySpan<byte> value)
    {
        if (!isValid)
        {
            Text.AddNull();
            return;
        }

        switch (kind)
        {
            case "utf8":
                Text.Add(value);
                break;
            case "uuid":
                Span<byte> digits = stackalloc byte[36];
                new Guid(value, bigEndian: true).TryFormat(digits, out _);
                Text.Add(digits);
                break;
            default:
                Text.AddHex(value);
                break;
        }

        sizeBytes += value.Length;
        Compare(value);
    }

    private void Compare(ReadOnlySpan<byte> value)
    {
        if (min is null || value.SequenceCompareTo(min) < 0)
        {
            min = value.ToArray();
        }

        if (max is null || value.SequenceCompareTo(max) > 0)
        {
            max = value.ToArray();
        }
    }

    private string TextOf(byte[] value) => kind switch
    {
        "utf8" => Encoding.UTF8.GetString(value),
        "uuid" => new Guid(value, bigEndian: true).ToString(),
        _ => Convert.ToHexStringLower(value),
    };
}
