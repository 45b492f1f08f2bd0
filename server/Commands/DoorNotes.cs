using System.Net;
using Analytics.Server.Access;
using Analytics.Storage;

namespace Analytics.Server.Commands;

/// <summary>What an operator should know at start about who can come in.</summary>
internal static class DoorNotes
{
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>One line for each thing; none where all is closed but the intended.</summary>
    public static IEnumerable<string> For(DataFolder folder, IEnumerable<string> urls, AccessSettings access)
    {
        var open = urls.Where(url => !IsLoopback(new Uri(url.Replace("://+", "://0.0.0.0", StringComparison.Ordinal).Replace("://*", "://0.0.0.0", StringComparison.Ordinal)))).ToList();
        if (open.Count > 0 && !access.IsBehindTlsProxy)
        {
            yield return access.AllowsHttpSessions
                ? $"warning: sessions of the dashboard are allowed over plain http on {string.Join(", ", open)} (Analytics__Sessions__AllowHttp): anybody on the way can read tokens and take sessions over."
                : $"note: over plain http on {string.Join(", ", open)} nobody signs in to the dashboard from another machine, and tokens can be read on the way. Put a proxy with TLS in front and set Analytics__Sessions__TlsProxy=true.";
        }

        if (!OperatingSystem.IsWindows() && File.GetUnixFileMode(folder.Root) is var mode && (mode & Others) != 0)
        {
            yield return $"warning: others on this machine can look into '{folder.Root}'. Close it: chmod 700 {folder.Root}";
        }
    }

    private static bool IsLoopback(Uri url) => url.IsLoopback || (IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
