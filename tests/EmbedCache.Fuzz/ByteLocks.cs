using EmbedCache.Storage;

namespace EmbedCache.Fuzz;

/// <summary>The locks of one file: a handle that builds on the graph in the background takes turns with those who write.</summary>
internal sealed class ByteLocks
{
    private readonly List<(long Offset, long End, LockKind Kind, object Owner)> _held = [];

    public bool TryLock(object owner, long offset, long length, LockKind kind)
    {
        lock (_held)
        {
            foreach ((long from, long end, LockKind other, object holder) in _held)
            {
                if (from < offset + length && offset < end && holder != owner && (kind == LockKind.Exclusive || other == LockKind.Exclusive))
                {
                    return false;
                }
            }

            _held.Add((offset, offset + length, kind, owner));
            return true;
        }
    }

    public void Unlock(object owner, long offset, long length)
    {
        lock (_held)
        {
            _held.RemoveAll(held => held.Owner == owner && held.Offset < offset + length && offset < held.End);
        }
    }

    public void UnlockAll(object owner)
    {
        lock (_held)
        {
            _held.RemoveAll(held => held.Owner == owner);
        }
    }

    /// <summary>The lowest byte of a range that another holds; null for none.</summary>
    public long? FindLowest(object owner, long offset, long length)
    {
        lock (_held)
        {
            long lowest = long.MaxValue;
            foreach ((long from, long end, _, object holder) in _held)
            {
                lowest = holder != owner && from < offset + length && offset < end ? Math.Min(lowest, Math.Max(from, offset)) : lowest;
            }

            return lowest == long.MaxValue ? null : lowest;
        }
    }
}
