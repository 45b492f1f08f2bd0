using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Analytics.Tests.Commands;

/// <summary>What the README says first: one command, and the line that it prints answers.</summary>
public sealed class QuickStartTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public async Task RunScript_PrintsALineThatAnswers_AndTheSameTokenAgain()
    {
        var first = await StartAskStop();
        var second = await StartAskStop();

        Assert.Equal(first.Token, second.Token);
        Assert.StartsWith("{\"groupBy\":\"project\",\"bucket\":\"day\",\"timezone\":\"Europe/Paris\"", first.Answer, StringComparison.Ordinal);
        Assert.Contains("\"label\":\"Production API\"", first.Answer, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder.Path, "data", "demonstration-token")));
    }

    public void Dispose() => folder.Dispose();

    private async Task<(string Token, string Answer)> StartAskStop()
    {
        using var script = Start(Path.Combine(RepositoryRoot.Path, "run.sh"), "--data", folder.File("data"), "--port", $"{FreePort()}");
        try
        {
            List<string> lines = [];
            while (await script.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(5)) is { } line)
            {
                lines.Add(line);
                if (line.StartsWith("Analytics serves", StringComparison.Ordinal))
                {
                    break;
                }
            }

            var printed = lines.FirstOrDefault(line => line.StartsWith("  try ", StringComparison.Ordinal));
            Assert.True(printed is not null, string.Join('\n', lines));
            using var curl = Start("bash", "-c", printed.Replace("  try ", string.Empty, StringComparison.Ordinal).Trim() + " -sS");
            var answer = await curl.StandardOutput.ReadToEndAsync();
            await curl.WaitForExitAsync();
            return (lines.First(line => line.StartsWith("  token ", StringComparison.Ordinal)).Split(' ')[^1], answer);
        }
        finally
        {
            // run.sh becomes the server (exec), so this is the server's process.
            script.Kill(entireProcessTree: true);
            await script.WaitForExitAsync();
        }
    }

    private static Process Start(string command, params string[] arguments) => Process.Start(new ProcessStartInfo(command, arguments)
    {
        WorkingDirectory = RepositoryRoot.Path,
        RedirectStandardOutput = true,
    })!;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
