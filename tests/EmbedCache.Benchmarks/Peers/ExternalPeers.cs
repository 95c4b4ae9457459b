using EmbedCache.Benchmarks.Workloads;

namespace EmbedCache.Benchmarks.Peers;

internal static class ExternalPeers
{
    public static void Run(BenchmarkContext context, string workload, int count, int dimension, Dictionary<int, double> ours)
    {
        _ = (context, workload, count, dimension, ours);
    }
}
