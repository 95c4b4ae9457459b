using System.Globalization;

namespace EmbedCache.Benchmarks;

/// <summary>The command line: <c>[workload ...] [--n N] [--dim D] [--work DIR] [--repeats R] [--seconds S] [--only SYSTEM,...] [--data DIR] [--sets NAME,...] [--keep DIR]</c>.</summary>
internal sealed class BenchmarkOptions
{
    private const int MinRepeats = 5;

    private BenchmarkOptions()
    {
    }

    /// <summary>Names of workloads to run, or "all".</summary>
    public List<string> Workloads { get; } = [];

    /// <summary>Number of records; null takes each workload's own sizes.</summary>
    public int? Count { get; private set; }

    /// <summary>Dimension; null takes each workload's own.</summary>
    public int? Dimension { get; private set; }

    /// <summary>Directory for scratch files: it should lie on the disk that is to be measured.</summary>
    public string WorkDirectory { get; private set; } = System.IO.Path.GetTempPath();

    /// <summary>Alternating rounds of each measurement; medians are taken over them.</summary>
    public int Repeats { get; private set; } = MinRepeats;

    /// <summary>Length of one timed block of reads.</summary>
    public double Seconds { get; private set; } = 0.5;

    /// <summary>Name prefixes of the systems that take part; null for all. Ratios against absent ones are left out.</summary>
    public string[]? Only { get; private set; }

    /// <summary>Directory with data sets, NAME-base.fvecs and NAME-query.fvecs; null to go without.</summary>
    public string? DataDirectory { get; private set; }

    /// <summary>Data sets that take part; null for all that are there.</summary>
    public string[]? Sets { get; private set; }

    /// <summary>Directory where stores of large sets, and figures of peers that take long, are kept from run to run; null to make them anew.</summary>
    public string? KeepDirectory { get; private set; }

    /// <summary>Whether a data set takes part.</summary>
    public bool TakesSet(string name) => Sets is null || Sets.Contains(name);

    public static BenchmarkOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new BenchmarkOptions();
        for (int i = 0; i < arguments.Count; i++)
        {
            string argument = arguments[i];
            if (!argument.StartsWith("--", StringComparison.Ordinal))
            {
                options.Workloads.Add(argument);
                continue;
            }

            string value = ++i < arguments.Count ? arguments[i] : throw new ArgumentException($"{argument} needs a value.");
            switch (argument)
            {
                case "--n":
                    options.Count = ParseCount(value);
                    break;
                case "--dim":
                    options.Dimension = ParseCount(value);
                    break;
                case "--work":
                    options.WorkDirectory = value;
                    break;
                case "--repeats":
                    options.Repeats = ParseCount(value);
                    break;
                case "--seconds":
                    options.Seconds = double.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--only":
                    options.Only = value.Split(',');
                    break;
                case "--data":
                    options.DataDirectory = value;
                    break;
                case "--sets":
                    options.Sets = value.Split(',');
                    break;
                case "--keep":
                    options.KeepDirectory = value;
                    break;
                default:
                    throw new ArgumentException($"Unknown option {argument}.");
            }
        }

        return options;
    }

    private static int ParseCount(string text)
    {
        int value = int.Parse(text, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
        return value > 0 ? value : throw new ArgumentException($"{text}: a positive number is needed.");
    }
}
