using System.Runtime.CompilerServices;
using EmbedCache.Numerics;
using EmbedCache.Primitives;

namespace EmbedCache.Vectors;

/// <summary>
/// The scalar codes of a file: rows for the ordinals 0 to <see cref="Count"/>, in one run or a few that join without a gap. Immutable; threads share it.
/// </summary>
internal sealed class CodeRuns
{
    private const int TableShift = 10;

    private readonly CodeRun _newestOrOnly;
    private readonly ushort[] _runByOrdinal;
    private int _passes;

    /// <param name="codebook">What the codes are relative to.</param>
    /// <param name="layout">How rows stand in the runs.</param>
    /// <param name="runs">Runs by ordinal, from 0, joining; at least one, at most 65,536.</param>
    public CodeRuns(ScalarCodebook codebook, CodeLayout layout, CodeRun[] runs)
    {
        Codebook = codebook;
        Layout = layout;
        Runs = runs;
        Count = runs[runs.Length - 1].EndOrdinal;
        _newestOrOnly = runs[runs.Length - 1];
        _runByOrdinal = runs.Length == 1 ? [] : new ushort[((Count - 1) >> TableShift) + 1];
        int run = 0;
        for (int i = 0; i < _runByOrdinal.Length; i++)
        {
            while (runs[run].EndOrdinal <= (long)i << TableShift)
            {
                run++;
            }

            _runByOrdinal[i] = (ushort)run;
        }
    }

    public ScalarCodebook Codebook { get; }

    /// <summary>How rows stand in the runs.</summary>
    public CodeLayout Layout { get; }

    /// <summary>Oldest first.</summary>
    public CodeRun[] Runs { get; }

    /// <summary>How many ordinals have a code: those below this.</summary>
    public long Count { get; }

    /// <summary>
    /// Whether a pass over all codes is to begin at their end: every second one does. What the pass before read last is still in the processor's cache, and a pass
    /// that begins there finds it; one that begins at the other end has driven it out before it comes to it.
    /// </summary>
    public bool NextPassIsBackwards() => (Interlocked.Increment(ref _passes) & 1) == 0;

    /// <summary>The run that holds an ordinal's row.</summary>
    /// <exception cref="CorruptFileException">The ordinal has none.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public CodeRun RunOf(long ordinal)
    {
        CodeRun newest = _newestOrOnly;
        if (ordinal >= newest.FirstOrdinal)
        {
            return newest;
        }

        return Find(ordinal);
    }

    /// <summary>The coarse row of an ordinal, checked.</summary>
    /// <exception cref="CorruptFileException">The row is damaged, or the ordinal has none.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Coarse(long ordinal) => RunOf(ordinal).Coarse(ordinal);

    /// <summary>Its fine row, likewise.</summary>
    /// <exception cref="CorruptFileException">The row is damaged, or the ordinal has none.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Fine(long ordinal) => RunOf(ordinal).Fine(ordinal);

    /// <summary>Asks for the coarse row of an ordinal ahead of its use. Ordinals without one are ignored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrefetchCoarse(long ordinal)
    {
        if ((ulong)ordinal < (ulong)Count)
        {
            RunOf(ordinal).PrefetchCoarse(ordinal);
        }
    }

    private CodeRun Find(long ordinal)
    {
        long index = ordinal >> TableShift;
        int run = (ulong)index < (ulong)_runByOrdinal.Length ? _runByOrdinal[index] : 0;
        while (Runs[run].EndOrdinal <= ordinal)
        {
            run++;
        }

        // A negative ordinal falls into the first run, whose bounds refuse it.
        return Runs[run];
    }
}
