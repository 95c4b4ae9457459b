using System.Buffers.Binary;
using EmbedCache.Numerics;

namespace EmbedCache.Tests.Numerics;

/// <summary>Which fields of rows can be of any vector: held against what floats say, at every place, with all values at which that changes.</summary>
public sealed class CodeRowTests
{
    private static readonly float[] s_values =
    [
        0, -0.0f, float.Epsilon, -float.Epsilon, 1, -1, float.MaxValue, float.MinValue, float.PositiveInfinity, float.NegativeInfinity, float.NaN, -float.NaN,
    ];

    [Theory]
    [InlineData(CodeRow.ScaleOffset, true)]
    [InlineData(CodeRow.CoarseResidualOffset, false)]
    [InlineData(CodeRow.CoarseNormOffset, true)]
    [InlineData(CodeRow.NormOffset, true)]
    public void ACoarseRowsLengthsAreAtLeastZeroAndAllButTheResidualFinite(int offset, bool isFinite)
    {
        foreach (float value in s_values)
        {
            byte[] row = new byte[96];
            BinaryPrimitives.WriteSingleLittleEndian(row.AsSpan(row.Length - CodeRow.CoarseFieldsByteLength + offset), value);
            Assert.Equal(value >= 0 && (!isFinite || value <= float.MaxValue), CodeRow.IsCoarseSound(row));
        }
    }

    [Fact]
    public void AFineRowsResidualIsAtLeastZero()
    {
        foreach (float value in s_values)
        {
            byte[] row = new byte[64];
            row.AsSpan(row.Length - CodeRow.FineFieldsByteLength + CodeRow.SumOffset).Fill(0xFF);
            BinaryPrimitives.WriteSingleLittleEndian(row.AsSpan(row.Length - CodeRow.FineFieldsByteLength + CodeRow.ResidualOffset), value);
            Assert.Equal(value >= 0, CodeRow.IsFineSound(row));
        }
    }
}
