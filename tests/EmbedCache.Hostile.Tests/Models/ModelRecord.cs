namespace EmbedCache.Hostile.Tests.Models;

/// <summary>What the model knows of a live record. Times are Unix milliseconds; an expiry of 0 is none.</summary>
/// <param name="Key">The text.</param>
/// <param name="Role">Part of what identifies it.</param>
/// <param name="Vector">As it was set.</param>
/// <param name="Metadata">Empty for none.</param>
/// <param name="Created">When its vector was set.</param>
/// <param name="Expires">When it ceases to be seen.</param>
internal sealed record ModelRecord(string Key, EmbeddingRole Role, float[] Vector, EmbeddingMetadata Metadata, long Created, long Expires);

/// <summary>The plain dictionary that a store is held against, and brute force over it.</summary>
internal sealed class StoreModel
{
    // In the order of the log: whatever is set or touched goes to the end.
    private readonly List<ModelRecord> _records;

    public StoreModel() => _records = [];

    private StoreModel(StoreModel other)
    {
        _records = [.. other._records];
        FrameCount = other.FrameCount;
    }

    /// <summary>Sets and touches since the last compaction: what takes an ordinal.</summary>
    public long FrameCount { get; private set; }

    /// <summary>A copy for a transaction to change.</summary>
    public StoreModel Clone() => new(this);

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<ModelRecord> LiveAt(long now) => _records.FindAll(record => !IsExpired(record, now));

    public int CountWithExpired => _records.Count;

    public ModelRecord? Find(string key, EmbeddingRole role, long now) => _records.Find(record => Has(record, key, role) && !IsExpired(record, now));

    public void Set(ModelRecord record)
    {
        _records.RemoveAll(old => Has(old, record.Key, record.Role));
        _records.Add(record);
        FrameCount++;
    }

    public bool Touch(string key, EmbeddingRole role, long expires, EmbeddingMetadata? metadata, long now)
    {
        if (Find(key, role, now) is not { } record)
        {
            return false;
        }

        Set(record with { Expires = expires, Metadata = metadata ?? record.Metadata });
        return true;
    }

    /// <summary>An expired record goes too, but is reported as absent.</summary>
    public bool Remove(string key, EmbeddingRole role, long now)
    {
        bool isLive = Find(key, role, now) is not null;
        _records.RemoveAll(old => Has(old, key, role));
        return isLive;
    }

    public void Compact(long now)
    {
        _records.RemoveAll(record => IsExpired(record, now));
        FrameCount = _records.Count;
    }

    /// <summary>The score of a record in binary64, from FORMAT.md's table.</summary>
    public static double Score(Metric metric, float[] query, float[] vector)
    {
        double dot = query.Zip(vector, static (a, b) => (double)a * b).Sum();
        return metric switch
        {
            Metric.Dot => dot,
            Metric.L2 => -Math.Sqrt(query.Zip(vector, static (a, b) => ((double)a - b) * ((double)a - b)).Sum()),
            _ => dot / (Norm(query) * Norm(vector)),
        };
    }

    private static double Norm(float[] vector) => Math.Sqrt(vector.Sum(static element => (double)element * element));

    private static bool Has(ModelRecord record, string key, EmbeddingRole role) => record.Role == role && string.Equals(record.Key, key, StringComparison.Ordinal);

    private static bool IsExpired(ModelRecord record, long now) => record.Expires != 0 && record.Expires <= now;
}
