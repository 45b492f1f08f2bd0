using System.CommandLine;
using Analytics.Storage.Import;
using NodaTime;

namespace Analytics.Server.Commands;

/// <summary><c>import FORMAT FILE…</c>: takes usage files into the data folder.</summary>
internal static class ImportCommand
{
    public static Command Create(IClock clock)
    {
        // The only setting of an import. An option wins over it.
        var settings = new ConfigurationBuilder().AddEnvironmentVariables("Analytics__").Build();
        return new("import", "Take usage files into the data folder. Each file is taken whole, less its bad lines, or not at all.")
        {
            Events(clock, settings),
            AzureTrace(clock, settings),
            RollupCsv(clock),
            RollupParquet(clock),
        };
    }

    private static Command Events(IClock clock, IConfiguration settings)
    {
        var shared = new ImportOptions();
        var grain = GrainOption.ForRequests();
        var again = new Option<bool>("--again")
        {
            Description = "Read a file again that was imported before. Events with known ids are counted as duplicates.",
        };
        var command = new Command("events", "Usage events: one JSON object a line (NDJSON), or gzip of it.") { again, grain };
        shared.AddTo(command);
        command.SetAction((parsed, cancellation) => shared.Run(
            parsed,
            clock,
            GrainOption.Read(parsed.GetValue(grain), settings),
            (import, file) => import.EventsAsync(file, parsed.GetValue(again), cancellation)));
        return command;
    }

    private static Command AzureTrace(IClock clock, IConfiguration settings)
    {
        var shared = new ImportOptions();
        var grain = GrainOption.ForRequests();
        var project = Project("Project of all requests.");
        var mapping = new Option<string>("--mapping")
        {
            Description = "Route of all requests, provider/model: the trace names none. The price table says what it costs; the default has no price, so that nothing is guessed.",
            DefaultValueFactory = _ => AzureTraceParser.DefaultMapping,
            HelpName = "ROUTE",
        };
        var command = new Command("azure-llm-trace", $"Azure's LLM inference trace: CSV with the header {AzureTraceParser.Header}, times in UTC, or gzip of it. Each row is one request.") { project, mapping, grain };
        shared.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var route = ImportOptions.CheckedId("--mapping", parsed.GetValue(mapping)!);
            var projectId = ImportOptions.CheckedId("--project", parsed.GetValue(project)!, mayBeEmpty: true);
            return shared.Run(
                parsed,
                clock,
                GrainOption.Read(parsed.GetValue(grain), settings),
                (import, file) => import.AzureTraceAsync(file, route, projectId, cancellation));
        });
        return command;
    }

    private static Command RollupCsv(IClock clock) => Rollup(
        clock,
        "rollup-csv",
        "Rows that another system added up by hour: CSV with a header, or gzip of it.",
        (import, file, mapping, project, cancellation) => import.RollupCsvAsync(file, mapping, project, cancellation));

    private static Command RollupParquet(IClock clock) => Rollup(
        clock,
        "rollup-parquet",
        "Rows that another system added up by hour: Parquet. Keys in the names of folders (project=p1/...) can be mapped like columns.",
        (import, file, mapping, project, cancellation) => import.RollupParquetAsync(file, mapping, project, cancellation));

    private static Command Rollup(
        IClock clock, string name, string description, Func<FileImport, string, RollupMapping, string, CancellationToken, Task<ImportSummary>> import)
    {
        var shared = new ImportOptions();
        var grain = GrainOption.ForRollups();
        var map = new Option<string>("--map")
        {
            Description = $"Which column fills which field: bucketStart=hour_utc,mapping=model,… Fields: {string.Join(", ", RollupMapping.Fields)}. What is not mapped is none or 0; without a cost the price table says.",
            Required = true,
            HelpName = "FIELD=COLUMN,…",
        };
        var project = Project("Project of all rows, where the file has no column for it.");
        var command = new Command(name, description) { map, project, grain };
        shared.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            if (!RollupMapping.TryParse(parsed.GetValue(map)!, out var mapping, out var problem))
            {
                throw new UsageException($"--map: {problem}");
            }

            var projectId = ImportOptions.CheckedId("--project", parsed.GetValue(project)!, mayBeEmpty: true);
            return shared.Run(
                parsed,
                clock,
                GrainOption.ReadOfRollups(parsed.GetValue(grain)),
                (files, file) => import(files, file, mapping!, projectId, cancellation));
        });
        return command;
    }

    private static Option<string> Project(string description) => new("--project")
    {
        Description = description,
        DefaultValueFactory = _ => string.Empty,
        HelpName = "ID",
    };
}
