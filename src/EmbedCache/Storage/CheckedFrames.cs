using System.Runtime.CompilerServices;

namespace EmbedCache.Storage;

/// <summary>
/// One bit for each 64-byte unit of the file: set once the frame that starts there had its checksums verified. A race only loses a bit,
/// and a lost bit only means that a frame is checked once more, so the read path takes no lock.
/// </summary>
internal sealed class CheckedFrames
{
    private const int UnitShift = 6;
    private const int ChunkShift = 15; // 32,768 units: 2 MiB of file to 4 KiB of bits
    private const int ChunkMask = (1 << ChunkShift) - 1;
    private const int InitialChunkCount = 64;

    private readonly object _growth = new();
    private int[]?[] _chunks = new int[InitialChunkCount][];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Contains(long offset)
    {
        long unit = offset >> UnitShift;
        long chunkIndex = unit >> ChunkShift;
        int[]?[] chunks = Volatile.Read(ref _chunks);

        // Unsigned: a damaged index may name a negative offset.
        if ((ulong)chunkIndex >= (ulong)chunks.Length || chunks[chunkIndex] is not { } chunk)
        {
            return false;
        }

        int bit = (int)unit & ChunkMask;
        return (chunk[bit >> 5] & (1 << (bit & 31))) != 0;
    }

    public void Add(long offset)
    {
        long unit = offset >> UnitShift;
        int[] chunk = ChunkFor(unit >> ChunkShift);
        int bit = (int)unit & ChunkMask;
        chunk[bit >> 5] |= 1 << (bit & 31);
    }

    /// <summary>Forgets everything: after a recovery moved the tail back, other bytes come to stand at the same offsets.</summary>
    public void Clear() => Volatile.Write(ref _chunks, new int[InitialChunkCount][]);

    private int[] ChunkFor(long chunkIndex)
    {
        int[]?[] chunks = Volatile.Read(ref _chunks);
        if (chunkIndex < chunks.Length && chunks[chunkIndex] is { } present)
        {
            return present;
        }

        lock (_growth)
        {
            chunks = _chunks;
            if (chunkIndex >= chunks.Length)
            {
                Array.Resize(ref chunks, (int)Math.Max(chunkIndex + 1, chunks.Length * 2L));
                Volatile.Write(ref _chunks, chunks);
            }

            return chunks[chunkIndex] ??= new int[(ChunkMask + 1) >> 5];
        }
    }
}
