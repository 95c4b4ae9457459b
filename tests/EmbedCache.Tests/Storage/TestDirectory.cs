using EmbedCache.Storage;

namespace EmbedCache.Tests.Storage;

/// <summary>A directory of one test's own, removed with it.</summary>
public sealed class TestDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("edb-test-").FullName;

    /// <summary>A path in it.</summary>
    public string PathTo(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);

    /// <summary>Creates a file with these bytes and leaves it open.</summary>
    internal IStoreFile Create(string name, ReadOnlySpan<byte> content = default)
    {
        IStoreFile file = PlatformFileSystem.Instance.Open(PathTo(name), FileOpenMode.CreateNew);
        file.WriteAt(0, content);
        return file;
    }

    /// <summary>Bytes that no accident repeats.</summary>
    internal static byte[] RandomBytes(int count, int seed = 1)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
