using Analytics.Engine.Queries;

namespace Analytics.Server.Contracts;

/// <summary>What an entry of an answer begins with: key and label of one dimension, or keys and labels of two.</summary>
/// <param name="names">The answer's groups.</param>
internal sealed class EntryTexts(GroupNames names)
{
    private readonly GroupTexts first = GroupTexts.Of(names.Table());
    private readonly GroupTexts? second = names.Dimensions == 2 ? GroupTexts.Of(names.Table(1)) : null;

    // Pairs are of this answer only, and each appears in many of its buckets.
    private readonly byte[]?[] pairs = new byte[]?[names.Dimensions == 2 ? names.Count : 0];

    /// <summary>The properties as JSON, with commas between them.</summary>
    /// <param name="group">A group's number, or <see cref="GroupTable.Others"/>.</param>
    public ReadOnlySpan<byte> Properties(int group) =>
        second is null || group == GroupTable.Others ? first.Properties(group) : pairs[group] ??= Pair(group);

    private byte[] Pair(int group)
    {
        var (left, right) = (names.Code(group), names.Code(group, 1));
        return
        [
            .. "\"keys\":["u8, .. first.Key(left), (byte)',', .. second!.Key(right),
            .. "],\"labels\":["u8, .. first.Label(left), (byte)',', .. second.Label(right), (byte)']',
            .. names.IsDeleted(group) || names.IsDeleted(group, 1) ? ",\"deleted\":true"u8 : default,
        ];
    }
}
