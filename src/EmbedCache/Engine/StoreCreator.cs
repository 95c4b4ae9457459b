using EmbedCache.Format;
using EmbedCache.Metadata;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>Creates stores.</summary>
internal static class StoreCreator
{
    public static Store Create(string path, EmbeddingCacheCreateOptions options, EngineEnvironment environment)
    {
        FileHeader header = CreateHeader(options, environment);
        string resolved = environment.FileSystem.ResolveLinks(path);
        bool positional = VolumePolicy.ReadsByPosition(environment.FileSystem, resolved, options, forWriting: true);
        if (!options.Overwrite || environment.FileSystem.Identify(resolved) is null)
        {
            return CreateAt(resolved, header, options, environment, positional);
        }

        // Written whole beside it, then renamed over: whoever has the old file open keeps it, and a crash leaves one or the other.
        string temporary = resolved + ".new";
        environment.FileSystem.Delete(temporary);
        CreateAt(temporary, header, options, environment, positional).Dispose();
        try
        {
            environment.FileSystem.Replace(temporary, resolved);
            environment.FileSystem.SyncDirectory(Path.GetDirectoryName(resolved)!);
        }
        catch
        {
            environment.FileSystem.Delete(temporary);
            throw;
        }

        return new Store(environment, options, LogFile.Open(environment.FileSystem, resolved, true, positional));
    }

    private static Store CreateAt(string path, FileHeader header, EmbeddingCacheCreateOptions options, EngineEnvironment environment, bool positional)
    {
        LogFile log = LogFile.Create(environment.FileSystem, path, header, environment.UnixMilliseconds(), options.OwnerOnly, positional);
        var store = new Store(environment, options, log);
        try
        {
            EmbeddingMetadata properties = StoreProperties.Create(options.Model, options.DefaultTimeToLive, options.Index);
            if (properties.Count > 0)
            {
                using WriteTransaction transaction = store.BeginWrite();
                transaction.SetProperties(properties);

                // Whatever the durability: a file that forgot its model would take vectors of any.
                transaction.Commit(mustBeDurable: true);
            }

            return store;
        }
        catch
        {
            store.Dispose();
            environment.FileSystem.Delete(path);
            throw;
        }
    }

    private static FileHeader CreateHeader(EmbeddingCacheCreateOptions options, EngineEnvironment environment)
    {
        if (options.Dimension is < 1 or > FormatConstants.MaxDimension)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.Dimension, $"The dimension must be 1 to {FormatConstants.MaxDimension}");
        }

        if (options.Metric is < Metric.Cosine or > Metric.L2)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.Metric, "Not a metric");
        }

        if (options.KeyStorage is < KeyStorage.Text or > KeyStorage.Digest)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.KeyStorage, "Not a key storage");
        }

        if (options.Index is < IndexMode.Auto or > IndexMode.None)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.Index, "Not an index mode");
        }

        if (options.ReadOnly)
        {
            throw new ArgumentException("A file cannot be created read-only; create it, then open it so", nameof(options));
        }

        if (options.DefaultTimeToLive is { } timeToLive && timeToLive < TimeSpan.FromMilliseconds(1))
        {
            throw new ArgumentOutOfRangeException(nameof(options), timeToLive, "The default time to live must be at least a millisecond");
        }

        return new FileHeader
        {
            Dimension = options.Dimension,
            ElementType = ElementType.Float32,
            Metric = options.Metric,
            KeyStorage = options.KeyStorage,
            StoreId = environment.NewStoreId(),
            Generation = 1,
            Salt = FileSalt.Read(environment.NewSalt()),
            Created = environment.UnixMilliseconds(),
        };
    }
}
