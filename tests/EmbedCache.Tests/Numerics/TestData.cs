using EmbedCache.Numerics;

namespace EmbedCache.Tests.Numerics;

/// <summary>Vectors for the tests of quantisers, and what the format makes of them.</summary>
internal static class TestData
{
    public const uint RotationCrc = 1179731265;
    public const uint CentroidsCrc = 3949127567;
    public const uint ProductCodesCrc = 3036028292;
    public const uint BinaryCodesCrc = 341485100;

    public static float[] Random(Random random, int length)
    {
        float[] values = new float[length];
        for (int i = 0; i < length; i++)
        {
            values[i] = (float)((random.NextDouble() * 2) - 1);
        }

        return values;
    }

    /// <summary>Directions around a few centres, as rows: from integers and divisions alone, so that both builds and every machine have the same.</summary>
    public static float[] Directions(int count, int dimension, int seed, int centres = 8)
    {
        var random = new SplitMix64((ulong)seed);
        float[] rows = new float[count * dimension];
        float[] middle = new float[centres * dimension];
        for (int i = 0; i < middle.Length; i++)
        {
            middle[i] = (random.Next(2001) - 1000) / 1000f;
        }

        for (int r = 0; r < count; r++)
        {
            int centre = random.Next(centres);
            Span<float> row = rows.AsSpan(r * dimension, dimension);
            for (int i = 0; i < dimension; i++)
            {
                row[i] = middle[(centre * dimension) + i] + ((random.Next(2001) - 1000) / 2000f);
            }

            float scale = (float)(1 / VectorNorm.Norm(row));
            for (int i = 0; i < dimension; i++)
            {
                row[i] *= scale;
            }
        }

        return rows;
    }
}
