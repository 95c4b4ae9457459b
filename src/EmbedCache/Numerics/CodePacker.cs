using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EmbedCache.Primitives;
#if NET
using System.Runtime.Intrinsics;
#endif

namespace EmbedCache.Numerics;

/// <summary>Takes 8-bit codes apart into the half-bytes of <see cref="CodeLayout"/>, and puts them together again.</summary>
internal static class CodePacker
{
    private const byte SignBit = 0x80;
    private const byte LowHalf = 0x0F;
    private const byte HighHalf = 0xF0;

    /// <summary>Writes the half-bytes of signed codes. Both rows must be zero.</summary>
    /// <param name="codes">A code for each element.</param>
    /// <param name="coarse">Receives the upper half-bytes.</param>
    /// <param name="fine">Receives the lower ones.</param>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static void Pack(ReadOnlySpan<byte> codes, Span<byte> coarse, Span<byte> fine)
    {
        int half = (codes.Length + 1) / 2;
        int both = codes.Length - half;
        int index = 0;
#if NET
        if (Vector128.IsHardwareAccelerated)
        {
            ref byte source = ref MemoryMarshal.GetReference(codes);
            ref byte upper = ref MemoryMarshal.GetReference(coarse.Slice(0, half));
            ref byte lower = ref MemoryMarshal.GetReference(fine.Slice(0, half));
            Vector256<byte> sign = Vector256.Create(SignBit);
            Vector256<byte> low = Vector256.Create(LowHalf);
            for (; index <= both - Vector256<byte>.Count; index += Vector256<byte>.Count)
            {
                Vector256<byte> first = Vector256.LoadUnsafe(ref source, (nuint)index) ^ sign;
                Vector256<byte> second = Vector256.LoadUnsafe(ref source, (nuint)(half + index)) ^ sign;
                (((first.AsUInt16() >>> 4).AsByte() & low) | (second & ~low)).StoreUnsafe(ref upper, (nuint)index);
                ((first & low) | ((second & low).AsUInt16() << 4).AsByte()).StoreUnsafe(ref lower, (nuint)index);
            }
        }
#endif
        for (; index < half; index++)
        {
            int first = codes[index] ^ SignBit;
            int second = index < both ? codes[half + index] ^ SignBit : 0;
            coarse[index] = (byte)((first >> 4) | (second & HighHalf));
            fine[index] = (byte)((first & LowHalf) | (second << 4));
        }
    }

    /// <summary>Puts signed codes together, as a query: those of the lower halves, and a coarse row's length behind them those of the upper ones.</summary>
    /// <param name="coarse">A coarse row.</param>
    /// <param name="fine">Its fine row.</param>
    /// <param name="dimension">How many codes.</param>
    /// <param name="query">Receives them; zero behind each run, and stays so.</param>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static void Unpack(ReadOnlySpan<byte> coarse, ReadOnlySpan<byte> fine, int dimension, Span<byte> query)
    {
        int half = (dimension + 1) / 2;
        int both = dimension - half;
        Span<byte> firsts = query.Slice(0, half);
        Span<byte> seconds = query.Slice(coarse.Length, both);
        int index = 0;
#if NET
        if (Vector128.IsHardwareAccelerated)
        {
            ref byte upper = ref MemoryMarshal.GetReference(coarse.Slice(0, half));
            ref byte lower = ref MemoryMarshal.GetReference(fine.Slice(0, half));
            ref byte first = ref MemoryMarshal.GetReference(firsts);
            ref byte second = ref MemoryMarshal.GetReference(seconds);
            Vector256<byte> sign = Vector256.Create(SignBit);
            Vector256<byte> low = Vector256.Create(LowHalf);
            for (; index <= both - Vector256<byte>.Count; index += Vector256<byte>.Count)
            {
                Vector256<byte> c = Vector256.LoadUnsafe(ref upper, (nuint)index);
                Vector256<byte> f = Vector256.LoadUnsafe(ref lower, (nuint)index);
                ((((c & low).AsUInt16() << 4).AsByte() | (f & low)) ^ sign).StoreUnsafe(ref first, (nuint)index);
                (((c & ~low) | ((f.AsUInt16() >>> 4).AsByte() & low)) ^ sign).StoreUnsafe(ref second, (nuint)index);
            }
        }
#endif
        for (; index < half; index++)
        {
            firsts[index] = (byte)(((coarse[index] << 4) | (fine[index] & LowHalf)) ^ SignBit);
            if (index < both)
            {
                seconds[index] = (byte)(((coarse[index] & HighHalf) | (fine[index] >> 4)) ^ SignBit);
            }
        }
    }

    /// <summary>Sum and sum of squares of all half-bytes of a row.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static (int Sum, int Squares) Measure(ReadOnlySpan<byte> halves)
    {
        int sum = 0;
        int squares = 0;
        int index = 0;
#if NET
        if (Vector128.IsHardwareAccelerated)
        {
            ref byte source = ref MemoryMarshal.GetReference(halves);
            Vector256<byte> low = Vector256.Create(LowHalf);
            Vector256<uint> sums = Vector256<uint>.Zero;
            Vector256<uint> squareSums = Vector256<uint>.Zero;
            for (; index <= halves.Length - Vector256<byte>.Count; index += Vector256<byte>.Count)
            {
                Vector256<byte> two = Vector256.LoadUnsafe(ref source, (nuint)index);
                (Vector256<ushort> a0, Vector256<ushort> a1) = Vector256.Widen(two & low);
                (Vector256<ushort> b0, Vector256<ushort> b1) = Vector256.Widen((two.AsUInt16() >>> 4).AsByte() & low);
                sums += Add(a0 + a1 + b0 + b1);
                squareSums += Add((a0 * a0) + (a1 * a1) + (b0 * b0) + (b1 * b1));
            }

            sum = (int)Vector256.Sum(sums);
            squares = (int)Vector256.Sum(squareSums);
        }
#endif
        for (; index < halves.Length; index++)
        {
            int first = halves[index] & LowHalf;
            int second = halves[index] >> 4;
            sum += first + second;
            squares += (first * first) + (second * second);
        }

        return (sum, squares);
    }

#if NET
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Add(Vector256<ushort> values)
    {
        (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(values);
        return low + high;
    }
#endif
}
