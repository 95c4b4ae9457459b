namespace EmbedCache.PowerShell;

/// <summary>
/// Notices when a key comes twice in one pipeline. Remembers a 64-bit hash of each (key, role), no text, and of no more than 2^20 of them,
/// so that memory stays bounded; by chance two of so many hashes agree once in 30 million pipelines.
/// </summary>
internal sealed class DuplicateKeyWatch
{
    private const int MaxCount = 1 << 20;

    private readonly HashSet<ulong> _seen = [];

    /// <summary>Records whose key had come before.</summary>
    public long RepeatCount { get; private set; }

    /// <summary>The first such key.</summary>
    public string? FirstRepeat { get; private set; }

    public void Add(string key, EmbeddingRole role)
    {
        ulong hash = Hash(key, role);
        if (_seen.Count < MaxCount ? !_seen.Add(hash) : _seen.Contains(hash))
        {
            RepeatCount++;
            FirstRepeat ??= key;
        }
    }

    /// <summary>FNV-1a over UTF-16 code units, finished by the mixer of MurmurHash3.</summary>
    private static ulong Hash(string key, EmbeddingRole role)
    {
        ulong hash = 14695981039346656037UL ^ (byte)role;
        foreach (char unit in key)
        {
            hash = (hash ^ unit) * 1099511628211UL;
        }

        hash ^= hash >> 33;
        hash *= 0xFF51AFD7ED558CCDUL;
        return hash ^ (hash >> 33);
    }
}
