using Analytics.Engine.Arrow;
using Analytics.Engine.Queries;
using Analytics.Engine.Usage;

namespace Analytics.Server.Contracts.Formats;

/// <summary>Keys and labels of the members of one dimension that an answer has, as dictionaries of two columns.</summary>
internal sealed class GroupCodes
{
    private readonly Dictionary<int, (int? Key, int Label)> places = [];

    /// <summary>Gathers keys and labels.</summary>
    /// <param name="table">The dimension.</param>
    /// <param name="codes">Its codes that the answer has, any number of times; <see cref="GroupTable.Others"/> among them.</param>
    public GroupCodes(DimensionTable table, IEnumerable<int> codes)
    {
        var (keys, labels) = (new CodedTexts(), new CodedTexts());
        foreach (var code in codes)
        {
            if (!places.ContainsKey(code))
            {
                places.Add(code, code == GroupTable.Others ? (null, labels.Add(Others)) : (keys.Add(table.Key(code)), labels.Add(table.Label(code))));
            }
        }

        (Keys, Labels) = (keys.ToArray(), labels.ToArray());
    }

    /// <summary>Label of what <c>top</c> cuts off; its key is null.</summary>
    public const string Others = "Others";

    /// <summary>Distinct keys.</summary>
    public StringArray Keys { get; }

    /// <summary>Distinct labels.</summary>
    public StringArray Labels { get; }

    /// <summary>The places of a code's key and label.</summary>
    /// <param name="code">One of the codes.</param>
    public (int? Key, int Label) this[int code] => places[code];
}
