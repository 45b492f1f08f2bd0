using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Analytics.Engine.Arrow;

namespace Analytics.Storage.Rollup;

/// <summary>The ids of one organisation's events of one month: by id, a fingerprint of what was said under it.</summary>
/// <remarks>
/// Ids are kept as the first 128 bits of their SHA-256. Ids are looked up in the month of the event's own timestamp,
/// so a resend with the same timestamp is found however late it comes, without holding all ids ever seen.
/// </remarks>
public sealed class EventIds
{
    private readonly Dictionary<UInt128, long> contents = [];
    private readonly List<UInt128> added = [];

    /// <summary>The columns of a file of ids.</summary>
    public static Schema Schema { get; } = new(
        new Field("id_hash_high", ArrowType.Int64),
        new Field("id_hash_low", ArrowType.Int64),
        new Field("content_hash", ArrowType.Int64));

    /// <summary>Ids that were added and not yet stored.</summary>
    public int AddedCount => added.Count;

    /// <summary>Loads stored ids.</summary>
    /// <param name="batch">Rows of <see cref="Schema"/>.</param>
    public void Load(RecordBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var high = batch.Column<PrimitiveArray<long>>(0).Values;
        var low = batch.Column<PrimitiveArray<long>>(1).Values;
        var content = batch.Column<PrimitiveArray<long>>(2).Values;
        for (var row = 0; row < high.Length; row++)
        {
            contents[new UInt128((ulong)high[row], (ulong)low[row])] = content[row];
        }

        GC.KeepAlive(batch);
    }

    /// <summary>Adds an id unless it is known.</summary>
    /// <param name="id">The event's id.</param>
    /// <param name="contentHash">Fingerprint of the event.</param>
    public EventIdResult Add(string id, long contentHash)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(id), hash);
        var key = BinaryPrimitives.ReadUInt128BigEndian(hash);
        if (contents.TryGetValue(key, out var known))
        {
            return known == contentHash ? EventIdResult.Duplicate : EventIdResult.Conflict;
        }

        contents.Add(key, contentHash);
        added.Add(key);
        return EventIdResult.Added;
    }

    /// <summary>The added ids as rows of <see cref="Schema"/>, ascending.</summary>
    public RecordBatch AddedRows()
    {
        added.Sort();
        return new RecordBatch(
            Schema,
            new PrimitiveArray<long>(ArrowType.Int64, [.. added.Select(id => (long)(ulong)(id >> 64))]),
            new PrimitiveArray<long>(ArrowType.Int64, [.. added.Select(id => (long)(ulong)id)]),
            new PrimitiveArray<long>(ArrowType.Int64, [.. added.Select(id => contents[id])]));
    }
}

/// <summary>What became of an id.</summary>
public enum EventIdResult
{
    /// <summary>It is new.</summary>
    Added,

    /// <summary>It is known with the same content.</summary>
    Duplicate,

    /// <summary>It is known with other content.</summary>
    Conflict,
}
