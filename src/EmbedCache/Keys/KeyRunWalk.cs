using System.Buffers.Binary;
using EmbedCache.Format;

namespace EmbedCache.Keys;

/// <summary>
/// Looks ascending hashes up in a run, each from where the one before was found: for many keys at once a few entries each, where a search of
/// its own would begin anew. A hostile run that is not sorted only misses: every step goes ahead.
/// </summary>
internal ref struct KeyRunWalk(KeyRun run)
{
    private const int EntriesPerBlock = FormatConstants.SectionBlockByteLength / FormatConstants.KeysEntryByteLength;

    /// <summary>Up to here entries are passed one by one, which costs less than guesses that fail.</summary>
    private const int ShortStride = 16;

    private readonly KeyRun _run = run;
    private readonly long _count = run.Count;
    private ReadOnlySpan<byte> _block;
    private long _blockIndex = -1;
    private long _index;

    /// <summary>The last entry of a hash (the newest, as equal hashes ascend by offset), or -1.</summary>
    /// <param name="hash">Not below the one that was looked up before.</param>
    public long FindLast(ulong hash)
    {
        SkipFar(hash);
        SkipNear(hash);
        long last = -1;
        for (long index = _index; index < _count && HashAt(index) == hash; index++)
        {
            last = index;
        }

        return last;
    }

    /// <summary>Passes entries below the hash in strides that double and then halve.</summary>
    private void SkipFar(ulong hash)
    {
        long stride = ShortStride;
        for (; stride < _count - _index && HashAt(_index + stride) < hash; stride *= 2)
        {
            _index += stride;
        }

        for (stride /= 2; stride >= ShortStride; stride /= 2)
        {
            if (stride < _count - _index && HashAt(_index + stride) < hash)
            {
                _index += stride;
            }
        }
    }

    private void SkipNear(ulong hash)
    {
        while (_index < _count)
        {
            ReadOnlySpan<byte> entries = BlockOf(_index).Slice((int)(_index % EntriesPerBlock) * FormatConstants.KeysEntryByteLength);
            int passed = 0;
            while (passed < entries.Length && BinaryPrimitives.ReadUInt64LittleEndian(entries.Slice(passed)) < hash)
            {
                passed += FormatConstants.KeysEntryByteLength;
            }

            _index += passed / FormatConstants.KeysEntryByteLength;
            if (passed < entries.Length)
            {
                return;
            }
        }
    }

    private ulong HashAt(long index)
        => BinaryPrimitives.ReadUInt64LittleEndian(BlockOf(index).Slice((int)(index % EntriesPerBlock) * FormatConstants.KeysEntryByteLength));

    private ReadOnlySpan<byte> BlockOf(long index)
    {
        long blockIndex = index / EntriesPerBlock;
        if (blockIndex != _blockIndex)
        {
            _block = _run.Section.Block(blockIndex);
            _blockIndex = blockIndex;
        }

        return _block;
    }
}
