using EmbedCache.Format;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>
/// Copies one snapshot while others write: what lies below its tail never changes but for retired sections, whose content is nobody's any more, and
/// the pin keeps those that it uses. The copy gets one slot, that of the snapshot, and is durable before it appears at its destination.
/// </summary>
internal sealed class BackupWriter(Store store, BackupOptions options, IProgress<double>? progress, CancellationToken cancellationToken)
{
    private const string Purpose = ".backup";
    private const int BufferByteLength = 1 << 20;

    private static readonly byte[] s_blank = new byte[FormatConstants.PageByteLength];

    private readonly IFileSystem _fileSystem = store.Environment.FileSystem;
    private readonly double _copyShare = options.Verify ? 0.5 : 1;

    public BackupReport Run(string destination)
    {
        Snapshot snapshot = store.Acquire();
        try
        {
            string resolved = RequireDestination(snapshot, destination);
            EmbeddingCacheInfo info = InfoReader.Read(store, snapshot, countExpired: false);
            using (var staged = new StagedFile(_fileSystem, resolved, Purpose))
            {
                Copy(snapshot, staged.Path);
                if (options.Verify)
                {
                    Verify(staged.Path);
                }

                staged.PutInPlace(options.Overwrite);
            }

            progress?.Report(1);
            return new BackupReport
            {
                Path = store.Path,
                Destination = resolved,
                ByteLength = snapshot.PublishedTail,
                RecordCount = info.Count,
                Sequence = snapshot.Slot.Sequence,
                LastCommit = UnixTime.ToDateTimeOffset(snapshot.Slot.Committed),
                IsVerified = options.Verify,
            };
        }
        finally
        {
            snapshot.Release();
        }
    }

    private string RequireDestination(Snapshot snapshot, string destination)
    {
        string resolved = _fileSystem.ResolveLinks(destination);
        if (_fileSystem.Identify(resolved) is { } identity && identity.Equals(snapshot.Log.File.Identity))
        {
            throw new ArgumentException($"'{destination}' is the file itself; name another place for its backup", nameof(destination));
        }

        StagedFile.RequireFree(_fileSystem, resolved, options.Overwrite);
        return resolved;
    }

    private void Copy(Snapshot snapshot, string path)
    {
        using IStoreFile copy = _fileSystem.Open(path, FileOpenMode.CreateNew, ownerOnly: true);
        copy.SetLength(snapshot.PublishedTail);
        byte[] buffer = new byte[BufferByteLength];
        for (long offset = FormatConstants.LogOffset; offset < snapshot.PublishedTail; offset += buffer.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Report(_copyShare * offset / snapshot.PublishedTail);
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, snapshot.PublishedTail - offset));
            int read = snapshot.Log.File.ReadAt(offset, part);
            if (read < part.Length)
            {
                throw SourceErrors.Truncated(store.Path, offset + read, snapshot.PublishedTail);
            }

            WriteWithoutHoles(copy, offset, part);
        }

        WritePrologue(snapshot, copy);
        _fileSystem.CopyOwnership(snapshot.Log.Path, path);
        copy.Flush();
    }

    /// <summary>Pages of zeros, as released sections leave them, stay holes in the copy.</summary>
    private static void WriteWithoutHoles(IStoreFile copy, long offset, ReadOnlySpan<byte> part)
    {
        int start = 0;
        for (int page = 0; page < part.Length; page += FormatConstants.PageByteLength)
        {
            ReadOnlySpan<byte> bytes = part.Slice(page, Math.Min(FormatConstants.PageByteLength, part.Length - page));
            if (bytes.SequenceEqual(s_blank.AsSpan(0, bytes.Length)))
            {
                Write(copy, offset, part, start, page);
                start = page + bytes.Length;
            }
        }

        Write(copy, offset, part, start, part.Length);
    }

    private static void Write(IStoreFile copy, long offset, ReadOnlySpan<byte> part, int from, int to)
    {
        if (from < to)
        {
            copy.WriteAt(offset + from, part.Slice(from, to - from));
        }
    }

    /// <summary>The header as it is, and the snapshot's slot as the only one.</summary>
    private void WritePrologue(Snapshot snapshot, IStoreFile copy)
    {
        byte[] prologue = new byte[FormatConstants.LogOffset];
        snapshot.Log.File.ReadAt(0, prologue.AsSpan(0, FormatConstants.HeaderByteLength));
        CommitSlot slot = snapshot.Slot with
        {
            DurableTail = snapshot.PublishedTail,
            DurableChain = snapshot.Slot.PublishedChain,
            State = SlotState.None,
            Boot = store.Environment.Boot(),
        };
        if (ReferenceEquals(snapshot.Index, IndexState.Empty))
        {
            // A catalog that is of no use here is of none there.
            slot = slot with { CatalogOffset = 0, LiveIndexedCount = 0 };
        }

        slot.Write(prologue.AsSpan((int)FormatConstants.SlotOffset(slot.Sequence)));
        copy.WriteAt(0, prologue);
    }

    private void Verify(string path)
    {
        LogFile log = LogFile.Open(_fileSystem, path, writable: false, positional: true);
        using var copy = new Store(store.Environment, new EmbeddingCacheOptions { ReadOnly = true, PositionalReads = true }, log);
        Snapshot snapshot = copy.Acquire();
        try
        {
            var part = progress is null ? null : new SecondHalf(progress);
            VerifyReport report = new Verifier(snapshot, quick: false, part, cancellationToken).Run();
            if (!report.IsValid)
            {
                VerifyProblem first = report.Problems[0];
                throw new CorruptFileException($"The copy is damaged in {report.Problems.Count} places, as the file itself may be, and was not put in place. First: {first.Description}", store.Path, first.Offset);
            }
        }
        finally
        {
            snapshot.Release();
        }
    }

    private sealed class SecondHalf(IProgress<double> progress) : IProgress<double>
    {
        public void Report(double value) => progress.Report(0.5 + (value / 2));
    }
}
