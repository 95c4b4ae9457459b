#if NET
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ArmCrc32 = System.Runtime.Intrinsics.Arm.Crc32;

namespace EmbedCache.Primitives;

/// <remarks>
/// On x64 the message is folded by carry-less multiplication (Gopal and others, "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ
/// Instruction", Intel 2009): a 128-bit block that stands D bits before the end is congruent, modulo the polynomial G, to a block of 128 bits at the end. No
/// tables, so nothing has to be initialised or compiled twice before the first call is fast.
/// <para>
/// All polynomials are bit-reflected: bit i of a 64-bit value is the coefficient of x^(63-i), and so the product of two such values, read as
/// 128 bits, stands one bit too low; every constant carries one power of x less to make up for it. A test derives each constant anew.
/// </para>
/// </remarks>
internal static partial class Crc32
{
    // x^(D+63) mod G, for the low (earlier) half of a block, and x^(D-1) mod G for the high half.
    internal const ulong Fold512Low = 0x653D982200000000;
    internal const ulong Fold512High = 0xCAD38E8F00000000;
    internal const ulong Fold384Low = 0x69CCFC0D00000000;
    internal const ulong Fold384High = 0x2A28386200000000;
    internal const ulong Fold256Low = 0x9570D49500000000;
    internal const ulong Fold256High = 0x01B5FD1D00000000;
    internal const ulong Fold128Low = 0x65673B4600000000;
    internal const ulong Fold128High = 0x9BA54C6F00000000;

    // x^95 mod G: takes the first 64 of 128 bits to where the last 96 bits, zeros appended, stand.
    internal const ulong Fold96 = 0xCCAA009E00000000;

    // Barrett reduction of 64 bits: floor(x^95 / G), and (G - x^32)·x^31.
    internal const ulong BarrettQuotient = 0xB4E5B025F7011641;
    internal const ulong BarrettPolynomial = 0x00000001DB710640;

    internal static bool IsClmulSupported => Pclmulqdq.IsSupported && BitConverter.IsLittleEndian;

    internal static bool IsArm64Supported => ArmCrc32.Arm64.IsSupported && BitConverter.IsLittleEndian;

