#if NET
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EmbedCache.Primitives;

namespace EmbedCache.Numerics;

/// <remarks>For processors with AVX-512. Emulated elsewhere, so that the tests compare it everywhere.</remarks>
internal static partial class ProductKernels
{
    [MethodImpl(JitOptions.AggressiveOptimization)]
    internal static void ProductsVector512(ReadOnlySpan<float> vector, ref float centroids, Span<float> products)
    {
        int count = products.Length;
        ref float target = ref System.Runtime.InteropServices.MemoryMarshal.GetReference(products);
        int c = 0;

        // Four sums at a time: alone, each would wait for its last addition.
        for (; c <= count - (4 * Vector512<float>.Count); c += 4 * Vector512<float>.Count)
        {
            Vector512<float> sum0 = Vector512.LoadUnsafe(ref target, (nuint)c);
            Vector512<float> sum1 = Vector512.LoadUnsafe(ref target, (nuint)c + 16);
            Vector512<float> sum2 = Vector512.LoadUnsafe(ref target, (nuint)c + 32);
            Vector512<float> sum3 = Vector512.LoadUnsafe(ref target, (nuint)c + 48);
            ref float elements = ref Unsafe.Add(ref centroids, c);
            for (int j = 0; j < vector.Length; j++)
            {
                Vector512<float> element = Vector512.Create(vector[j]);
                Vector512<float> product0 = element * Vector512.LoadUnsafe(ref elements);
                Vector512<float> product1 = element * Vector512.LoadUnsafe(ref elements, 16);
                Vector512<float> product2 = element * Vector512.LoadUnsafe(ref elements, 32);
                Vector512<float> product3 = element * Vector512.LoadUnsafe(ref elements, 48);
                sum0 += product0;
                sum1 += product1;
                sum2 += product2;
                sum3 += product3;
                elements = ref Unsafe.Add(ref elements, count);
            }

            sum0.StoreUnsafe(ref target, (nuint)c);
            sum1.StoreUnsafe(ref target, (nuint)c + 16);
            sum2.StoreUnsafe(ref target, (nuint)c + 32);
            sum3.StoreUnsafe(ref target, (nuint)c + 48);
        }

        for (; c < count; c += Vector512<float>.Count)
        {
            Vector512<float> sum = Vector512.LoadUnsafe(ref target, (nuint)c);
            ref float elements = ref Unsafe.Add(ref centroids, c);
            for (int j = 0; j < vector.Length; j++)
            {
                Vector512<float> product = Vector512.Create(vector[j]) * Vector512.LoadUnsafe(ref elements);
                sum += product;
                elements = ref Unsafe.Add(ref elements, count);
            }

            sum.StoreUnsafe(ref target, (nuint)c);
        }
    }

    [MethodImpl(JitOptions.AggressiveOptimization)]
    internal static int IndexOfMaxVector512(ref float values, nint length)
    {
        Vector512<float> best = Vector512.LoadUnsafe(ref values);
        for (nint i = Vector512<float>.Count; i < length; i += Vector512<float>.Count)
        {
            Vector512<float> candidate = Vector512.LoadUnsafe(ref values, (nuint)i);
            best = Vector512.ConditionalSelect(Vector512.GreaterThan(candidate, best), candidate, best);
        }

        float max = best.GetElement(0);
        for (int lane = 1; lane < Vector512<float>.Count; lane++)
        {
            max = best.GetElement(lane) > max ? best.GetElement(lane) : max;
        }

        Vector512<float> wanted = Vector512.Create(max);
        for (nint i = 0; i < length; i += Vector512<float>.Count)
        {
            ulong equal = Vector512.Equals(Vector512.LoadUnsafe(ref values, (nuint)i), wanted).ExtractMostSignificantBits();
            if (equal != 0)
            {
                return (int)i + System.Numerics.BitOperations.TrailingZeroCount(equal);
            }
        }

        return (int)length - 1;
    }
}
#endif
