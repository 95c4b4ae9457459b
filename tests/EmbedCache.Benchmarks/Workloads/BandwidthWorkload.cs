using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Workloads;

/// <summary>Read bandwidth of this machine, by buffer size, page size and number of threads.</summary>
internal sealed class BandwidthWorkload : IWorkload
{
    private const long BytesPerMeasurement = 1L << 30;

    public string Name => "bandwidth";

    public string Summary => "read bandwidth of memory, one and two threads";

    public unsafe void Run(BenchmarkContext context)
    {
        foreach (int megabytes in new[] { 6, 61, 614 })
        {
            foreach (bool hugePages in new[] { false, true })
            {
                using var region = new Bandwidth.Region((long)megabytes << 20, hugePages);
                long count = region.ByteLength / sizeof(float);
                int passes = (int)Math.Max(1, BytesPerMeasurement / region.ByteLength);
                var rounds = new Rounds();
                foreach (int threads in new[] { 1, 2 })
                {
                    rounds.Add($"threads={threads}", () =>
                    {
                        double seconds = 0;
                        for (int i = 0; i < passes; i++)
                        {
                            seconds += Bandwidth.SecondsPerPass(region.Pointer, count, threads);
                        }

                        return region.ByteLength * (double)passes / seconds / 1e9;
                    });
                }

                rounds.Run(context.Options.Repeats, warmUps: 1);
                foreach (string threads in rounds.Systems)
                {
                    context.Report.Value("memory", Name, count, 1, $"{threads}, {megabytes} MiB, {(hugePages ? "huge" : "4 KiB")} pages", rounds.MedianOf(threads), "GB/s");
                }
            }
        }
    }
}
