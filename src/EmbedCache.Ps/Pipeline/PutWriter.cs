namespace EmbedCache.PowerShell;

/// <summary>Where Set-Embedding puts accepted records.</summary>
internal interface IPutWriter : IDisposable
{
    long CommittedCount { get; }

    /// <summary>Takes a record that the engine's Validate accepted. Its vector is copied.</summary>
    void Add(in EmbeddingEntry entry);

    bool TryTakeOutcome(out BatchOutcome outcome);

    void ThrowIfFailed();

    /// <summary>The pipeline has ended well: commits everything.</summary>
    void Complete(IProgress<double>? progress);

    /// <summary>The pipeline was cut short: keeps or drops what was accepted, by the writer's promise.</summary>
    void Abandon();
}

/// <summary>Commits records in batches: what was accepted stays, however the pipeline ends.</summary>
internal sealed class PutWriter(EmbeddingCache cache, WriterOptions options) : BatchWriter(cache, options), IPutWriter
{
    private readonly EntryBuffer _buffer = new();

    protected override int PendingCount => _buffer.Count;

    protected override long PendingByteLength => _buffer.ByteLength;

    public void Add(in EmbeddingEntry entry)
    {
        lock (Gate)
        {
            ThrowIfFailed();
            _buffer.Add(entry);
            OnAdded();
        }
    }

    public void Complete(IProgress<double>? progress) => Flush();

    public void Abandon() => Flush(keepOnStop: true);

    protected override int WritePending(EmbeddingCache cache, EmbeddingTransaction transaction, Queue<BatchOutcome> outcomes)
    {
        int written = 0;
        for (int i = 0; i < _buffer.Count; i++)
        {
            EmbeddingEntry entry = _buffer[i];
            try
            {
                transaction.Set(entry);
                written++;
                if (Options.ReportWritten)
                {
                    outcomes.Enqueue(new BatchOutcome(entry.Key, entry.Role));
                }
            }
            catch (InvalidEmbeddingException refused)
            {
                outcomes.Enqueue(new BatchOutcome(entry.Key, entry.Role) { Error = refused });
            }
        }

        return written;
    }

    protected override void ClearPending() => _buffer.Clear();
}
