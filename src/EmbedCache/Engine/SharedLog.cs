using EmbedCache.Storage;
using EmbedCache.Vectors;

namespace EmbedCache.Engine;

/// <summary>An open file counted by those who use it, and the pins that tell other processes which of its snapshots are in use.</summary>
internal sealed class SharedLog(LogFile log, long decodedCacheByteLength)
{
    private readonly Dictionary<long, int> _pins = [];
    private int _references = 1;

    public LogFile Log { get; } = log;

    /// <summary>Vectors that were copied out of this file.</summary>
    public DecodedVectorCache Decoded { get; } = new(decodedCacheByteLength);

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
            _pins.TryGetValue(sequence, out int count);
            if (count == 0)
            {
                try
                {
                    Log.File.TryLock(LockRanges.ReaderPin((ulong)sequence), 1, LockKind.Shared);
                }
                catch (DeviceFailedException)
                {
                }
            }

            _pins[sequence] = count + 1;
        }
    }

    public void Unpin(long sequence)
    {
        lock (_pins)
        {
            if (!_pins.TryGetValue(sequence, out int count))
            {
                return;
            }

            if (count > 1)
            {
                _pins[sequence] = count - 1;
                return;
            }

            _pins.Remove(sequence);
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
            foreach (long sequence in _pins.Keys)
            {
                oldest = oldest is { } o && o < sequence ? o : sequence;
            }

            return oldest;
        }
    }
}
