namespace EmbedCache.PowerShell;

/// <summary>
/// Collects a whole pipeline and writes it as one transaction at its end: all of it or nothing. Since the writer lock must not be held
/// while upstream runs, records wait in memory and, beyond a bound, in a temporary file that only its owner can read and that
/// vanishes when it is closed.
/// </summary>
internal sealed class AtomicPutWriter(EmbeddingCache cache, WriterOptions options) : IPutWriter
{
    private readonly EntryBuffer _buffer = new();
    private readonly Queue<BatchOutcome> _outcomes = new();
    private EntrySpool? _spool;

    public long CommittedCount { get; private set; }

    private long AcceptedCount => _buffer.Count + (_spool?.Count ?? 0);

    public void Add(in EmbeddingEntry entry)
    {
        _buffer.Add(entry);
        if (_buffer.ByteLength >= options.ByteLimit)
        {
            _spool ??= new EntrySpool();
            for (int i = 0; i < _buffer.Count; i++)
            {
                _spool.Append(_buffer[i]);
            }

            _buffer.Clear();
        }
    }

    public bool TryTakeOutcome(out BatchOutcome outcome)
    {
        bool some = _outcomes.Count > 0;
        outcome = some ? _outcomes.Dequeue() : null!;
        return some;
    }

    public void ThrowIfFailed()
    {
    }

    public void Complete(IProgress<double>? progress)
    {
        long count = AcceptedCount;
        if (count == 0)
        {
            return;
        }

        long written = 0;
        using (EmbeddingTransaction transaction = WriterLock.Begin(cache, options.BusyTimeout, options.Stopping))
        {
            foreach (EmbeddingEntry entry in Accepted())
            {
                options.Stopping.ThrowIfCancellationRequested();
                transaction.Set(entry);
                if (options.ReportWritten)
                {
                    _outcomes.Enqueue(new BatchOutcome(entry.Key, entry.Role));
                }

                if ((++written & 0xFF) == 0)
                {
                    progress?.Report((double)written / count);
                }
            }

            transaction.Commit();
        }

        CommittedCount = count;
        Abandon();
    }

    public void Abandon()
    {
        _buffer.Clear();
        _spool?.Dispose();
        _spool = null;
    }

    public void Dispose() => Abandon();

    private IEnumerable<EmbeddingEntry> Accepted()
    {
        if (_spool is not null)
        {
            foreach (EmbeddingEntry entry in _spool.Read())
            {
                yield return entry;
            }
        }

        for (int i = 0; i < _buffer.Count; i++)
        {
            yield return _buffer[i];
        }
    }
}
