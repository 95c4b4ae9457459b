using System.Runtime.InteropServices;
using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Metadata;
using EmbedCache.Numerics;
using EmbedCache.Primitives;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>
/// A transaction in the making: appends frames, keeps the unindexed part short however large the transaction grows, and in the end is published
/// or leaves no trace.
/// </summary>
internal sealed class WriteTransaction : IDisposable
{
    /// <summary>Most entries that stand outside the index, also inside one transaction.</summary>
    public const int MaxUnindexedCount = 4096;

    private readonly Store _store;
    private readonly LogAppender _appender;
    private readonly FileHeader _header;
    private IndexState _index;
    private long _recordCount;
    private long _tombstoneCount;
    private VectorCodec? _codec;
    private byte[] _encoded = [];
    private bool _isCodecKnown;
    private bool _isTailIndexed;
    private bool _areCodesBegun;
    private bool _isPublished;
    private bool _isEnded;

    public WriteTransaction(Store store, Snapshot snapshot, LogAppender appender)
    {
        _store = store;
        _appender = appender;
        _header = snapshot.Log.Header;
        Snapshot = snapshot;
        _index = snapshot.Index;
        _recordCount = snapshot.Slot.RecordCount;
        _tombstoneCount = snapshot.Slot.TombstoneCount;
        MaxUnindexed = store.Environment.Limits.MaxUnindexedCount;
    }

    /// <summary>What the transaction started from.</summary>
    public Snapshot Snapshot { get; }

    /// <summary>Entries that may stand outside the index before a section is written for them.</summary>
    public int MaxUnindexed { get; set; }

    /// <summary>What it appended since its last index flush.</summary>
    public TailTable Pending { get; private set; } = new();

    /// <summary>What vectors are encoded with; null keeps them as they are.</summary>
    public VectorCodec? Codec
    {
        get
        {
            if (!_isCodecKnown)
            {
                Codec = Recoder.CodecOf(Snapshot);
            }

            return _codec;
        }

        set
        {
            _codec = value;
            _encoded = new byte[value?.ByteLength ?? 0];
            _isCodecKnown = true;
        }
    }

    /// <summary>Where frames go that a compaction writes by itself.</summary>
    public LogAppender Appender => _appender;

    /// <summary>Appends a Record, its vector encoded as the file keeps vectors.</summary>
    /// <param name="key">The key.</param>
    /// <param name="text">What the user calls it, for messages.</param>
    /// <param name="vector">The vector.</param>
    /// <param name="metadata">Encoded metadata.</param>
    /// <param name="expires">Unix milliseconds, 0 for never.</param>
    /// <param name="created">Unix milliseconds.</param>
    /// <exception cref="InvalidEmbeddingException">The vector is refused; nothing was appended.</exception>
    public void Put(in StoredKey key, string text, ReadOnlySpan<float> vector, ReadOnlySpan<byte> metadata, long expires, long created)
    {
        VectorRules.RequireDimension(vector, _header.Dimension, text, _store.Path);
        if (Codec is { } codec)
        {
            float given = VectorRules.RequireNorm(vector, VectorNorm.SumOfSquares(vector), _header.Metric, text, _store.Path);
            bool isEncoded = codec.TryEncode(vector, _encoded, out EncodedVector encoded) && encoded.Residual <= Snapshot.Properties.MaxAcceptedResidual;
            PutStored(key, isEncoded ? new StoredVector(_encoded, encoded.Norm, codec.Encoding, codec.CodebookNumber) : StoredVector.Floats(vector, given), metadata, expires, created);
            return;
        }

        int vectorByteLength = vector.Length * sizeof(float);
        Span<byte> frame = _appender.Reserve((long)vectorByteLength + key.Bytes.Length + metadata.Length);
        double sumOfSquares = VectorNorm.CopyAndSumSquares(vector, frame.Slice(RecordFrame.VectorOffset, vectorByteLength), out uint crc);
        float norm = VectorRules.RequireNorm(vector, sumOfSquares, _header.Metric, text, _store.Path);
        AddCode(frame.Slice(RecordFrame.VectorOffset, vectorByteLength), sumOfSquares);
        PutAround(frame, key, new StoredVector(frame.Slice(RecordFrame.VectorOffset, vectorByteLength), norm, RecordEncoding.Float32, 0), crc, metadata, expires, created);
    }

