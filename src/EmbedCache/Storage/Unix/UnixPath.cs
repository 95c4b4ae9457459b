using System.Text;

namespace EmbedCache.Storage.Unix;

/// <summary>Paths as the C library takes them: UTF-8 and a zero.</summary>
internal static class UnixPath
{
    private const int MaxBytesPerChar = 3;

    [ThreadStatic]
    private static byte[]? t_scratch;

    /// <summary>Encodes into an array of its own.</summary>
    public static byte[] Encode(string path)
    {
        Check(path);
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(path) + 1];
        Encoding.UTF8.GetBytes(path, 0, path.Length, bytes, 0);
        return bytes;
    }

    /// <summary>Encodes into an array of this thread, good until the next call here. Allocates only for a path longer than all before.</summary>
    public static byte[] EncodeToScratch(string path)
    {
        Check(path);
        byte[]? bytes = t_scratch;
        int most = (path.Length * MaxBytesPerChar) + 1;
        if (bytes is null || bytes.Length < most)
        {
            bytes = t_scratch = new byte[Math.Max(most, 512)];
        }

        bytes[Encoding.UTF8.GetBytes(path, 0, path.Length, bytes, 0)] = 0;
        return bytes;
    }

    /// <summary>A path cut off at a zero would lead somewhere else.</summary>
    private static void Check(string path)
    {
        if (path.Length == 0 || path.IndexOf('\0') >= 0)
        {
            throw new ArgumentException("A path must not be empty or hold a null character.", nameof(path));
        }
    }
}
