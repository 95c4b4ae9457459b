using System.Runtime.CompilerServices;
using EmbedCache.Numerics;
using EmbedCache.Primitives;

namespace EmbedCache.Search.Graph;

/// <summary>
/// Where the code of each ordinal is, as addresses. What it points to is held by whoever holds the snapshot that it was made for.
/// </summary>
internal sealed unsafe class CodeTable
{
    /// <summary>Rows are checked against their blocks' CRCs in groups of 1 &lt;&lt; this many, coarse ones apart from fine ones: more, and the first walks check much that they do not read.</summary>
    private const int GroupShift = 2;

    private const int ChunkShift = 10;
    private const int RowShift = 8;
    private const uint RowMask = CodeLayout.GroupRowCount - 1;

    // Of CodeRow.CoarseMiddle: floats would lose bits of the products of long vectors.
    private const int CoarseWhole = (int)CodeRow.CoarseMiddle;
    private const float CoarseRest = (float)(CodeRow.CoarseMiddle - CoarseWhole);

    private readonly CodeStretch[] _stretches;
    private readonly int[] _checkedCoarse;
    private readonly int[] _checkedFine;
    private readonly ushort[] _stretchOfChunk;
    private readonly Place[] _places;
    private readonly int _coarse;
    private readonly int _fine;

    /// <param name="stretches">By ordinal, without a gap, from 0.</param>
    /// <param name="layout">How rows stand in them.</param>
    /// <param name="isDot">True where larger inner products are nearer; false for distances.</param>
    public CodeTable(CodeStretch[] stretches, CodeLayout layout, bool isDot)
    {
        _stretches = stretches;
        Layout = layout;
        IsDot = isDot;
        _coarse = layout.CoarseByteLength;
        _fine = layout.FineByteLength;
        _places = new Place[stretches.Length];
        for (int i = 0; i < stretches.Length; i++)
        {
            CodeStretch stretch = stretches[i];
            if (stretch.FirstOrdinal != Count)
            {
                throw new ArgumentException("The stretches of codes leave a gap.", nameof(stretches));
            }

            Count += stretch.Count;
            uint wholeRows = stretch.Count & ~RowMask;
            _places[i] = new Place(stretch.Memory.Address, stretch.FirstOrdinal, Count, wholeRows, (int)(stretch.Count - wholeRows));
        }

        _checkedCoarse = new int[(Count >> (GroupShift + 5)) + 1];
        _checkedFine = new int[_checkedCoarse.Length];
        _stretchOfChunk = new ushort[(Count >> ChunkShift) + 1];
        int last = 0;
        for (int chunk = 0; chunk < _stretchOfChunk.Length; chunk++)
        {
            while (last < stretches.Length - 1 && _places[last].End <= (uint)chunk << ChunkShift)
            {
                last++;
            }

            _stretchOfChunk[chunk] = (ushort)last;
        }
    }

    /// <summary>Ordinals that have a code.</summary>
    public uint Count { get; }

    /// <summary>How rows stand.</summary>
    public CodeLayout Layout { get; }

    public bool IsDot { get; }

    /// <summary>Where an ordinal's coarse row is, checked before its first use. The ordinal must be below <see cref="Count"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Coarse(uint ordinal)
    {
        if ((_checkedCoarse[ordinal >> (GroupShift + 5)] & (1 << (int)(ordinal >> GroupShift))) == 0)
        {
            Check(ordinal, _checkedCoarse);
        }

        ref readonly Place place = ref PlaceOf(ordinal);
        uint index = ordinal - place.First;
        return place.Origin + ((nint)(index >> RowShift) * CodeLayout.GroupRowCount * (_coarse + _fine)) + ((nint)(index & RowMask) * _coarse);
    }

