namespace EmbedCache.Faults.Crash;

/// <summary>Counts the images that were opened, each once, however many moments and runs lead to it.</summary>
internal sealed class DistinctImages
{
    private readonly HashSet<ulong> _seen = [];
    private readonly object _gate = new();

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _seen.Count;
            }
        }
    }

    public void Add(ulong hash)
    {
        lock (_gate)
        {
            _seen.Add(hash);
        }
    }
}
