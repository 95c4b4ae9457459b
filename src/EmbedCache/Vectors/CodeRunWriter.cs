using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Storage;

namespace EmbedCache.Vectors;

/// <summary>Writes the rows of a Codes section: collects a group, then writes its coarse rows and behind them its fine ones.</summary>
internal sealed class CodeRunWriter(SectionWriter writer, CodeLayout layout)
{
    private readonly byte[] _coarse = new byte[CodeLayout.GroupRowCount * layout.CoarseByteLength];
    private readonly byte[] _fine = new byte[CodeLayout.GroupRowCount * layout.FineByteLength];
    private int _count;

    /// <summary>Room for the next ordinal's rows, to be filled before the next call.</summary>
    public void Next(out Span<byte> coarse, out Span<byte> fine)
    {
        if (_count == CodeLayout.GroupRowCount)
        {
            EndGroup();
        }

        coarse = _coarse.AsSpan(_count * layout.CoarseByteLength, layout.CoarseByteLength);
        fine = _fine.AsSpan(_count * layout.FineByteLength, layout.FineByteLength);
        _count++;
    }

    /// <summary>Writes the last group, and zeros up to a line.</summary>
    public void Complete()
    {
        EndGroup();
        int rest = (int)(writer.EntriesByteLength % FormatConstants.LineByteLength);
        if (rest > 0)
        {
            Span<byte> padding = stackalloc byte[FormatConstants.LineByteLength - rest];
            padding.Clear();
            writer.Write(padding);
        }
    }

    private void EndGroup()
    {
        writer.Write(_coarse.AsSpan(0, _count * layout.CoarseByteLength));
        writer.Write(_fine.AsSpan(0, _count * layout.FineByteLength));
        _count = 0;
    }
}
