using System.Security.Cryptography;

namespace Analytics.Server.Conventions;

/// <summary>Names a request, so that an answer, a line of the log and what the caller saw can be put together.</summary>
internal static class RequestId
{
    /// <summary>The header, of requests and of answers.</summary>
    public const string Header = "X-Request-Id";

    private const int MaxLength = 128;

    /// <summary>Takes over the caller's id if it is well-formed, else makes one; the answer carries it.</summary>
    public static void Assign(HttpContext context)
    {
        var id = context.Request.Headers[Header] is [{ } sent] && IsWellFormed(sent) ? sent : Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        context.TraceIdentifier = id;
        context.Response.Headers[Header] = id;
    }

    /// <summary>Whether a text can stand in a log as it is: 1 to 128 letters, digits, points, dashes and underscores.</summary>
    public static bool IsWellFormed(string id)
    {
        if (id.Length is 0 or > MaxLength)
        {
            return false;
        }

        foreach (var character in id)
        {
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('.' or '-' or '_'))
            {
                return false;
            }
        }

        return true;
    }
}
