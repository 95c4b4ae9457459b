namespace EmbedCache.Storage;

/// <summary>
/// The bytes that locks are taken on. They lie far past any data (offsets of the format stay below 2^53), so that the file itself is
/// the lock file, and mandatory locks, as on Windows, never stand in the way of a read.
/// </summary>
internal static class LockRanges
{
    /// <summary>The byte that a writer holds exclusively for the length of a transaction.</summary>
    public const long WriterLock = 0x4000_0000_0000_0000;

    /// <summary>The byte that a writer holds exclusively while it builds on the graph, so that no two do the same work.</summary>
    public const long GraphBuilder = WriterLock + 1;

    /// <summary>The pin of sequence 0. A reader holds the byte <c>ReaderPins + sequence</c> shared while it uses that snapshot.</summary>
    public const long ReaderPins = 0x2000_0000_0000_0000;

    /// <summary>How many sequences can be pinned: the pins end where the writer lock begins.</summary>
    public const long ReaderPinCount = WriterLock - ReaderPins;

    /// <summary>The offset of the byte that pins one sequence.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The sequence is past the last that has a byte.</exception>
    public static long ReaderPin(ulong sequence) =>
        sequence < ReaderPinCount ? ReaderPins + (long)sequence : throw new ArgumentOutOfRangeException(nameof(sequence));
}
