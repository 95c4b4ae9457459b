using EmbedCache.Primitives;

namespace EmbedCache.Metadata;

/// <summary>
/// Distinct texts, numbered as they first come, in one buffer: a hash table of bytes. Open addressing, linear probing, at most half full; the hash is keyed, so
/// that nobody can choose texts that collide.
/// </summary>
internal sealed class TermTable(ulong key0, ulong key1)
{
    private const int InitialSlotCount = 64;

    // Term number plus one; 0 is free.
    private int[] _slots = new int[InitialSlotCount];
    private ulong[] _hashes = new ulong[InitialSlotCount];
    private byte[] _bytes = new byte[256];
    private int[] _starts = new int[InitialSlotCount];

    /// <summary>Distinct texts.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of all of them.</summary>
    public int ByteLength => _starts[Count];

    /// <summary>The text of a number.</summary>
    public ReadOnlySpan<byte> this[int term] => _bytes.AsSpan(_starts[term], _starts[term + 1] - _starts[term]);

    /// <summary>Number of a text.</summary>
    public int GetOrAdd(ReadOnlySpan<byte> text)
    {
        ulong hash = SipHash24.Compute(key0, key1, text);
        int slot = Find(hash, text);
        if (_slots[slot] != 0)
        {
            return _slots[slot] - 1;
        }

        int start = ByteLength;
        if (_bytes.Length - start < text.Length)
        {
            Array.Resize(ref _bytes, checked(Math.Max(_bytes.Length * 2, start + text.Length)));
        }

        text.CopyTo(_bytes.AsSpan(start));
        Count++;
        if (Count == _starts.Length)
        {
            Array.Resize(ref _starts, Count * 2);
        }

        _starts[Count] = start + text.Length;
        _slots[slot] = Count;
        _hashes[slot] = hash;
        if (Count * 2 > _slots.Length)
        {
            Grow();
        }

        return Count - 1;
    }

    /// <summary>The numbers in the order of their texts, as bytes.</summary>
    public int[] Sorted()
    {
        int[] order = new int[Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(order, (a, b) => this[a].SequenceCompareTo(this[b]));
        return order;
    }

    private int Find(ulong hash, ReadOnlySpan<byte> text)
    {
        int mask = _slots.Length - 1;
        int slot = (int)hash & mask;
        while (_slots[slot] != 0 && !(_hashes[slot] == hash && this[_slots[slot] - 1].SequenceEqual(text)))
        {
            slot = (slot + 1) & mask;
        }

        return slot;
    }

    private void Grow()
    {
        int[] slots = _slots;
        ulong[] hashes = _hashes;
        _slots = new int[slots.Length * 2];
        _hashes = new ulong[slots.Length * 2];
        int mask = _slots.Length - 1;
        for (int i = 0; i < slots.Length; i++)
        {
            if (slots[i] != 0)
            {
                int slot = (int)hashes[i] & mask;
                while (_slots[slot] != 0)
                {
                    slot = (slot + 1) & mask;
                }

                _slots[slot] = slots[i];
                _hashes[slot] = hashes[i];
            }
        }
    }
}
