namespace EmbedCache.Benchmarks.Peers;

/// <summary>Ours, through the public surface alone.</summary>
internal sealed class EdbStore : IVectorStore
{
    private readonly EmbeddingCache _cache;
    private EmbeddingTransaction? _transaction;

    private EdbStore(EmbeddingCache cache) => _cache = cache;

    public static string PathOf(string path) => path + ".edb";

    /// <summary>A store of keys and vectors, as the other systems keep them: without codes for searches.</summary>
    public static IVectorStore Create(string path, int dimension, SyncMode sync) => Create(path, dimension, sync, IndexMode.None);

    /// <summary>A store that searches well.</summary>
    public static IVectorStore CreateCoded(string path, int dimension, SyncMode sync) => Create(path, dimension, sync, IndexMode.Codes);

    /// <summary>A store as it is made for who says nothing: with codes, and a graph that is begun in the background and at close.</summary>
    public static IVectorStore CreateDefault(string path, int dimension, SyncMode sync) => Create(path, dimension, sync, IndexMode.Auto);

    /// <summary>The same, but closing does not go on with the graph.</summary>
    public static IVectorStore CreateWithoutWaiting(string path, int dimension, SyncMode sync) => Create(path, dimension, sync, IndexMode.Auto, TimeSpan.Zero);

    private static EdbStore Create(string path, int dimension, SyncMode sync, IndexMode index, TimeSpan? indexing = null)
    {
        var options = new EmbeddingCacheCreateOptions
        {
            Dimension = dimension,
            Metric = Metric.Cosine,
            Durability = sync == SyncMode.Full ? Durability.Full : Durability.Normal,
            Index = index,
            Overwrite = true,
        };
        options.IndexingTimeout = indexing ?? options.IndexingTimeout;
        return new EdbStore(EmbeddingCache.Create(PathOf(path), options));
    }

    public static IVectorStore Open(string path, int dimension, ReadPattern pattern)
        => new EdbStore(EmbeddingCache.Open(PathOf(path), new EmbeddingCacheOptions { ReadOnly = true }));

    public void Begin() => _transaction = _cache.BeginTransaction();

    public void Put(string key, float[] vector)
    {
        if (_transaction is null)
        {
            _cache.Set(key, vector);
        }
        else
        {
            _transaction.Set(key, vector);
        }
    }

    public void Commit()
    {
        _transaction!.Commit();
        _transaction.Dispose();
        _transaction = null;
    }

    public float Touch(string key)
    {
        if (!_cache.TryGet(key, out EmbeddingLease lease))
        {
            throw new KeyNotFoundException(key);
        }

        using (lease)
        {
            return lease.Vector[^1];
        }
    }

    public void Copy(string key, float[] destination)
    {
        if (!_cache.TryGet(key, destination))
        {
            throw new KeyNotFoundException(key);
        }
    }

    public void Dispose() => _cache.Dispose();
}
