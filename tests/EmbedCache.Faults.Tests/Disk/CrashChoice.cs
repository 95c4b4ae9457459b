namespace EmbedCache.Faults.Disk;

/// <summary>What stands in a part of the file that its length covers and no write has reached.</summary>
internal enum HoleContent
{
    Zeros,
    Garbage,

    /// <summary>What stood there before it was cut off.</summary>
    Stale,
}

/// <summary>Which of the pending atoms a crash leaves.</summary>
internal enum SubsetKind
{
    /// <summary>Bit i of the argument: atom i.</summary>
    Mask,

    /// <summary>The first so many.</summary>
    Prefix,

    AllButOne,
    OnlyOne,

    /// <summary>Each by chance, from this seed.</summary>
    Random,
}

/// <summary>One way in which a crash can leave one file. Small, so that many can be listed before a few are tried.</summary>
/// <param name="Kind">How the surviving atoms are chosen.</param>
/// <param name="Argument">Mask, count, index or seed.</param>
/// <param name="LengthChanges">How many of the pending changes of length took place, from the first.</param>
/// <param name="Holes">What fills what was never written.</param>
/// <param name="TornAtom">An atom of which only some bytes arrive, or -1.</param>
/// <param name="TornAt">How many bytes; negative: all but so many, from the end.</param>
internal readonly record struct CrashChoice(SubsetKind Kind, int Argument, int LengthChanges, HoleContent Holes, int TornAtom, int TornAt)
{
    /// <summary>Whether an atom survives.</summary>
    public bool Keeps(int atom) => Kind switch
    {
        SubsetKind.Mask => (Argument & (1 << atom)) != 0,
        SubsetKind.Prefix => atom < Argument,
        SubsetKind.AllButOne => atom != Argument,
        SubsetKind.OnlyOne => atom == Argument,
        _ => (Mixing.Mix((ulong)Argument, (ulong)(atom / Math.Max(1, (Argument >>> 3) & 7))) & 7) < ((ulong)Argument & 7),
    };
}
