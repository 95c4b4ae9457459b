namespace EmbedCache.PowerShell;

/// <summary>
/// Notices when a key comes twice in one pipeline. Remembers no text but a 64-bit hash of each (key, role), and no more than 2^18 of them, so that
/// memory stays bounded: 4 MiB at most. By chance two of so many hashes agree once in 500 million pipelines.
/// </summary>
internal sealed class DuplicateKeyWatch
{
    private const int MaxCount = 1 << 18;

    // Open addressing, at most half full; 0 is an empty place.
    private ulong[] _hashes = new ulong[64];
    private int _count;

    /// <summary>Records whose key had come before.</summary>
    public long RepeatCount { get; private set; }

    /// <summary>The first such key.</summary>
    public string? FirstRepeat { get; private set; }

    public void Add(string key, EmbeddingRole role)
    {
        ulong hash = Hash(key, role);
        int place = Find(hash);
        if (_hashes[place] == hash)
        {
            RepeatCount++;
            FirstRepeat ??= key;
        }
        else if (_count < MaxCount)
        {
            _hashes[place] = hash;
            if (++_count > _hashes.Length / 2)
            {
                Grow();
            }
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
        hash ^= hash >> 33;
        return hash == 0 ? 1 : hash;
    }

    private int Find(ulong hash)
    {
        int mask = _hashes.Length - 1;
        int place = (int)hash & mask;
        while (_hashes[place] != 0 && _hashes[place] != hash)
        {
            place = (place + 1) & mask;
        }

        return place;
    }

    private void Grow()
    {
        ulong[] old = _hashes;
        _hashes = new ulong[2 * old.Length];
        foreach (ulong hash in old)
        {
            if (hash != 0)
            {
                _hashes[Find(hash)] = hash;
            }
        }
    }
}
