namespace Analytics.Engine.Arrow;

/// <summary>A column's name and type. All fields of this product are required (never null).</summary>
/// <param name="Name">The name, unique in its schema.</param>
/// <param name="Type">The logical type.</param>
public sealed record Field(string Name, ArrowType Type);

/// <summary>The columns of a record batch, in order.</summary>
public sealed class Schema
{
    private readonly Field[] fields;

    /// <summary>Makes a schema.</summary>
    /// <param name="fields">The columns, in order.</param>
    /// <exception cref="ArgumentException">Two fields share a name.</exception>
    public Schema(params IEnumerable<Field> fields)
    {
        this.fields = [.. fields];
        var twice = this.fields.GroupBy(field => field.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null)
        {
            throw new ArgumentException($"Column '{twice.Key}' appears {twice.Count()} times in the schema.", nameof(fields));
        }
    }

    /// <summary>The columns, in order.</summary>
    public IReadOnlyList<Field> Fields => fields;

    /// <summary>The position of a column by name, or -1.</summary>
    /// <param name="name">Compared by ordinal.</param>
    public int IndexOf(string name) => Array.FindIndex(fields, field => field.Name == name);
}
