using System.CommandLine;
using System.Globalization;
using System.Text;
using Analytics.Storage;
using Analytics.Storage.Directory;
using NodaTime;

namespace Analytics.Server.Commands;

/// <summary><c>directory import</c> and <c>directory export</c>: names, roles, keys and creators, model table and prices as one JSON document.</summary>
internal static class DirectoryCommand
{
    // A document of a million entries is about 200 MB; this is against a wrong file.
    private const long MaxDocumentBytes = 512L << 20;

    public static Command Create(IClock clock)
    {
        var data = CommonOptions.Data();
        var file = new Argument<string>("FILE") { Description = "The JSON document." };
        var import = new Command("import", "Take over a document. An array that it has is the whole list of the organizations that it names; one that it lacks changes nothing.") { file, data };
        import.SetAction(async (parsed, _) =>
        {
            var path = parsed.GetValue(file)!;
            if (!File.Exists(path))
            {
                throw new FileNotFoundException($"'{path}' is not a file. Nothing was changed.");
            }

            var document = DirectoryDocument.Parse(Files.Physical.ReadAll(path, MaxDocumentBytes));
            using var directory = Open(parsed.GetValue(data)!);
            await parsed.InvocationConfiguration.Output.WriteAsync(Summary(directory.Import(document, AuditActor.Operator(clock.GetCurrentInstant()))));
            return ExitCode.Ok;
        });

        var organization = CommonOptions.Organization();
        organization.Required = false;
        organization.Description = "Only this organization.";
        var export = new Command("export", "Print the document.") { organization, data };
        export.SetAction(async (parsed, _) =>
        {
            using var directory = OpenExisting(parsed.GetValue(data)!);
            await parsed.InvocationConfiguration.Output.WriteLineAsync(Encoding.UTF8.GetString(directory.Export(parsed.GetValue(organization)).ToUtf8()));
            return ExitCode.Ok;
        });
        return new Command("directory", "Organisations, members, projects, API keys, agents, models and prices.") { import, export };
    }

    /// <summary>Opens the directory of a data folder. A running server sees the changes at once, so no lock is needed.</summary>
    public static DirectoryStore Open(string data)
    {
        var folder = new DataFolder(Path.GetFullPath(data));
        Files.Physical.CreateFolder(folder.Root);
        return DirectoryStore.Open(folder.Directory);
    }

    /// <summary>Opens the directory of a data folder that is one already: who asks about it does not want a new one.</summary>
    public static DirectoryStore OpenExisting(string data) => File.Exists(new DataFolder(Path.GetFullPath(data)).Directory)
        ? Open(data)
        : throw new DataFolderException($"'{data}' has no directory.sqlite, expected a data folder. Check --data.");

    private static string Summary(DirectoryChanges changes)
    {
        var text = new StringBuilder();
        foreach (var (name, count) in new[]
        {
            ("organizations", changes.Organizations),
            ("users", changes.Users),
            ("members", changes.Members),
            ("projects", changes.Projects),
            ("apiKeys", changes.ApiKeys),
            ("agents", changes.Agents),
            ("models", changes.Models),
        })
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{name,-13} {count.Added:N0} added, {count.Changed:N0} changed, {count.Removed:N0} removed");
        }

        return text.ToString();
    }
}
