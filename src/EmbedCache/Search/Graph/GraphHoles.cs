using System.Numerics;
using EmbedCache.Primitives;

namespace EmbedCache.Search.Graph;

/// <summary>
/// Deep holes that deletes left in level 0. Dead nodes here and there are walked through at little cost, and stay, and so do those at the rim of what lives; but a walk
/// whose query stands in a deep hole goes through all of it before it comes to what lives.
/// </summary>
/// <remarks>
/// A dead node is crowded where half of its neighbours are dead that would live if the dead were scattered. Where many crowded nodes hang together, they and the dead nodes
/// that they are linked with are a hole. A node that copies hang below counts as live: nothing else leads to them.
/// </remarks>
internal sealed unsafe class GraphHoles
{
    /// <summary>Crowded nodes of a hole: fewer lengthen no walk by much.</summary>
    private const int LeastCount = 128;

    private const int BitsPerWord = 64;
    private readonly ulong[] _members;

    private GraphHoles(ulong[] live, ulong[] members, uint[] nodes, uint[] around)
    {
        Live = new AcceptMarked(live);
        _members = members;
        Nodes = nodes;
        Around = around;
    }

    /// <summary>Which nodes are live, or have copies that may be.</summary>
    public AcceptMarked Live { get; }

    /// <summary>The nodes of the holes that lead to others of them.</summary>
    public uint[] Nodes { get; }

    /// <summary>Live nodes that have neighbours in a hole.</summary>
    public uint[] Around { get; }

    /// <summary>Whether a node is one of a hole.</summary>
    public bool Contains(uint node) => IsSet(_members, node);

    /// <summary>Looks at all rows.</summary>
    /// <param name="space">Level 0.</param>
    /// <param name="live">A bit for each live node.</param>
    public static GraphHoles Find<TSpace>(in TSpace space, ulong[] live)
        where TSpace : struct, IWalkSpace
    {
        uint count = space.Count;
        live = WithOriginals(space, live);
        double share = ShareOf(live, count);
        var crowded = new List<uint>();
        for (uint node = NextDead(live, 0, count); node < count; node = NextDead(live, node + 1, count))
        {
            if (IsCrowded(space, live, node, share))
            {
                crowded.Add(node);
            }
        }

        ulong[] members = Members(space, live, KeepLarge(space, crowded));
        var nodes = new List<uint>();
        var around = new List<uint>();
        for (uint node = 0; node < count; node++)
        {
            bool isMember = IsSet(members, node);
            if ((isMember || IsSet(live, node)) && CountNeighbours(space, node, members, out _) > 0)
            {
                (isMember ? nodes : around).Add(node);
            }
        }

        return new GraphHoles(live, members, [.. nodes], [.. around]);
    }

    /// <summary>Whether there are likely to be any, from a sample of the dead.</summary>
    /// <param name="space">Level 0.</param>
    /// <param name="live">A bit for each live node.</param>
    public static bool AreLikely<TSpace>(in TSpace space, ulong[] live)
        where TSpace : struct, IWalkSpace
    {
        const int SampleCount = 1024;
        const int LeastShare = 64;
        uint count = space.Count;
        uint dead = CountDead(live, count);
        if (dead < LeastCount)
        {
            return false;
        }

        double share = ShareOf(live, count);
        uint step = Math.Max(1, dead / SampleCount);
        uint met = 0;
        long within = 0;
        long looked = 0;
        for (uint node = NextDead(live, 0, count); node < count; node = NextDead(live, node + 1, count))
        {
            if (met++ % step == 0)
            {
                looked++;
                within += IsCrowded(space, live, node, share) && !HasCopies(space, node) ? 1 : 0;
            }
        }

        return within * step >= LeastCount && within * LeastShare >= looked;
    }

    private static double ShareOf(ulong[] live, uint count) => CountDead(live, count) / (double)Math.Max(1, count);

    /// <summary>Whether of a dead node's neighbours half are dead that would live if the dead were scattered.</summary>
    private static bool IsCrowded<TSpace>(in TSpace space, ulong[] live, uint node, double share)
        where TSpace : struct, IWalkSpace
    {
        int alive = CountNeighbours(space, node, live, out int degree);
        return degree > 0 && degree - alive >= 0.5 * (1 + share) * degree;
    }