    /// <summary>Appends a Record whose vector is as it is to stand in the file.</summary>
    public void PutStored(in StoredKey key, scoped in StoredVector vector, ReadOnlySpan<byte> metadata, long expires, long created)
    {
        Span<byte> frame = _appender.Reserve((long)vector.Bytes.Length + key.Bytes.Length + metadata.Length);
        vector.Bytes.CopyTo(frame.Slice(RecordFrame.VectorOffset));
        PutAround(frame, key, vector, Crc32.Compute(vector.Bytes), metadata, expires, created);
    }

    /// <summary>Appends a Touch or, where there is no such record, does nothing and returns false. Null metadata keeps what there is.</summary>
    public bool Touch(in StoredKey key, EmbeddingMetadata? metadata, long expires, long created)
    {
        if (!TryFind(key, out long offset, out RecordFrame found) || found.IsExpired(created))
        {
            return false;
        }

        byte[] encoded = metadata is null ? RecordReader.Metadata(Snapshot.Log, offset, found).ToArray() : MetadataCodec.Encode(metadata);
        RecordFrame touch = CreateFrame(FrameKind.Touch, key, created) with
        {
            MetadataByteLength = encoded.Length,
            Expires = expires,
            TouchedRecord = found.Header.Kind == FrameKind.Touch ? found.TouchedRecord : offset,
        };
        Span<byte> frame = _appender.Reserve(touch.PayloadByteLength);
        touch.Write(frame);
        Complete(frame, touch, key, encoded, crc: 0);
        return true;
    }

    /// <summary>Appends a Tombstone; false when the key has no record (an expired one is removed too, but reported as absent).</summary>
    public bool Remove(in StoredKey key, long created)
    {
        if (!TryFind(key, out _, out RecordFrame found))
        {
            return false;
        }

        RecordFrame tombstone = CreateFrame(FrameKind.Tombstone, key, created);
        Span<byte> frame = _appender.Reserve(tombstone.PayloadByteLength);
        tombstone.Write(frame);
        Complete(frame, tombstone, key, default, crc: 0);
        return !found.IsExpired(created);
    }

    /// <summary>The live frame of a key as this transaction sees it.</summary>
    public bool TryFind(in StoredKey key, out long offset, out RecordFrame frame)
    {
        for (int index = Pending.FindNewest(key.Hash, Pending.Count); index >= 0; index = Pending.FindOlder(index))
        {
            MakeReadable();
            offset = Pending[index].Offset;
            if (KeyComparer.Matches(Snapshot.Log, offset, _appender.NextOffset, key, out frame))
            {
                return frame.Header.Kind != FrameKind.Tombstone;
            }
        }

        if (!_isTailIndexed)
        {
            return Snapshot.TryFind(key, out offset, out frame);
        }

        return IndexLookup.TryFind(Snapshot.Log, _index.Segments, key, _appender.NextOffset, out offset, out frame);
    }

    /// <summary>Replaces the properties.</summary>
    public void SetProperties(EmbeddingMetadata values)
    {
        byte[] payload = MetadataCodec.Encode(values);
        Span<byte> frame = _appender.Reserve(payload.Length);
        new PayloadFrame { Header = new FrameHeader { Kind = FrameKind.Properties }, PayloadByteLength = (uint)payload.Length }.Write(frame);
        payload.CopyTo(frame.Slice(PayloadFrame.PayloadOffset));
        long offset = _appender.Seal(frame, FrameKind.Properties, payload.Length);
        MakeReadable();
        _index = _index.With(StoreProperties.Read(Snapshot.Log, offset, _appender.NextOffset));
    }

    /// <summary>Writes index sections for everything that none covers.</summary>
    /// <param name="mergeAll">Also make one segment of all there are.</param>
    public void IndexTail(bool mergeAll = false)
    {
        MakeReadable();
        var entries = new List<TailTable.Entry>();
        if (!_isTailIndexed)
        {
            for (int i = 0; i < Snapshot.TailCount; i++)
            {
                entries.Add(Snapshot.Tail.Table[i]);
            }
        }

        for (int i = 0; i < Pending.Count; i++)
        {
            entries.Add(Pending[i]);
        }

        if (entries.Count == 0 && !(mergeAll && _index.Segments.Length > 1))
        {
            return;
        }

        if (ReferenceEquals(_index, Snapshot.Index))
        {
            // Where the catalog was lost, the properties were found in the tail, and must not fall out of sight with it.
            _index = _index.With(Snapshot.Properties);
        }

        long before = _index.OrdinalCount;
        _index = new Indexer(Snapshot.Log, _appender, MakeReadable).Extend(_index, entries, mergeAll);
        _index = new CodeIndexer(Snapshot.Log, _appender, MakeReadable, _store.FreshCodes).Extend(_index, _index.OrdinalCount - before, _store.Environment.CodesThreshold);
        _index = new ColumnIndexer(Snapshot.Log, _appender, MakeReadable).Extend(_index, _index.OrdinalCount - before, _store.Environment.CodesThreshold);
        _isTailIndexed = true;
        _areCodesBegun = false;
        Pending = new TailTable();
    }

