using EmbedCache.Storage;
using EmbedCache.Vectors;

namespace EmbedCache.Engine;

/// <summary>An open file counted by those who use it, and the pins that tell other processes which of its snapshots are in use.</summary>
internal sealed class SharedLog(LogFile log, long decodedCacheByteLength)
{
    private readonly List<SnapshotPin> _pins = [];
    private DecodedVectorCache? _decoded;
    private int _references = 1;

    public LogFile Log { get; } = log;

    /// <summary>Vectors that were copied out of this file.</summary>
    public DecodedVectorCache Decoded => LazyInitializer.EnsureInitialized(ref _decoded, () => new DecodedVectorCache(decodedCacheByteLength))!;

    /// <summary>After the tail moved back: other records come to stand at the same offsets.</summary>
    public void DropDecoded() => Volatile.Read(ref _decoded)?.Clear();

    public void AddReference() => Interlocked.Increment(ref _references);

    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            Log.Dispose();
        }
    }

    /// <summary>
    /// Pins the snapshot of a slot sequence. Best effort: where byte-range locks are refused there can be no writer either, so nothing that
    /// a snapshot needs goes away.
    /// </summary>
    public void Pin(long sequence)
    {
        lock (_pins)
        {
            if (Find(sequence) is { } pin)
            {
                pin.Count++;
                return;
            }

            try
            {
                Log.File.TryLock(LockRanges.ReaderPin((ulong)sequence), 1, LockKind.Shared);
            }
            catch (DeviceFailedException)
            {
            }

            _pins.Add(new SnapshotPin(sequence));
        }
    }

    public void Unpin(long sequence)
    {
        lock (_pins)
        {
            if (Find(sequence) is not { } pin || --pin.Count > 0)
            {
                return;
            }

            _pins.Remove(pin);
            try
            {
                Log.File.Unlock(LockRanges.ReaderPin((ulong)sequence), 1);
            }
            catch (DeviceFailedException)
            {
            }
        }
    }

    /// <summary>The oldest sequence that this process has pinned, or null.</summary>
    public long? OldestPin()
    {
        lock (_pins)
        {
            long? oldest = null;
            foreach (SnapshotPin pin in _pins)
            {
                oldest = oldest is { } o && o < pin.Sequence ? o : pin.Sequence;
            }

            return oldest;
        }
    }

    /// <summary>Few are held at a time: the current snapshot and those that long readers keep.</summary>
    private SnapshotPin? Find(long sequence)
    {
        foreach (SnapshotPin pin in _pins)
        {
            if (pin.Sequence == sequence)
            {
                return pin;
            }
        }

        return null;
    }

    private sealed class SnapshotPin(long sequence)
    {
        public long Sequence { get; } = sequence;

        public int Count { get; set; } = 1;
    }
}
