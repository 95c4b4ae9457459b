using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Numerics;

namespace EmbedCache.Engine;

/// <summary>What Set holds against a record before it stores anything.</summary>
internal static class VectorEntry
{
    /// <summary>Checks the vector and gives its norm.</summary>
    public static float Measure(Store store, string? key, ReadOnlySpan<float> vector)
        => VectorRules.Measure(vector, store.Header.Dimension, store.Header.Metric, key ?? string.Empty, store.Path);

    /// <summary>Checks everything about a record.</summary>
    public static void Validate(Store store, in EmbeddingEntry entry)
    {
        StoredKey.FromText(entry.Key, entry.Role, store.Header, new byte[StoredKey.BufferByteLength(entry.Key)], store.Path);
        Measure(store, entry.Key, entry.Vector.Span);
        ExpiryOf(entry.Expires, entry.Key, store.Path);
    }

    /// <summary>An expiry as the file keeps it: Unix milliseconds, 0 for never.</summary>
    /// <exception cref="InvalidEmbeddingException">Not after 1970.</exception>
    public static long ExpiryOf(DateTimeOffset? expires, string? key, string path)
    {
        if (expires is not { } time)
        {
            return 0;
        }

        long milliseconds = UnixTime.FromDateTimeOffset(time);
        return milliseconds > 0
            ? milliseconds
            : throw new InvalidEmbeddingException(InvalidEmbeddingReason.InvalidExpiry, $"The expiry {time:u} of '{StoredKey.Display(key ?? string.Empty)}' is not after 1970-01-01", key, path);
    }
}
