namespace EmbedCache.Benchmarks;

/// <summary>
/// Measures contestants in turn, round after round, so that a slow minute of the machine falls on all of them. Every second round runs
/// in reverse order, so that nobody always comes after the same neighbour.
/// </summary>
internal sealed class Rounds
{
    private readonly List<(string System, Func<double> Measure)> _contestants = [];
    private readonly Dictionary<string, double[]> _values = [];

    /// <summary>Systems in the order they were added.</summary>
    public IEnumerable<string> Systems => _contestants.Select(c => c.System);

    /// <summary>Adds a contestant. <paramref name="measure"/> does the work once and returns the figure.</summary>
    public void Add(string system, Func<double> measure) => _contestants.Add((system, measure));

    /// <summary>Runs all rounds; the first <paramref name="warmUps"/> are thrown away.</summary>
    public void Run(int repeats, int warmUps = 0)
    {
        foreach ((string system, _) in _contestants)
        {
            _values[system] = new double[repeats];
        }

        for (int round = -warmUps; round < repeats; round++)
        {
            bool reversed = (round & 1) != 0;
            for (int i = 0; i < _contestants.Count; i++)
            {
                (string system, Func<double> measure) = _contestants[reversed ? _contestants.Count - 1 - i : i];
                double value = measure();
                if (round >= 0)
                {
                    _values[system][round] = value;
                }
            }
        }
    }

    /// <summary>True when the system took part.</summary>
    public bool Has(string system) => _values.ContainsKey(system);

    /// <summary>Median of a system's rounds.</summary>
    public double MedianOf(string system) => Median(_values[system]);

    /// <summary>Median over rounds of ours divided by the peer's figure of the same round: less noise than the ratio of two medians.</summary>
    public double RatioOf(string ours, string peer) => Median([.. _values[ours].Zip(_values[peer], (a, b) => a / b)]);

    /// <summary>The peer with the highest median among those that took part and whose name starts with <paramref name="prefix"/>; null when none did.</summary>
    public string? BestOf(string prefix) => Systems.Where(s => s.StartsWith(prefix, StringComparison.Ordinal)).MaxBy(MedianOf);

    /// <summary>Median; the mean of the middle two for an even count.</summary>
    public static double Median(double[] samples)
    {
        double[] sorted = [.. samples];
        Array.Sort(sorted);
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
