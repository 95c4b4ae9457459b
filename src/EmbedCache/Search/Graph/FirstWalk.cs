using EmbedCache.Numerics;

namespace EmbedCache.Search.Graph;

/// <summary>
/// The first walk of a process waits for the compiler for longer than for anything else. What it comes to last is compiled meanwhile on a second processor, by one
/// thread that lives for a few milliseconds and touches nothing of the file.
/// </summary>
internal static class FirstWalk
{
    private static int s_hasBegun;

    /// <summary>To be called before a walk; does something once in a process.</summary>
    public static void Begin<TAcceptance>(PersistedSpace space, TAcceptance acceptance, CodeTable codes, Metric metric)
        where TAcceptance : struct, IAcceptance
    {
        if (Volatile.Read(ref s_hasBegun) != 0 || Interlocked.Exchange(ref s_hasBegun, 1) != 0 || Environment.ProcessorCount < 2)
        {
            return;
        }

        new Thread(() => Compile(space, acceptance, codes, metric)) { IsBackground = true, Name = "EmbedCache first walk" }.Start();
    }

    private static void Compile<TAcceptance>(PersistedSpace space, TAcceptance acceptance, CodeTable codes, Metric metric)
        where TAcceptance : struct, IAcceptance
    {
        try
        {
            // A walk from nowhere ends at once.
            using var scratch = new GraphScratch();
            GraphWalk.Run(space, acceptance, codes, default, scratch, 1, 1);
            ReadOnlySpan<float> nothing = [0];
            _ = metric == Metric.L2 ? VectorKernels.SquaredL2(nothing, nothing) : VectorKernels.Dot(nothing, nothing);
        }
        catch (Exception)
        {
            // Whoever searches meets what is wrong by himself, and is told.
        }
    }
}
