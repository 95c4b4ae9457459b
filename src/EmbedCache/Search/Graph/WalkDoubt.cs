namespace EmbedCache.Search.Graph;

/// <summary>
/// Whether a walk is likely to have missed some of the best. A query that stands away from all records, as where deletes left a hole around it, has many that are about as
/// near as the best, on all sides of it and few of them linked with one another: a walk that is as wide as others still meets better ones when it ends.
/// </summary>
internal static unsafe class WalkDoubt
{
    /// <summary>
    /// A query stands away from all records where the nearest candidate of a walk is nearer than the last by less than this part of the distance. (In holes that deletes left
    /// 0.005 to 0.045, elsewhere from 0.04 on, mostly over 0.1.)
    /// </summary>
    private const float FlatShare = 0.05f;

    /// <summary>
    /// A walk there that met more than so many of its best in its second half ended too soon; one that was widened already, sooner. (Walks that find all meet a tenth of their
    /// best so late, those that find half of them two fifths.)
    /// </summary>
    private const int BestCount = 20;
    private const int MostLate = 4;
    private const int MostLateWidened = 2;

    /// <summary>One that had to go through so many times its width of dead records has met what is around them after it was widened once.</summary>
    private const int HoleWidth = 4;

    /// <summary>Looks at what a walk left in its scratch.</summary>
    /// <param name="scratch">The pool and the trail.</param>
    /// <param name="width">Candidates that it was first to find.</param>
    /// <param name="times">How many times it was widened.</param>
    public static bool EndedTooSoon(GraphScratch scratch, int width, int times)
    {
        Span<uint> best = stackalloc uint[BestCount];
        int count = 0;
        float nearest = 0;
        for (int i = 0; i < scratch.Count && count < BestCount; i++)
        {
            long candidate = ((long*)scratch.Pool)[i];
            if ((candidate & Candidate.Accepted) != 0)
            {
                nearest = count == 0 ? Candidate.DistanceOf(candidate) : nearest;
                best[count++] = Candidate.NodeOf(candidate);
            }
        }

        float last = count == 0 ? 0 : Candidate.DistanceOf(((long*)scratch.Pool)[scratch.Count - 1]);
        bool isInHole = scratch.Count - scratch.Accepted > HoleWidth * (long)width;
        if (isInHole || (times == 0 && last - nearest > FlatShare * Math.Abs(last)))
        {
            return isInHole && times == 0;
        }

        int half = scratch.TrailCount / 2;
        var late = new ReadOnlySpan<uint>((uint*)scratch.Trail + half, scratch.TrailCount - half);
        int lateCount = 0;
        for (int i = 0; i < count; i++)
        {
            lateCount += late.IndexOf(best[i]) >= 0 ? 1 : 0;
        }

        return lateCount > (times == 0 ? MostLate : MostLateWidened);
    }
}
