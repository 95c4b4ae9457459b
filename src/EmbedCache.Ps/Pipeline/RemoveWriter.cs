namespace EmbedCache.PowerShell;

/// <summary>What Remove-Embedding removes: a record by key and role, or by raw digest and role.</summary>
internal readonly struct RemovalTarget(string? key, byte[]? digest, EmbeddingRole role)
{
    public string? Key { get; } = key;

    public byte[]? Digest { get; } = digest;

    public EmbeddingRole Role { get; } = role;

    public string Name => Key ?? DigestText.Format(Digest);
}

/// <summary>Commits removals in batches.</summary>
internal sealed class RemoveWriter(EmbeddingCache cache, WriterOptions options) : BatchWriter(cache, options)
{
    private readonly List<RemovalTarget> _targets = [];
    private long _byteLength;

    protected override int PendingCount => _targets.Count;

    protected override long PendingByteLength => _byteLength;

    public void Add(in RemovalTarget target)
    {
        lock (Gate)
        {
            ThrowIfFailed();
            _targets.Add(target);
            _byteLength += 64 + (2L * (target.Key?.Length ?? 0));
            OnAdded();
        }
    }

    protected override int WritePending(EmbeddingCache cache, EmbeddingTransaction transaction, Queue<BatchOutcome> outcomes)
    {
        int removed = 0;
        foreach (RemovalTarget target in _targets)
        {
            var outcome = new BatchOutcome(target.Key, target.Role) { Target = target.Name };
            try
            {
                outcome.Found = Remove(cache, transaction, target, outcome);
                removed += outcome.Found ? 1 : 0;
            }
            catch (InvalidEmbeddingException refused)
            {
                outcome.Error = refused;
            }

            if (!outcome.Found || outcome.Error is not null || Options.ReportWritten)
            {
                outcomes.Enqueue(outcome);
            }
        }

        return removed;
    }

    protected override void ClearPending()
    {
        _targets.Clear();
        _byteLength = 0;
    }

    private bool Remove(EmbeddingCache cache, EmbeddingTransaction transaction, in RemovalTarget target, BatchOutcome outcome)
    {
        if (target.Digest is { } digest)
        {
            // Nobody else can write now: what the cache shows is what the transaction removes.
            outcome.Removed = Options.ReportWritten ? cache.GetByDigest(digest, target.Role) : null;
            return transaction.RemoveByDigest(digest, target.Role);
        }

        outcome.Removed = Options.ReportWritten ? transaction.Get(target.Key!, target.Role) : null;
        return transaction.Remove(target.Key!, target.Role);
    }
}
