namespace EmbedCache.Format;

/// <summary>
/// The numbers of format 1.0. Each is also in spec/edb.ksy or spec/FORMAT.md, and a test holds them together.
/// </summary>
/// <remarks>
/// <code>
///        0 ┬──────────────────────┐
///          │ FileHeader       256 │  written once
///     4096 ┼──────────────────────┤
///          │ CommitSlot A     128 │  even sequences ┐ a page each: a torn write
///     8192 ┼──────────────────────┤                 │ reaches neither the header
///          │ CommitSlot B     128 │  odd sequences  ┘ nor the other slot
///    12288 ┼──────────────────────┤
///          │ frame, frame, ...    │  each on a 64-byte boundary, append-only
///          └──────────────────────┘
/// </code>
/// </remarks>
internal static class FormatConstants
{
    /// <summary>Major version: a reader refuses a file with a higher one.</summary>
    public const ushort VersionMajor = 1;

    /// <summary>Minor version: informative; what a reader must understand stands in the slots' feature flags.</summary>
    public const ushort VersionMinor = 0;

    /// <summary>Frames start on multiples of this, and their length is counted in it. One cache line: a mapped vector can be loaded by SIMD in place.</summary>
    public const int Unit = 64;

    /// <summary>Alignment of the slots.</summary>
    public const int PageByteLength = 4096;

    /// <summary>Length of <see cref="FileHeader"/>.</summary>
    public const int HeaderByteLength = 256;

    /// <summary>Length of <see cref="CommitSlot"/>; the rest of its page is zero.</summary>
    public const int SlotByteLength = 128;

    /// <summary>Length of every frame's header.</summary>
    public const int FrameHeaderByteLength = Unit;

    /// <summary>Entries of a section are checksummed in blocks of this length.</summary>
    public const int SectionBlockByteLength = 4096;

    /// <summary>Length of one CRC.</summary>
    public const int CrcByteLength = sizeof(uint);

    /// <summary>Where the slot of even sequences is.</summary>
    public const long SlotAOffset = PageByteLength;

    /// <summary>Where the slot of odd sequences is.</summary>
    public const long SlotBOffset = SlotAOffset + PageByteLength;

    /// <summary>Where the log begins.</summary>
    public const long LogOffset = SlotBOffset + PageByteLength;

    /// <summary>Every offset is below this, so that languages whose numbers are doubles can hold it.</summary>
    public const long OffsetLimit = 1L << 53;

    /// <summary>Longest frame in units.</summary>
    public const uint MaxFrameUnits = uint.MaxValue;

    /// <summary>Highest transaction number: 48 bits.</summary>
    public const long MaxTransaction = (1L << 48) - 1;

    /// <summary>Most elements per vector.</summary>
    public const int MaxDimension = 65_536;

    /// <summary>Longest key in bytes of UTF-8.</summary>
    public const int MaxKeyByteLength = 65_535;

    /// <summary>Length of a digest key.</summary>
    public const int DigestByteLength = 32;

    /// <summary>Length of the file's salt.</summary>
    public const int SaltByteLength = 16;

    /// <summary>Length of a <see cref="FrameKind.Keys"/> entry: hash and frame offset.</summary>
    public const int KeysEntryByteLength = sizeof(ulong) + sizeof(ulong);

    /// <summary>Length of an <see cref="FrameKind.Ordinals"/> entry: frame offset.</summary>
    public const int OrdinalsEntryByteLength = sizeof(ulong);

    /// <summary>Length of a <see cref="FrameKind.Live"/> entry: 64 bits of the bitmap.</summary>
    public const int LiveEntryByteLength = sizeof(ulong);

    /// <summary>Length of a <see cref="FrameKind.Codebook"/> or <see cref="FrameKind.Codes"/> entry: a line of 64 bytes. A row of codes takes several.</summary>
    public const int LineByteLength = Unit;

    /// <summary>Number of the codebook of the scalar codes.</summary>
    public const ushort ScalarCodebook = 1;

    /// <summary>Number of the codebook that records are codes of: the first frame of the log.</summary>
    public const ushort RecordCodebook = 2;

    /// <summary>Number of the codebook of the short codes.</summary>
    public const ushort ShortCodebook = 3;

    /// <summary>Where the slot of a sequence is.</summary>
    public static long SlotOffset(long sequence) => (sequence & 1) == 0 ? SlotAOffset : SlotBOffset;

    /// <summary>First eight bytes of a file: not text, and damaged visibly by transfers that strip bit 7 or convert line ends (as PNG's).</summary>
    public static ReadOnlySpan<byte> Magic => [0x89, (byte)'E', (byte)'D', (byte)'B', 0x0D, 0x0A, 0x1A, 0x0A];
}
