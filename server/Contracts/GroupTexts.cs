using System.Runtime.CompilerServices;
using System.Text;
using Analytics.Engine.Queries;
using Analytics.Engine.Usage;

namespace Analytics.Server.Contracts;

/// <summary>
/// Keys and labels of one dimension as JSON: encoded when a group is first written, kept for as long as its names are.
/// About 100 bytes a group.
/// </summary>
internal sealed class GroupTexts
{
    private const string KeyName = "\"key\":";
    private const string LabelName = ",\"label\":";

    private static readonly ConditionalWeakTable<DimensionTable, GroupTexts> Known = [];
    private static readonly Text Rest = new("null"u8, "\"Others\""u8, isDeleted: false);

    private readonly DimensionTable groups;
    private readonly Text?[] texts;

    private GroupTexts(DimensionTable groups)
    {
        this.groups = groups;
        texts = new Text?[groups.Count];
    }

    /// <summary>The texts of a dimension's groups.</summary>
    public static GroupTexts Of(DimensionTable groups) => Known.GetValue(groups, static groups => new GroupTexts(groups));

    /// <summary>The properties <c>key</c> and <c>label</c>, and <c>deleted</c> where it is true, with commas between them.</summary>
    /// <param name="code">A code of the dimension, or <see cref="GroupTable.Others"/>.</param>
    public ReadOnlySpan<byte> Properties(int code) => this[code].Properties;

    /// <summary>The key's value alone, for an entry of several dimensions.</summary>
    /// <param name="code">A code of the dimension, or <see cref="GroupTable.Others"/>.</param>
    public ReadOnlySpan<byte> Key(int code) => this[code].Key;

    /// <summary>The label's value alone.</summary>
    /// <param name="code">A code of the dimension, or <see cref="GroupTable.Others"/>.</param>
    public ReadOnlySpan<byte> Label(int code) => this[code].Label;

    // Two threads may encode the same group; both come to the same bytes.
    private Text this[int code] => code == GroupTable.Others
        ? Rest
        : texts[code] ??= new Text(JsonText.Encode(groups.Key(code)), JsonText.Encode(groups.Label(code)), groups.IsDeleted(code));

    private sealed class Text
    {
        private readonly byte[] properties;
        private readonly int keyLength;
        private readonly int labelLength;

        public Text(ReadOnlySpan<byte> key, ReadOnlySpan<byte> label, bool isDeleted)
        {
            properties =
            [
                .. Encoding.ASCII.GetBytes(KeyName), .. key,
                .. Encoding.ASCII.GetBytes(LabelName), .. label,
                .. isDeleted ? ",\"deleted\":true"u8 : default,
            ];
            (keyLength, labelLength) = (key.Length, label.Length);
        }

        public ReadOnlySpan<byte> Properties => properties;

        public ReadOnlySpan<byte> Key => properties.AsSpan(KeyName.Length, keyLength);

        public ReadOnlySpan<byte> Label => properties.AsSpan(KeyName.Length + keyLength + LabelName.Length, labelLength);
    }
}
