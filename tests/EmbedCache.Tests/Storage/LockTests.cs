using EmbedCache.Storage;

namespace EmbedCache.Tests.Storage;

/// <summary>
/// Proves that a lock belongs to one open file: it excludes every other, in the same process and in others, survives the close of a
/// sibling (where POSIX locks vanish), and ends with its holder however that ends.
/// </summary>
public sealed class LockTests : IDisposable
{
    private const long Writer = LockRanges.WriterLock;
    private readonly TestDirectory _directory = new();
    private readonly string _path;

    public LockTests()
    {
        _path = _directory.PathTo("lock.bin");
        _directory.Create("lock.bin", [1]).Dispose();
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void ExclusiveLockKeepsOutAnotherOpenOfThisProcess()
    {
        using IStoreFile first = Open();
        using IStoreFile second = Open();

        Assert.True(first.TryLock(Writer, 1, LockKind.Exclusive));
        Assert.False(second.TryLock(Writer, 1, LockKind.Exclusive));
        Assert.False(second.TryLock(Writer, 1, LockKind.Shared));

        first.Unlock(Writer, 1);
        Assert.True(second.TryLock(Writer, 1, LockKind.Exclusive));
    }

    [Fact]
    public void SharedLocksStandBesideEachOtherAndKeepOutAnExclusiveOne()
    {
        using IStoreFile first = Open(FileOpenMode.Read);
        using IStoreFile second = Open(FileOpenMode.Read);
        using IStoreFile writer = Open();

        Assert.True(first.TryLock(LockRanges.ReaderPin(7), 1, LockKind.Shared));
        Assert.True(second.TryLock(LockRanges.ReaderPin(7), 1, LockKind.Shared));
        Assert.False(writer.TryLock(LockRanges.ReaderPin(7), 1, LockKind.Exclusive));

        first.Unlock(LockRanges.ReaderPin(7), 1);
        Assert.False(writer.TryLock(LockRanges.ReaderPin(7), 1, LockKind.Exclusive));
        second.Unlock(LockRanges.ReaderPin(7), 1);
        Assert.True(writer.TryLock(LockRanges.ReaderPin(7), 1, LockKind.Exclusive));
    }

    [Fact]
    public void ExclusiveLockOnAReadOnlyFileIsRefusedAsACallersMistake()
    {
        using IStoreFile reader = Open(FileOpenMode.Read);
        Assert.Throws<InvalidOperationException>(() => reader.TryLock(Writer, 1, LockKind.Exclusive));
    }

    [Fact]
    public void LockSurvivesTheCloseOfASibling()
    {
        using IStoreFile holder = Open();
        Assert.True(holder.TryLock(Writer, 1, LockKind.Exclusive));

        Open().Dispose();
        Open(FileOpenMode.Read).Dispose();
        using (File.OpenRead(_path))
        {
        }

        using IStoreFile other = Open();
        Assert.False(other.TryLock(Writer, 1, LockKind.Exclusive));
    }

    [Fact]
    public void LockEndsWithItsFile()
    {
        IStoreFile holder = Open();
        Assert.True(holder.TryLock(Writer, 1, LockKind.Exclusive));
        holder.Dispose();

        using IStoreFile other = Open();
        Assert.True(other.TryLock(Writer, 1, LockKind.Exclusive));
    }

    [Fact]
    public void LockKeepsOutAnotherProcess()
    {
        using IStoreFile holder = Open();
        Assert.True(holder.TryLock(Writer, 1, LockKind.Exclusive));

        using Child child = Child.Start("hold-lock", _path, $"{Writer}", "0");
        Assert.Equal("busy", child.ReadLine());
    }

    [Fact]
    public void LockOfAnotherProcessEndsWithKill()
    {
        using Child child = Child.Start("hold-lock", _path, $"{Writer}", "600000");
        Assert.Equal("locked", child.ReadLine());
        using IStoreFile file = Open();
        Assert.False(file.TryLock(Writer, 1, LockKind.Exclusive));

        child.Kill();
        Assert.True(file.TryLock(Writer, 1, LockKind.Exclusive));
    }

    [Fact]
    public void SharedLockOfAReaderInAnotherProcessKeepsOutTheWriter()
    {
        using Child child = Child.Start("hold-lock", _path, $"{LockRanges.ReaderPin(3)}", "600000", "shared");
        Assert.Equal("locked", child.ReadLine());

        using IStoreFile file = Open();
        Assert.False(file.TryLock(LockRanges.ReaderPin(3), 1, LockKind.Exclusive));
        Assert.True(file.TryLock(LockRanges.ReaderPin(4), 1, LockKind.Exclusive));
    }

    [LinuxFact]
    public void OthersSeeALockAndItsHolderDoesNot()
    {
        using IStoreFile holder = Open();
        using IStoreFile reader = Open(FileOpenMode.Read);
        Assert.False(reader.IsLockedByOther(Writer, 1));

        Assert.True(holder.TryLock(Writer, 1, LockKind.Exclusive));
        Assert.True(reader.IsLockedByOther(Writer, 1));
        Assert.False(holder.IsLockedByOther(Writer, 1));
        Assert.False(reader.IsLockedByOther(Writer - 1, 1));
    }

    /// <summary>The kernel lists the locks of one open file together, so that the first it names is seldom the lowest.</summary>
    [LinuxFact]
    public void LowestLockIsFoundAmongManyHolders()
    {
        using IStoreFile asker = Open();
        Assert.Null(asker.FindLowestLock(LockRanges.ReaderPins, LockRanges.ReaderPinCount));

        ulong[][] pinned = [[900, 40], [800, 30, 10_000_000_000], [700, 20]];
        var holders = pinned.Select(sequences =>
        {
            IStoreFile holder = Open(FileOpenMode.Read);
            Assert.All(sequences, sequence => Assert.True(holder.TryLock(LockRanges.ReaderPin(sequence), 1, LockKind.Shared)));
            return holder;
        }).ToList();

        foreach (ulong lowest in new ulong[] { 20, 30, 40, 700, 800, 900, 10_000_000_000 })
        {
            Assert.Equal(LockRanges.ReaderPin(lowest), asker.FindLowestLock(LockRanges.ReaderPins, LockRanges.ReaderPinCount));
            IStoreFile holder = holders[Array.FindIndex(pinned, sequences => sequences.Contains(lowest))];
            holder.Unlock(LockRanges.ReaderPin(lowest), 1);
        }

        Assert.Null(asker.FindLowestLock(LockRanges.ReaderPins, LockRanges.ReaderPinCount));
        holders.ForEach(holder => holder.Dispose());
    }

    [LinuxFact]
    public void LowestLockIsClippedToTheRangeAsked()
    {
        using IStoreFile holder = Open();
        using IStoreFile asker = Open();
        Assert.True(holder.TryLock(1000, 100, LockKind.Exclusive));

        Assert.Equal(1050, asker.FindLowestLock(1050, 500));
        Assert.Null(asker.FindLowestLock(1100, 500));
        Assert.Null(asker.FindLowestLock(0, 1000));
    }

    [Fact]
    public void PinsEndWhereTheWriterLockBegins()
    {
        Assert.Equal(LockRanges.WriterLock - 1, LockRanges.ReaderPin(LockRanges.ReaderPinCount - 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => LockRanges.ReaderPin(LockRanges.ReaderPinCount));
    }

    [Fact]
    public void LocksAllocateNothing()
    {
        using IStoreFile file = Open();
        Assert.True(file.TryLock(Writer, 1, LockKind.Exclusive));
        file.Unlock(Writer, 1);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            file.TryLock(Writer, 1, LockKind.Exclusive);
            file.IsLockedByOther(LockRanges.ReaderPins, 1);
            file.Unlock(Writer, 1);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
    }

    private IStoreFile Open(FileOpenMode mode = FileOpenMode.ReadWrite) => PlatformFileSystem.Instance.Open(_path, mode);
}
