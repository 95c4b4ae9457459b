using EmbedCache.Format;

namespace EmbedCache.Storage;

/// <summary>What one slot's bytes said: a slot, or null for blank or damaged bytes.</summary>
/// <param name="Slot">The slot.</param>
/// <param name="IsBlank">All zeros.</param>
/// <param name="IsTorn">Not valid, and just what a write of a later slot over this place leaves when only its beginning or its end reaches the disk: two different sequence numbers, each one of this place or zero.</param>
internal readonly record struct SlotReading(CommitSlot? Slot, bool IsBlank, bool IsTorn = false)
{
    /// <summary>False for bytes that may be a slot caught half-written.</summary>
    public bool IsSettled => Slot is not null || IsBlank;
}

/// <summary>Both commit slots as they were read.</summary>
internal readonly record struct SlotPair(SlotReading A, SlotReading B)
{
    /// <summary>True when neither reads as torn: each is valid, or blank as before the second commit of a file's life.</summary>
    public bool IsSettled => A.IsSettled && B.IsSettled;

    /// <summary>The valid slot with the higher sequence, or null.</summary>
    public CommitSlot? Newest => IsANewer ? A.Slot : B.Slot;

    /// <summary>The other valid slot, or null.</summary>
    public CommitSlot? Older => IsANewer ? B.Slot : A.Slot;

    /// <summary>True when a loss of power alone explains that neither is valid: no slot is damaged in any other way than a write that was cut short leaves.</summary>
    public bool MayBeTorn => (A.IsTorn && (B.IsTorn || B.IsBlank)) || (B.IsTorn && A.IsBlank);

    private bool IsANewer => B.Slot is not { } b || (A.Slot is { } a && a.Sequence > b.Sequence);
}
