namespace EmbedCache.Numerics;

/// <summary>
/// The tables of a query for <see cref="NibbleScan"/>: inner products with the centroids of each subspace, quantised to bytes with one step for all, each subspace from its own least
/// value. A sum of bytes stands for Start + Step * sum, within half a step for each subspace.
/// </summary>
internal sealed class NibbleTables
{
    private const int TableLength = 16;

    public NibbleTables(ProductQuantizer quantizer, ReadOnlySpan<float> query)
    {
        int pairCount = (quantizer.SubspaceCount + 1) / 2;
        Bytes = new byte[pairCount * NibbleScan.BlockCount];
        float[] products = new float[quantizer.SubspaceCount * TableLength];
        double start = 0;
        float widest = 0;
        for (int m = 0; m < quantizer.SubspaceCount; m++)
        {
            Span<float> table = products.AsSpan(m * TableLength, TableLength);
            quantizer.Products(query, m, table);
            (float least, float most) = Bounds(table);
            start += least;
            widest = Math.Max(widest, most - least);
        }

        Start = start;
        Step = widest / byte.MaxValue;
        float inverse = widest > 0 ? byte.MaxValue / widest : 0;
        for (int m = 0; m < quantizer.SubspaceCount; m++)
        {
            ReadOnlySpan<float> table = products.AsSpan(m * TableLength, TableLength);
            (float least, _) = Bounds(table);
            for (int c = 0; c < TableLength; c++)
            {
                Bytes[(m * TableLength) + c] = (byte)Math.Min(byte.MaxValue, (int)(((table[c] - least) * inverse) + 0.5f));
            }
        }
    }

    /// <summary>32 bytes for each pair of subspaces.</summary>
    public byte[] Bytes { get; }

    public double Start { get; }

    public double Step { get; }

    private static (float Least, float Most) Bounds(ReadOnlySpan<float> table)
    {
        float least = table[0];
        float most = table[0];
        foreach (float value in table)
        {
            least = Math.Min(least, value);
            most = Math.Max(most, value);
        }

        return (least, most);
    }
}
