using System.Diagnostics;
using System.Globalization;
using EmbedCache.Tests.Storage;

namespace EmbedCache.Kill.Tests;

/// <summary>
/// Proves that nobody is left behind by a compactor that dies between its rename and its mark on the old file: readers and a writer in processes of their own, which
/// have the old file open, arrive at the new one by themselves, lose nothing, and what is committed from then on is seen by all.
/// </summary>
public sealed class CompactorTests
{
    private const int Size = 20;

    /// <summary>A handle looks at its path once a second at most; this is how long a starved machine may take.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Fact]
    public void ReadersOfTheOldFileArriveAtTheNewOneWhenTheCompactorIsKilledBeforeItsMark()
    {
        using var directory = new TestDirectory();
        string path = directory.PathTo("a.edb");
        EmbeddingCache.Create(path, new EmbeddingCacheCreateOptions { Dimension = 2, Metric = Metric.Dot }).Dispose();
        using KilledChild writer = KilledChild.Start("kill-write", path, "0", Text(Size));
        Assert.Equal("0", writer.Ask(string.Empty));
        using KilledChild mapped = KilledChild.Start("kill-read", path, Text(Size), "mapped");
        using KilledChild positional = KilledChild.Start("kill-read", path, Text(Size), "positional");
        using EmbeddingCache here = EmbeddingCache.Open(path, new EmbeddingCacheOptions { ReadOnly = true });
        Assert.Equal("0", mapped.Ask("1"));
        Assert.Equal("0", positional.Ask("1"));
        Assert.Equal(Size, here.Enumerate().Count());
        using IEnumerator<Embedding> under = here.Enumerate().GetEnumerator();
        Assert.True(under.MoveNext());

        using (KilledChild compactor = KilledChild.Start("kill-compact", path))
        {
            Assert.Null(compactor.ReadLine());
            Assert.NotEqual(1, compactor.WaitForExit());
        }

        // The old file has no mark, and each of them stands on it. The writer must not acknowledge anything into it.
        Assert.Equal("1", writer.Ask(string.Empty));
        var clock = Stopwatch.StartNew();
        Assert.True(Arrives(() => mapped.Ask("1"), clock), "A mapped reader stayed on the old file");
        Assert.True(Arrives(() => positional.Ask("1"), clock), "A reader by position stayed on the old file");
        Assert.True(Arrives(() => Text((int)here.Get("key 3")!.Vector.Span[0]), clock), "A reader with an enumeration under way stayed on the old file");
        Assert.Equal(2, here.GetInfo().Generation);

        // The enumeration goes on in the old one, whole and as it was.
        int rest = 1;
        while (under.MoveNext())
        {
            Assert.Equal(0, under.Current.Vector.Span[0]);
            rest++;
        }

        Assert.Equal(Size, rest);
        using EmbeddingCache opened = EmbeddingCache.Open(path);
        Assert.Equal(2, opened.GetInfo().Generation);
        Assert.Equal(Size, opened.GetInfo().Count);
        Assert.True(opened.Verify().IsValid);
        Assert.Equal([path], Directory.GetFileSystemEntries(directory.Path));
    }

    private static bool Arrives(Func<string?> look, Stopwatch clock)
    {
        while (clock.Elapsed < s_patience)
        {
            string? seen = look();
            if (seen == "1")
            {
                return true;
            }

            Assert.Equal("0", seen);
            Thread.Sleep(20);
        }

        return false;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
