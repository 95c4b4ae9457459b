using EmbedCache.Faults.Crash;
using EmbedCache.Faults.Disk;

namespace EmbedCache.Faults.Injection;

/// <summary>
/// Does a little of everything to a store on a device that fails at one call, and holds the engine to its word at that call: the error is typed; the
/// handle was rolled back and goes on, or is poisoned and says so; opened again, the store holds what was acknowledged.
/// </summary>
internal sealed class FaultRun
{
    private readonly FailingFileSystem _failing;
    private readonly RecordingFileSystem _recorder;
    private readonly StoreWorld _world;
    private readonly Durability _durability;
    private readonly Dictionary<string, ulong> _records = [];
    private StoreContent _content;
    private EmbeddingCache? _cache;
    private bool _hasCommitted;
    private string _step = "start";

    public FaultRun(Durability durability, FaultPlan? plan, Func<FailingFileSystem, EmbedCache.Storage.IFileSystem>? around = null)
    {
        _durability = durability;
        History = new History(durability, default(StoreContent));
        _recorder = new RecordingFileSystem(new ImageFileSystem()) { Promised = () => History.Now };
        int flushes = 0;
        _failing = new FailingFileSystem(_recorder, file => _recorder.FlushFailed(file, 1 + (plan?.Call ?? 0) + flushes++)) { Plan = plan, Poisons = around is null };
        _world = new StoreWorld(around?.Invoke(_failing) ?? _failing, boot: 1);
    }

    public History History { get; }

    public List<DiskEvent> Trace => _recorder.Trace;

    /// <summary>Every call that was made.</summary>
    public List<DiskOperation> Calls => _failing.Calls;

    /// <summary>Calls that were made to fail.</summary>
    public int FailureCount => _failing.FailureCount;

    /// <summary>Failures that a caller was told of.</summary>
    public int ReportedCount { get; private set; }

    /// <summary>Runs everything; a fault that sticks is lifted when it has been seen.</summary>
    /// <exception cref="CrashStateException">The engine broke its word.</exception>
    public void Run()
    {
        Create();
        Commit("a batch", transaction => Set(transaction, 0, 3));
        Commit("a record", transaction => Set(transaction, 3, 4));
        Commit("a change and a removal", transaction =>
        {
            Set(transaction, 1, 2);
            Remove(transaction, "key 0");
        });
        Commit("a large transaction", transaction =>
        {
            Set(transaction, 4, 34);
            transaction.Get("key 5");
            Set(transaction, 34, 40);
        });
        RollBack();
        Do("a checkpoint", static cache => cache.Checkpoint(), MakesDurable: true);
        Commit("a record behind the checkpoint", transaction => Set(transaction, 40, 41));
        Reopen();
        Commit("a record after reopening", transaction => Set(transaction, 41, 42));
        Do("reading", static cache =>
        {
            _ = cache.FindSimilar([1, 2], 3);
            _ = cache.Verify();
            _ = cache.GetInfo(countExpired: true);
            _ = cache.Get("key 7");
        });
        Do("a compaction", static cache => cache.Compact(), MakesDurable: true);
        Commit("a record after the compaction", transaction => Set(transaction, 42, 43));
        Commit("a removal after it", transaction => Remove(transaction, "key 42"));
        Reopen();
        Close();
        _failing.Plan = null;
        Open();
        RequireContent("at the end");
        Close();
    }

    private void Create()
    {
        _step = "creation";
        try
        {
            _content = new StoreContent(StoreContent.HashOf("m"), 0);
            History.States[0] = _content;
            _cache = _world.Create(_durability, "m");
        }
        catch (Exception e)
        {
            RequireTyped(e);
            Lift();
            _cache = _world.Create(_durability, "m", overwrite: true);
        }

        History.Created();
        History.MadeDurable();
        _recorder.Promise();
        RequireContent("after creation");
    }

    private void Commit(string step, Action<EmbeddingTransaction> change)
    {
        _step = step;
        _world.Now++;
        StoreContent before = _content;
        var records = new Dictionary<string, ulong>(_records);
        bool isInFlight = false;
        try
        {
            using EmbeddingTransaction transaction = _cache!.BeginTransaction();
            change(transaction);
            History.Begin(_content);
            isInFlight = true;
            transaction.Commit();
            _hasCommitted = true;
            History.Acknowledge();
            _recorder.Promise();
            return;
        }
        catch (Exception e)
        {
            RequireTyped(e);
            bool mayBeThere = isInFlight && e is DeviceFailedException { IsPoisoned: true };
            StoreContent attempted = _content;
            var attemptedRecords = new Dictionary<string, ulong>(_records);
            if (isInFlight && !mayBeThere)
            {
                History.Withdraw();
            }

            TakeBack(before, records);
            Recover(e, mayBeThere ? attempted : null, attemptedRecords);
        }

        // Whether it is there or not: once more, so that what follows finds what it expects.
        if (_content == before)
        {
            Commit(step + ", again", change);
        }
    }

