using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EmbedCache.Primitives;

namespace EmbedCache.Numerics;

/// <summary>
/// What stands beside an 8-bit code, at the ends of its two rows. The code is of y: the record's vector in the frame of reference of the codebook (see
/// <see cref="ScalarQuantizer"/>). An element's code plus 128 is 16 u + l, u being its half-byte in the coarse row and l that in the fine row: decoded it is
/// scale * (16 u + l - 128), and by its coarse row alone scale * (16 u - 120.5), the middle of what it may be.
/// <code>
///  coarse row, its last 16 bytes
///    0 ┬ scale                          f4 │  at least 0
///    4 │ coarse_residual                f4 │  at least |y - y decoded by the coarse row|; infinite where y is not known
///    8 │ coarse_norm                    f4 │  at least |y decoded by the coarse row|
///   12 │ norm                           f4 │  at least |decoded y|
///   16 └───────────────────────────────────┘
///  fine row, its last 8 bytes
///    0 ┬ residual                       f4 │  at least |y - decoded y|; infinite where y is not known
///    4 │ sum                            s4 │  of the codes
///    8 └───────────────────────────────────┘
/// </code>
/// </summary>
/// <param name="Scale">What a step of a code is worth.</param>
/// <param name="Residual">L2 norm of y less decoded y, rounded up.</param>
/// <param name="Sum">Sum of the codes.</param>
/// <param name="Norm">L2 norm of decoded y, rounded up.</param>
internal readonly record struct CodeRow(float Scale, float Residual, int Sum, float Norm)
{
    public const int ScaleOffset = 0;
    public const int CoarseResidualOffset = ScaleOffset + sizeof(float);
    public const int CoarseNormOffset = CoarseResidualOffset + sizeof(float);
    public const int NormOffset = CoarseNormOffset + sizeof(float);
    public const int CoarseFieldsByteLength = NormOffset + sizeof(float);

    public const int ResidualOffset = 0;
    public const int SumOffset = ResidualOffset + sizeof(float);
    public const int FineFieldsByteLength = SumOffset + sizeof(int);

    /// <summary>An element by its coarse half-byte u alone is step * u - middle.</summary>
    public const int CoarseStep = 16;
    public const double CoarseMiddle = 120.5;

    /// <summary>An element by both is step * u + l - offset.</summary>
    public const int Offset = 128;

    private const uint Infinity = 0x7F800000;
    private const uint MinusZero = 0x80000000;

    /// <summary>A row whose code says nothing: any vector may stand behind it.</summary>
    public static CodeRow Unknown => new(0, float.PositiveInfinity, 0, 0);

    /// <summary>
    /// Whether bounds made of it can be right. With a scale or a norm that is not finite a bound would be below everything and leave its record out; with a residual below
    /// zero, which no vector has, likewise. NaN compares as false.
    /// </summary>
    public bool IsSound => new CoarseFields(Scale, CoarseResidual, CoarseNorm).IsSound && Norm >= 0 && Norm <= float.MaxValue && Residual >= 0;

    /// <summary>As <see cref="Residual"/>, of what the coarse row alone decodes to.</summary>
    public float CoarseResidual { get; init; } = Residual;

    /// <summary>As <see cref="Norm"/>, likewise.</summary>
    public float CoarseNorm { get; init; }

    /// <summary>Reads what a coarse row says of itself.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CoarseFields ReadCoarse(ReadOnlySpan<byte> coarse)
    {
        ReadOnlySpan<byte> fields = coarse.Slice(coarse.Length - CoarseFieldsByteLength);
        return new CoarseFields(
            MemoryMarshal.Read<float>(fields),
            MemoryMarshal.Read<float>(fields.Slice(CoarseResidualOffset)),
            MemoryMarshal.Read<float>(fields.Slice(CoarseNormOffset)));
    }

    /// <summary>Whether what stands at the end of a coarse row can be of any vector. By bits: a first search asks this of every row of the blocks that it comes to, before much is compiled.</summary>
    public static bool IsCoarseSound(ReadOnlySpan<byte> coarse)
    {
        ReadOnlySpan<byte> fields = coarse.Slice(coarse.Length - CoarseFieldsByteLength);
        ulong first = BinaryPrimitives.ReadUInt64LittleEndian(fields);
        ulong last = BinaryPrimitives.ReadUInt64LittleEndian(fields.Slice(CoarseNormOffset));
        return IsFiniteLength((uint)first) && IsLength((uint)(first >> 32)) && IsFiniteLength((uint)last) && IsFiniteLength((uint)(last >> 32));
    }

    /// <summary>Whether what stands at the end of a fine row can be of any vector.</summary>
    public static bool IsFineSound(ReadOnlySpan<byte> fine) => IsLength(BinaryPrimitives.ReadUInt32LittleEndian(fine.Slice(fine.Length - FineFieldsByteLength)));

    /// <summary>Whether a float of these bits is at least 0.</summary>
    private static bool IsLength(uint bits) => bits <= Infinity || bits == MinusZero;

    private static bool IsFiniteLength(uint bits) => bits < Infinity || bits == MinusZero;

    /// <summary>Reads the fields of both rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CodeRow Read(ReadOnlySpan<byte> coarse, ReadOnlySpan<byte> fine)
    {
        ReadOnlySpan<byte> upper = coarse.Slice(coarse.Length - CoarseFieldsByteLength);
        ReadOnlySpan<byte> lower = fine.Slice(fine.Length - FineFieldsByteLength);
        return new CodeRow(
            MemoryMarshal.Read<float>(upper),
            MemoryMarshal.Read<float>(lower),
            BinaryPrimitives.ReadInt32LittleEndian(lower.Slice(SumOffset)),
            MemoryMarshal.Read<float>(upper.Slice(NormOffset)))
        {
            CoarseResidual = MemoryMarshal.Read<float>(upper.Slice(CoarseResidualOffset)),
            CoarseNorm = MemoryMarshal.Read<float>(upper.Slice(CoarseNormOffset)),
        };
    }

    /// <summary>Writes the fields at the ends of both rows.</summary>
    public void Write(Span<byte> coarse, Span<byte> fine)
    {
        Span<byte> upper = coarse.Slice(coarse.Length - CoarseFieldsByteLength);
        BinaryPrimitives.WriteSingleLittleEndian(upper, Scale);
        BinaryPrimitives.WriteSingleLittleEndian(upper.Slice(CoarseResidualOffset), CoarseResidual);
        BinaryPrimitives.WriteSingleLittleEndian(upper.Slice(CoarseNormOffset), CoarseNorm);
        BinaryPrimitives.WriteSingleLittleEndian(upper.Slice(NormOffset), Norm);
        Span<byte> lower = fine.Slice(fine.Length - FineFieldsByteLength);
        BinaryPrimitives.WriteSingleLittleEndian(lower, Residual);
        BinaryPrimitives.WriteInt32LittleEndian(lower.Slice(SumOffset), Sum);
    }
}

/// <summary>What a coarse row says of itself: scale, and residual and norm of what it decodes to.</summary>
internal readonly record struct CoarseFields(float Scale, float Residual, float Norm)
{
    /// <summary>As <see cref="CodeRow.IsSound"/>.</summary>
    public bool IsSound => Scale >= 0 && Scale <= float.MaxValue && Norm >= 0 && Norm <= float.MaxValue && Residual >= 0;
}
