namespace EmbedCache.Benchmarks.Peers;

/// <summary>
/// What every contestant does: text key in, vector out. Every call starts from the same .NET string, so each pays for its own encoding.
/// </summary>
internal interface IVectorStore : IDisposable
{
    /// <summary>Begins a batch.</summary>
    void Begin();

    /// <summary>Stores one vector: in the batch that was begun, else in a commit of its own.</summary>
    void Put(string key, float[] vector);

    /// <summary>Commits the batch.</summary>
    void Commit();

    /// <summary>Finds a vector and reads its last float, through whatever pointer the store gives without copying.</summary>
    float Touch(string key);

    /// <summary>Copies a vector out.</summary>
    void Copy(string key, float[] destination);
}

/// <summary>How often a commit reaches stable storage.</summary>
internal enum SyncMode
{
    /// <summary>Every commit is synced.</summary>
    Full,

    /// <summary>Synced at checkpoints only: SQLite's synchronous=NORMAL, our Durability.Normal. The file stays whole, the last commits may go.</summary>
    Normal,

    /// <summary>Never synced: whatever the store does when told to leave it all to the system.</summary>
    None,
}

/// <summary>How a store is opened for reading.</summary>
internal enum ReadPattern
{
    /// <summary>Pages are in memory.</summary>
    Hot,

    /// <summary>Pages are on disk and asked for in random order: read-ahead is switched off where the store can be told.</summary>
    Cold,
}

/// <summary>One way to keep vectors.</summary>
/// <param name="System">Name in the results.</param>
/// <param name="Create">Creates a store at a path, for writing vectors of a dimension.</param>
/// <param name="Open">Opens it for reading.</param>
/// <param name="Suffixes">What the store appends to the path for its files; the first is the data file.</param>
internal sealed record StoreKind(string System, Func<string, int, SyncMode, IVectorStore> Create, Func<string, int, ReadPattern, IVectorStore> Open, params string[] Suffixes)
{
    /// <summary>Tells apart the files of stores that differ in nothing but how they are created.</summary>
    public string Variant { get; init; } = string.Empty;

    /// <summary>Says why the store cannot take part on this machine; null when it can.</summary>
    public Func<string?> WhyAbsent { get; init; } = () => null;

    /// <summary>Bytes on disk of all the files of a store.</summary>
    public long AllocatedBytes(string path) => Files(path).Sum(Posix.AllocatedBytes);

    /// <summary>Length of all the files of a store.</summary>
    public long FileBytes(string path) => Files(path).Sum(f => new FileInfo(f).Length);

    /// <summary>Drops the store's pages from the page cache.</summary>
    public void Evict(string path)
    {
        foreach (string file in Files(path).Where(f => new FileInfo(f).Length > 0))
        {
            Posix.Evict(file);
        }
    }

    /// <summary>Deletes the store.</summary>
    public void Delete(string path)
    {
        foreach (string file in Files(path))
        {
            File.Delete(file);
        }
    }

    private IEnumerable<string> Files(string path) => Suffixes.Select(s => path + s).Where(File.Exists);
}
