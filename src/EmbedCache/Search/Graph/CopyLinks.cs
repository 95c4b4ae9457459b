using EmbedCache.Format;

namespace EmbedCache.Search.Graph;

/// <summary>
/// Records whose codes are the same, byte for byte. Linked like others, thousands of copies would fill every pool that comes near them and hide the rest
/// (a walk that keeps ef candidates would keep ef copies). So one of them, the original, is linked, and the others hang below it in a tree, which a search goes
/// down only for originals that it has found.
/// <code>
///   row of level 0:  neighbours from the front │ unused 0xFFFFFFFF │ copies from the back, the top bit set
/// </code>
/// A walk ends a row at the first number that is no node, and so never sees them.
/// </summary>
internal static unsafe class CopyLinks
{
    public const uint Unused = GraphHeader.Unused;

    private const uint Flag = GraphHeader.CopyFlag;

    /// <summary>Of an original's row at most this share holds copies.</summary>
    private const int OriginalShare = 4;

    /// <summary>Adds a copy to a row and returns it; where the row has its share of copies, returns the one to go on from.</summary>
    /// <param name="row">The row.</param>
    /// <param name="rowLength">Its length.</param>
    /// <param name="copy">The node to add.</param>
    /// <param name="turn">Chooses where to go on.</param>
    /// <param name="isOriginal">Whether neighbours may stand in the row; then one of them gives way, the last and furthest.</param>
    public static uint TryAdd(uint* row, int rowLength, uint copy, uint turn, bool isOriginal)
    {
        int most = isOriginal ? rowLength / OriginalShare : rowLength;
        int count = CountOf(row, rowLength);
        if (count >= most)
        {
            return row[rowLength - 1 - (int)(turn % (uint)count)] & ~Flag;
        }

        row[rowLength - 1 - count] = copy | Flag;
        return copy;
    }

    /// <summary>Puts a copy in the place of one that hangs on a row.</summary>
    public static void Replace(uint* row, int rowLength, uint old, uint copy)
    {
        for (int i = 0; i < rowLength; i++)
        {
            row[i] = row[i] == (old | Flag) ? copy | Flag : row[i];
        }
    }

    /// <summary>How many copies hang on a row.</summary>
    public static int CountOf(uint* row, int rowLength)
    {
        int count = 0;
        while (count < rowLength && IsCopy(row[rowLength - 1 - count]))
        {
            count++;
        }

        return count;
    }

    /// <summary>The copy at an index below <see cref="CountOf"/>; may be past the end of the graph in a file that holds anything.</summary>
    public static uint At(uint* row, int rowLength, int index) => row[rowLength - 1 - index] & ~Flag;

    private static bool IsCopy(uint entry) => entry != Unused && (entry & Flag) != 0;
}
