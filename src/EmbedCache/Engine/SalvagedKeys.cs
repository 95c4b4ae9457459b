using EmbedCache.Format;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>A sound frame with a key, as little of it as a repair must remember.</summary>
internal readonly record struct SalvagedFrame(long Offset, FrameKind Kind, ulong Hash, EmbeddingRole Role, long KeyOffset, int KeyByteLength, long Expires)
{
    /// <summary>In the place of a key's length: the key is damaged, and only its hash is known.</summary>
    public const int UnreadableKey = -1;

    public static SalvagedFrame From(long offset, in RecordFrame frame)
        => new(offset, frame.Header.Kind, frame.KeyHash, frame.Role, offset + frame.KeyOffset, frame.KeyByteLength, frame.Expires);
}

/// <summary>The newest frame of each key of a damaged file. Keys of one hash are told apart by their bytes in the file.</summary>
internal sealed class SalvagedKeys(IStoreFile file)
{
    private readonly Dictionary<ulong, List<SalvagedFrame>> _colliding = [];
    private readonly Dictionary<ulong, SalvagedFrame> _newest = [];

    /// <summary>Records and touches that no later frame replaced or removed, by offset.</summary>
    public List<SalvagedFrame> Live()
    {
        var live = new List<SalvagedFrame>(_newest.Values.Where(static frame => frame.Kind != FrameKind.Tombstone));
        foreach (List<SalvagedFrame> frames in _colliding.Values)
        {
            live.AddRange(frames.Where(static frame => frame.Kind != FrameKind.Tombstone));
        }

        live.Sort(static (a, b) => a.Offset.CompareTo(b.Offset));
        return live;
    }

    /// <summary>Takes the next sound frame of the log.</summary>
    public void Add(in SalvagedFrame frame)
    {
        if (!_newest.TryGetValue(frame.Hash, out SalvagedFrame known) || AreOfOneKey(known, frame))
        {
            _newest[frame.Hash] = frame;
            return;
        }

        if (!_colliding.TryGetValue(frame.Hash, out List<SalvagedFrame>? others))
        {
            _colliding[frame.Hash] = others = [];
        }

        SalvagedFrame added = frame;
        int index = others.FindIndex(other => AreOfOneKey(other, added));
        if (index < 0)
        {
            others.Add(frame);
        }
        else
        {
            others[index] = frame;
        }
    }

    /// <summary>A removal whose key cannot be read, but whose hash can: what was removed must not come back.</summary>
    public void Remove(ulong hash, EmbeddingRole role, long offset)
    {
        if (_newest.TryGetValue(hash, out SalvagedFrame known) && known.Role == role)
        {
            _newest[hash] = known with { Offset = offset, Kind = FrameKind.Tombstone };
        }

        if (_colliding.TryGetValue(hash, out List<SalvagedFrame>? others))
        {
            others.RemoveAll(other => other.Role == role);
        }
    }

    private bool AreOfOneKey(in SalvagedFrame a, in SalvagedFrame b)
    {
        if (a.Role != b.Role || a.KeyByteLength != b.KeyByteLength)
        {
            return false;
        }

        byte[] first = new byte[a.KeyByteLength];
        byte[] second = new byte[b.KeyByteLength];
        return file.ReadAt(a.KeyOffset, first) == first.Length && file.ReadAt(b.KeyOffset, second) == second.Length && first.AsSpan().SequenceEqual(second);
    }
}