    [MethodImpl(JitOptions.AggressiveOptimization)]
    internal static uint AppendClmul(uint crc, ReadOnlySpan<byte> data)
    {
        ref byte source = ref MemoryMarshal.GetReference(data);
        nint length = data.Length;
        crc = ~crc;

        if (length >= 16)
        {
            Vector128<ulong> folded;
            if (length >= 64)
            {
                Vector128<ulong> x0 = Load(ref source, 0) ^ Vector128.CreateScalar((ulong)crc);
                Vector128<ulong> x1 = Load(ref source, 16);
                Vector128<ulong> x2 = Load(ref source, 32);
                Vector128<ulong> x3 = Load(ref source, 48);
                source = ref Unsafe.Add(ref source, 64);
                length -= 64;

                Vector128<ulong> by512 = Vector128.Create(Fold512Low, Fold512High);
                while (length >= 64)
                {
                    x0 = Fold(x0, by512) ^ Load(ref source, 0);
                    x1 = Fold(x1, by512) ^ Load(ref source, 16);
                    x2 = Fold(x2, by512) ^ Load(ref source, 32);
                    x3 = Fold(x3, by512) ^ Load(ref source, 48);
                    source = ref Unsafe.Add(ref source, 64);
                    length -= 64;
                }

                folded = Join(x0, x1, x2, x3);
            }
            else
            {
                folded = Load(ref source, 0) ^ Vector128.CreateScalar((ulong)crc);
                source = ref Unsafe.Add(ref source, 16);
                length -= 16;
            }

            Vector128<ulong> by128 = Vector128.Create(Fold128Low, Fold128High);
            while (length >= 16)
            {
                folded = Fold(folded, by128) ^ Load(ref source, 0);
                source = ref Unsafe.Add(ref source, 16);
                length -= 16;
            }

            crc = Reduce128(folded);
        }

        if (length >= sizeof(ulong))
        {
            crc = Reduce64(crc ^ Unsafe.ReadUnaligned<ulong>(ref source));
            source = ref Unsafe.Add(ref source, sizeof(ulong));
            length -= sizeof(ulong);
        }

        if (length > 0)
        {
            // The last n bytes become the top of a word: the zeros below them stand for a message before, and what is shifted out of the CRC stays.
            int numBits = (int)length * 8;
            ulong last = data.Length >= sizeof(ulong)
                ? Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref source, length - sizeof(ulong))) >> (64 - numBits)
                : ReadShort(ref source, length);
            crc = Reduce64((crc ^ last) << (64 - numBits)) ^ (uint)((ulong)crc >> numBits);
        }

        return ~crc;
    }

    [MethodImpl(JitOptions.AggressiveOptimization)]
    internal static uint AppendArm64(uint crc, ReadOnlySpan<byte> data)
    {
        ref byte source = ref MemoryMarshal.GetReference(data);
        nint length = data.Length;
        crc = ~crc;

        while (length >= sizeof(ulong))
        {
            crc = ArmCrc32.Arm64.ComputeCrc32(crc, Unsafe.ReadUnaligned<ulong>(ref source));
            source = ref Unsafe.Add(ref source, sizeof(ulong));
            length -= sizeof(ulong);
        }

        while (length > 0)
        {
            crc = ArmCrc32.ComputeCrc32(crc, source);
            source = ref Unsafe.Add(ref source, 1);
            length--;
        }

        return ~crc;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Load(ref byte source, int offset) => Unsafe.ReadUnaligned<Vector128<ulong>>(ref Unsafe.Add(ref source, offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong ReadShort(ref byte source, nint length)
    {
        ulong value = 0;
        while (--length >= 0)
        {
            value = (value << 8) | Unsafe.Add(ref source, length);
        }

        return value;
    }

    /// <summary>The block that, as far ahead as <paramref name="distance"/> says, has the same remainder as <paramref name="block"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<ulong> Fold(Vector128<ulong> block, Vector128<ulong> distance) =>
        Pclmulqdq.CarrylessMultiply(block, distance, 0x00) ^ Pclmulqdq.CarrylessMultiply(block, distance, 0x11);

    /// <summary>The remainder of 512 bits: a CRC before its final XOR.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint Reduce512(Vector128<ulong> x0, Vector128<ulong> x1, Vector128<ulong> x2, Vector128<ulong> x3) => Reduce128(Join(x0, x1, x2, x3));

    /// <summary>Each by its own distance rather than one after another: a frame header is 64 bytes, and this is its longest chain.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Join(Vector128<ulong> x0, Vector128<ulong> x1, Vector128<ulong> x2, Vector128<ulong> x3) =>
        (Fold(x0, Vector128.Create(Fold384Low, Fold384High)) ^ Fold(x1, Vector128.Create(Fold256Low, Fold256High)))
        ^ (Fold(x2, Vector128.Create(Fold128Low, Fold128High)) ^ x3);

    /// <summary>block·x^32 mod G: 128 bits to 96 by one product, of which the first 64 are reduced and the last 32 are remainder already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Reduce128(Vector128<ulong> block)
    {
        Vector128<ulong> bits = Pclmulqdq.CarrylessMultiply(block, Vector128.CreateScalar(Fold96), 0x00)
            ^ Sse2.ShiftRightLogical128BitLane(block, sizeof(uint));
        ulong first = Sse2.ShiftRightLogical128BitLane(bits, sizeof(uint)).ToScalar();
        return Reduce64(first) ^ (uint)(bits.GetElement(1) >> 32);
    }

    /// <summary>word·x^32 mod G, by Barrett's method: exact, since a carry-less quotient has no rounding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Reduce64(ulong word)
    {
        Vector128<ulong> constants = Vector128.Create(BarrettQuotient, BarrettPolynomial);
        Vector128<ulong> quotient = Pclmulqdq.CarrylessMultiply(Vector128.CreateScalar(word), constants, 0x00);
        return (uint)Pclmulqdq.CarrylessMultiply(quotient, constants, 0x10).GetElement(1);
    }
}
#endif
