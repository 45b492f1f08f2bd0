using Analytics.Engine.Arrow;
using Analytics.Engine.Queries;
using Analytics.Engine.Usage;

namespace Analytics.Server.Contracts.Formats;

/// <summary>Keys and labels of the members of one dimension that an answer has, as dictionaries of two columns.</summary>
internal sealed class GroupCodes
{
    private readonly int[] keys;
    private readonly int[] labels;
    private readonly int others;

    /// <summary>Gathers keys and labels.</summary>
    /// <param name="table">The dimension.</param>
    /// <param name="codes">Its codes that the answer has, any number of times; <see cref="GroupTable.Others"/> among them.</param>
    public GroupCodes(DimensionTable table, IEnumerable<int> codes)
    {
        var (keyTexts, labelTexts) = (new CodedTexts(), new CodedTexts());
        (keys, labels) = (new int[table.Count], new int[table.Count]);
        Array.Fill(keys, -1);
        foreach (var code in codes)
        {
            if (code == GroupTable.Others)
            {
                others = labelTexts.Add(Others);
            }
            else if (keys[code] < 0)
            {
                (keys[code], labels[code]) = (keyTexts.Add(table.Key(code)), labelTexts.Add(table.Label(code)));
            }
        }

        (Keys, Labels) = (keyTexts.ToArray(), labelTexts.ToArray());
    }

    /// <summary>Label of what <c>top</c> cuts off; its key is null.</summary>
    public const string Others = "Others";

    /// <summary>Distinct keys.</summary>
    public StringArray Keys { get; }

    /// <summary>Distinct labels.</summary>
    public StringArray Labels { get; }

    /// <summary>The place of a code's key.</summary>
    /// <param name="code">One of the codes.</param>
    public int? Key(int code) => code == GroupTable.Others ? null : keys[code];

    /// <summary>The place of a code's label.</summary>
    /// <param name="code">One of the codes.</param>
    public int Label(int code) => code == GroupTable.Others ? others : labels[code];
}
