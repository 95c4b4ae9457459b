#if NET
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EmbedCache.Primitives;

namespace EmbedCache.Numerics;

/// <remarks>The first four stages of 16 floats stay in four registers; a negated addend gives the bits of a subtraction.</remarks>
internal static partial class HadamardKernels
{
    private const int InRegisters = 16;

    [MethodImpl(JitOptions.AggressiveOptimization)]
    internal static void TransformVectorized(ref float values, nint length)
    {
        Vector128<float> oddNegative = Vector128.Create(0f, -0f, 0f, -0f);
        Vector128<float> highNegative = Vector128.Create(0f, 0f, -0f, -0f);
        for (nint i = 0; i < length; i += InRegisters)
        {
            ref float block = ref Unsafe.Add(ref values, i);
            Vector128<float> v0 = Stages12(Vector128.LoadUnsafe(ref block), oddNegative, highNegative);
            Vector128<float> v1 = Stages12(Vector128.LoadUnsafe(ref block, 4), oddNegative, highNegative);
            Vector128<float> v2 = Stages12(Vector128.LoadUnsafe(ref block, 8), oddNegative, highNegative);
            Vector128<float> v3 = Stages12(Vector128.LoadUnsafe(ref block, 12), oddNegative, highNegative);
            (v0, v1, v2, v3) = (v0 + v1, v0 - v1, v2 + v3, v2 - v3);
            (v0 + v2).StoreUnsafe(ref block);
            (v1 + v3).StoreUnsafe(ref block, 4);
            (v0 - v2).StoreUnsafe(ref block, 8);
            (v1 - v3).StoreUnsafe(ref block, 12);
        }

        for (nint half = InRegisters; half < length; half *= 2)
        {
            for (nint start = 0; start < length; start += 2 * half)
            {
                if (Vector512.IsHardwareAccelerated)
                {
                    Butterfly512(ref Unsafe.Add(ref values, start), ref Unsafe.Add(ref values, start + half), half);
                }
                else if (Vector256.IsHardwareAccelerated)
                {
                    Butterfly256(ref Unsafe.Add(ref values, start), ref Unsafe.Add(ref values, start + half), half);
                }
                else
                {
                    Butterfly128(ref Unsafe.Add(ref values, start), ref Unsafe.Add(ref values, start + half), half);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Stages12(Vector128<float> v, Vector128<float> oddNegative, Vector128<float> highNegative)
    {
        v = Vector128.Shuffle(v, Vector128.Create(0, 0, 2, 2)) + (Vector128.Shuffle(v, Vector128.Create(1, 1, 3, 3)) ^ oddNegative);
        return Vector128.Shuffle(v, Vector128.Create(0, 1, 0, 1)) + (Vector128.Shuffle(v, Vector128.Create(2, 3, 2, 3)) ^ highNegative);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Butterfly512(ref float left, ref float right, nint count)
    {
        for (nint i = 0; i < count; i += Vector512<float>.Count)
        {
            Vector512<float> a = Vector512.LoadUnsafe(ref left, (nuint)i);
            Vector512<float> b = Vector512.LoadUnsafe(ref right, (nuint)i);
            (a + b).StoreUnsafe(ref left, (nuint)i);
            (a - b).StoreUnsafe(ref right, (nuint)i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Butterfly256(ref float left, ref float right, nint count)
    {
        for (nint i = 0; i < count; i += Vector256<float>.Count)
        {
            Vector256<float> a = Vector256.LoadUnsafe(ref left, (nuint)i);
            Vector256<float> b = Vector256.LoadUnsafe(ref right, (nuint)i);
            (a + b).StoreUnsafe(ref left, (nuint)i);
            (a - b).StoreUnsafe(ref right, (nuint)i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Butterfly128(ref float left, ref float right, nint count)
    {
        for (nint i = 0; i < count; i += Vector128<float>.Count)
        {
            Vector128<float> a = Vector128.LoadUnsafe(ref left, (nuint)i);
            Vector128<float> b = Vector128.LoadUnsafe(ref right, (nuint)i);
            (a + b).StoreUnsafe(ref left, (nuint)i);
            (a - b).StoreUnsafe(ref right, (nuint)i);
        }
    }
}
#endif
