using System.Runtime.Versioning;
using EmbedCache.Storage;
using EmbedCache.Tests.Storage;

namespace EmbedCache.Tests.Engine;

/// <summary>
/// Whose files are made, and with which rights; that nothing planted beside a file leads a write somewhere else; and that a read-only open writes
/// nothing anywhere, so that it works on media and in folders where nothing can be written.
/// </summary>
[UnsupportedOSPlatform("windows")]
public sealed class OwnershipTests
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Shared = Private | UnixFileMode.GroupRead;

    /// <summary>Links planted at every name that is used meanwhile: none is followed, none survives, and the victim keeps content and rights.</summary>
    [LinuxTheory]
    [InlineData(".new")]
    [InlineData(".compact")]
    [InlineData(".backup")]
    [InlineData(".repair")]
    public void PlantedLinkIsNotFollowed(string ending)
    {
        using var store = new TestStore();
        using EmbeddingCache cache = Filled(store);
        string victim = store.PathTo("victim");
        File.WriteAllText(victim, "untouched");
        File.SetUnixFileMode(victim, Private);
        File.SetUnixFileMode(store.Path, Shared | UnixFileMode.OtherRead);
        string target = ending is ".compact" ? store.Path : store.PathTo("target.edb");
        File.CreateSymbolicLink(target + ending, victim);
        switch (ending)
        {
            case ".new":
                EmbeddingCache.Create(target, new EmbeddingCacheCreateOptions { Dimension = 2 }).Dispose();
                EmbeddingCache.Create(target, new EmbeddingCacheCreateOptions { Dimension = 2, Overwrite = true }).Dispose();
                break;
            case ".compact":
                cache.Optimize(new OptimizeOptions(), null, CancellationToken.None);
                break;
            case ".backup":
                cache.BackupTo(target);
                break;
            default:
                EmbeddingCache.Repair(store.Path, target);
                break;
        }

        Assert.Equal("untouched", File.ReadAllText(victim));
        Assert.Equal(Private, File.GetUnixFileMode(victim));
        Assert.False(Path.Exists(target + ending));
        using EmbeddingCache made = store.Open(path: target);
        StoreContent.AssertValid(made);
    }

    /// <summary>
    /// Regression: a link put in the place of the new file while it was being written was followed when the rights of the old file were given to it, so
    /// that whoever could write in the folder chose the file whose rights changed.
    /// </summary>
    [LinuxFact]
    public void Regression_RightsAreNotGivenThroughALink()
    {
        using var directory = new TestDirectory();
        string from = directory.PathTo("from");
        string victim = directory.PathTo("victim");
        string link = directory.PathTo("link");
        File.WriteAllText(from, "a");
        File.SetUnixFileMode(from, Shared | UnixFileMode.OtherRead);
        File.WriteAllText(victim, "b");
        File.SetUnixFileMode(victim, Private);
        File.CreateSymbolicLink(link, victim);
        Assert.ThrowsAny<IOException>(() => PlatformFileSystem.Instance.CopyOwnership(from, link));
        Assert.Equal(Private, File.GetUnixFileMode(victim));
    }

    /// <summary>A private file stays private in each copy of it, and a shared one shared.</summary>
    [LinuxTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void CopiesHaveTheRightsOfTheFile(bool isPrivate)
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(configure: options => options.OwnerOnly = isPrivate);
        cache.Set("a", [1, 2]);
        UnixFileMode mode = isPrivate ? Private : Shared;
        File.SetUnixFileMode(store.Path, mode);
        cache.Optimize(new OptimizeOptions(), null, CancellationToken.None);
        cache.BackupTo(store.PathTo("copy.edb"));
        EmbeddingCache.Repair(store.Path, store.PathTo("repaired.edb"));
        Assert.All(Directory.GetFiles(Path.GetDirectoryName(store.Path)!), file => Assert.Equal(mode, File.GetUnixFileMode(file)));
    }

    /// <summary>While it is written, a copy is for its owner alone, whatever the rights of the file.</summary>
    [LinuxFact]
    public void CopyIsPrivateWhileItIsWritten()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = Filled(store);
        File.SetUnixFileMode(store.Path, Shared | UnixFileMode.OtherRead);
        var modes = new List<UnixFileMode>();
        var looking = new Looking(() => modes.Add(File.GetUnixFileMode(store.PathTo("copy.edb.backup"))));
        cache.BackupTo(store.PathTo("copy.edb"), null, looking);
        Assert.Equal([Private], modes.Distinct());
        Assert.Equal(Shared | UnixFileMode.OtherRead, File.GetUnixFileMode(store.PathTo("copy.edb")));
    }

    /// <summary>Not one call of a read-only handle changes anything, in the file or beside it.</summary>
    [Fact]
    public void ReadOnlyOpenChangesNothing()
    {
        var disk = new MemoryFileSystem();
        var store = new TestStore(disk);
        using (EmbeddingCache cache = store.Create())
        {
            cache.Set("a", [1, 2]);
            cache.Set("b", [1, 2]);
        }

        byte[] before = disk.Read(store.Path);
        int changes = disk.ChangeCount;
        using (EmbeddingCache reader = store.Open(readOnly: true))
        {
            Assert.True(reader.Contains("a"));
            Assert.Equal(2, reader.Enumerate().Count());
            Assert.NotEmpty(reader.FindSimilar([1, 2], 1));
            Assert.True(reader.Verify().IsValid);
            Assert.True(reader.Verify(quick: true).IsValid);
            reader.GetInfo(countExpired: true);
        }

        Assert.Equal(changes, disk.ChangeCount);
        Assert.Equal(before, disk.Read(store.Path));
    }

    /// <summary>A file and a folder without any right to write, and somebody who is not the superuser.</summary>
    [LinuxFact(Needs = "test $(id -u) = 0 && setpriv --reuid=65534 --regid=65534 --clear-groups true")]
    public void AnotherUsersFileInAnotherUsersFolderIsReadable()
    {
        using var store = new TestStore();
        Filled(store).Dispose();
        string folder = Path.GetDirectoryName(store.Path)!;
        File.SetUnixFileMode(store.Path, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        File.SetUnixFileMode(folder, (UnixFileMode)0b101_101_101);
        try
        {
            using Storage.Child child = Storage.Child.StartFromShell("exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"", "answer", store.Path);
            child.WriteLine("k9");
            if (child.ReadLine() is { } answer)
            {
                Assert.Equal("9", answer);
            }
            else
            {
                // What was built here is the superuser's alone: then the same by the superuser, for whom the bits do not count but the marks do.
                using EmbeddingCache reader = store.Open(readOnly: true);
                Assert.True(reader.Contains("k9"));
            }
        }
        finally
        {
            File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
            File.SetUnixFileMode(store.Path, Private);
        }
    }

    /// <summary>A mount that nobody can write to, superuser or not: reading works, writing is refused by name.</summary>
    [LinuxFact(Needs = "unshare -m sh -c 'mount --bind /tmp /mnt && mount -o remount,ro,bind /mnt'")]
    public void ReadOnlyMountIsReadable()
    {
        using var store = new TestStore();
        Filled(store).Dispose();
        string folder = Path.GetDirectoryName(store.Path)!;
        using Storage.Child child = Storage.Child.StartFromShell($"exec unshare -m sh -c 'mount --bind {folder} /mnt && mount -o remount,ro,bind /mnt && exec \"$@\"' sh \"$@\"", "answer", "/mnt/a.edb");
        child.WriteLine("k9");
        Assert.Equal("9", child.ReadLine());
        child.WriteLine("none such");
        Assert.Equal("none", child.ReadLine());
    }

    private static EmbeddingCache Filled(TestStore store)
    {
        EmbeddingCache cache = store.Create();
        cache.Set(Enumerable.Range(0, 20).Select(static i => new EmbeddingEntry($"k{i}", new float[] { i, 1 })));
        return cache;
    }

    private sealed class Looking(Action look) : IProgress<double>
    {
        public void Report(double value)
        {
            if (value < 1)
            {
                look();
            }
        }
    }
}
