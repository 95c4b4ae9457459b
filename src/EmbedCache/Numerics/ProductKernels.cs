using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EmbedCache.Primitives;
#if NET
using System.Runtime.Intrinsics;
#endif

namespace EmbedCache.Numerics;

/// <summary>
/// The inner loops of product quantisation over the centroids of one subspace. Centroids stand transposed, element by element: element j of centroid c at
/// j * count + c. A lane is a centroid, and what a lane does is the same at every width (a multiplication, then an addition, in the order of the elements), so
/// that every instruction set gives the same bits and so the same codes.
/// </summary>
internal static partial class ProductKernels
{
    /// <summary>Inner products of a sub-vector with each centroid, plus a start value each.</summary>
    /// <param name="vector">The sub-vector: width elements.</param>
    /// <param name="centroids">Transposed: width * count elements.</param>
    /// <param name="start">What to add to, one for each centroid; or empty for zeros.</param>
    /// <param name="products">Receives count values; count is a multiple of 16.</param>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static void Products(ReadOnlySpan<float> vector, ReadOnlySpan<float> centroids, ReadOnlySpan<float> start, Span<float> products)
    {
        if (start.IsEmpty)
        {
            products.Clear();
        }
        else
        {
            start.Slice(0, products.Length).CopyTo(products);
        }

        centroids = centroids.Slice(0, vector.Length * products.Length);
#if NET
        if (Vector512.IsHardwareAccelerated)
        {
            ProductsVector512(vector, ref MemoryMarshal.GetReference(centroids), products);
            return;
        }
#endif
        if (Vector.IsHardwareAccelerated)
        {
            ProductsVector(vector, centroids, products);
        }
        else
        {
            ProductsScalar(vector, centroids, products);
        }
    }

    /// <summary>The reference.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    internal static void ProductsScalar(ReadOnlySpan<float> vector, ReadOnlySpan<float> centroids, Span<float> products)
    {
        for (int j = 0; j < vector.Length; j++)
        {
            ReadOnlySpan<float> elements = centroids.Slice(j * products.Length, products.Length);
            float element = vector[j];
            for (int c = 0; c < products.Length; c++)
            {
                float product = element * elements[c];
                products[c] += product;
            }
        }
    }

    /// <summary>The width that both builds have: 128 or 256 bits.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    internal static void ProductsVector(ReadOnlySpan<float> vector, ReadOnlySpan<float> centroids, Span<float> products)
    {
        for (int c = 0; c < products.Length; c += Vector<float>.Count)
        {
            Vector<float> sum = Lanes.Load(products, c);
            int at = c;
            for (int j = 0; j < vector.Length; j++)
            {
                Vector<float> product = new Vector<float>(vector[j]) * Lanes.Load(centroids, at);
                sum += product;
                at += products.Length;
            }

            Lanes.Store(sum, products, c);
        }
    }

    /// <summary>Index of the greatest value, the lowest of equal ones. Of a NaN nothing is greater.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static int IndexOfMax(ReadOnlySpan<float> values)
    {
#if NET
        if (Vector512.IsHardwareAccelerated && values.Length % Vector512<float>.Count == 0)
        {
            return IndexOfMaxVector512(ref MemoryMarshal.GetReference(values), values.Length);
        }
#endif
        return Vector.IsHardwareAccelerated && values.Length % Vector<float>.Count == 0 ? IndexOfMaxVector(values) : IndexOfMaxScalar(values);
    }

    [MethodImpl(JitOptions.AggressiveOptimization)]
    internal static int IndexOfMaxScalar(ReadOnlySpan<float> values)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] > values[best])
            {
                best = i;
            }
        }

        return best;
    }

    [MethodImpl(JitOptions.AggressiveOptimization)]
    internal static int IndexOfMaxVector(ReadOnlySpan<float> values)
    {
        Vector<float> best = Lanes.Load(values, 0);
        for (int i = Vector<float>.Count; i < values.Length; i += Vector<float>.Count)
        {
            Vector<float> candidate = Lanes.Load(values, i);
            best = Vector.ConditionalSelect(Vector.GreaterThan(candidate, best), candidate, best);
        }

        float max = best[0];
        for (int lane = 1; lane < Vector<float>.Count; lane++)
        {
            max = best[lane] > max ? best[lane] : max;
        }

        // The first that has it: what every width finds.
        int index = 0;
        while (index < values.Length - 1 && values[index] != max)
        {
            index++;
        }

        return index;
    }

    /// <summary>
    /// The score of a code: the sum over its bytes of that byte's entry in its table of 256. Random reads of a table that fits the caches are two loads a byte,
    /// which no gather instruction beats. Four sums, in this order everywhere, so that scores are the same on every machine.
    /// </summary>
    /// <param name="tables">256 floats for each byte.</param>
    /// <param name="code">The code.</param>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static float LookUp(ReadOnlySpan<float> tables, ReadOnlySpan<byte> code)
    {
        // Held once: an index below is at most 256 * length - 1.
        _ = tables.Slice(0, code.Length * TableLength);
        return LookUpBody(ref MemoryMarshal.GetReference(tables), ref MemoryMarshal.GetReference(code), code.Length);
    }

    /// <summary>Entries of the table of one byte of a code.</summary>
    public const int TableLength = 256;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float LookUpBody(ref float tables, ref byte code, nint length)
    {
        float sum0 = 0;
        float sum1 = 0;
        float sum2 = 0;
        float sum3 = 0;
        nint i = 0;
        for (; i <= length - 4; i += 4)
        {
            sum0 += Unsafe.Add(ref tables, (i * TableLength) + Unsafe.Add(ref code, i));
            sum1 += Unsafe.Add(ref tables, ((i + 1) * TableLength) + Unsafe.Add(ref code, i + 1));
            sum2 += Unsafe.Add(ref tables, ((i + 2) * TableLength) + Unsafe.Add(ref code, i + 2));
            sum3 += Unsafe.Add(ref tables, ((i + 3) * TableLength) + Unsafe.Add(ref code, i + 3));
        }

        for (; i < length; i++)
        {
            sum0 += Unsafe.Add(ref tables, (i * TableLength) + Unsafe.Add(ref code, i));
        }

        return (sum0 + sum1) + (sum2 + sum3);
    }
}
