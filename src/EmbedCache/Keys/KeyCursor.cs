using System.Buffers.Binary;
using EmbedCache.Format;

namespace EmbedCache.Keys;

/// <summary>Steps through a run a block at a time, or through entries in memory.</summary>
internal sealed class KeyCursor
{
    private const int EntriesPerBlock = FormatConstants.SectionBlockByteLength / FormatConstants.KeysEntryByteLength;

    private readonly KeyRun? _run;
    private readonly KeyEntry[] _entries;
    private int _loaded;
    private int _index = -1;
    private long _nextBlock;

    public KeyCursor(KeyRun run)
    {
        _run = run;
        _entries = new KeyEntry[EntriesPerBlock];
        MoveNext();
    }

    public KeyCursor(KeyEntry[] entries)
    {
        _entries = entries;
        _loaded = entries.Length;
        MoveNext();
    }

    public bool HasCurrent { get; private set; }

    public KeyEntry Current { get; private set; }

    /// <summary>Whether the next entry may have the same hash; at the end of a block, where it is not known yet, true.</summary>
    public bool MayBeFollowedByEqual => _index + 1 < _loaded ? _entries[_index + 1].Hash == Current.Hash : _run is not null;

    public void MoveNext()
    {
        if (++_index == _loaded)
        {
            LoadBlock();
        }

        HasCurrent = _index < _loaded;
        Current = HasCurrent ? _entries[_index] : default;
    }

    private void LoadBlock()
    {
        if (_run is null || _nextBlock == _run.Section.BlockCount)
        {
            return;
        }

        ReadOnlySpan<byte> block = _run.Section.Block(_nextBlock++);
        _loaded = block.Length / FormatConstants.KeysEntryByteLength;
        _index = 0;
        for (int i = 0; i < _loaded; i++)
        {
            ReadOnlySpan<byte> entry = block.Slice(i * FormatConstants.KeysEntryByteLength, FormatConstants.KeysEntryByteLength);
            _entries[i] = new KeyEntry(
                BinaryPrimitives.ReadUInt64LittleEndian(entry),
                BinaryPrimitives.ReadInt64LittleEndian(entry.Slice(sizeof(ulong))));
        }
    }
}
