using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Workloads;

/// <summary>Read bandwidth of this machine, by buffer size, page size and number of threads.</summary>
internal sealed class BandwidthWorkload : IWorkload
{
    private const long BytesPerMeasurement = 1L << 30;

    public string Name => "bandwidth";

    public string Summary => "read bandwidth of memory, one and two threads";

    public void Run(BenchmarkContext context)
    {
        foreach (int megabytes in new[] { 6, 61, 614 })
        {
            foreach (bool hugePages in new[] { false, true })
            {
                using var region = new Bandwidth.Region((long)megabytes << 20, hugePages);
                int passes = (int)Math.Max(1, BytesPerMeasurement / region.ByteLength);
                var rounds = new Rounds();
                var crews = new List<Bandwidth.Readers>();
                foreach (int threads in new[] { 1, 2 })
                {
                    var readers = new Bandwidth.Readers(region, threads);
                    crews.Add(readers);
                    rounds.Add($"threads={threads}", () =>
                    {
                        double seconds = 0;
                        for (int i = 0; i < passes; i++)
                        {
                            seconds += readers.SecondsPerPass();
                        }

                        return region.ByteLength * (double)passes / seconds / 1e9;
                    });
                }

                rounds.Run(context.Options.Repeats, warmUps: 1);
                crews.ForEach(c => c.Dispose());
                foreach (string threads in rounds.Systems)
                {
                    context.Report.Value("memory", Name, region.ByteLength / sizeof(float), 1, $"{threads}, {megabytes} MiB, {(hugePages ? "huge" : "4 KiB")} pages", rounds.MedianOf(threads), "GB/s");
                }
            }
        }
    }
}
