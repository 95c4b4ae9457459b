using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EmbedCache.Numerics;
using EmbedCache.Primitives;

namespace EmbedCache.Search.Graph;

/// <summary>
/// Where the code of each ordinal is, as addresses. What it points to is held by whoever holds the snapshot that it was made for.
/// </summary>
internal sealed unsafe class CodeTable
{
    /// <summary>Rows are checked against their blocks' CRCs in groups of 1 &lt;&lt; this many: fewer, and the first walks check little that they do not read.</summary>
    private const int GroupShift = 2;

    private const int ChunkShift = 10;

    private readonly CodeStretch[] _stretches;
    private readonly int[] _checkedGroups;

    // One entry for each stretch, and the stretch of each chunk's first ordinal.
    private readonly nint[] _origins;
    private readonly uint[] _ends;
    private readonly ushort[] _stretchOfChunk;

    /// <param name="stretches">By ordinal, without a gap, from 0.</param>
    /// <param name="stride">Bytes from row to row.</param>
    /// <param name="isDot">True where larger inner products are nearer; false for distances.</param>
    public CodeTable(CodeStretch[] stretches, int stride, bool isDot)
    {
        _stretches = stretches;
        Stride = stride;
        IsDot = isDot;
        _origins = new nint[stretches.Length];
        _ends = new uint[stretches.Length];
        for (int i = 0; i < stretches.Length; i++)
        {
            if (stretches[i].FirstOrdinal != Count)
            {
                throw new ArgumentException("The stretches of codes leave a gap.", nameof(stretches));
            }

            Count += stretches[i].Count;
            _ends[i] = Count;
            _origins[i] = stretches[i].Memory.Address - ((nint)stretches[i].FirstOrdinal * stride);
        }

        _checkedGroups = new int[(Count >> (GroupShift + 5)) + 1];
        _stretchOfChunk = new ushort[(Count >> ChunkShift) + 1];
        int stretch = 0;
        for (int chunk = 0; chunk < _stretchOfChunk.Length; chunk++)
        {
            while (stretch < stretches.Length - 1 && _ends[stretch] <= (uint)chunk << ChunkShift)
            {
                stretch++;
            }

            _stretchOfChunk[chunk] = (ushort)stretch;
        }
    }

    /// <summary>Ordinals that have a code.</summary>
    public uint Count { get; }

    /// <summary>Bytes from row to row.</summary>
    public int Stride { get; }

    public bool IsDot { get; }

    /// <summary>Where an ordinal's row is, checked before its first use. The ordinal must be below <see cref="Count"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Row(uint ordinal)
    {
        if ((_checkedGroups[ordinal >> (GroupShift + 5)] & (1 << (int)(ordinal >> GroupShift))) == 0)
        {
            Check(ordinal);
        }

        return RowUnchecked(ordinal);
    }

    /// <summary>The distance that a query gives a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(in GraphQuery query, nint code, nint row, int stride)
        => ToDistance(query, Int8Kernels.DotBody(ref *(byte*)code, ref *(byte*)row, stride), row, stride);

    [MethodImpl(MethodImplOptions.NoInlining | JitOptions.AggressiveOptimization)]
    private static float DistanceCalled(in GraphQuery query, nint code, nint row, int stride) => Distance(query, code, row, stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float ToDistance(in GraphQuery query, int product, nint row, int stride)
    {
        byte* fields = (byte*)row + stride - CodeRow.ByteLength;
        product -= 128 * *(int*)(fields + CodeRow.SumOffset);
        float norm = *(float*)(fields + CodeRow.NormOffset);
        float scale = *(float*)(fields + CodeRow.ScaleOffset);
        return query.Base + (query.NormWeight * norm * norm) - (query.DotWeight * scale * product);
    }

    /// <summary>
    /// The same, called and not inlined: for the few distances of a query outside its walk. Whatever a kernel is inlined into has to be compiled before the first query
    /// of a process, and takes longer than those distances; so the first queries do without one. Products of codes are whole numbers, and the same.
    /// </summary>
    public static float DistanceOnce(in GraphQuery query, nint code, nint row, int stride)
        => FirstQueries.ArePast ? DistanceCalled(query, code, row, stride) : ToDistance(query, Int8Kernels.DotScalar(ref *(byte*)code, ref *(byte*)row, stride), row, stride);

    /// <summary>Makes a node the query: distances from it to others.</summary>
    /// <param name="ordinal">The node.</param>
    /// <param name="code">Takes its code as unsigned bytes, <see cref="Stride"/> of them; those behind the codes must be zero and stay so.</param>
    public GraphQuery Load(uint ordinal, nint code)
    {
        nint row = Row(ordinal);
        var source = new ReadOnlySpan<ulong>((void*)row, (Stride - CodeRow.ByteLength) / sizeof(ulong));
        var target = new Span<ulong>((void*)code, source.Length);
        for (int i = 0; i < source.Length; i++)
        {
            target[i] = source[i] ^ 0x8080808080808080UL;
        }

        float scale = *(float*)((byte*)row + Stride - CodeRow.ByteLength + CodeRow.ScaleOffset);
        float norm = *(float*)((byte*)row + Stride - CodeRow.ByteLength + CodeRow.NormOffset);
        return IsDot ? new GraphQuery(0, 0, scale) : new GraphQuery(norm * norm, 1, 2 * scale);
    }

    /// <summary>Whether two ordinals have the same code, byte for byte.</summary>
    public bool AreEqual(uint a, uint b)
        => new ReadOnlySpan<byte>((void*)Row(a), Stride).SequenceEqual(new ReadOnlySpan<byte>((void*)Row(b), Stride));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private nint RowUnchecked(uint ordinal)
    {
        if (_origins.Length == 1)
        {
            return _origins[0] + ((nint)ordinal * Stride);
        }

        int stretch = _stretchOfChunk[ordinal >> ChunkShift];
        while (ordinal >= _ends[stretch])
        {
            stretch++;
        }

        return _origins[stretch] + ((nint)ordinal * Stride);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Check(uint ordinal)
    {
        uint first = ordinal >> GroupShift << GroupShift;
        uint end = Math.Min(first + (1u << GroupShift), Count);
        foreach (CodeStretch stretch in _stretches)
        {
            uint from = Math.Max(first, stretch.FirstOrdinal);
            uint to = Math.Min(end, stretch.FirstOrdinal + stretch.Count);
            if (from < to)
            {
                stretch.Check(from - stretch.FirstOrdinal, (int)(to - from));
            }
        }

        // A lost race loses a bit, and the group is checked once more.
        _checkedGroups[ordinal >> (GroupShift + 5)] |= 1 << (int)(ordinal >> GroupShift);
    }
}
