using EmbedCache.Benchmarks.Workloads;

namespace EmbedCache.Benchmarks;

/// <summary>Runs the workloads that the command line names.</summary>
internal static class Runner
{
    private static readonly IWorkload[] Workloads =
    [
        new BandwidthWorkload(),
        new InsertWorkload(),
        new GetWorkload(),
        new GetColdWorkload(),
        new OpenWorkload(),
        new SizeWorkload(),
        new MemoryWorkload(),
        new SearchWorkload(),
        new GraphWorkload(),
        new GraphColdWorkload(),
        new GraphAppendWorkload(),
        new GraphWritersWorkload(),
        new GraphChangesWorkload(),
        new FilterWorkload(),
        new CompressionWorkload(),
        new ExactWorkload(),
        new ColdProcessWorkload(),
        new PipelineWorkload(),
    ];

    public static int Run(string[] arguments)
    {
        BenchmarkOptions options;
        try
        {
            options = BenchmarkOptions.Parse(arguments);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException)
        {
            Console.Error.WriteLine(e.Message);
            return Usage();
        }

        List<IWorkload> chosen = options.Workloads.Contains("all") ? [.. Workloads] : [.. Workloads.Where(w => options.Workloads.Contains(w.Name))];
        if (chosen.Count == 0 || (!options.Workloads.Contains("all") && chosen.Count < options.Workloads.Distinct().Count()))
        {
            return Usage();
        }

        var report = new Report(Console.Out);
        int failures = 0;
        using (var context = new BenchmarkContext(options, report))
        {
            foreach (IWorkload workload in chosen)
            {
                try
                {
                    Report.Note($"# {workload.Name}");
                    workload.Run(context);
                }
                catch (Exception e)
                {
                    // One workload that breaks must not cost the figures of the others; the exit code still tells.
                    Console.Error.WriteLine($"{workload.Name} failed: {e}");
                    failures++;
                }
            }
        }

        report.WriteTable(Console.Error);
        return failures == 0 ? 0 : 1;
    }

    private static int Usage()
    {
        Console.Error.WriteLine("usage: <workload ...|all> [--n N] [--dim D] [--work DIR] [--repeats R] [--seconds S] [--only SYSTEM,...] [--data DIR] [--sets NAME,...] [--keep DIR]");
        Console.Error.WriteLine("       kernels [BenchmarkDotNet options]");
        foreach (IWorkload workload in Workloads)
        {
            Console.Error.WriteLine($"  {workload.Name,-12} {workload.Summary}");
        }

        return 2;
    }
}
