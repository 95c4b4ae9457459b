namespace EmbedCache.Search;

/// <summary>One search on several threads, of which the caller's is one. A part that no other thread has begun runs here, so that a search never waits for the thread pool.</summary>
internal static class SearchParts
{
    private const long BytesWorthAThread = 8 << 20;
    private const int MostThreads = 8;

    /// <summary>How many threads so many bytes are worth.</summary>
    /// <param name="wanted">Threads that the caller asked for; 0 decides here.</param>
    /// <param name="byteLength">Bytes to read.</param>
    public static int Count(int wanted, long byteLength)
        => wanted > 0 ? wanted
        : byteLength < 2 * BytesWorthAThread ? 1
        : (int)Math.Min(Math.Min(Environment.ProcessorCount, MostThreads), byteLength / BytesWorthAThread);

    /// <summary>Runs a part on each of so many threads and returns when all have ended, whatever became of each; then the first failure is thrown.</summary>
    public static T[] Run<T>(int count, Func<T> part)
    {
        var results = new T[count];
        if (count == 1)
        {
            results[0] = part();
            return results;
        }

        var others = new Task<T>[count - 1];
        for (int i = 0; i < others.Length; i++)
        {
            others[i] = Task.Run(part);
        }

        try
        {
            results[0] = part();
        }
        finally
        {
            // The snapshot must outlive every part, whatever becomes of this one.
            foreach (Task<T> other in others)
            {
                WaitQuietly(other);
            }
        }

        for (int i = 0; i < others.Length; i++)
        {
            results[i + 1] = others[i].GetAwaiter().GetResult();
        }

        return results;
    }

    /// <summary>Waits; runs the part here where no other thread has begun it. Its failure is told when its result is asked for.</summary>
    private static void WaitQuietly(Task part)
    {
        try
        {
            part.Wait();
        }
        catch (AggregateException)
        {
        }
    }
}

/// <summary>Hands out ranges of ordinals. A thread that is held up takes fewer; what is found does not depend on who took what.</summary>
/// <param name="count">Where the ranges end.</param>
/// <param name="share">Length of a range.</param>
/// <param name="first">Where they begin.</param>
/// <param name="isBackwards">Hand out the last range first.</param>
internal sealed class Shares(long count, long share, long first = 0, bool isBackwards = false)
{
    private long _taken;

    public bool TryTake(out long from, out long to)
    {
        long taken = first + Interlocked.Add(ref _taken, share) - share;
        long end = Math.Min(taken + share, count);
        (from, to) = isBackwards ? (first + count - end, first + count - taken) : (taken, end);
        return taken < count;
    }
}