    private void RollBack()
    {
        _step = "a rollback";
        StoreContent before = _content;
        var records = new Dictionary<string, ulong>(_records);
        try
        {
            using EmbeddingTransaction transaction = _cache!.BeginTransaction();
            Set(transaction, 100, 130);
            transaction.Get("key 101");
            transaction.Rollback();
            TakeBack(before, records);
        }
        catch (Exception e)
        {
            RequireTyped(e);
            TakeBack(before, records);
            Recover(e, null, []);
        }
    }

    private void Do(string step, Action<EmbeddingCache> action, bool MakesDurable = false)
    {
        _step = step;
        try
        {
            action(_cache!);
            if (MakesDurable)
            {
                History.MadeDurable();
                _recorder.Promise();
            }
        }
        catch (Exception e)
        {
            RequireTyped(e);
            Recover(e, null, []);
        }
    }

    private void Reopen()
    {
        Close();
        Open();
    }

    private void Close()
    {
        _step = "closing";
        try
        {
            _cache?.Dispose();
            if (_hasCommitted)
            {
                // A handle that wrote nothing makes nothing durable.
                History.MadeDurable();
                _recorder.Promise();
            }
        }
        catch (Exception e)
        {
            RequireTyped(e);
            Lift();
        }

        _cache = null;
    }

    private void Open()
    {
        _step = "opening";
        try
        {
            _hasCommitted = false;
            _cache = _world.Open(_durability);
        }
        catch (Exception e)
        {
            RequireTyped(e);
            Lift();
            _cache = _world.Open(_durability);
        }

        RequireContent("after opening");
    }

    /// <summary>After an error: the handle goes on, or is poisoned and the store is opened again.</summary>
    private void Recover(Exception error, StoreContent? inFlight, Dictionary<string, ulong> inFlightRecords)
    {
        if (error is not DeviceFailedException { IsPoisoned: true })
        {
            Lift();
            RequireContent("in the handle, after an error that is not fatal");
            return;
        }

        try
        {
            _cache!.Set("refused", [1, 1]);
            throw new CrashStateException($"{_step}: a poisoned handle took a write");
        }
        catch (DeviceFailedException e) when (e.IsPoisoned)
        {
        }

        Lift();
        StoreContent seen = StoreContent.Of(_cache!);
        Require(seen == _content || seen == inFlight, "a poisoned handle reads something else than before or after");
        _cache!.Dispose();
        _hasCommitted = false;
        _cache = _world.Open(_durability);
        seen = StoreContent.Of(_cache);
        if (seen == inFlight && seen != _content)
        {
            TakeBack(seen, inFlightRecords);
            History.Adopt();
        }
        else if (inFlight is not null)
        {
            History.Withdraw();
        }

        RequireContent("in the store that was opened again after a failed fsync");
    }

    /// <summary>A device that goes on failing is replaced, as soon as its failure was reported.</summary>
    private void Lift()
    {
        if (_failing.Plan is { IsSticky: true } && _failing.FailureCount > 0)
        {
            _failing.Plan = null;
        }
    }

    private void RequireTyped(Exception error)
    {
        Require(_failing.FailureCount > 0, $"fails where nothing was made to: {error}");
        ReportedCount++;
        bool isTyped = error is DeviceFailedException || (error is FileBusyException { InnerException: DeviceFailedException });
        Require(isTyped, $"says {error}");
    }

    private void RequireContent(string when)
    {
        StoreContent found;
        try
        {
            found = StoreContent.Of(_cache!);
        }
        catch (DeviceFailedException) when (_failing.FailureCount > 0 && _failing.Plan is not null)
        {
            Lift();
            found = StoreContent.Of(_cache!);
        }

        if (found != _content)
        {
            Require(false, $"{when}: {History.Describe(found)}, expected {History.Describe(_content)}: {StoreContent.Describe(_cache!)}");
        }
    }

    private void Require(bool condition, string problem)
    {
        if (!condition)
        {
            throw new CrashStateException($"at {_step}: {problem}");
        }
    }

    private void Set(EmbeddingTransaction transaction, int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            float[] vector = [i, 1];
            transaction.Set($"key {i}", vector);
            Put($"key {i}", StoreContent.HashOf($"key {i}", EmbeddingRole.None, vector, string.Empty, _world.Now, 0));
        }
    }

    private void Remove(EmbeddingTransaction transaction, string key)
    {
        transaction.Remove(key);
        if (_records.Remove(key, out ulong hash))
        {
            _content = new StoreContent(_content.Sum - hash, _content.Count - 1);
        }
    }

    private void Put(string key, ulong hash)
    {
        _records.TryGetValue(key, out ulong before);
        _content = new StoreContent(_content.Sum - before + hash, _content.Count + (before == 0 ? 1 : 0));
        _records[key] = hash;
    }

    private void TakeBack(StoreContent content, Dictionary<string, ulong> records)
    {
        _content = content;
        _records.Clear();
        foreach ((string key, ulong hash) in records)
        {
            _records.Add(key, hash);
        }
    }
}
