using EmbedCache.Faults.Disk;
using EmbedCache.Storage;

namespace EmbedCache.Faults.Crash;

/// <summary>
/// Does what a workload says to a store, and keeps beside it, in a dictionary, what the store must hold: independently of the engine, so that a wrong
/// answer is seen even without any crash.
/// </summary>
internal sealed class WorkloadRun : IDisposable
{
    private readonly Workload _workload;
    private readonly RecordingFileSystem _recorder;
    private Dictionary<(string Key, EmbeddingRole Role), ModelRecord> _records = [];
    private string? _model;
    private EmbeddingCache? _cache;
    private EmbeddingCache? _second;

    /// <summary>Starts on an empty disk.</summary>
    /// <param name="workload">What will be done.</param>
    /// <param name="durability">With which durability.</param>
    /// <param name="seed">Of all chance.</param>
    /// <param name="disk">Where, behind the recorder; null for one in memory.</param>
    /// <param name="around">Stands between engine and recorder: a mutant.</param>
    public WorkloadRun(Workload workload, Durability durability, int seed, IFileSystem? disk = null, Func<IFileSystem, IFileSystem>? around = null)
    {
        _workload = workload;
        Durability = durability;
        Random = new Random(seed);
        _recorder = new RecordingFileSystem(disk ?? new ImageFileSystem { KnowsAllocation = seed % 4 != 3 });
        History = new History(durability, default(StoreContent));
        _recorder.Promised = () => History.Now;
        World = new StoreWorld(around?.Invoke(_recorder) ?? _recorder, boot: 1, workload.Scale, workload.SaltSeed);
    }

    public Random Random { get; }

    public Durability Durability { get; }

    public History History { get; }

    public StoreWorld World { get; }

    public EmbeddingCache Cache => _cache ?? throw new InvalidOperationException("The store is closed.");

    /// <summary>Everything that was called.</summary>
    public List<DiskEvent> Trace => _recorder.Trace;

    private StoreContent Content
    {
        get
        {
            ulong sum = StoreContent.HashOf(_model);
            foreach (((string key, EmbeddingRole role), ModelRecord record) in _records)
            {
                sum += StoreContent.HashOf(key, role, record.Vector, record.Metadata, record.Created, record.Expires);
            }

            return new StoreContent(sum, _records.Count);
        }
    }

    /// <summary>Runs a whole workload on a disk in memory and closes the store.</summary>
    public static RecordedRun Record(Workload workload, Durability durability, int seed, Func<IFileSystem, IFileSystem>? around = null)
    {
        using var run = new WorkloadRun(workload, durability, seed, around: around);
        workload.Run(run);
        run.Close();
        return new RecordedRun(run.Trace, run.History);
    }

    /// <summary>Creates the store, or puts a new one in its place.</summary>
    public void Create(string? model = null, bool overwrite = false)
    {
        _records = [];
        _model = model;
        if (overwrite)
        {
            History.Begin(Content);
        }
        else
        {
            History.States[0] = Content;
        }

        _cache = World.Create(Durability, model, overwrite);
        if (overwrite)
        {
            History.Acknowledge();
        }

        History.Created();
        History.MadeDurable();
        _recorder.Promise();
    }

    /// <summary>Opens a second handle, as another process would, which takes part from now on.</summary>
    public void OpenSecond() => _second = World.Open(Durability);

    public void Swap() => (_cache, _second) = (_second, _cache);

    public void Close()
    {
        _second?.Dispose();
        _second = null;
        if (_cache is not null)
        {
            _cache.Dispose();
            _cache = null;
            History.MadeDurable();
            _recorder.Promise();
        }
    }

    public void Reopen()
    {
        Close();
        _cache = World.Open(Durability);
    }

    public void Checkpoint()
    {
        Cache.Checkpoint();
        History.MadeDurable();
        _recorder.Promise();
    }

    public void Compact()
    {
        Cache.Compact();
        History.MadeDurable();
        _recorder.Promise();
    }

    /// <summary>Writes whatever sections the engine has for a store of this size.</summary>
    public void Optimize(bool compacts)
    {
        Cache.Optimize(new OptimizeOptions { Compact = compacts }, progress: null, CancellationToken.None);
        History.MadeDurable();
        _recorder.Promise();
    }

    /// <summary>One transaction; what <paramref name="change"/> does to it is committed.</summary>
    public void Commit(Action<TransactionRun> change)
    {
        World.Now++;
        using EmbeddingTransaction transaction = Cache.BeginTransaction();
        var run = new TransactionRun(this, transaction, new(_records));
        change(run);
        _records = run.Records;
        History.Begin(Content);
        transaction.Commit();
        History.Acknowledge();
        _recorder.Promise();
    }

    /// <summary>One transaction that is undone.</summary>
    public void RollBack(Action<TransactionRun> change)
    {
        World.Now++;
        using EmbeddingTransaction transaction = Cache.BeginTransaction();
        change(new TransactionRun(this, transaction, new(_records)));
        transaction.Rollback();
    }

    /// <summary>The store must hold what the dictionary does, now and without any crash.</summary>
    public void RequireAgreement()
    {
        StoreContent found = StoreContent.Of(Cache);
        if (found != Content)
        {
            throw new CrashStateException($"{_workload}: the store holds {found.Count} records that are not the {_records.Count} which were written");
        }
    }

    public void Dispose()
    {
        _second?.Dispose();
        _cache?.Dispose();
    }

    /// <summary>What one record must be.</summary>
    internal sealed record ModelRecord(float[] Vector, string Metadata, long Created, long Expires);
}
