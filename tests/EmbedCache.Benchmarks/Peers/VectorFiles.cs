using System.Runtime.InteropServices;

namespace EmbedCache.Benchmarks.Peers;

/// <summary>
/// A set of vectors, queries and their true neighbours as other libraries' benchmarks keep them: <c>NAME-base.fvecs</c>, <c>NAME-query.fvecs</c> and
/// <c>NAME-gt.ivecs</c>, rows of a count (int32) and as many values of 4 bytes.
/// </summary>
internal sealed class VectorFiles
{
    /// <summary>Names the directory of the sets.</summary>
    public const string DirectoryVariable = "EMBEDCACHE_BENCH_DATA";

    private VectorFiles(string directory, string name)
    {
        Directory = directory;
        Name = name;
        Queries = [.. Rows<float>(Path.Combine(directory, $"{name}-query.fvecs"))];
        Truth = [.. Rows<int>(Path.Combine(directory, $"{name}-gt.ivecs"))];
        Dimension = Queries[0].Length;
        Count = (int)(new FileInfo(BasePath).Length / ((Dimension + 1L) * sizeof(float)));
    }

    public string Directory { get; }

    public string Name { get; }

    public int Dimension { get; }

    public int Count { get; }

    public float[][] Queries { get; }

    /// <summary>For each query the numbers of its nearest by cosine, nearest first.</summary>
    public int[][] Truth { get; }

    private string BasePath => Path.Combine(Directory, $"{Name}-base.fvecs");

    /// <summary>The set of a name, or null where the environment names no directory that has it.</summary>
    public static VectorFiles? TryOpen(string name)
        => Environment.GetEnvironmentVariable(DirectoryVariable) is { Length: > 0 } directory && File.Exists(Path.Combine(directory, $"{name}-gt.ivecs"))
            ? new VectorFiles(directory, name)
            : null;

    /// <summary>The vectors, one at a time.</summary>
    public IEnumerable<float[]> Base() => Rows<float>(BasePath);

    /// <summary>Some of the vectors of a set, without reading anything else of it.</summary>
    public static IEnumerable<float[]> BaseOf(string name, int first, int count)
    {
        string directory = Environment.GetEnvironmentVariable(DirectoryVariable) ?? throw new InvalidOperationException($"{DirectoryVariable} names no directory.");
        return Rows<float>(Path.Combine(directory, $"{name}-base.fvecs"), first).Take(count);
    }

    /// <summary>Share of the true best ten among what each query found.</summary>
    public double Recall(Func<int, IEnumerable<int>> found)
    {
        const int Top = 10;
        int hits = 0;
        for (int i = 0; i < Queries.Length; i++)
        {
            hits += found(i).Intersect(Truth[i].Take(Top)).Count();
        }

        return hits / (double)(Top * Queries.Length);
    }

    private static IEnumerable<T[]> Rows<T>(string path, int first = 0)
        where T : unmanaged
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
        var head = new byte[sizeof(int)];
        if (first > 0)
        {
            stream.ReadExactly(head);
            stream.Position = first * (sizeof(int) + (BitConverter.ToInt32(head) * 4L));
        }

        while (stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length)
        {
            var row = new T[BitConverter.ToInt32(head)];
            stream.ReadExactly(MemoryMarshal.AsBytes(row.AsSpan()));
            yield return row;
        }
    }
}