    /// <summary>Where its fine row is, likewise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Fine(uint ordinal)
    {
        if ((_checkedFine[ordinal >> (GroupShift + 5)] & (1 << (int)(ordinal >> GroupShift))) == 0)
        {
            Check(ordinal, _checkedFine);
        }

        ref readonly Place place = ref PlaceOf(ordinal);
        uint index = ordinal - place.First;
        int rows = index >= place.WholeRows ? place.LastRows : CodeLayout.GroupRowCount;
        return place.Origin + ((nint)(index >> RowShift) * CodeLayout.GroupRowCount * (_coarse + _fine)) + ((nint)rows * _coarse) + ((nint)(index & RowMask) * _fine);
    }

    /// <summary>The distance that a query gives an ordinal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Distance(in GraphQuery query, nint code, uint ordinal)
    {
        nint coarse = Coarse(ordinal);
        return Distance(query, code, coarse, Fine(ordinal), CoarseProduct(code, coarse));
    }

    /// <summary>
    /// The same, called and not inlined: for the few distances of a query outside its walk. Whatever a kernel is inlined into has to be compiled before the first query
    /// of a process, and takes longer than those distances; so the first queries do without one. Products of codes are whole numbers, and the same.
    /// </summary>
    public float DistanceOnce(in GraphQuery query, nint code, uint ordinal) => FirstQueries.ArePast ? DistanceCalled(query, code, ordinal) : DistanceWithoutKernel(query, code, ordinal);

    /// <summary>The distance that an ordinal's coarse row gives it, less the query's slack; likewise.</summary>
    public float CoarseDistanceOnce(in GraphQuery query, nint code, uint ordinal)
    {
        nint coarse = Coarse(ordinal);
        int product = FirstQueries.ArePast ? CoarseProductCalled(code, coarse) : CodeKernels.DotScalar(ref *(byte*)code, _coarse, ref *(byte*)coarse, _coarse);
        return LeastDistance(query, coarse, product);
    }

    /// <summary>Inner product of a query's codes and a coarse row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int CoarseProduct(nint code, nint coarse) => CodeKernels.DotBody(ref *(byte*)code, _coarse, ref *(byte*)coarse, _coarse);

    /// <summary>The least distance that a row is likely to have, from its coarse row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float LeastDistance(in GraphQuery query, nint coarse, int product)
    {
        byte* fields = (byte*)coarse + _coarse - CodeRow.CoarseFieldsByteLength;
        float norm = *(float*)(fields + CodeRow.NormOffset);
        float inner = ((CodeRow.CoarseStep * product) - (CoarseWhole * query.Sum)) - (CoarseRest * query.Sum);
        return query.Base + (query.NormWeight * norm * norm) - (query.DotWeight * *(float*)(fields + CodeRow.ScaleOffset) * inner) - (query.Slack * *(float*)(fields + CodeRow.CoarseResidualOffset));
    }

    /// <summary>The distance of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Distance(in GraphQuery query, nint code, nint coarse, nint fine, int coarseProduct)
        => ToDistance(query, coarse, coarseProduct, CodeKernels.DotBody(ref *(byte*)code, _coarse, ref *(byte*)fine, _fine));

    [MethodImpl(MethodImplOptions.NoInlining | JitOptions.AggressiveOptimization)]
    private float DistanceCalled(in GraphQuery query, nint code, uint ordinal) => Distance(query, code, ordinal);

    [MethodImpl(MethodImplOptions.NoInlining | JitOptions.AggressiveOptimization)]
    private int CoarseProductCalled(nint code, nint coarse) => CoarseProduct(code, coarse);

    /// <summary>The least distance that an ordinal is likely to have, by the reference.</summary>
    internal float LeastDistanceWithoutKernel(in GraphQuery query, nint code, uint ordinal)
    {
        nint coarse = Coarse(ordinal);
        return LeastDistance(query, coarse, CodeKernels.DotScalar(ref *(byte*)code, _coarse, ref *(byte*)coarse, _coarse));
    }

