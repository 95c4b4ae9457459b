namespace EmbedCache.Format;

/// <summary>What a frame is. 1..15 belong to the log, 16..31 are sections (derived, rebuildable), 32..47 hold one payload.</summary>
internal enum FrameKind : byte
{
    /// <summary>Zeros past the tail are never a frame.</summary>
    Invalid = 0,

    /// <summary>One put: vector, key, metadata.</summary>
    Record = 1,

    /// <summary>A key was removed.</summary>
    Tombstone = 2,

    /// <summary>New expiry and metadata for a record, without its vector.</summary>
    Touch = 3,

    /// <summary>End of a transaction whose last frame had already been written.</summary>
    Commit = 4,

    /// <summary>Many small records packed. Reserved.</summary>
    RecordBlock = 5,

    /// <summary>Sorted (hash, offset) pairs.</summary>
    Keys = 16,

    /// <summary>Frame offset by ordinal.</summary>
    Ordinals = 17,

    /// <summary>Bitmap of live ordinals.</summary>
    Live = 18,

    /// <summary>Proximity graph over the codes.</summary>
    Graph = 19,

    /// <summary>What codes are relative to: a mean.</summary>
    Codebook = 20,

    /// <summary>Quantised vectors by ordinal.</summary>
    Codes = 21,

    /// <summary>Metadata by column, for filters.</summary>
    Columns = 22,

    /// <summary>A metadata map about the file: model, default expiry.</summary>
    Properties = 32,

    /// <summary>Which sections are in use.</summary>
    Catalog = 33,
}

/// <summary>Flags of a frame.</summary>
[Flags]
internal enum FrameFlags : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The last frame of its transaction.</summary>
    Commit = 1,

    /// <summary>The payload was released to the file system. A frame is never rewritten for it (both CRCs cover this byte): it is for writers that copy frames.</summary>
    Punched = 2,
}

/// <summary>How a record's vector is encoded.</summary>
internal enum RecordEncoding : byte
{
    /// <summary>No vector: Tombstone and Touch.</summary>
    None = 0,

    /// <summary>IEEE 754 binary32, little-endian.</summary>
    Float32 = 1,

    /// <summary>IEEE 754 binary16 with a scale.</summary>
    Float16 = 2,

    /// <summary>Signed bytes with a scale.</summary>
    Int8 = 3,

    /// <summary>Code of the codebook that the log begins with.</summary>
    Code = 4,
}

/// <summary>What a frame's key bytes are. The numbers are those of <see cref="KeyStorage"/>.</summary>
internal enum KeyKind : byte
{
    /// <summary>The text in UTF-8.</summary>
    Text = 1,

    /// <summary>SHA-256 of salt and text.</summary>
    Digest = 2,
}

/// <summary>How keys are hashed.</summary>
internal enum KeyHash : byte
{
    /// <summary>SipHash-2-4, keyed with the file's salt.</summary>
    SipHash24 = 1,
}

/// <summary>State of the file, in a slot.</summary>
[Flags]
internal enum SlotState : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>A compaction put a newer generation at this file's path.</summary>
    Superseded = 1,
}

/// <summary>Ranges of <see cref="FrameKind"/>.</summary>
internal static class FrameKinds
{
    /// <summary>Frames that carry a key: Record, Tombstone, Touch.</summary>
    public static bool HasKey(this FrameKind kind) => kind is FrameKind.Record or FrameKind.Tombstone or FrameKind.Touch;

    /// <summary>Frames that take an ordinal: Record and Touch.</summary>
    public static bool TakesOrdinal(this FrameKind kind) => kind is FrameKind.Record or FrameKind.Touch;

    /// <summary>Sections, reserved ones included: derived from the log and checked by block.</summary>
    public static bool IsSection(this FrameKind kind) => kind is >= FrameKind.Keys and <= (FrameKind)31;

    /// <summary>Sections that search is faster with and does without: a damaged one costs time, not answers.</summary>
    public static bool IsDerived(this FrameKind kind) => kind is >= FrameKind.Graph and <= FrameKind.Columns;

    /// <summary>Frames with one payload of its own format.</summary>
    public static bool IsPayload(this FrameKind kind) => kind is FrameKind.Properties or FrameKind.Catalog;
}
