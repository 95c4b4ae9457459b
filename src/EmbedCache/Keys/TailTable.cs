using System.Buffers.Binary;

namespace EmbedCache.Keys;

/// <summary>
/// The frames with keys that no index section covers yet, in log order, by hash. One writer adds; readers look up without a lock and see the
/// entries below the count that their snapshot names.
/// </summary>
internal sealed class TailTable
{
    private const int InitialCapacity = 256;
    private const int None = -1;

    /// <summary>Odd, and another one in each process.</summary>
#pragma warning disable RS0030 // Nothing of it reaches a file.
    private static readonly ulong s_multiplier = BinaryPrimitives.ReadUInt64LittleEndian(Guid.NewGuid().ToByteArray()) | 1;
#pragma warning restore RS0030

    private volatile State _state = new(InitialCapacity);

    /// <summary>Entries added so far.</summary>
    public int Count => _state.Count;

    /// <summary>Adds a frame. Not thread-safe against itself.</summary>
    public void Add(ulong hash, long offset, bool takesOrdinal)
    {
        State state = _state;
        if (state.Count == state.Entries.Length)
        {
            state = state.Grow();
            _state = state;
        }

        state.Add(new Entry(hash, offset, takesOrdinal));
    }

    public Entry this[int index] => _state.Entries[index];

    /// <summary>The newest entry of a hash among the first <paramref name="count"/>, or -1.</summary>
    public int FindNewest(ulong hash, int count)
    {
        State state = _state;
        return state.Skip(state.Head(hash), hash, count);
    }

    /// <summary>The entry of the same hash that is next older than <paramref name="index"/>, or -1.</summary>
    public int FindOlder(int index)
    {
        State state = _state;
        return state.Skip(state.Next[index], state.Entries[index].Hash, index);
    }

    /// <summary>One frame of the tail.</summary>
    internal readonly struct Entry(ulong hash, long offset, bool takesOrdinal)
    {
        public ulong Hash { get; } = hash;

        /// <summary>Offset of the frame.</summary>
        public long Offset { get; } = offset;

        /// <summary>True for Record and Touch, false for Tombstone.</summary>
        public bool TakesOrdinal { get; } = takesOrdinal;
    }

    private sealed class State(int capacity)
    {
        // One more than the index, so that a new array says "none" everywhere.
        private readonly int[] _heads = new int[capacity * 2];
        private int _count;

        public Entry[] Entries { get; } = new Entry[capacity];

        public int[] Next { get; } = new int[capacity];

        public int Count => Volatile.Read(ref _count);

        public int Head(ulong hash) => Volatile.Read(ref _heads[Bucket(hash)]) - 1;

        public int Skip(int index, ulong hash, int count)
        {
            while (index != None && (index >= count || Entries[index].Hash != hash))
            {
                index = Next[index];
            }

            return index;
        }

        public void Add(Entry entry)
        {
            int index = _count;
            int bucket = Bucket(entry.Hash);
            Entries[index] = entry;
            Next[index] = _heads[bucket] - 1;

            // A reader that sees the new head sees the entry behind it.
            Volatile.Write(ref _heads[bucket], index + 1);
            Volatile.Write(ref _count, index + 1);
        }

        public State Grow()
        {
            var larger = new State(Entries.Length * 2);
            for (int i = 0; i < _count; i++)
            {
                larger.Add(Entries[i]);
            }

            return larger;
        }

        // The salted hash is uniform, but a file's salt stands in it: who made the file may have chosen keys that share any bits of their hashes. Nobody
        // knows which ones share a bucket here.
        private int Bucket(ulong hash) => (int)((hash * s_multiplier) >> 32) & (_heads.Length - 1);
    }
}
