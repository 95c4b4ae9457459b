using System.Runtime.CompilerServices;
#if NET
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
#endif

namespace EmbedCache.Numerics;

/// <content>64 bytes of values at a time. Where the processor has no such registers the runtime uses halves.</content>
internal static partial class ColumnKernels
{
#if NET
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InRangeVectors<T>(ReadOnlySpan<T> values, T low, T high, Span<byte> bits, ref int done)
        where T : struct
    {
        if (!Vector128.IsHardwareAccelerated)
        {
            return;
        }

        ReadOnlySpan<Vector512<T>> vectors = MemoryMarshal.Cast<T, Vector512<T>>(values);
        Vector512<T> lows = Vector512.Create(low);
        Vector512<T> highs = Vector512.Create(high);
        for (int i = 0; i < vectors.Length; i++)
        {
            Vector512<T> within = Vector512.GreaterThanOrEqual(vectors[i], lows) & Vector512.LessThanOrEqual(vectors[i], highs);
            Join(bits, i * (Vector512<T>.Count / 8), Vector512<T>.Count, Vector512.ExtractMostSignificantBits(within));
        }

        done = vectors.Length * Vector512<T>.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Join(Span<byte> bits, int index, int count, ulong mask)
    {
        Span<byte> target = bits[index..];
        switch (count)
        {
            case 8:
                target[0] |= (byte)mask;
                break;
            case 16:
                BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(target) | mask));
                break;
            case 32:
                BinaryPrimitives.WriteUInt32LittleEndian(target, (uint)(BinaryPrimitives.ReadUInt32LittleEndian(target) | mask));
                break;
            default:
                BinaryPrimitives.WriteUInt64LittleEndian(target, BinaryPrimitives.ReadUInt64LittleEndian(target) | mask);
                break;
        }
    }
#else
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InRangeVectors<T>(ReadOnlySpan<T> values, T low, T high, Span<byte> bits, ref int done)
        where T : struct
        => done = 0;
#endif
}
