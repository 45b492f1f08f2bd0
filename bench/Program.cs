using System.CommandLine;
using Analytics.Bench;
using Analytics.Bench.Comparison;
using Analytics.Bench.Load;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

var check = new Option<bool>("--check") { Description = "Run every benchmark once and compare its answer with the plain one; time nothing." };
var filter = new Option<string>("--filter") { Description = "Micro benchmarks to run, as BenchmarkDotNet's --filter.", DefaultValueFactory = _ => "*" };
var isShort = new Option<bool>("--short") { Description = "Fewer iterations: minutes instead of half an hour, wider errors." };
var micro = new Command("micro", "Micro benchmarks of kernels and of the bucket map (BenchmarkDotNet).") { filter, isShort };
micro.SetAction(parsed =>
{
    // In this process: the usual way looks for a project file with the assembly's name, and ours is bench.csproj.
    var job = (parsed.GetValue(isShort) ? Job.ShortRun : Job.Default).WithToolchain(InProcessEmitToolchain.Instance);
    var config = DefaultConfig.Instance.AddJob(job).WithArtifactsPath("artifacts/benchmarks");
    BenchmarkSwitcher.FromAssembly(typeof(Checks).Assembly).Run(["--filter", parsed.GetValue(filter)!], config);
    return 0;
});

var data = new Option<string>("--data") { Description = "A data folder; the demonstration's, say.", Required = true, HelpName = "DIR" };
var rounds = new Option<int>("--rounds") { Description = "Interleaved rounds.", DefaultValueFactory = _ => 15, HelpName = "N" };

var load = new Command("load", "All usage files into memory and back to disk beside DuckDB; sums are compared before anything is timed.") { data, rounds };
load.SetAction(parsed => LoadFromParquet.Run(parsed.GetValue(data)!, parsed.GetValue(rounds), Console.Out));

var root = new RootCommand("Benchmarks that check their answers.") { check, micro, ComparisonArguments.Command(), load, HttpLoad.Create() };
root.SetAction(parsed =>
{
    if (!parsed.GetValue(check))
    {
        return root.Parse(["--help"]).Invoke();
    }

    Checks.RunAll(Console.Out);
    return 0;
});
return root.Parse(args).Invoke();
