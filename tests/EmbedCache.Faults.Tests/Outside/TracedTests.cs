using System.Globalization;
using System.Text.RegularExpressions;
using EmbedCache.TestSupport;

namespace EmbedCache.Faults.Outside;

/// <summary>
/// Proves through the real file system what the other tests prove through a modelled one: the kernel's errors reach the caller. A child process writes
/// under strace, which makes a chosen system call fail; a small tmpfs runs full. Where the machine has no strace, or lets nobody mount, they say so.
/// </summary>
public sealed partial class TracedTests
{
    /// <summary>An fsync that fails with EIO must fail the commit: the base library's own flush would swallow it.</summary>
    [StraceTheory]
    [InlineData("EIO")]
    [InlineData("ENOSPC")]
    public void FailedFsyncReachesTheCaller(string errno)
    {
        using var folder = new TemporaryFolder();
        string path = Create(folder);
        using ChildProcess child = Trace(path, $"fdatasync:error={errno}:when=3", 20);
        int exit = child.WaitForExit();
        int acknowledged = Acknowledged(child);
        Assert.True(exit != 0, $"The child went on: {child.Output}");
        Assert.Contains("Writing to the device failed in a way that leaves the outcome unknown", child.Errors, StringComparison.Ordinal);
        AssertHolds(path, acknowledged, atMost: acknowledged + 1);
    }

    /// <summary>Each system call that the writer makes of its file fails in turn: no crash, a typed error or none, and nothing acknowledged is lost.</summary>
    [StraceTheory]
    [InlineData("pwrite64", "EIO")]
    [InlineData("pwrite64", "ENOSPC")]
    [InlineData("fallocate", "ENOSPC")]
    [InlineData("fallocate", "EIO")]
    [InlineData("ftruncate", "EIO")]
    [InlineData("mmap", "ENOMEM")]
    public void FailedCallsCostNothingThatWasAcknowledged(string call, string errno)
    {
        for (int when = 1; when <= 4; when++)
        {
            using var folder = new TemporaryFolder();
            string path = Create(folder);

            // Maps of the runtime itself are let through: only those of the file fail.
            using ChildProcess child = Trace(path, $"{call}:error={errno}:when={when}", 12);
            int exit = child.WaitForExit();
            int acknowledged = Acknowledged(child);
            Assert.True(exit == 0 || child.Errors.Contains("EmbedCache.", StringComparison.Ordinal), $"{call} {errno} at {when}: exit code {exit}{Environment.NewLine}{child.Errors}");
            AssertHolds(path, acknowledged, atMost: Math.Max(12, acknowledged + 1));
        }
    }

    /// <summary>A full disk refuses what is set and takes what is removed; nothing that was acknowledged is lost.</summary>
    [TmpfsFact]
    public void OnAFullDiskRemovingWorks()
    {
        using var folder = new TemporaryFolder();
        using Tmpfs disk = Tmpfs.Mount(folder.PathTo("small"), "2m");
        string path = Path.Combine(disk.Path, "a.edb");
        int stored = 0;
        using (EmbeddingCache cache = EmbeddingCache.Create(path, new EmbeddingCacheCreateOptions { Dimension = 256, Metric = Metric.Dot }))
        {
            DeviceFailedException full = Assert.Throws<DeviceFailedException>(() =>
            {
                for (; stored < 10_000; stored++)
                {
                    cache.Set($"{stored}", Enumerable.Range(0, 256).Select(i => (float)(i + stored)).ToArray());
                }
            });
            Assert.True(full.IsFull);
            Assert.False(full.IsPoisoned);
            Assert.Equal(stored, cache.GetInfo().Count);
            for (int i = 0; i < 20; i++)
            {
                Assert.True(cache.Remove($"{i}"));
            }
        }

        using EmbeddingCache again = EmbeddingCache.Open(path);
        Assert.Equal(stored - 20, again.Enumerate().Count());
        Assert.Empty(again.Verify().Problems);
        Assert.True(stored > 500);
    }

    private static string Create(TemporaryFolder folder)
    {
        string path = folder.PathTo("a.edb");
        EmbeddingCache.Create(path, new EmbeddingCacheCreateOptions { Dimension = 2, Metric = Metric.Dot }).Dispose();
        return path;
    }

    private static ChildProcess Trace(string path, string injection, int count)
    {
        string call = injection.Split(':')[0];
        string child = Path.Combine(AppContext.BaseDirectory, "EmbedCache.Tests.Child.dll");
        return ChildProcess.Start(
            StraceTheoryAttribute.Strace, "-f", "-qq", "-o", path + ".trace", "-P", path, "-e", $"trace={call}", "-e", $"inject={injection}",
            ChildProcess.DotnetPath, child, "write-loop", path, "key", count.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>How many records the child said were set.</summary>
    private static int Acknowledged(ChildProcess child) => NumberLine().Count(child.Output);

    private static void AssertHolds(string path, int acknowledged, int atMost)
    {
        using EmbeddingCache cache = EmbeddingCache.Open(path);
        HashSet<string> keys = [.. cache.Enumerate().Select(static record => record.Key!)];
        for (int i = 0; i < acknowledged; i++)
        {
            // The child removes one of each five again, with the next that it sets.
            Assert.True(keys.Contains($"key {i}") || i % 5 == 3, $"record {i} of {acknowledged} is lost");
        }

        Assert.True(keys.Count <= atMost);
        Assert.Empty(cache.Verify().Problems);
        cache.Set("after", [1, 2]);
    }

    [GeneratedRegex(@"^\d+$", RegexOptions.Multiline)]
    private static partial Regex NumberLine();
}