    /// <summary>Of the crowded nodes, by number, those that hang together with many.</summary>
    private static List<uint> KeepLarge<TSpace>(in TSpace space, List<uint> crowded)
        where TSpace : struct, IWalkSpace
    {
        // Union-find: the root of each one's group, and how many a root stands for.
        var parents = new int[crowded.Count];
        var counts = new int[crowded.Count];
        for (int i = 0; i < parents.Length; i++)
        {
            parents[i] = i;
            counts[i] = 1;
        }

        for (int i = 0; i < parents.Length; i++)
        {
            var row = (uint*)space.Row(crowded[i]);
            for (int j = 0; j < space.RowLength && row[j] < space.Count; j++)
            {
                int other = crowded.BinarySearch(row[j]);
                if (other >= 0)
                {
                    Join(parents, counts, i, other);
                }
            }
        }

        var kept = new List<uint>();
        for (int i = 0; i < parents.Length; i++)
        {
            if (counts[RootOf(parents, i)] >= LeastCount)
            {
                kept.Add(crowded[i]);
            }
        }

        return kept;
    }

    private static void Join(int[] parents, int[] counts, int a, int b)
    {
        a = RootOf(parents, a);
        b = RootOf(parents, b);
        if (a != b)
        {
            (int small, int large) = counts[a] < counts[b] ? (a, b) : (b, a);
            parents[small] = large;
            counts[large] += counts[small];
        }
    }

    private static int RootOf(int[] parents, int index)
    {
        while (parents[index] != index)
        {
            index = parents[index];
        }

        return index;
    }

    /// <summary>The crowded nodes of holes and the dead ones that are linked with them, either way.</summary>
    private static ulong[] Members<TSpace>(in TSpace space, ulong[] live, List<uint> crowded)
        where TSpace : struct, IWalkSpace
    {
        uint count = space.Count;
        var cores = new ulong[(count / BitsPerWord) + 1];
        foreach (uint node in crowded)
        {
            Set(cores, node);
        }

        ulong[] members = (ulong[])cores.Clone();
        for (uint node = NextDead(live, 0, count); node < count && crowded.Count > 0; node = NextDead(live, node + 1, count))
        {
            var row = (uint*)space.Row(node);
            bool isCore = IsSet(cores, node);
            for (int i = 0; i < space.RowLength && row[i] < count; i++)
            {
                if (isCore && !IsSet(live, row[i]))
                {
                    Set(members, row[i]);
                }
                else if (!isCore && IsSet(cores, row[i]))
                {
                    Set(members, node);
                }
            }
        }

        return members;
    }

    private static void Set(ulong[] words, uint node) => words[node / BitsPerWord] |= 1UL << (int)node;

    private static ulong[] WithOriginals<TSpace>(in TSpace space, ulong[] live)
        where TSpace : struct, IWalkSpace
    {
        uint count = space.Count;
        var marks = new ulong[(count / BitsPerWord) + 1];
        live.AsSpan(0, Math.Min(live.Length, marks.Length)).CopyTo(marks);
        for (uint node = NextDead(marks, 0, count); node < count; node = NextDead(marks, node + 1, count))
        {
            if (HasCopies(space, node))
            {
                Set(marks, node);
            }
        }

        return marks;
    }

    private static bool HasCopies<TSpace>(in TSpace space, uint node)
        where TSpace : struct, IWalkSpace
        => CopyLinks.CountOf((uint*)space.Row(node), space.RowLength) > 0;

    /// <summary>How many of a node's neighbours have their bit set.</summary>
    private static int CountNeighbours<TSpace>(in TSpace space, uint node, ulong[] marks, out int degree)
        where TSpace : struct, IWalkSpace
    {
        var row = (uint*)space.Row(node);
        int marked = 0;
        for (degree = 0; degree < space.RowLength && row[degree] < space.Count; degree++)
        {
            marked += IsSet(marks, row[degree]) ? 1 : 0;
        }

        return marked;
    }

    private static uint CountDead(ulong[] live, uint count)
    {
        uint alive = 0;
        for (uint word = 0; word < live.Length && word * BitsPerWord < count; word++)
        {
            uint left = count - (word * BitsPerWord);
            alive += (uint)BitOperations.PopCount(left < BitsPerWord ? live[word] & ((1UL << (int)left) - 1) : live[word]);
        }

        return count - alive;
    }

    /// <summary>The first dead node from a number on; <paramref name="count"/> where there is none.</summary>
    private static uint NextDead(ulong[] live, uint from, uint count)
    {
        while (from < count)
        {
            uint word = from / BitsPerWord;
            ulong dead = (word < (uint)live.Length ? ~live[word] : ulong.MaxValue) >> (int)(from % BitsPerWord);
            if (dead != 0)
            {
                return Math.Min(count, from + (uint)BitOperations.TrailingZeroCount(dead));
            }

            from = (word + 1) * BitsPerWord;
        }

        return count;
    }

    private static bool IsSet(ulong[] words, uint node) => node / BitsPerWord < (uint)words.Length && (words[node / BitsPerWord] & (1UL << (int)node)) != 0;
}
