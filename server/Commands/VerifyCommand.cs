using System.CommandLine;
using System.Globalization;
using Analytics.Storage;

namespace Analytics.Server.Commands;

/// <summary><c>verify</c>: reads every live file against the manifest.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var data = CommonOptions.Data();
        var command = new Command("verify", "Read every data file and compare it with its checksums and totals. Exit code 1 if anything is wrong.") { data };
        command.SetAction(async (parsed, cancellation) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var report = StoreVerifier.Verify(parsed.GetValue(data)!, Files.Physical, cancellation);
            foreach (var finding in report.Findings)
            {
                await output.WriteLineAsync($"{(finding.IsLeftover ? "note: " : string.Empty)}{finding.File}: {finding.Column}: {finding.Problem}");
            }

            var problems = report.Findings.Count(finding => !finding.IsLeftover);

            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{(problems == 0 ? "ok" : $"problems found ({problems})")}: {report.FileCount:N0} files, {report.RowCount:N0} usage rows, {report.EventIdCount:N0} event ids, {report.SizeBytes:N0} bytes read."));
            return problems == 0 ? ExitCode.Ok : ExitCode.Problems;
        });
        return command;
    }
}
