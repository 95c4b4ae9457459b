using System.Runtime.CompilerServices;

namespace EmbedCache.Numerics;

/// <summary>
/// The first queries of a process are made ready by the reference loops, whose results are the same bit for bit: they were compiled ahead of time, or compile in a
/// moment, where compiling the vectorised ones takes milliseconds for the microseconds that they save. Who asks more gets those.
/// </summary>
internal static class FirstQueries
{
    private const int Count = 32;
    private static int s_made;

    /// <summary>True once there were enough queries for the vectorised loops to pay. A lost race counts one query less.</summary>
    public static bool ArePast
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => s_made >= Count;
    }

    /// <summary>For who does as much as very many queries.</summary>
    public static void Pass() => s_made = Count;

    /// <summary>Counts one.</summary>
    public static void Add()
    {
        if (s_made < Count)
        {
            s_made++;
        }
    }
}
