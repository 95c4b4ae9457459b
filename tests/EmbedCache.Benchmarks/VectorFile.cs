using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace EmbedCache.Benchmarks;

/// <summary>A data set's vectors, one after another: .fvecs (each a count of elements, then floats), or made here.</summary>
internal sealed class VectorFile
{
    /// <summary>Sets that are made here, of which codes tell nothing: a cluster so tight that all codes are nearly equal, and vectors of which a few elements are a thousand times larger than the rest.</summary>
    public static readonly string[] Made = ["cluster", "outliers"];

    /// <summary>A million uniformly random vectors of 768 elements; 4 GB of scratch, so only where it is asked for.</summary>
    public const string Million = "uniform1m768";

    private const int MillionCount = 1_000_000;
    private const int MillionDimension = 768;
    private const int MadeCount = 60_000;
    private const int MadeDimension = 784;
    private readonly string _name;
    private readonly string? _path;

    private VectorFile(string name, string? path, int count, int dimension)
    {
        _name = name;
        _path = path;
        Count = count;
        Dimension = dimension;
    }

    public int Count { get; }

    public int Dimension { get; }

    /// <summary>Opens the base or query part of a set; null when it is not there.</summary>
    public static VectorFile? TryOpen(string? directory, string name, string part)
    {
        if (name == Million)
        {
            return new VectorFile($"{name}-{part}", null, part == "base" ? MillionCount : 1000, MillionDimension);
        }

        if (Made.Contains(name))
        {
            return new VectorFile($"{name}-{part}", null, part == "base" ? MadeCount : 1000, MadeDimension);
        }

        string path = Path.Combine(directory ?? string.Empty, $"{name}-{part}.fvecs");
        if (directory is null || !File.Exists(path))
        {
            return null;
        }

        using FileStream file = File.OpenRead(path);
        Span<byte> length = stackalloc byte[sizeof(int)];
        file.ReadExactly(length);
        int dimension = BinaryPrimitives.ReadInt32LittleEndian(length);
        return new VectorFile(name, path, (int)(file.Length / (sizeof(int) + (dimension * sizeof(float)))), dimension);
    }

    /// <summary>The first vectors, each an array of its own.</summary>
    public IEnumerable<float[]> Read(int most)
    {
        if (_path is null)
        {
            return Enumerable.Range(0, Math.Min(most, Count)).Select(Make);
        }

        return ReadFile(Math.Min(most, Count));
    }

    private IEnumerable<float[]> ReadFile(int count)
    {
        using FileStream file = new(_path!, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
        byte[] row = new byte[sizeof(int) + (Dimension * sizeof(float))];
        for (int i = 0; i < count; i++)
        {
            file.ReadExactly(row);
            yield return MemoryMarshal.Cast<byte, float>(row.AsSpan(sizeof(int))).ToArray();
        }
    }

    private float[] Make(int i)
    {
        bool isQuery = _name.EndsWith("query", StringComparison.Ordinal);
        float[] noise = Samples.Vector(isQuery ? i + MillionCount : i, Dimension);
        if (_name.StartsWith(Million, StringComparison.Ordinal))
        {
            return noise;
        }

        float[] centre = Samples.Vector(int.MaxValue, Dimension);
        for (int k = 0; k < noise.Length; k++)
        {
            noise[k] = _name.StartsWith(Made[0], StringComparison.Ordinal) ? centre[k] + (noise[k] * 1e-4f) : k % 100 == 0 ? noise[k] * 1000 : noise[k];
        }

        return noise;
    }
}