    /// <summary>The same by the reference.</summary>
    internal float DistanceWithoutKernel(in GraphQuery query, nint code, uint ordinal)
    {
        nint coarse = Coarse(ordinal);
        int coarseProduct = CodeKernels.DotScalar(ref *(byte*)code, _coarse, ref *(byte*)coarse, _coarse);
        return ToDistance(query, coarse, coarseProduct, CodeKernels.DotScalar(ref *(byte*)code, _coarse, ref *(byte*)Fine(ordinal), _fine));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float ToDistance(in GraphQuery query, nint coarse, int coarseProduct, int fineProduct)
    {
        int product = (CodeRow.CoarseStep * coarseProduct) + fineProduct - (CodeRow.Offset * query.Sum);
        byte* fields = (byte*)coarse + _coarse - CodeRow.CoarseFieldsByteLength;
        float norm = *(float*)(fields + CodeRow.NormOffset);
        return query.Base + (query.NormWeight * norm * norm) - (query.DotWeight * *(float*)(fields + CodeRow.ScaleOffset) * product);
    }

    /// <summary>Makes a node the query: distances from it to others.</summary>
    /// <param name="ordinal">The node.</param>
    /// <param name="code">Takes its code, <see cref="CodeLayout.QueryByteLength"/> bytes; those behind the codes must be zero and stay so.</param>
    public GraphQuery Load(uint ordinal, nint code)
    {
        var coarse = new ReadOnlySpan<byte>((void*)Coarse(ordinal), _coarse);
        var fine = new ReadOnlySpan<byte>((void*)Fine(ordinal), _fine);
        CodePacker.Unpack(coarse, fine, Layout.Dimension, new Span<byte>((void*)code, Layout.QueryByteLength));
        return GraphQuery.OfNode(CodeRow.Read(coarse, fine), IsDot, Layout.Dimension);
    }

    /// <summary>Length of what an ordinal's code lacks of its vector.</summary>
    public float ResidualOf(uint ordinal)
        => CodeRow.Read(new ReadOnlySpan<byte>((void*)Coarse(ordinal), _coarse), new ReadOnlySpan<byte>((void*)Fine(ordinal), _fine)).Residual;

    /// <summary>Whether two ordinals have the same code, byte for byte.</summary>
    public bool AreEqual(uint a, uint b)
        => new ReadOnlySpan<byte>((void*)Coarse(a), _coarse).SequenceEqual(new ReadOnlySpan<byte>((void*)Coarse(b), _coarse))
        && new ReadOnlySpan<byte>((void*)Fine(a), _fine).SequenceEqual(new ReadOnlySpan<byte>((void*)Fine(b), _fine));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref readonly Place PlaceOf(uint ordinal)
    {
        if (_places.Length == 1)
        {
            return ref _places[0];
        }

        int stretch = _stretchOfChunk[ordinal >> ChunkShift];
        while (ordinal >= _places[stretch].End)
        {
            stretch++;
        }

        return ref _places[stretch];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Check(uint ordinal, int[] checkedGroups)
    {
        uint first = ordinal >> GroupShift << GroupShift;
        uint end = Math.Min(first + (1u << GroupShift), Count);
        for (int i = _stretchOfChunk[first >> ChunkShift]; first < end;)
        {
            CodeStretch stretch = _stretches[i];
            uint index = first - stretch.FirstOrdinal;
            if (index >= stretch.Count)
            {
                i++;
                continue;
            }

            uint count = Math.Min(Math.Min(end - first, stretch.Count - index), CodeLayout.GroupRowCount - (index & RowMask));
            stretch.Check(index, (int)count, isFine: checkedGroups == _checkedFine);
            first += count;
        }

        // A lost race loses a bit, and the group is checked once more.
        checkedGroups[ordinal >> (GroupShift + 5)] |= 1 << (int)(ordinal >> GroupShift);
    }

    /// <summary>Where a stretch is.</summary>
    /// <param name="Origin">Its first byte.</param>
    /// <param name="First">Its first ordinal.</param>
    /// <param name="End">The ordinal behind its last.</param>
    /// <param name="WholeRows">Ordinals in its whole groups.</param>
    /// <param name="LastRows">Ordinals in the group behind those.</param>
    private readonly record struct Place(nint Origin, uint First, uint End, uint WholeRows, int LastRows);
}
