namespace EmbedCache.Search.Graph;

/// <summary>Takes the results out of a walk's pool: the accepted nodes, nearest first, and behind each the accepted copies of it.</summary>
internal static unsafe class GraphResults
{
    /// <summary>
    /// Writes at most as many candidates as <paramref name="results"/> holds, a copy at the distance of its original; returns how many. Asked again for more, it begins with
    /// the same.
    /// </summary>
    public static int Collect<TSpace, TAcceptance>(in TSpace space, in TAcceptance acceptance, GraphScratch scratch, Span<long> results)
        where TSpace : struct, IWalkSpace
        where TAcceptance : struct, IAcceptance
    {
        int count = 0;
        int walked = scratch.TrailCount;
        for (int i = 0; i < scratch.Count && count < results.Length; i++)
        {
            long candidate = ((long*)scratch.Pool)[i];
            if ((candidate & Candidate.Accepted) != 0)
            {
                results[count++] = candidate;
            }

            if (count < results.Length)
            {
                count = AddCopies(space, acceptance, scratch, candidate, results, count);
            }
        }

        scratch.ForgetFrom(walked);
        return count;
    }

    /// <summary>
    /// Goes through the tree of a node's copies, level by level. The nodes still to be gone through stand on the trail, which also keeps one with wrong links from being
    /// gone through twice.
    /// </summary>
    private static int AddCopies<TSpace, TAcceptance>(in TSpace space, in TAcceptance acceptance, GraphScratch scratch, long original, Span<long> results, int count)
        where TSpace : struct, IWalkSpace
        where TAcceptance : struct, IAcceptance
    {
        int next = scratch.TrailCount;
        uint node = Candidate.NodeOf(original);
        while (true)
        {
            var row = (uint*)space.Row(node);
            int copies = CopyLinks.CountOf(row, space.RowLength);
            scratch.GrowTrail(scratch.TrailCount + copies);
            for (int i = 0; i < copies; i++)
            {
                uint copy = CopyLinks.At(row, space.RowLength, i);
                if (copy < space.Count && scratch.Visit(copy) && acceptance.Accepts(copy))
                {
                    results[count++] = Candidate.Pack(Candidate.DistanceOf(original), copy);
                    if (count == results.Length)
                    {
                        return count;
                    }
                }
            }

            if (next == scratch.TrailCount)
            {
                return count;
            }

            node = ((uint*)scratch.Trail)[next++];
        }
    }
}
