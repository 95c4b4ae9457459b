using System.Diagnostics;
using System.Runtime.Versioning;
using EmbedCache.Storage;

namespace EmbedCache.Tests.Storage;

/// <summary>Proves how files are opened, created, identified and replaced, and that each refusal says why and names the path.</summary>
public sealed class FileSystemTests : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly IFileSystem _files = PlatformFileSystem.Instance;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void MissingFileAndMissingDirectoryAreToldApart()
    {
        Assert.Contains("no such file", Assert.Throws<FileNotFoundException>(() => _files.Open(_directory.PathTo("none"), FileOpenMode.Read)).Message);
        Assert.Contains("directory", Assert.Throws<DirectoryNotFoundException>(() => _files.Open(_directory.PathTo("no/ne"), FileOpenMode.CreateNew)).Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void DirectoryIsRefused(bool forWriting)
    {
        var refusal = Assert.Throws<NotAnEdbFileException>(() => _files.Open(_directory.Path, forWriting ? FileOpenMode.ReadWrite : FileOpenMode.Read));
        Assert.Contains("is a directory", refusal.Message);
        Assert.Equal(_directory.Path, refusal.FilePath);
    }

    [LinuxFact(Needs = "command -v mkfifo")]
    public void PipeIsRefusedWithoutWaitingForItsOtherEnd()
    {
        using var shell = Process.Start("mkfifo", _directory.PathTo("pipe"));
        shell.WaitForExit();
        Assert.Contains("pipe", Assert.Throws<NotAnEdbFileException>(() => _files.Open(_directory.PathTo("pipe"), FileOpenMode.Read)).Message);
    }

    [Fact]
    public void FileMarkedReadOnlyIsRefusedForWritingAndReadable()
    {
        string path = _directory.PathTo("a");
        _directory.Create("a", [7]).Dispose();
        File.SetAttributes(path, FileAttributes.ReadOnly);
        try
        {
            var refusal = Assert.Throws<UnauthorizedAccessException>(() => _files.Open(path, FileOpenMode.ReadWrite));
            Assert.Contains("read-only", refusal.Message);
            Assert.Contains(path, refusal.Message);
            using IStoreFile file = _files.Open(path, FileOpenMode.Read);
            Assert.Equal(1, file.Length);
        }
        finally
        {
            File.SetAttributes(path, FileAttributes.Normal);
        }
    }

    [LinuxFact(Needs = "unshare -m mount -t tmpfs -o ro none /mnt")]
    public void ReadOnlyFileSystemIsRefusedForWritingAndSaysSo()
    {
        using Child child = Child.StartFromShell("unshare -m sh -c 'mount -t tmpfs -o ro none /mnt && \"$@\" 2>&1 | grep -m1 -o \"the file system is read-only\"' sh \"$@\"", "create", "/mnt/a");
        Assert.Equal(["the file system is read-only"], child.ReadToEnd());
    }

    [Fact]
    public void CreateNewRefusesWhatIsThere()
    {
        _directory.Create("a", [7]).Dispose();
        Assert.Contains("exists already", Assert.Throws<IOException>(() => _files.Open(_directory.PathTo("a"), FileOpenMode.CreateNew)).Message);
        Assert.Equal([7], File.ReadAllBytes(_directory.PathTo("a")));
    }

    /// <summary>A link planted where a file is about to be created must not lead the writer to another file.</summary>
    [LinuxFact]
    public void CreateNewFollowsNoPlantedLink()
    {
        string victim = _directory.PathTo("victim");
        File.CreateSymbolicLink(_directory.PathTo("dangling"), victim);
        Assert.Throws<IOException>(() => _files.Open(_directory.PathTo("dangling"), FileOpenMode.CreateNew));
        Assert.False(File.Exists(victim));

        File.WriteAllBytes(victim, [1]);
        Assert.Throws<IOException>(() => _files.Open(_directory.PathTo("dangling"), FileOpenMode.CreateNew));
        Assert.Equal([1], File.ReadAllBytes(victim));
    }

    [LinuxFact]
    [UnsupportedOSPlatform("windows")]
    public void OwnerOnlyIsReadableAndWritableByItsOwnerUnderAnyUmask()
    {
        foreach (string umask in new[] { "000", "022", "777" })
        {
            string path = _directory.PathTo("owner" + umask);
            using Child child = Child.StartFromShell($"umask {umask}; exec \"$@\"", "create", path, "owner");
            Assert.Equal(["created"], child.ReadToEnd());
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }
    }

    [LinuxFact]
    [UnsupportedOSPlatform("windows")]
    public void OrdinaryFileFollowsTheUmask()
    {
        using Child child = Child.StartFromShell("umask 027; exec \"$@\"", "create", _directory.PathTo("a"));
        Assert.Equal(["created"], child.ReadToEnd());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(_directory.PathTo("a")));
    }

    [Fact]
    public void IdentityIsThatOfTheFileAndNotOfThePath()
    {
        using IStoreFile first = _directory.Create("a", [1]);
        using IStoreFile second = _directory.Create("b", [2]);
        Assert.Equal(first.Identity, _files.Identify(first.Path));
        Assert.NotEqual(first.Identity, second.Identity);
        Assert.Null(_files.Identify(_directory.PathTo("none")));
        Assert.Null(_files.Identify(_directory.PathTo("none/deeper")));
    }

    [LinuxFact]
    public void ReplaceGivesThePathAnotherIdentityAndLeavesTheOpenFileAsItWas()
    {
        using IStoreFile old = _directory.Create("a", [1]);
        using IStoreFile compacted = _directory.Create("b", [2]);
        _files.Replace(compacted.Path, old.Path);
        _files.SyncDirectory(_directory.Path);

        Assert.Equal(compacted.Identity, _files.Identify(old.Path));
        Assert.NotEqual(old.Identity, _files.Identify(old.Path));
        Assert.Null(_files.Identify(compacted.Path));
        byte[] read = new byte[1];
        old.ReadAt(0, read);
        Assert.Equal([1], read);
    }

    [Fact]
    public void ReplaceOfAMissingFileFails() =>
        Assert.Throws<FileNotFoundException>(() => _files.Replace(_directory.PathTo("none"), _directory.PathTo("b")));

    [Fact]
    public void DeleteRemovesTheNameAndTakesAMissingOneForDone()
    {
        _directory.Create("a").Dispose();
        _files.Delete(_directory.PathTo("a"));
        Assert.False(File.Exists(_directory.PathTo("a")));
        _files.Delete(_directory.PathTo("a"));
    }

    [Fact]
    public void SyncOfAMissingDirectoryFails() =>
        Assert.ThrowsAny<IOException>(() => _files.SyncDirectory(_directory.PathTo("none")));

    [LinuxFact]
    public void LinksAreResolvedInEveryPartOfThePath()
    {
        Directory.CreateDirectory(_directory.PathTo("real/deep"));
        File.WriteAllBytes(_directory.PathTo("real/deep/a"), [1]);
        File.CreateSymbolicLink(_directory.PathTo("byDirectory"), "real/deep");
        File.CreateSymbolicLink(_directory.PathTo("byFile"), "byDirectory/a");
        string expected = _directory.PathTo("real/deep/a");

        Assert.Equal(expected, _files.ResolveLinks(_directory.PathTo("byFile")));
        Assert.Equal(expected, _files.ResolveLinks(_directory.PathTo("byDirectory/a")));
        Assert.Equal(_files.Identify(expected), _files.Identify(_directory.PathTo("byFile")));
        Assert.Equal(_directory.PathTo("real/deep/new"), _files.ResolveLinks(_directory.PathTo("byDirectory/new")));
    }

    [LinuxFact]
    public void LinksInACircleAreRefused()
    {
        File.CreateSymbolicLink(_directory.PathTo("x"), "y");
        File.CreateSymbolicLink(_directory.PathTo("y"), "x");
        Assert.ThrowsAny<IOException>(() => _files.ResolveLinks(_directory.PathTo("x")));
        Assert.ThrowsAny<IOException>(() => _files.Open(_directory.PathTo("x"), FileOpenMode.Read));
    }

    [LinuxFact]
    [UnsupportedOSPlatform("windows")]
    public void OwnershipIsCopied()
    {
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        _directory.Create("a").Dispose();
        _directory.Create("b").Dispose();
        File.SetUnixFileMode(_directory.PathTo("a"), mode);
        _files.CopyOwnership(_directory.PathTo("a"), _directory.PathTo("b"));
        Assert.Equal(mode, File.GetUnixFileMode(_directory.PathTo("b")));
    }

    [Fact]
    public void PathWithANullCharacterIsRefused()
    {
        Assert.Throws<ArgumentException>(() => _files.Identify(_directory.PathTo("a\0b")));
        Assert.Throws<ArgumentException>(() => _files.Open(_directory.PathTo("a\0b"), FileOpenMode.Read));
    }

    [Fact]
    public void NamesBeyondAsciiAreKept()
    {
        const string name = "größe-文-😀.edb";
        using IStoreFile file = _directory.Create(name, [1]);
        Assert.True(File.Exists(_directory.PathTo(name)));
        Assert.Equal(file.Identity, _files.Identify(_directory.PathTo(name)));
    }

    [LinuxFact]
    public void IdentifyAllocatesNothing()
    {
        using IStoreFile file = _directory.Create("a");
        _files.Identify(file.Path);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            _files.Identify(file.Path);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
    }
}
