using System.Runtime.CompilerServices;
using EmbedCache.Primitives;
#if NET
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
#endif

namespace EmbedCache.Numerics;

/// <summary>
/// The Walsh-Hadamard transform of 2^n floats in place, unscaled. Stage h = 1, 2, 4, ... replaces a, b at distance h by a + b, a - b: each output is one
/// addition, so that every implementation gives the same bits.
/// </summary>
internal static partial class HadamardKernels
{
    /// <summary>Transforms <paramref name="values"/>, whose length is a power of two.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static void Transform(Span<float> values)
    {
#if NET
        if (Vector128.IsHardwareAccelerated && values.Length >= InRegisters)
        {
            TransformVectorized(ref MemoryMarshal.GetReference(values), values.Length);
            return;
        }
#endif
        TransformScalar(values);
    }

    /// <summary>The reference.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    internal static void TransformScalar(Span<float> values)
    {
        for (int half = 1; half < values.Length; half *= 2)
        {
            for (int start = 0; start < values.Length; start += 2 * half)
            {
                Span<float> left = values.Slice(start, half);
                Span<float> right = values.Slice(start + half, half);
                for (int i = 0; i < left.Length; i++)
                {
                    float a = left[i];
                    float b = right[i];
                    left[i] = a + b;
                    right[i] = a - b;
                }
            }
        }
    }
}
