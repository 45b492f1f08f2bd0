using System.Reflection;
using BenchmarkDotNet.Attributes;

namespace Analytics.Bench;

/// <summary>A benchmark that can say whether its answer is right. One that cannot is not timed.</summary>
public interface ICheckedBenchmark
{
    /// <summary>Runs each variant once on the current parameters and compares it with the plain loop.</summary>
    /// <exception cref="InvalidOperationException">A variant gives another answer.</exception>
    void Check();
}

/// <summary>Runs all checks.</summary>
public static class Checks
{
    /// <summary>All micro benchmarks.</summary>
    public static IReadOnlyList<Type> Benchmarks { get; } =
        [.. typeof(Checks).Assembly.GetTypes().Where(type => type.IsClass && type.IsAssignableTo(typeof(ICheckedBenchmark)))];

    /// <summary>Checks every benchmark with every combination of its parameters.</summary>
    /// <param name="output">One line a combination.</param>
    /// <exception cref="InvalidOperationException">An answer is wrong.</exception>
    public static void RunAll(TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        foreach (var type in Benchmarks)
        {
            foreach (var values in Combinations(type))
            {
                var benchmark = (ICheckedBenchmark)Activator.CreateInstance(type)!;
                foreach (var (property, value) in values)
                {
                    property.SetValue(benchmark, value);
                }

                foreach (var setup in type.GetMethods().Where(method => method.GetCustomAttribute<GlobalSetupAttribute>() is not null))
                {
                    setup.Invoke(benchmark, null);
                }

                benchmark.Check();
                output.WriteLine($"ok {type.Name} {string.Join(' ', values.Select(pair => $"{pair.Property.Name}={pair.Value}"))}");
            }
        }
    }

    private static IEnumerable<(PropertyInfo Property, object? Value)[]> Combinations(Type type)
    {
        IEnumerable<(PropertyInfo Property, object? Value)[]> all = [[]];
        foreach (var property in type.GetProperties())
        {
            if (property.GetCustomAttribute<ParamsAttribute>() is { } parameter)
            {
                all = [.. all.SelectMany(_ => parameter.Values, (values, value) => ((PropertyInfo, object?)[])[.. values, (property, value)])];
            }
        }

        return all;
    }

    internal static void Equal<T>(string what, IEnumerable<T> expected, IEnumerable<T> actual)
    {
        if (!expected.SequenceEqual(actual))
        {
            throw new InvalidOperationException($"{what} gives another answer than the plain loop.");
        }
    }
}
