using EmbedCache.Search;
using EmbedCache.Search.Graph;

namespace EmbedCache.Engine;

/// <summary>
/// Knows whether deletes have left holes in a store's graph that nobody has looked at yet. It looks at a sample of the dead, and only again once there are other records:
/// what could not be mended is not tried for ever.
/// </summary>
internal sealed class HoleWatch(Store store)
{
    private (long Ordinals, long Live) _seen;

    /// <summary>Whether the file's graph is likely to have holes that were not mended.</summary>
    public bool HasNew()
    {
        Snapshot snapshot = store.Acquire();
        try
        {
            if (snapshot.Graph is not { } index)
            {
                return false;
            }

            LiveMarks.Marks live = snapshot.Live.Live.Of(snapshot.Live);
            return StateOf(snapshot, live) != _seen && GraphHoles.AreLikely(new PersistedSpace(index.Graph), live.Words);
        }
        finally
        {
            snapshot.Release();
        }
    }

    /// <summary>Lets a session that has all codes mend them.</summary>
    public void Mend(GraphSession session, Func<bool> shouldStop)
    {
        (long, long) state;
        Snapshot snapshot = store.Acquire();
        try
        {
            state = StateOf(snapshot, snapshot.Live.Live.Of(snapshot.Live));
        }
        finally
        {
            snapshot.Release();
        }

        session.Mend(store.Environment.GraphThreads, shouldStop);
        if (!shouldStop())
        {
            _seen = state;
        }
    }

    private static (long Ordinals, long Live) StateOf(Snapshot snapshot, LiveMarks.Marks live) => (snapshot.Index.OrdinalCount, live.Count);
}
