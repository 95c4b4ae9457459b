namespace EmbedCache.Keys;

/// <summary>
/// An entry of a Keys section: a hash and where its frame is. Bit 0 of the stored offset marks a Tombstone (frames start on 64-byte
/// boundaries, so the low six bits are free): merges drop tombstones without reading the log.
/// </summary>
internal readonly struct KeyEntry(ulong hash, long storedOffset)
{
    private const long TombstoneFlag = 1;

    public KeyEntry(ulong hash, long frameOffset, bool isTombstone)
        : this(hash, isTombstone ? frameOffset | TombstoneFlag : frameOffset)
    {
    }

    public ulong Hash { get; } = hash;

    /// <summary>Offset and flag, as in the file.</summary>
    public long StoredOffset { get; } = storedOffset;

    public long FrameOffset => StoredOffset & ~TombstoneFlag;

    public bool IsTombstone => (StoredOffset & TombstoneFlag) != 0;
}
