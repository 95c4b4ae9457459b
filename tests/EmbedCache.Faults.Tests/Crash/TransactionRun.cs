namespace EmbedCache.Faults.Crash;

/// <summary>One transaction of a workload: each change is made to the store and to the dictionary.</summary>
internal sealed class TransactionRun(WorkloadRun run, EmbeddingTransaction transaction, Dictionary<(string Key, EmbeddingRole Role), WorkloadRun.ModelRecord> records)
{
    private const long Day = 86_400_000;

    public Dictionary<(string Key, EmbeddingRole Role), WorkloadRun.ModelRecord> Records => records;

    public void Set(string key, float value, bool hasMetadata = false, bool expires = false, EmbeddingRole role = EmbeddingRole.None)
        => Set(key, value, hasMetadata ? Metadata() : null, expires, role);

    public void Set(string key, float value, EmbeddingMetadata? metadata, bool expires = false, EmbeddingRole role = EmbeddingRole.None)
    {
        float[] vector = [value, 1];
        long expiry = expires ? run.World.Now + (400 * Day) : 0;
        transaction.Set(key, vector, metadata, role, expires ? DateTimeOffset.FromUnixTimeMilliseconds(expiry) : null);
        records[(key, role)] = new(vector, metadata?.ToString() ?? string.Empty, run.World.Now, expiry);
    }

    public void Set(RepeatedSet record)
    {
        run.World.Now = record.Now;
        transaction.Set(record.Key, record.Vector, record.Metadata);
        records[(record.Key, EmbeddingRole.None)] = new(record.Vector, record.Metadata.ToString()!, record.Now, 0);
    }

    public void Touch(string key, bool hasMetadata, EmbeddingRole role = EmbeddingRole.None)
    {
        long expiry = run.World.Now + (500 * Day);
        EmbeddingMetadata? metadata = hasMetadata ? Metadata() : null;
        bool found = transaction.Touch(key, DateTimeOffset.FromUnixTimeMilliseconds(expiry), metadata, role);
        if (found != records.TryGetValue((key, role), out WorkloadRun.ModelRecord? record))
        {
            throw new CrashStateException($"a touch of '{key}' says {found}");
        }

        if (record is not null)
        {
            records[(key, role)] = metadata is null ? record with { Expires = expiry } : record with { Expires = expiry, Metadata = metadata.ToString()! };
        }
    }

    public void Remove(string key, EmbeddingRole role = EmbeddingRole.None)
    {
        if (transaction.Remove(key, role) != records.Remove((key, role)))
        {
            throw new CrashStateException($"a removal of '{key}' says the wrong thing");
        }
    }

    /// <summary>Reading inside a transaction makes it write what it has gathered so far.</summary>
    public void Read(string key, EmbeddingRole role = EmbeddingRole.None)
    {
        if (transaction.Get(key, role) is null == records.ContainsKey((key, role)))
        {
            throw new CrashStateException($"a transaction does not see '{key}' as it is");
        }
    }

    /// <summary>Any change at all.</summary>
    public void ChangeAny(int keyCount)
    {
        Random random = run.Random;
        string key = $"key {random.Next(keyCount)}";
        var role = (EmbeddingRole)random.Next(3);
        switch (random.Next(8))
        {
            case 0:
                Remove(key, role);
                break;
            case 1:
                Touch(key, random.Next(2) == 0, role);
                break;
            case 2:
                Read(key, role);
                break;
            default:
                Set(key, random.Next(1000), random.Next(3) == 0, random.Next(3) == 0, role);
                break;
        }
    }

    private EmbeddingMetadata Metadata() => EmbeddingMetadata.Empty.With("n", (long)run.Random.Next(100)).With("text", new string('m', run.Random.Next(60)));
}
