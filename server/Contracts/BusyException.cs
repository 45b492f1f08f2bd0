namespace Analytics.Server.Contracts;

/// <summary>The server has more large answers at hand than it may.</summary>
internal sealed class BusyException : Exception;
