using System.Runtime.InteropServices;
using EmbedCache.Faults.Disk;

namespace EmbedCache.Faults.Crash;

/// <summary>All that a store holds, as a sum that does not depend on order: every key, role, vector bit, metadata, time, and the model's name.</summary>
/// <param name="Sum">Sum of the records' hashes.</param>
/// <param name="Count">Live records.</param>
internal readonly record struct StoreContent(ulong Sum, int Count)
{
    /// <summary>What a store holds now.</summary>
    public static StoreContent Of(EmbeddingCache cache)
    {
        ulong sum = HashOf(cache.Model);
        int count = 0;
        foreach (Embedding record in cache.Enumerate())
        {
            sum += HashOf(
                record.Key ?? Convert.ToHexString(record.Digest!),
                record.Role,
                record.Vector.Span,
                record.Metadata.Count == 0 ? string.Empty : record.Metadata.ToString()!,
                record.Created.ToUnixTimeMilliseconds(),
                record.Expires?.ToUnixTimeMilliseconds() ?? 0);
            count++;
        }

        return new StoreContent(sum, count);
    }

    /// <summary>The same in words.</summary>
    public static string Describe(EmbeddingCache cache)
        => $"model {cache.Model ?? "none"}: {string.Join("; ", cache.Enumerate().Select(static record => $"{record.Key}/{record.Role} {record.Vector.Span[0]} {record.Metadata} {record.Created.ToUnixTimeMilliseconds()} {record.Expires?.ToUnixTimeMilliseconds()} @{record.Offset}"))}";

    /// <summary>The same, with one record more.</summary>
    public StoreContent With(ulong record) => new(Sum + record, Count + 1);

    public static ulong HashOf(string? model) => model is null ? 0 : Mixing.Mix(11, model);

    public static ulong HashOf(string key, EmbeddingRole role, ReadOnlySpan<float> vector, string metadata, long created, long expires)
    {
        ulong hash = Mixing.Mix((ulong)role + 7, key);
        hash = Mixing.Mix(hash, MemoryMarshal.AsBytes(vector));
        hash = Mixing.Mix(hash, metadata);
        hash = Mixing.Mix(hash, (ulong)created);
        return Mixing.Mix(hash, (ulong)expires);
    }
}
