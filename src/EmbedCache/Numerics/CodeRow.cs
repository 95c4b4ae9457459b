using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EmbedCache.Primitives;

namespace EmbedCache.Numerics;

/// <summary>
/// What stands beside an 8-bit code, in the last 16 bytes of its row. The code is of y: the record's vector in the frame of reference of the codebook
/// (see <see cref="ScalarQuantizer"/>), decoded as scale times each signed byte.
/// <code>
///    0 ┬ codes                    s1 * dim │
///      │ zeros up to the last 16 bytes     │
///  -16 │ scale                          f4 │  at least 0
///  -12 │ residual                       f4 │  L2 norm of y minus decoded y, rounded up; infinite where y is not known
///   -8 │ sum                            s4 │  of the codes
///   -4 │ norm                           f4 │  L2 norm of decoded y, rounded up
///      └───────────────────────────────────┘
/// </code>
/// The length of a row, its stride, is a multiple of 64.
/// </summary>
internal readonly record struct CodeRow(float Scale, float Residual, int Sum, float Norm)
{
    public const int ScaleOffset = 0;
    public const int ResidualOffset = ScaleOffset + sizeof(float);
    public const int SumOffset = ResidualOffset + sizeof(float);
    public const int NormOffset = SumOffset + sizeof(int);

    /// <summary>Length of these fields.</summary>
    public const int ByteLength = NormOffset + sizeof(float);

    /// <summary>A row whose code says nothing: any vector may stand behind it.</summary>
    public static CodeRow Unknown => new(0, float.PositiveInfinity, 0, 0);

    /// <summary>
    /// Whether bounds made of it can be right. With a scale or a norm that is not finite a bound would be below everything and leave its record out; with a residual below
    /// zero, which no vector has, likewise. NaN compares as false.
    /// </summary>
    public bool IsSound => Scale >= 0 && Scale <= float.MaxValue && Norm >= 0 && Norm <= float.MaxValue && Residual >= 0;

    /// <summary>Bytes of a row of this many codes.</summary>
    public static int Stride(int dimension) => (dimension + ByteLength + Int8Kernels.StrideUnit - 1) & -Int8Kernels.StrideUnit;

    /// <summary>Reads the fields of a whole row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CodeRow Read(ReadOnlySpan<byte> row)
    {
        ReadOnlySpan<byte> fields = row.Slice(row.Length - ByteLength);
        return new CodeRow(
            MemoryMarshal.Read<float>(fields),
            MemoryMarshal.Read<float>(fields.Slice(ResidualOffset)),
            BinaryPrimitives.ReadInt32LittleEndian(fields.Slice(SumOffset)),
            MemoryMarshal.Read<float>(fields.Slice(NormOffset)));
    }

    /// <summary>Writes the fields into the last 16 bytes of a row.</summary>
    public void Write(Span<byte> row)
    {
        Span<byte> fields = row.Slice(row.Length - ByteLength);
        BinaryPrimitives.WriteSingleLittleEndian(fields, Scale);
        BinaryPrimitives.WriteSingleLittleEndian(fields.Slice(ResidualOffset), Residual);
        BinaryPrimitives.WriteInt32LittleEndian(fields.Slice(SumOffset), Sum);
        BinaryPrimitives.WriteSingleLittleEndian(fields.Slice(NormOffset), Norm);
    }
}
