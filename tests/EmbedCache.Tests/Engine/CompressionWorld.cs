using System.Globalization;
using EmbedCache.Numerics;
using EmbedCache.Tests.Numerics;

namespace EmbedCache.Tests.Engine;

/// <summary>The vectors that files are compressed with, and what of them can be computed without the engine.</summary>
internal static class CompressionWorld
{
    public const int Dimension = 30;
    public const int Count = 1300;

    public static Dictionary<string, float[]> Fill(TestStore store, Metric metric)
    {
        using EmbeddingCache cache = store.Create(Dimension, metric, options => options.Model = "m");
        return Set(cache, Enumerable.Range(0, Count), metric);
    }

    public static Dictionary<string, float[]> Set(EmbeddingCache cache, IEnumerable<int> numbers, Metric metric)
    {
        var vectors = numbers.ToDictionary(number => number.ToString(CultureInfo.InvariantCulture), number => Vector(number, metric));
        cache.Set(vectors.Select(pair => new EmbeddingEntry(pair.Key, pair.Value)));
        return vectors;
    }

    /// <summary>Around ten centres; of any length where length counts.</summary>
    public static float[] Vector(int number, Metric metric)
    {
        float[] centre = TestVectors.Random(new Random(1000 + (number % 10)), Dimension);
        float[] noise = TestVectors.Random(new Random(number), Dimension);
        float length = metric == Metric.Cosine ? 1 : 1 + (number % 7);
        return [.. centre.Select((element, i) => (element + (0.4f * noise[i])) * length)];
    }

    public static float[] Repeat(float element) => [.. Enumerable.Repeat(element, Dimension)];

    public static OptimizeReport Compress(EmbeddingCache cache, VectorCompression compression, double? bits = null)
        => cache.Optimize(new OptimizeOptions { Compression = compression, BitsPerElement = bits }, null, default);

    public static double Score(Metric metric, float[] query, float[] vector) => metric switch
    {
        Metric.Cosine => WideKernels.Dot(query, vector) / VectorNorm.Norm(query) / VectorNorm.Norm(vector),
        Metric.Dot => WideKernels.Dot(query, vector),
        _ => -Math.Sqrt(WideKernels.SquaredL2(query, vector)),
    };

    public sealed class Handler(Action<OptimizeStage> handle) : IProgress<OptimizeProgress>
    {
        public void Report(OptimizeProgress value) => handle(value.Stage);
    }
}
