using EmbedCache.Numerics;

namespace EmbedCache.Search.Graph;

/// <summary>
/// Whether a walk is likely to have missed some of the best. How wide a walk has to be differs from set to set and from query to query: a query from another distribution than
/// the records, or one that stands in a hole that deletes left, has many that are about as near as the best, on all sides of it and few of them linked with one another. A walk
/// that is as wide as others still meets better ones when it ends.
/// </summary>
internal static unsafe class WalkDoubt
{
    /// <summary>
    /// A walk that met so many of its best in its second half ended too soon. (Walks that find all meet a tenth of their best so late, those that find half of them two fifths.)
    /// </summary>
    private const int BestCount = 20;
    private const int LateCount = 5;

    /// <summary>
    /// A walk that sees more nodes than so many for each that it keeps goes through records without much order, as far from one another as from the query, and late ones weigh
    /// more. (6 to 10 on images, 10 to 20 where there are clusters, 20 to 26 on uniform noise and on queries from another distribution.)
    /// </summary>
    private const float ManySeen = 20;
    private const float LateForEachSeen = 2;

    /// <summary>One that had to go through so many times its width of dead records has met what is around them after it was widened once.</summary>
    private const int HoleWidth = 4;

    /// <summary>Results that a wider walk replaced before its results are doubted too: one is chance.</summary>
    private const int Replaced = 2;

    /// <summary>Looks at what a first walk left in its scratch.</summary>
    /// <param name="scratch">The pool and the trail.</param>
    /// <param name="width">Candidates that it was to find.</param>
    public static bool EndedTooSoon(GraphScratch scratch, int width)
    {
        if (scratch.Count - scratch.Accepted > HoleWidth * (long)width)
        {
            return true;
        }

        float needed = LateCount - (LateForEachSeen * Math.Max(0, (scratch.TrailCount / (float)Math.Max(1, scratch.Count)) - ManySeen));
        if (needed <= 0)
        {
            return true;
        }

        int half = scratch.TrailCount / 2;
        var late = new ReadOnlySpan<uint>((uint*)scratch.Trail + half, scratch.TrailCount - half);
        int looked = 0;
        int found = 0;
        for (int i = 0; i < scratch.Count && looked < BestCount; i++)
        {
            long candidate = ((long*)scratch.Pool)[i];
            if ((candidate & Candidate.Accepted) != 0)
            {
                looked++;
                found += late.IndexOf(Candidate.NodeOf(candidate)) >= 0 ? 1 : 0;
            }
        }

        return found >= needed;
    }

    /// <summary>
    /// Whether the codes of all that a walk kept are too alike to tell which are the best: what the code of one of the best lacks makes, by one standard deviation, more of a
    /// distance than there is between it and the last kept. Others that were not kept may then be as near.
    /// </summary>
    /// <param name="scratch">The pool.</param>
    /// <param name="codes">The codes by node.</param>
    /// <param name="query">The query.</param>
    /// <param name="top">Results wanted.</param>
    public static bool AreAlike(GraphScratch scratch, CodeTable codes, in GraphQuery query, int top)
    {
        if (scratch.Count <= top)
        {
            return false;
        }

        var pool = (long*)scratch.Pool;
        long best = pool[top - 1];
        return Candidate.DistanceOf(pool[scratch.Count - 1]) - Candidate.DistanceOf(best) < query.Slack * codes.ResidualOf(Candidate.NodeOf(best));
    }

    /// <summary>Whether a walk's results were so much better than a narrower one's that a wider one is likely to find better ones still.</summary>
    /// <param name="before">What the narrower walk found.</param>
    /// <param name="after">What the wider one found.</param>
    public static bool FoundBetter(ScoredOrdinal[] before, ScoredOrdinal[] after)
    {
        int replaced = 0;
        double worst = before.Length < after.Length || before.Length == 0 ? double.NegativeInfinity : before[before.Length - 1].Score;
        for (int i = 0; i < after.Length; i++)
        {
            bool isNew = after[i].Score > worst;
            for (int j = 0; j < before.Length && isNew; j++)
            {
                isNew = before[j].Ordinal != after[i].Ordinal;
            }

            replaced += isNew ? 1 : 0;
        }

        return replaced >= Math.Min(Replaced, after.Length);
    }
}
