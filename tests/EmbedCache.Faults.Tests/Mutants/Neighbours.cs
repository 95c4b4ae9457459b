using EmbedCache.Faults.Crash;
using EmbedCache.Faults.Disk;
using EmbedCache.Storage;

namespace EmbedCache.Faults.Mutants;

/// <summary>
/// One process has the store open while another compacts it and dies, at each call of the compaction. What the first commits afterwards must be in the
/// file that the path leads to, whichever of the two it is.
/// </summary>
internal static class Neighbours
{
    /// <summary>At how many calls the compaction died.</summary>
    /// <exception cref="CrashStateException">A commit went into a file that is gone.</exception>
    public static int RequireNothingLost(Func<IFileSystem, IFileSystem> around)
    {
        for (int call = 0; ; call++)
        {
            var disk = new ImageFileSystem();
            using EmbeddingCache survivor = new StoreWorld(around(disk), 1).Create(Durability.Full);
            survivor.Set("before", [1, 1]);
            var dying = new FailingFileSystem(disk);
            EmbeddingCache compacting = new StoreWorld(around(dying), 1).Open();
            dying.Plan = new FaultPlan(dying.Calls.Count + call, FaultKind.Fails, IsSticky: true);
            bool hasDied = false;
            try
            {
                compacting.Compact();
            }
            catch (EmbedCacheException)
            {
                hasDied = true;
            }

            survivor.Set("after", [2, 1]);
            using EmbeddingCache reader = new StoreWorld(around(disk), 1).Open(readOnly: true);
            if (!reader.Contains("before") || !reader.Contains("after") || survivor.GetInfo().Count != 2)
            {
                throw new CrashStateException($"a compaction that dies at call {call} ({dying.Calls[^1]}) makes a neighbour lose what it commits");
            }

            if (!hasDied)
            {
                return call;
            }
        }
    }
}