    /// <summary>Writes short codes for everything that is indexed.</summary>
    public void WriteShortCodes(Action<double> progress, CancellationToken cancellationToken)
        => _index = new ShortCodeIndexer(Snapshot.Log, _appender, MakeReadable, cancellationToken).Extend(_index, progress);

    /// <summary>Appends a section that search is faster with, in the place of others.</summary>
    /// <param name="removed">Sections in use that it replaces.</param>
    /// <param name="frame">Its header.</param>
    /// <param name="writeEntries">Writes its entries.</param>
    public void ReplaceDerived(IReadOnlyCollection<CatalogEntry> removed, in SectionFrame frame, Action<SectionWriter> writeEntries)
    {
        SectionExtent written = _appender.AppendSection(frame, writeEntries);
        MakeReadable();
        if (ReferenceEquals(_index, Snapshot.Index))
        {
            // As when indexing: where the catalog was lost, the properties were found in the tail.
            _index = _index.With(Snapshot.Properties);
        }

        _index = _index.WithDerived(removed, [IndexState.Describe(written)]);
    }

    /// <summary>Lets the commit write a catalog, though nothing is new: a durable one gives back what it can of the replaced sections, and names them no more.</summary>
    public void WriteCatalogAgain() => _index = _index.With(Snapshot.Properties);

    /// <summary>Publishes the transaction. An empty one writes nothing.</summary>
    /// <param name="mustBeDurable">With an fsync whatever the durability.</param>
    public void Commit(bool mustBeDurable = false)
    {
        ThrowIfEnded();
        bool isDurable = mustBeDurable || _store.IsCommitDurable(Snapshot, _appender.NextOffset);
        CatalogEntry[] punchable = [];
        bool hasNewIndex = !ReferenceEquals(_index, Snapshot.Index);
        long catalogOffset = Snapshot.Slot.CatalogOffset;
        if (hasNewIndex)
        {
            punchable = isDurable ? HolePuncher.Select(Snapshot) : [];
            _index = HolePuncher.Without(_index, punchable);
            catalogOffset = AppendCatalog();
        }

        if (!_appender.IsEmpty)
        {
            _appender.MarkCommit();
            _appender.Flush();
            _store.Publish(this, _appender, _index, NextSlot(catalogOffset, hasNewIndex, isDurable), isDurable);
            HolePuncher.Punch(Snapshot.Log, punchable);
        }

        End();
    }

    /// <summary>Publishes only that everything is durable.</summary>
    public void MakeDurable()
    {
        ThrowIfEnded();
        _store.PublishDurable(this);
        End();
    }

    /// <summary>From here on there is nothing to undo, whatever fails: readers may already stand on what was appended.</summary>
    public void MarkPublished() => _isPublished = true;

    /// <summary>Undoes everything.</summary>
    public void Rollback()
    {
        if (_isEnded)
        {
            return;
        }

        try
        {
            if (!_isPublished)
            {
                _store.FreshCodes.CutAt(_appender.StartOffset);
                _store.Abandon(this, _appender);
            }
        }
        finally
        {
            End();
        }
    }

    public void Dispose() => Rollback();

    public void ThrowIfEnded()
    {
        if (_isEnded)
        {
            throw new InvalidOperationException("The transaction has ended; begin another");
        }
    }

    private RecordFrame CreateFrame(FrameKind kind, in StoredKey key, long created) => new()
    {
        Header = new FrameHeader { Kind = kind },
        KeyHash = key.Hash,
        KeyKind = (KeyKind)_header.KeyStorage,
        Role = key.Role,
        KeyByteLength = key.Bytes.Length,
        Created = created,
    };

