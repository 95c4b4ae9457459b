using EmbedCache.Numerics;

namespace EmbedCache.Search.Graph;

/// <summary>
/// The first walk of a process waits for the compiler for longer than for anything else. So the loops that it comes to are compiled on a second processor while it finds
/// out where to begin, by one thread that lives for a few milliseconds and touches nothing of the file.
/// </summary>
internal static class FirstWalk
{
    private static int s_hasBegun;

    /// <summary>To be called before a walk; does something once in a process. (Called earlier it measured slower: both processors then load the same types.)</summary>
    /// <param name="acceptance">Of the kind that the walk will have.</param>
    /// <param name="metric">The file's metric.</param>
    public static void Begin<TAcceptance>(TAcceptance acceptance, Metric metric)
        where TAcceptance : struct, IAcceptance
    {
        if (Volatile.Read(ref s_hasBegun) == 0 && Interlocked.Exchange(ref s_hasBegun, 1) == 0 && Environment.ProcessorCount > 1)
        {
            new Thread(() => Compile(acceptance, metric)) { IsBackground = true, Name = "EmbedCache first walk" }.Start();
        }
    }

    private static void Compile<TAcceptance>(TAcceptance acceptance, Metric metric)
        where TAcceptance : struct, IAcceptance
    {
        try
        {
            // A walk over nothing, from nowhere, ends at once.
            using var scratch = new GraphScratch();
            GraphWalk.Run(default(PersistedSpace), acceptance, new CodeTable([], new CodeLayout(1), isDot: false), default, scratch, 1, 1);
            ReadOnlySpan<float> nothing = [0];
            _ = metric == Metric.L2 ? VectorKernels.SquaredL2(nothing, nothing) : VectorKernels.Dot(nothing, nothing);
        }
        catch (Exception)
        {
            // Whoever searches meets what is wrong by himself, and is told.
        }
    }
}
