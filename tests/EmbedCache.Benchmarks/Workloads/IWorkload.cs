namespace EmbedCache.Benchmarks.Workloads;

/// <summary>One thing to be measured, with all its contestants.</summary>
internal interface IWorkload
{
    /// <summary>Its name on the command line and in the results.</summary>
    string Name { get; }

    /// <summary>One line for the list of workloads.</summary>
    string Summary { get; }

    /// <summary>Measures and reports.</summary>
    void Run(BenchmarkContext context);
}
