using System.Runtime.InteropServices;

namespace EmbedCache.Benchmarks.Data;

/// <summary>
/// A set of vectors with queries and the true neighbours by cosine, in the .fvecs and .ivecs files that benchmarks of this field exchange: rows of an int32 dimension
/// and as many float32 or int32. The environment names the directory: NAME-base.fvecs, NAME-query.fvecs, NAME-gt.ivecs.
/// </summary>
internal sealed class VectorSet
{
    public const string DirectoryVariable = "EMBEDCACHE_BENCH_DATA";

    private readonly float[] _base;
    private readonly float[] _queries;
    private readonly int[] _truth;
    private readonly int _truthCount;

    private VectorSet(string name, string directory)
    {
        Name = name;
        Directory = directory;
        _base = Read<float>(Path.Combine(directory, name + "-base.fvecs"), out int dimension);
        _queries = Read<float>(Path.Combine(directory, name + "-query.fvecs"), out _);
        _truth = Read<int>(Path.Combine(directory, name + "-gt.ivecs"), out _truthCount);
        Dimension = dimension;
    }

    public string Name { get; }

    public string Directory { get; }

    public int Dimension { get; }

    public int Count => _base.Length / Dimension;

    public int QueryCount => _queries.Length / Dimension;

    public ReadOnlySpan<float> Base(int i) => _base.AsSpan(i * Dimension, Dimension);

    public ReadOnlySpan<float> Query(int i) => _queries.AsSpan(i * Dimension, Dimension);

    /// <summary>Numbers of the nearest base vectors of a query, best first.</summary>
    public ReadOnlySpan<int> Truth(int i) => _truth.AsSpan(i * _truthCount, _truthCount);

    /// <summary>The set, or null (and a note why) when it is not there.</summary>
    public static VectorSet? Find(string name)
    {
        string? directory = Environment.GetEnvironmentVariable(DirectoryVariable);
        if (directory is null || !File.Exists(Path.Combine(directory, name + "-gt.ivecs")))
        {
            Report.Note($"going on without the set {name}: {DirectoryVariable} names no directory that has it");
            return null;
        }

        return new VectorSet(name, directory);
    }

    private static T[] Read<T>(string path, out int width)
        where T : unmanaged
    {
        using FileStream file = File.OpenRead(path);
        Span<byte> first = stackalloc byte[sizeof(int)];
        file.ReadExactly(first);
        width = MemoryMarshal.Read<int>(first);
        long rowByteLength = sizeof(int) + ((long)width * sizeof(int));
        var values = new T[file.Length / rowByteLength * width];
        byte[] row = new byte[rowByteLength];
        file.Position = 0;
        for (int at = 0; at < values.Length; at += width)
        {
            file.ReadExactly(row);
            MemoryMarshal.Cast<byte, T>(row.AsSpan(sizeof(int))).CopyTo(values.AsSpan(at));
        }

        return values;
    }
}
