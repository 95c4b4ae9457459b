using EmbedCache.Format;
using EmbedCache.Storage;
using EmbedCache.Tests.Storage;

namespace EmbedCache.Tests.Engine;

/// <summary>Which file a handle works on after something happened to its path: a compaction cut short, a hard link, a move.</summary>
public sealed class FileIdentityTests
{
    /// <summary>
    /// Regression: a compactor that died between its rename and its mark on the old file left every open reader on the old file until it was closed.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Regression_ReadersLeaveAnOldFileThatWasNeverMarked(bool readOnly)
    {
        using var store = new TestStore();
        store.Create().Dispose();
        using EmbeddingCache reader = EmbeddingCache.Open(store.Path, new EmbeddingCacheOptions { ReadOnly = readOnly }, store.With(PlatformFileSystem.Instance, pathLookMilliseconds: 0));
        using IEnumerator<Embedding> under = reader.Enumerate().GetEnumerator();
        CompactWithoutMark(store);
        using (EmbeddingCache writer = store.Open())
        {
            writer.Set("new", [1, 2]);
        }

        Assert.True(Look(reader, "new"));
        Assert.Equal(2, reader.GetInfo().Generation);
        Assert.True(reader.IsCurrentFile());
    }

    /// <summary>With the usual second between two looks, a reader is there a second later at the most.</summary>
    [Fact]
    public void ReaderLooksByItself()
    {
        using var store = new TestStore();
        store.Create().Dispose();
        using EmbeddingCache reader = store.Open(readOnly: true);
        CompactWithoutMark(store);
        using (EmbeddingCache writer = store.Open())
        {
            writer.Set("new", [1, 2]);
        }

        Assert.True(SpinWait.SpinUntil(() =>
        {
            Thread.Sleep(20);
            return reader.Contains("new");
        }, TimeSpan.FromSeconds(60)));
    }

    /// <summary>What is at the path but no newer generation of the store leaves the open file in use, as it was before.</summary>
    [Fact]
    public void OtherFilesAtThePathAreNotGoneOverTo()
    {
        using var store = new TestStore();
        using (EmbeddingCache cache = store.Create())
        {
            cache.Set("mine", [1, 2]);
        }

        using EmbeddingCache reader = EmbeddingCache.Open(store.Path, new EmbeddingCacheOptions { ReadOnly = true }, store.With(PlatformFileSystem.Instance, pathLookMilliseconds: 0));
        File.Move(store.Path, store.PathTo("moved.edb"));
        Assert.False(Look(reader, "new"));
        Assert.True(reader.Contains("mine"));
        File.WriteAllText(store.Path, "no file of ours");
        Assert.False(Look(reader, "new"));
        Assert.True(reader.Contains("mine"));
        File.Delete(store.Path);
        using (EmbeddingCache other = EmbeddingCache.Create(store.Path, new EmbeddingCacheCreateOptions { Dimension = 2 }))
        {
            other.Set("new", [1, 2]);
        }

        Assert.False(Look(reader, "new"));
        Assert.True(reader.Contains("mine"));
        Assert.False(reader.IsCurrentFile());
    }

    /// <summary>Regression: a hard link of a file that was compacted could not be opened any more ("the slots changed faster than they could be read").</summary>
    [LinuxFact]
    public void Regression_HardLinkOfACompactedFileOpens()
    {
        using var store = new TestStore();
        using (EmbeddingCache cache = store.Create())
        {
            cache.Set("a", [1, 2]);
            string link = store.PathTo("link.edb");
            using System.Diagnostics.Process process = System.Diagnostics.Process.Start("ln", [store.Path, link]);
            process.WaitForExit();
            cache.Compact();
            cache.Set("b", [1, 2]);
            using (EmbeddingCache old = store.Open(readOnly: true, path: link))
            {
                Assert.True(old.Contains("a"));
                Assert.False(old.Contains("b"));
                Assert.True(old.Verify().IsValid);
            }

            using (EmbeddingCache writer = store.Open(path: link))
            {
                writer.Set("c", [1, 2]);
                Assert.True(writer.Contains("c"));
                StoreContent.AssertValid(writer);
            }

            Assert.False(cache.Contains("c"));
        }
    }

    /// <summary>More operations than a handle makes at the most before it looks at its path again.</summary>
    private static bool Look(EmbeddingCache reader, string key)
    {
        bool isFound = false;
        for (int i = 0; i < 100; i++)
        {
            isFound = reader.Contains(key);
        }

        return isFound;
    }

    /// <summary>What a compaction leaves that dies right after its rename.</summary>
    private static void CompactWithoutMark(TestStore store)
    {
        string copy = store.PathTo("copy.edb");
        File.Copy(store.Path, copy);
        using (EmbeddingCache cache = store.Open(path: copy))
        {
            cache.Compact();
        }

        File.Move(copy, store.Path, overwrite: true);
    }
}
