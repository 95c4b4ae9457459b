using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Metadata;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>Salvages a damaged file into a new one. The damaged file is opened for reading, and nothing is done to it.</summary>
internal sealed class Repairer(EngineEnvironment environment, RepairOptions options, IProgress<double>? progress, CancellationToken cancellationToken)
{
    private const string Purpose = ".repair";
    private const int MaxUnindexedCount = 1 << 20;
    private const int ProgressStep = 1024;

    /// <summary>The share of the work that reading the damaged file is.</summary>
    private const double ReadShare = 0.5;

    /// <summary>Examines a file and, with a destination, writes what is sound of it there.</summary>
    public RepairReport Run(string path, string? destination)
    {
        IFileSystem fileSystem = environment.FileSystem;
        string resolved = fileSystem.ResolveLinks(path);
        using IStoreFile file = fileSystem.Open(resolved, FileOpenMode.Read);
        string? target = destination is null ? null : RequireDestination(file, destination);
        SalvagedHeader header = new HeaderSalvage(file, options, environment, cancellationToken).Run();
        var salvager = new Salvager(file, header, target is null ? progress : new Part(progress, 0, ReadShare), cancellationToken);
        salvager.Run();

        long now = environment.UnixMilliseconds();
        List<SalvagedFrame> kept = [.. salvager.Live.Where(frame => frame.Expires == 0 || frame.Expires > now)];
        if (target is not null)
        {
            Write(file, target, header, salvager, kept);
        }

        progress?.Report(1);
        return new RepairReport
        {
            Path = resolved,
            Destination = target,
            RecordCount = kept.Count,
            ExpiredCount = salvager.Live.Count - kept.Count,
            LostByteLength = salvager.Losses.Sum(static loss => loss.ByteLength),
            Losses = salvager.Losses,
            Mended = salvager.Mended,
            IsHeaderRebuilt = header.IsRebuilt,
            IsSaltLost = !header.IsSaltKnown,
        };
    }

    private string RequireDestination(IStoreFile file, string destination)
    {
        string resolved = environment.FileSystem.ResolveLinks(destination);
        if (environment.FileSystem.Identify(resolved) is { } identity && identity.Equals(file.Identity))
        {
            throw new ArgumentException($"A file cannot be repaired in its own place: '{destination}' is the damaged file itself, which is not touched. Name another one", nameof(destination));
        }

        StagedFile.RequireFree(environment.FileSystem, resolved, options.Overwrite);
        return resolved;
    }

    private void Write(IStoreFile file, string target, SalvagedHeader header, Salvager salvager, List<SalvagedFrame> kept)
    {
        using var staged = new StagedFile(environment.FileSystem, target, Purpose);
        FileHeader next = header.Header with { Generation = header.Header.Generation == uint.MaxValue ? uint.MaxValue : header.Header.Generation + 1 };
        LogFile log = LogFile.Create(environment.FileSystem, staged.Path, next, environment.UnixMilliseconds(), ownerOnly: true, positional: false);
        using (var store = new Store(environment, new EmbeddingCacheOptions(), log))
        {
            using (WriteTransaction transaction = store.BeginWrite())
            {
                transaction.MaxUnindexed = MaxUnindexedCount;
                transaction.Codec = null;
                salvager.Codebook?.Write(transaction.Appender);
                EmbeddingMetadata properties = DescribeVectors(salvager);
                if (properties.Count > 0)
                {
                    transaction.SetProperties(properties);
                }

                CopyAll(file, header, kept, transaction);
                transaction.IndexTail();
                transaction.Commit();
            }

            environment.FileSystem.CopyOwnership(file.Path, staged.Path);
            store.Finish();
        }

        staged.PutInPlace(options.Overwrite);
    }

    /// <summary>Without the codebook no writer could go on encoding as the properties say.</summary>
    private static EmbeddingMetadata DescribeVectors(Salvager salvager)
        => salvager.Codebook is null && StoreProperties.NeedsCodebook(salvager.Properties)
            ? StoreProperties.WithCompression(salvager.Properties, VectorCompression.None, bitsPerElement: 0, isRotated: false, loss: null)
            : salvager.Properties;

    private void CopyAll(IStoreFile file, SalvagedHeader header, List<SalvagedFrame> kept, WriteTransaction transaction)
    {
        var part = new Part(progress, ReadShare, 1 - ReadShare);
        var record = new RecordBytes();
        var touch = new RecordBytes();
        for (int i = 0; i < kept.Count; i++)
        {
            if (i % ProgressStep == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                part.Report((double)i / kept.Count);
            }

            Copy(file, header, kept[i], touch, record, transaction);
        }
    }

    /// <summary>Reads and checks again: a file that is changed by somebody meanwhile must not make a repaired one that is damaged.</summary>
    private static void Copy(IStoreFile file, SalvagedHeader header, in SalvagedFrame frame, RecordBytes touch, RecordBytes record, WriteTransaction transaction)
    {
        RecordBytes named = frame.Kind == FrameKind.Touch ? touch : record;
        bool isRead = named.TryReadWhole(file, frame.Offset, header)
            && (frame.Kind != FrameKind.Touch || record.TryReadWhole(file, touch.Frame.TouchedRecord, header));
        if (!isRead)
        {
            throw new CorruptFileException("The damaged file changed while it was being repaired. Try again when nobody writes to it", file.Path, frame.Offset);
        }

        FileHeader target = transaction.Snapshot.Log.Header;
        ulong hash = KeyHashing.Compute(target.Salt, frame.Role, named.Key);
        StoredKey key = StoredKey.FromStoredBytes(named.Key, frame.Role, hash);
        var vector = new StoredVector(record.Vector, record.Frame.Norm, record.Frame.Encoding, record.Frame.Codebook);
        transaction.PutStored(key, vector, named.Metadata, named.Frame.Expires, record.Frame.Created);
    }

    /// <summary>Tells of a part of the work as of so much of the whole.</summary>
    private sealed class Part(IProgress<double>? progress, double from, double share) : IProgress<double>
    {
        public void Report(double value) => progress?.Report(from + (share * value));
    }
}
