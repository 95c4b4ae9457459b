using EmbedCache.Numerics;

namespace EmbedCache.Search.Graph;

/// <summary>
/// The first walk of a process would wait for the compiler for longer than it takes. So it goes by loops that were compiled ahead of time, and those of later ones are
/// compiled meanwhile on a second processor, by one thread that lives for a few milliseconds and touches nothing of the file.
/// </summary>
internal static class FirstWalk
{
    private static int s_hasBegun;
    private static volatile bool s_isCompiling;

    /// <summary>While it does, a walk had better do without the compiled loops than wait for them.</summary>
    public static bool IsCompiling => s_isCompiling;

    /// <summary>To be called before a walk; does something once in a process. (Called earlier it measured slower: both processors then load the same types.)</summary>
    /// <param name="acceptance">Of the kind that the walk will have.</param>
    /// <param name="metric">The file's metric.</param>
    public static void Begin<TAcceptance>(TAcceptance acceptance, Metric metric)
        where TAcceptance : struct, IAcceptance
    {
        if (Volatile.Read(ref s_hasBegun) == 0 && Interlocked.Exchange(ref s_hasBegun, 1) == 0 && Environment.ProcessorCount > 1)
        {
            s_isCompiling = true;
            new Thread(() => Compile(acceptance, metric)) { IsBackground = true, Name = "EmbedCache first walk" }.Start();
        }
    }

    private static void Compile<TAcceptance>(TAcceptance acceptance, Metric metric)
        where TAcceptance : struct, IAcceptance
    {
        try
        {
            ReadOnlySpan<float> nothing = [0];
            _ = metric == Metric.L2 ? VectorKernels.SquaredL2(nothing, nothing) : VectorKernels.Dot(nothing, nothing);
            using var scratch = new GraphScratch();
            GraphWalk.Compile<PersistedSpace, TAcceptance>(acceptance, new CodeTable([], new CodeLayout(1), isDot: false), scratch);
        }
        catch (Exception)
        {
            // Whoever searches meets what is wrong by himself, and is told.
        }
        finally
        {
            s_isCompiling = false;
        }
    }
}
