namespace Analytics.Storage.Parquet;

/// <summary>The place of a leaf in the schema tree: the names from the root on, which joined by points are the path of its chunks.</summary>
/// <remarks>Joined only on demand: in a deep tree of long names the texts would be far larger than the tree.</remarks>
/// <param name="Parent">The group that it is in; null right below the root.</param>
/// <param name="Name">Its own name.</param>
internal sealed record LeafPath(LeafPath? Parent, string Name)
{
    /// <summary>Whether the joined names are a text.</summary>
    public bool Is(ReadOnlySpan<char> path)
    {
        for (var node = this; ; node = node.Parent)
        {
            if (!path.EndsWith(node.Name, StringComparison.Ordinal))
            {
                return false;
            }

            path = path[..^node.Name.Length];
            if (node.Parent is null)
            {
                return path.IsEmpty;
            }

            if (path is not [.., '.'])
            {
                return false;
            }

            path = path[..^1];
        }
    }

    public override string ToString()
    {
        List<string> names = [];
        for (var node = this; node is not null; node = node.Parent)
        {
            names.Add(node.Name);
        }

        names.Reverse();
        return string.Join('.', names);
    }
}
