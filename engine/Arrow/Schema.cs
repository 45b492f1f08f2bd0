namespace Analytics.Engine.Arrow;

/// <summary>A column's name and type.</summary>
/// <param name="Name">The name, unique in its schema.</param>
/// <param name="Type">The logical type.</param>
/// <param name="IsNullable">Whether values may be null. The columns of usage never are.</param>
public sealed record Field(string Name, ArrowType Type, bool IsNullable = false);

/// <summary>The columns of a record batch, in order.</summary>
public sealed class Schema
{
    private static readonly Dictionary<string, string> NoMetadata = [];

    private readonly Field[] fields;
    private readonly Dictionary<string, int> positions = new(StringComparer.Ordinal);

    /// <summary>Makes a schema.</summary>
    /// <param name="fields">The columns, in order.</param>
    /// <exception cref="ArgumentException">Two fields share a name.</exception>
    public Schema(params IEnumerable<Field> fields)
        : this(fields, NoMetadata)
    {
    }

    /// <summary>Makes a schema with metadata.</summary>
    /// <param name="fields">The columns, in order.</param>
    /// <param name="metadata">Pairs of text that travel with the schema.</param>
    /// <exception cref="ArgumentException">Two fields share a name.</exception>
    public Schema(IEnumerable<Field> fields, IReadOnlyDictionary<string, string> metadata)
    {
        this.fields = [.. fields];
        Metadata = metadata;
        for (var i = 0; i < this.fields.Length; i++)
        {
            if (!positions.TryAdd(this.fields[i].Name, i))
            {
                var name = this.fields[i].Name;
                throw new ArgumentException($"Column '{name}' appears {this.fields.Count(field => field.Name == name)} times in the schema.", nameof(fields));
            }
        }
    }

    /// <summary>The columns, in order.</summary>
    public IReadOnlyList<Field> Fields => fields;

    /// <summary>Pairs of text that travel with the schema.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The position of a column by name, or -1.</summary>
    /// <param name="name">Compared by ordinal.</param>
    public int IndexOf(string name) => positions.GetValueOrDefault(name, -1);
}
