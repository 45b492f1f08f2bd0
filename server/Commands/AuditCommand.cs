using System.CommandLine;
using System.Text.Json;
using Analytics.Server.Conventions;
using Analytics.Server.Endpoints;

namespace Analytics.Server.Commands;

/// <summary><c>audit</c>: who changed or took away what. What concerns no organisation in particular is shown here only.</summary>
internal static class AuditCommand
{
    public static Command Create()
    {
        var data = CommonOptions.Data();
        var organization = CommonOptions.Organization();
        organization.Required = false;
        organization.Description = "Only what concerns this organization.";
        var limit = new Option<int>("--limit") { Description = "The most entries.", DefaultValueFactory = _ => 100, HelpName = "N" };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !(int.TryParse(result.Tokens[0].Value, out var count) && count >= 1))
            {
                result.AddError($"--limit: found '{result.Tokens[0].Value}', expected a whole number, 1 or more.");
            }
        });
        var before = new Option<long?>("--before") { Description = "Only entries with a smaller number: the next page.", HelpName = "N" };
        var json = new Option<bool>("--json") { Description = "One JSON object a line, as GET /admin/organizations/{id}/audit has them." };
        var command = new Command("audit", "Show who changed or took away what, the newest first.") { data, organization, limit, before, json };
        command.SetAction(async (parsed, _) =>
        {
            using var directory = DirectoryCommand.OpenExisting(parsed.GetValue(data)!);
            var entries = directory.ReadAudit(parsed.GetValue(organization), parsed.GetValue(before), parsed.GetValue(limit)).Select(entry => (Entry: entry, Item: AuditEndpoint.ToItem(entry)));
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                foreach (var (_, item) in entries)
                {
                    await output.WriteLineAsync(JsonSerializer.Serialize(item, JsonAnswer.Options));
                }

                return ExitCode.Ok;
            }

            await output.WriteAsync(TextTable.Format(
                ["number", "at", "who", "organization", "action", "target", "detail"],
                entries.Select(entry => (string[])
                [
                    entry.Item.Id.ToString(System.Globalization.CultureInfo.InvariantCulture),
                    entry.Item.At,
                    string.Join(' ', new[] { entry.Item.Actor, entry.Item.UserId, entry.Item.TokenId }.OfType<string>()),
                    entry.Entry.OrganizationId ?? string.Empty,
                    entry.Item.Action,
                    entry.Item.Target ?? string.Empty,
                    entry.Item.Detail ?? string.Empty,
                ])));
            return ExitCode.Ok;
        });
        return command;
    }
}
