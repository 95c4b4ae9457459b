using EmbedCache.Numerics;
using EmbedCache.Vectors;

namespace EmbedCache.Search;

/// <summary>Rows of one chunk that their coarse halves leave open, and what is known of them.</summary>
internal sealed class CoarseSurvivors
{
    /// <summary>Where the rows are. Set before anything else is asked for.</summary>
    public CodeRun Run { get; private set; } = null!;

    /// <summary>Ordinal of the chunk's first row.</summary>
    public long First { get; private set; }

    /// <summary>Rows of the chunk.</summary>
    public int RowCount { get; private set; }

    /// <summary>Rows that are left open.</summary>
    public int Count { get; set; }

    /// <summary>Their indexes in the chunk.</summary>
    public byte[] Indexes { get; } = new byte[BoundKernels.MaxRowCount];

    /// <summary>Their inner products of the query's codes and the coarse half-bytes.</summary>
    public int[] Products { get; } = new int[BoundKernels.MaxRowCount];

    /// <summary>Their bounds by both halves, once those are known.</summary>
    public ScoreBounds[] Bounds { get; } = new ScoreBounds[BoundKernels.MaxRowCount];

    /// <summary>Takes what one query leaves of a chunk, and asks for the fine rows.</summary>
    /// <param name="run">Where the rows are.</param>
    /// <param name="first">Ordinal of the chunk's first row.</param>
    /// <param name="rowCount">Rows of the chunk.</param>
    /// <param name="indexes">Indexes of those that are left.</param>
    /// <param name="products">Inner products of all rows of the chunk.</param>
    public void Set(CodeRun run, long first, int rowCount, ReadOnlySpan<byte> indexes, ReadOnlySpan<int> products)
    {
        Run = run;
        First = first;
        RowCount = rowCount;
        Count = indexes.Length;
        indexes.CopyTo(Indexes);
        for (int i = 0; i < indexes.Length; i++)
        {
            Products[i] = products[indexes[i]];
            run.PrefetchFine(first + indexes[i]);
        }
    }
}
