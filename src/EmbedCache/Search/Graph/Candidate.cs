using System.Runtime.CompilerServices;
using EmbedCache.Format;
using EmbedCache.Primitives;

namespace EmbedCache.Search.Graph;

/// <summary>
/// A node and its distance in one integer, so that one comparison orders candidates by distance and, at equal distances, by node.
/// <code>
///   63         32 31          2   1         0
///   │ distance   │ node       │ accepted │ expanded │
/// </code>
/// The distance is a float whose bits are turned so that they order as a signed integer.
/// </summary>
internal static class Candidate
{
    /// <summary>Set once the node's neighbours were looked at.</summary>
    public const long Expanded = 1;

    /// <summary>Set where the node may be a result: live, and matching the filter.</summary>
    public const long Accepted = 2;

    /// <summary>Nodes are numbered below this.</summary>
    public const uint NodeLimit = GraphHeader.NodeLimit;

    private const int FlagBits = 2;
    private const int DistanceShift = 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Pack(float distance, uint node)
    {
        int bits = BitConverter.SingleToInt32Bits(distance);
        return ((long)Turn(bits) << DistanceShift) | (node << FlagBits);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint NodeOf(long candidate) => (uint)candidate >> FlagBits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float DistanceOf(long candidate) => BitConverter.Int32BitsToSingle(Turn((int)(candidate >> DistanceShift)));

    /// <summary>Its own inverse: negative floats order backwards by their bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Turn(int bits) => bits ^ (int)((uint)(bits >> 31) >> 1);
}
