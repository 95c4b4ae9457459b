namespace EmbedCache.Faults.Disk;

/// <summary>One change of a file that no fsync has covered yet.</summary>
/// <param name="Operation">Write, SetLength, Allocate (where it grows the file) or Punch.</param>
/// <param name="Offset">Where.</param>
/// <param name="Length">How many bytes; for SetLength and Allocate the file's new length.</param>
/// <param name="Bytes">What was written.</param>
internal sealed record PendingChange(DiskOperation Operation, long Offset, long Length, byte[] Bytes);

/// <summary>A file on the modelled disk: what is durable, what everybody sees, and the changes between the two in their order.</summary>
internal sealed class FileModel
{
    public FileModel(ulong number, SectorImage durable)
    {
        Number = number;
        Durable = durable;
        Live = durable.Clone();
    }

    private FileModel(FileModel other)
    {
        Number = other.Number;
        Durable = other.Durable.Clone();
        Live = other.Live.Clone();
        Stale = other.Stale.Clone();
        Pending.AddRange(other.Pending);
    }

    public ulong Number { get; }

    public SectorImage Durable { get; }

    public SectorImage Live { get; }

    /// <summary>What once stood where the file was cut off or punched: an unlucky file system shows it again when the file grows.</summary>
    public SectorImage Stale { get; } = new();

    public List<PendingChange> Pending { get; } = [];

    public FileModel Clone() => new(this);

    public void Apply(DiskEvent call)
    {
        switch (call.Operation)
        {
            case DiskOperation.Write:
                Live.Write(call.Offset, call.Bytes);
                Pending.Add(new PendingChange(call.Operation, call.Offset, call.Length, call.Bytes!));
                break;
            case DiskOperation.SetLength:
                KeepStale(call.Length, Live.Length - call.Length);
                Live.SetLength(call.Length);
                Pending.Add(new PendingChange(call.Operation, 0, call.Length, []));
                break;
            case DiskOperation.Allocate when call.GrowsFile && call.Offset + call.Length > Live.Length:
                Live.SetLength(call.Offset + call.Length);
                Pending.Add(new PendingChange(call.Operation, 0, call.Offset + call.Length, []));
                break;
            case DiskOperation.Punch:
                KeepStale(call.Offset, call.Length);
                Live.Clear(call.Offset, call.Length);
                Pending.Add(new PendingChange(call.Operation, call.Offset, call.Length, []));
                break;
            case DiskOperation.Flush:
                // Not a copy of what everybody sees: after a failed flush that holds bytes which the disk does not.
                Keep(static _ => true);
                break;
            case DiskOperation.FlushFailed:
                // The kernel took the pages for clean, whether they arrived or not; what did not is never written again by itself.
                Keep(new CrashChoice(SubsetKind.Random, (int)call.Offset, 0, HoleContent.Zeros, -1, 0).Keeps);
                break;
        }
    }

    /// <summary>Some of the pending changes become durable, the others never will. Lengths are the file system's own and always do.</summary>
    private void Keep(Func<int, bool> isKept)
    {
        for (int i = 0; i < Pending.Count; i++)
        {
            PendingChange change = Pending[i];
            switch (change.Operation)
            {
                case DiskOperation.Write when isKept(i):
                    Durable.Write(change.Offset, change.Bytes);
                    break;
                case DiskOperation.Write:
                    Durable.SetLength(Math.Max(Durable.Length, change.Offset + change.Length));
                    break;
                case DiskOperation.Punch:
                    Durable.Clear(change.Offset, change.Length);
                    break;
                default:
                    Durable.SetLength(change.Length);
                    break;
            }
        }

        Pending.Clear();
    }

    private void KeepStale(long offset, long length)
    {
        if (length > 0)
        {
            Stale.SetLength(Math.Max(Stale.Length, offset + length));
            Stale.CopyFrom(Live, offset, length);
        }
    }
}

/// <summary>A disk that is played back from a trace: at each moment it knows what a crash could leave.</summary>
internal sealed class DiskModel
{
    private readonly Dictionary<string, ulong> _live;
    private readonly Dictionary<string, ulong> _durable;
    private readonly List<DiskEvent> _pendingNames;
    private readonly Dictionary<ulong, FileModel> _files;

    public DiskModel()
        : this(new(StringComparer.Ordinal), new(StringComparer.Ordinal), [], [])
    {
    }

    private DiskModel(Dictionary<string, ulong> live, Dictionary<string, ulong> durable, List<DiskEvent> pendingNames, Dictionary<ulong, FileModel> files)
    {
        _live = live;
        _durable = durable;
        _pendingNames = pendingNames;
        _files = files;
    }

    public FileModel File(ulong number) => _files[number];

    /// <summary>A disk on which everything is durable: what a machine finds that starts again.</summary>
    public static DiskModel Of(IEnumerable<KeyValuePair<string, SectorImage>> files)
    {
        var disk = new DiskModel();
        ulong number = 1;
        foreach ((string path, SectorImage content) in files)
        {
            disk._files[number] = new FileModel(number, content.Clone());
            disk._live[path] = disk._durable[path] = number;
            number++;
        }

        return disk;
    }

    public DiskModel Clone() => new(
        new(_live, StringComparer.Ordinal),
        new(_durable, StringComparer.Ordinal),
        [.. _pendingNames],
        _files.ToDictionary(static file => file.Key, static file => file.Value.Clone()));

    public void Apply(DiskEvent call)
    {
        switch (call.Operation)
        {
            case DiskOperation.Create:
                _files.Add(call.File, new FileModel(call.File, new SectorImage()));
                Rename(call);
                break;
            case DiskOperation.Replace or DiskOperation.Delete:
                Rename(call);
                break;
            case DiskOperation.SyncDirectory:
                _pendingNames.Clear();
                _durable.Clear();
                foreach ((string path, ulong number) in _live)
                {
                    _durable.Add(path, number);
                }

                break;
            default:
                if (call.ChangesDisk)
                {
                    _files[call.File].Apply(call);
                }

                break;
        }
    }

    /// <summary>Each way the names may have come out: the changes since the directory was synced, none, some from the first, or all.</summary>
    public IEnumerable<Dictionary<string, ulong>> SurvivingNames()
    {
        var names = new Dictionary<string, ulong>(_durable, StringComparer.Ordinal);
        yield return names;
        foreach (DiskEvent change in _pendingNames)
        {
            names = new Dictionary<string, ulong>(names, StringComparer.Ordinal);
            Rename(names, change);
            yield return names;
        }
    }

    /// <summary>The disk as everybody sees it now: what another process finds when this one is killed.</summary>
    public ImageFileSystem ToLiveDisk(ulong boot)
    {
        var disk = new ImageFileSystem { Boot = boot };
        foreach ((string path, ulong number) in _live)
        {
            disk.Put(path, _files[number].Live.Clone(), number);
        }

        disk.StartNumbersAfter(_files.Count == 0 ? 0 : _files.Keys.Max());
        return disk;
    }

    private void Rename(DiskEvent call)
    {
        Rename(_live, call);
        _pendingNames.Add(call);
    }

    private static void Rename(Dictionary<string, ulong> names, DiskEvent call)
    {
        switch (call.Operation)
        {
            case DiskOperation.Create:
                names[call.Path] = call.File;
                break;
            case DiskOperation.Delete:
                names.Remove(call.Path);
                break;
            case DiskOperation.Replace when names.Remove(call.Source!, out ulong number):
                names[call.Path] = number;
                break;
        }
    }
}
