#if NET
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EmbedCache.Numerics;

/// <remarks>
/// A lane of the definition is a lane of these vectors, so that they add the same numbers in the same order as the reference. The multiplication and the addition
/// are written apart and stay apart: the just-in-time compiler fuses nothing of its own accord (and fused, the result would be the same, the squares being exact).
/// </remarks>
internal static partial class VectorNorm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ScaleVector256(ref float source, double multiplier, ref float target, nint length)
    {
        Vector256<double> by = Vector256.Create(multiplier);
        for (nint index = 0; index < length; index += Vector256<float>.Count)
        {
            (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Vector256.LoadUnsafe(ref source, (nuint)index));
            Vector256.Narrow(low * by, high * by).StoreUnsafe(ref target, (nuint)index);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double SumOfSquaresVector512(ref float source, nint length)
    {
        Vector512<double> lanes0 = Vector512<double>.Zero;
        Vector512<double> lanes1 = Vector512<double>.Zero;
        nint index = 0;
        for (; index <= length - NumLanes; index += NumLanes)
        {
            (Vector512<double> wide0, Vector512<double> wide1) = Vector512.Widen(Vector512.LoadUnsafe(ref source, (nuint)index));
            lanes0 += wide0 * wide0;
            lanes1 += wide1 * wide1;
        }

        Lanes lanes = default;
        lanes0.StoreUnsafe(ref lanes[0]);
        lanes1.StoreUnsafe(ref lanes[0], 8);
        return Finish(ref lanes[0], ref Unsafe.Add(ref source, index), length - index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double SumOfSquaresVector256(ref float source, nint length)
    {
        Vector256<double> lanes0 = Vector256<double>.Zero;
        Vector256<double> lanes1 = Vector256<double>.Zero;
        Vector256<double> lanes2 = Vector256<double>.Zero;
        Vector256<double> lanes3 = Vector256<double>.Zero;
        nint index = 0;
        for (; index <= length - NumLanes; index += NumLanes)
        {
            (Vector256<double> wide0, Vector256<double> wide1) = Vector256.Widen(Vector256.LoadUnsafe(ref source, (nuint)index));
            (Vector256<double> wide2, Vector256<double> wide3) = Vector256.Widen(Vector256.LoadUnsafe(ref source, (nuint)index + 8));
            lanes0 += wide0 * wide0;
            lanes1 += wide1 * wide1;
            lanes2 += wide2 * wide2;
            lanes3 += wide3 * wide3;
        }

        Lanes lanes = default;
        lanes0.StoreUnsafe(ref lanes[0]);
        lanes1.StoreUnsafe(ref lanes[0], 4);
        lanes2.StoreUnsafe(ref lanes[0], 8);
        lanes3.StoreUnsafe(ref lanes[0], 12);
        return Finish(ref lanes[0], ref Unsafe.Add(ref source, index), length - index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double SumOfSquaresVector128(ref float source, nint length)
    {
        Vector128<double> lanes0 = Vector128<double>.Zero;
        Vector128<double> lanes1 = Vector128<double>.Zero;
        Vector128<double> lanes2 = Vector128<double>.Zero;
        Vector128<double> lanes3 = Vector128<double>.Zero;
        Vector128<double> lanes4 = Vector128<double>.Zero;
        Vector128<double> lanes5 = Vector128<double>.Zero;
        Vector128<double> lanes6 = Vector128<double>.Zero;
        Vector128<double> lanes7 = Vector128<double>.Zero;
        nint index = 0;
        for (; index <= length - NumLanes; index += NumLanes)
        {
            (Vector128<double> wide0, Vector128<double> wide1) = Vector128.Widen(Vector128.LoadUnsafe(ref source, (nuint)index));
            (Vector128<double> wide2, Vector128<double> wide3) = Vector128.Widen(Vector128.LoadUnsafe(ref source, (nuint)index + 4));
            (Vector128<double> wide4, Vector128<double> wide5) = Vector128.Widen(Vector128.LoadUnsafe(ref source, (nuint)index + 8));
            (Vector128<double> wide6, Vector128<double> wide7) = Vector128.Widen(Vector128.LoadUnsafe(ref source, (nuint)index + 12));
            lanes0 += wide0 * wide0;
            lanes1 += wide1 * wide1;
            lanes2 += wide2 * wide2;
            lanes3 += wide3 * wide3;
            lanes4 += wide4 * wide4;
            lanes5 += wide5 * wide5;
            lanes6 += wide6 * wide6;
            lanes7 += wide7 * wide7;
        }

        Lanes lanes = default;
        lanes0.StoreUnsafe(ref lanes[0]);
        lanes1.StoreUnsafe(ref lanes[0], 2);
        lanes2.StoreUnsafe(ref lanes[0], 4);
        lanes3.StoreUnsafe(ref lanes[0], 6);
        lanes4.StoreUnsafe(ref lanes[0], 8);
        lanes5.StoreUnsafe(ref lanes[0], 10);
        lanes6.StoreUnsafe(ref lanes[0], 12);
        lanes7.StoreUnsafe(ref lanes[0], 14);
        return Finish(ref lanes[0], ref Unsafe.Add(ref source, index), length - index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Finish(ref double lanes, ref float rest, nint length)
    {
        for (nint lane = 0; lane < length; lane++)
        {
            Unsafe.Add(ref lanes, lane) += Square(Unsafe.Add(ref rest, lane));
        }

        return Combine(ref lanes);
    }

    [InlineArray(NumLanes)]
    private struct Lanes
    {
        private double _lane0;
    }
}
#endif