    /// <summary>Makes the code of the vector that the next frame takes, while it is at hand.</summary>
    private void AddCode(ReadOnlySpan<byte> vector, double sumOfSquares)
    {
        FreshCodes fresh = _store.FreshCodes;
        if (!_areCodesBegun)
        {
            fresh.Begin(Snapshot.Log, Snapshot.Slot.Epoch, _index, _appender.NextOffset);
            _areCodesBegun = true;
        }

        fresh.Add(_appender.NextOffset, MemoryMarshal.Cast<byte, float>(vector), Math.Sqrt(sumOfSquares));
    }

    /// <summary>Header, key and metadata of a frame that has its vector.</summary>
    private void PutAround(Span<byte> frame, in StoredKey key, scoped in StoredVector vector, uint vectorCrc, ReadOnlySpan<byte> metadata, long expires, long created)
    {
        RecordFrame record = CreateFrame(FrameKind.Record, key, created) with
        {
            MetadataByteLength = metadata.Length,
            Expires = expires,
            VectorByteLength = vector.Bytes.Length,
            Norm = vector.Norm,
            Encoding = vector.Encoding,
            Codebook = vector.Codebook,
        };
        record.Write(frame);
        Complete(frame, record, key, metadata, vectorCrc);
    }

    /// <param name="frame">The frame, complete but for what follows.</param>
    /// <param name="record">Its header.</param>
    /// <param name="key">Its key.</param>
    /// <param name="metadata">Its metadata.</param>
    /// <param name="crc">CRC of the payload before the key.</param>
    private void Complete(Span<byte> frame, in RecordFrame record, in StoredKey key, ReadOnlySpan<byte> metadata, uint crc)
    {
        key.Bytes.CopyTo(frame.Slice(record.KeyOffset));
        metadata.CopyTo(frame.Slice(record.MetadataOffset));
        FrameKind kind = record.Header.Kind;
        uint payloadCrc = Crc32.AppendOften(crc, frame.Slice(record.KeyOffset, record.KeyByteLength + record.MetadataByteLength));
        long offset = _appender.SealWithCrc(frame, kind, payloadCrc);
        Pending.Add(key.Hash, offset, kind.TakesOrdinal());

        // What this process has just checked and written, it need not check again when it writes codes or reads it back; a rollback forgets it.
        Snapshot.Log.Checked.Add(offset);
        if (kind.TakesOrdinal())
        {
            _appender.OnlyRemoves = false;
            _recordCount++;
        }
        else
        {
            _tombstoneCount++;
        }

        int unindexed = Pending.Count + (_isTailIndexed ? 0 : Snapshot.TailCount);
        if (unindexed >= MaxUnindexed)
        {
            IndexTail();
        }
    }

    private long AppendCatalog()
    {
        CatalogPayload catalog = _index.ToCatalog();
        Span<byte> frame = _appender.Reserve(catalog.ByteLength);
        new PayloadFrame { Header = new FrameHeader { Kind = FrameKind.Catalog }, PayloadByteLength = (uint)catalog.ByteLength }.Write(frame);
        catalog.Write(frame.Slice(PayloadFrame.PayloadOffset));
        return _appender.Seal(frame, FrameKind.Catalog, catalog.ByteLength);
    }

    private CommitSlot NextSlot(long catalogOffset, bool hasNewIndex, bool isDurable) => Snapshot.Slot with
    {
        Sequence = Snapshot.Slot.Sequence + (isDurable ? 1 : SequenceStepWithoutFsync()),
        PublishedTail = _appender.NextOffset,
        PublishedChain = _appender.Chain,
        CatalogOffset = catalogOffset,
        RecordCount = _recordCount,
        TombstoneCount = _tombstoneCount,
        LiveIndexedCount = hasNewIndex ? _index.CountLive() : Snapshot.Slot.LiveIndexedCount,
        Transaction = _appender.Transaction,
        Committed = _store.Now,
    };

    /// <summary>
    /// One slot is durable at any time. An fsync makes the newest one so, and the next goes over the other; without it the newest is written over again,
    /// which an even step of the sequence does. Else a power loss could tear both, and nothing would tell how far the log was durable.
    /// </summary>
    private long SequenceStepWithoutFsync() => Snapshot.Log.ReadSlots().Older is null ? 1 : 2;

    /// <summary>Hands buffered frames to the file, so that they can be read back in place.</summary>
    private void MakeReadable()
    {
        _appender.Flush();
        Snapshot.Log.Source.EnsureCovers(_appender.NextOffset);
    }

    private void End()
    {
        if (!_isEnded)
        {
            _isEnded = true;
            _appender.Dispose();
            _store.EndWrite(this);
        }
    }
}
