using Analytics.Engine.Arrow;

namespace Analytics.Storage.Parquet;

/// <summary>What the stored values of a column mean: the union LogicalType of the format.</summary>
internal abstract record LogicalType
{
    /// <summary>UTF-8: strings, enumerations and JSON documents.</summary>
    public sealed record Text : LogicalType;

    public sealed record Date : LogicalType;

    public sealed record Time(bool IsUtc, TimeUnit Unit) : LogicalType;

    public sealed record Uuid : LogicalType;

    public sealed record Float16 : LogicalType;

    public sealed record Decimal(int Scale, int Precision) : LogicalType;

    public sealed record Timestamp(bool IsUtc, TimeUnit Unit) : LogicalType;

    public sealed record Integer(int BitWidth, bool IsSigned) : LogicalType;

    /// <summary>One that no column of this product has, by its id in the union.</summary>
    public sealed record Other(int Id) : LogicalType;

    public static LogicalType? Read(ref ThriftCompactReader reader)
    {
        LogicalType? result = null;
        for (var id = reader.BeginStruct(); reader.NextField(ref id, out var type);)
        {
            if (type != ThriftType.Struct)
            {
                throw new MalformedDataException($"Thrift type {type} for a logical type", "a struct");
            }

            switch (id)
            {
                case 5:
                    result = ReadDecimal(ref reader);
                    break;
                case 7:
                    var (isTimeUtc, timeUnit) = ReadTime(ref reader);
                    result = new Time(isTimeUtc, timeUnit);
                    break;
                case 8:
                    var (isUtc, unit) = ReadTime(ref reader);
                    result = new Timestamp(isUtc, unit);
                    break;
                case 10:
                    result = ReadInteger(ref reader);
                    break;
                default:
                    result = id switch
                    {
                        1 or 4 or 12 => new Text(),
                        6 => new Date(),
                        14 => new Uuid(),
                        15 => new Float16(),
                        _ => new Other(id),
                    };
                    reader.Skip(type);
                    break;
            }
        }

        return result;
    }

    public void Write(ThriftCompactWriter writer, short field)
    {
        writer.BeginStruct(field);
        switch (this)
        {
            case Text:
                writer.BeginStruct(1);
                break;
            case Decimal decimals:
                writer.BeginStruct(5);
                writer.Int32(1, decimals.Scale);
                writer.Int32(2, decimals.Precision);
                break;
            case Timestamp timestamp:
                writer.BeginStruct(8);
                writer.Bool(1, timestamp.IsUtc);
                writer.BeginStruct(2);
                writer.BeginStruct((short)timestamp.Unit); // MILLIS 1, MICROS 2, NANOS 3, as in Arrow's unit
                writer.EndStruct();
                writer.EndStruct();
                break;
            case Date:
                writer.BeginStruct(6);
                break;
            case Uuid:
                writer.BeginStruct(14);
                break;
            case Integer integer:
                writer.BeginStruct(10);
                writer.Int8(1, (sbyte)integer.BitWidth);
                writer.Bool(2, integer.IsSigned);
                break;
            default:
                throw new ArgumentException($"Logical type {this} is never written.", nameof(field));
        }

        writer.EndStruct();
        writer.EndStruct();
    }

    private static Decimal ReadDecimal(ref ThriftCompactReader reader)
    {
        int scale = 0, precision = 0;
        for (var id = reader.BeginStruct(); reader.NextField(ref id, out var type);)
        {
            switch (id)
            {
                case 1:
                    scale = reader.Int32(type);
                    break;
                case 2:
                    precision = reader.Int32(type);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return new Decimal(scale, precision);
    }

    // TimeType and TimestampType have the same fields.
    private static (bool IsUtc, TimeUnit Unit) ReadTime(ref ThriftCompactReader reader)
    {
        var isUtc = false;
        var unit = default(TimeUnit);
        for (var id = reader.BeginStruct(); reader.NextField(ref id, out var type);)
        {
            if (id == 1)
            {
                isUtc = ThriftCompactReader.Bool(type);
            }
            else if (id == 2 && type == ThriftType.Struct)
            {
                for (var unitId = reader.BeginStruct(); reader.NextField(ref unitId, out var unitType);)
                {
                    unit = (TimeUnit)unitId;
                    reader.Skip(unitType);
                }
            }
            else
            {
                reader.Skip(type);
            }
        }

        return (isUtc, unit);
    }

    private static Integer ReadInteger(ref ThriftCompactReader reader)
    {
        var bitWidth = 0;
        var isSigned = false;
        for (var id = reader.BeginStruct(); reader.NextField(ref id, out var type);)
        {
            switch (id)
            {
                case 1:
                    bitWidth = reader.Int8(type);
                    break;
                case 2:
                    isSigned = ThriftCompactReader.Bool(type);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return new Integer(bitWidth, isSigned);
    }
}
