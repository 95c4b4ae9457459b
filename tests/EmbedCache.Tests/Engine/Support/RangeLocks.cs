using EmbedCache.Storage;

namespace EmbedCache.TestSupport;

/// <summary>
/// The byte-range locks of one file in memory, as the real ones are: between open files, whichever process and thread they belong to. Not thread-safe.
/// </summary>
internal sealed class RangeLocks
{
    private readonly List<(object Owner, long From, long To, LockKind Kind)> _held = [];

    /// <summary>Takes a lock, unless another owner has one that does not go with it.</summary>
    public bool TryTake(object owner, long offset, long length, LockKind kind)
    {
        long to = offset + length;
        foreach ((object holder, long from, long end, LockKind held) in _held)
        {
            if (holder != owner && offset < end && from < to && (kind == LockKind.Exclusive || held == LockKind.Exclusive))
            {
                return false;
            }
        }

        _held.Add((owner, offset, to, kind));
        return true;
    }

    public void Release(object owner, long offset, long length)
        => _held.RemoveAll(held => held.Owner == owner && held.From == offset && held.To == offset + length);

    /// <summary>An owner was closed.</summary>
    public void ReleaseAll(object owner) => _held.RemoveAll(held => held.Owner == owner);

    /// <summary>The first byte of a range that somebody else has locked, or null.</summary>
    public long? FindLowest(object owner, long offset, long length)
    {
        long? lowest = null;
        foreach ((object holder, long from, long to, _) in _held)
        {
            if (holder != owner && offset < to && from < offset + length)
            {
                lowest = Math.Min(lowest ?? long.MaxValue, Math.Max(from, offset));
            }
        }

        return lowest;
    }
}
