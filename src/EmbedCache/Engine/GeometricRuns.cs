namespace EmbedCache.Engine;

/// <summary>
/// Which runs to merge, so that what is rewritten in total stays a small multiple of what is stored and there are never many: a run has a level by its size,
/// and as many of one level as the fan-out become one of the next.
/// </summary>
/// <param name="levelOneCount">Entries of a run of level 1; each level has <paramref name="fanOut"/> times as many.</param>
/// <param name="fanOut">Runs of one level that become one of the next.</param>
/// <param name="smallFanOut">The same of level 0, where there is little to write again.</param>
internal readonly struct GeometricRuns(long levelOneCount, int fanOut, int smallFanOut)
{
    /// <summary>One fan-out for all levels.</summary>
    public GeometricRuns(long levelOneCount, int fanOut)
        : this(levelOneCount, fanOut, fanOut)
    {
    }

    /// <summary>
    /// How many of the newest runs to merge with a new one: all that are smaller, and those of its level once there are enough of them. That a smaller one is merged does
    /// not make them enough: of many short-lived writers each would write the level anew.
    /// </summary>
    /// <param name="counts">Entries of each run, oldest first.</param>
    /// <param name="newCount">Entries of the new run.</param>
    public int CountMerged(ReadOnlySpan<long> counts, long newCount)
    {
        int merged = 0;
        long count = newCount;
        while (true)
        {
            for (; merged < counts.Length && LevelOf(counts[^(merged + 1)]) < LevelOf(count); merged++)
            {
                count += counts[^(merged + 1)];
            }

            int level = LevelOf(count);
            int run = merged;
            long sum = count;
            for (; run < counts.Length && LevelOf(counts[^(run + 1)]) <= level; run++)
            {
                sum += counts[^(run + 1)];
            }

            if (run - merged < (level == 0 ? smallFanOut : fanOut) - 1)
            {
                return merged;
            }

            merged = run;
            count = sum;
        }
    }

    public int LevelOf(long count)
    {
        int level = 0;
        for (long bound = levelOneCount; count >= bound; bound *= fanOut)
        {
            level++;
        }

        return level;
    }
}
