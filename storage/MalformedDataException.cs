namespace Analytics.Storage;

/// <summary>
/// What a decoder found wrong, without the place, which it does not know. Never leaves this project: readers turn it
/// into a <see cref="CorruptFileException"/>.
/// </summary>
internal sealed class MalformedDataException(string found, string expected, string? advice = null)
    : Exception($"Found {found}; expected {expected}.")
{
    public string Found { get; } = found;

    public string Expected { get; } = expected;

    public string? Advice { get; } = advice;
}
