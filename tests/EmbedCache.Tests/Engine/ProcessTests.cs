using System.Diagnostics;
using System.Globalization;
using EmbedCache.Tests.Storage;

namespace EmbedCache.Tests.Engine;

/// <summary>
/// Proves what holds across processes, with real ones: kill -9 at any moment loses nothing that was acknowledged; readers see whole transactions that
/// never go back, and a commit as soon as it is acknowledged; writers take turns through the lock; a compaction swaps the file under all of
/// them; and a pinned snapshot stays readable while sections are replaced and their space is released.
/// </summary>
public sealed class ProcessTests : IDisposable
{
    private readonly TestStore _store = new();

    public void Dispose() => _store.Dispose();

    [LinuxFact]
    public void KilledWriterLosesNothingThatWasAcknowledged()
    {
        _store.Create().Dispose();
        var random = new Random(1);
        int total = 0;
        for (int round = 0; round < LongRun.Scale(40, 200); round++)
        {
            int acknowledged = -1;
            using (Storage.Child child = Storage.Child.Start("write-loop", _store.Path, $"round {round}", "1000000", round % 3 == 0 ? "7" : "0"))
            {
                // At some moment of its loop; lines that are on their way when it dies count too.
                for (int lines = random.Next(1, 60); lines > 0; lines--)
                {
                    acknowledged = int.Parse(child.ReadLine()!, CultureInfo.InvariantCulture);
                }

                child.Kill();
                while (child.ReadLine() is { Length: > 0 } line && int.TryParse(line, CultureInfo.InvariantCulture, out int last))
                {
                    acknowledged = last;
                }
            }

            // First a reader, which must not write; then a writer, which recovers.
            foreach (bool readOnly in new[] { true, false })
            {
                using EmbeddingCache cache = _store.Open(readOnly);
                for (int i = 0; i <= acknowledged; i++)
                {
                    float[] vector = new float[2];
                    bool removed = i % 5 == 3 && i + 1 <= acknowledged;
                    bool mayBeRemoved = i % 5 == 3 && i + 1 > acknowledged;
                    bool found = cache.TryGet($"round {round} {i}", vector);
                    Assert.True(mayBeRemoved || found != removed, $"round {round}: record {i} of {acknowledged} acknowledged");
                    Assert.True(!found || vector[0] == i);
                }

                if (!readOnly)
                {
                    cache.Set("alive", [round, 1]);
                }

                if (round % 10 == 0)
                {
                    StoreContent.AssertValid(cache);
                }
            }

            total += acknowledged + 1;
        }

        using EmbeddingCache all = _store.Open();
        Assert.True(all.GetInfo().Count > total / 2);
        StoreContent.AssertValid(all);
    }

    [LinuxTheory]
    [InlineData("mapped")]
    [InlineData("positional")]
    public void ReadersInOtherProcessesSeeWholeTransactionsThatNeverGoBack(string reads)
    {
        const int Size = 30;
        using EmbeddingCache cache = _store.Create();
        Write(cache, Size, 0);
        using Storage.Child first = Storage.Child.Start("read-loop", _store.Path, $"{Size}", reads);
        using Storage.Child second = Storage.Child.Start("read-loop", _store.Path, $"{Size}", reads);
        Assert.Equal("ready", first.ReadLine());
        Assert.Equal("ready", second.ReadLine());
        var clock = Stopwatch.StartNew();
        int round = 0;
        while (round < 250 || clock.Elapsed < TimeSpan.FromSeconds(LongRun.Scale(2, 60)))
        {
            round++;
            Write(cache, Size, round);
            if (round % 60 == 0)
            {
                cache.Compact();
            }
            else if (round % 25 == 0)
            {
                cache.Checkpoint();
            }
            else if (round % 10 == 0)
            {
                using EmbeddingTransaction undone = cache.BeginTransaction();
                undone.Set("1", [1_000_000, 1]);
                Assert.NotNull(undone.Get("1"));
            }
        }

        foreach (Storage.Child reader in new[] { first, second })
        {
            reader.WriteLine();
            string[] lines = reader.ReadToEnd();
            Assert.Equal($"{round}", lines[0]);
            Assert.True(int.Parse(lines[1], CultureInfo.InvariantCulture) > 3, $"{lines[1]} rounds of a reader to {round} of the writer in {clock.Elapsed}");
        }

        StoreContent.AssertValid(cache);
    }

    [LinuxFact]
    public void AnotherProcessReadsACommitAsSoonAsItIsAcknowledged()
    {
        using EmbeddingCache cache = _store.Create();
        using Storage.Child reader = Storage.Child.Start("answer", _store.Path);
        for (int i = 0; i < 100; i++)
        {
            cache.Set("key", [i, 1]);
            if (i == 50)
            {
                cache.Compact();
            }

            reader.WriteLine("key");
            Assert.Equal($"{i}", reader.ReadLine());
        }

        cache.Remove("key");
        reader.WriteLine("key");
        Assert.Equal("none", reader.ReadLine());
    }

    [LinuxFact]
    public void WritersInManyProcessesLoseNothingWhileOneCompacts()
    {
        const int Count = 150;
        _store.Create().Dispose();
        Storage.Child[] writers = [.. Enumerable.Range(0, 3).Select(writer => Storage.Child.Start("write-loop", _store.Path, $"writer {writer}", $"{Count}", "40"))];
        using Storage.Child compactor = Storage.Child.Start("compact", _store.Path, "8");
        using (EmbeddingCache cache = _store.Open(configure: static options => options.BusyTimeout = TimeSpan.FromSeconds(60)))
        {
            for (int i = 0; i < Count; i++)
            {
                cache.Set($"own {i}", [i, 1]);
                Assert.True(cache.Contains($"own {i}"));
            }
        }

        Assert.Equal(8, compactor.ReadToEnd().Length);
        foreach (Storage.Child writer in writers)
        {
            Assert.Equal(Count, writer.ReadToEnd().Length);
            writer.Dispose();
        }

        using EmbeddingCache all = _store.Open();
        Assert.Equal(9, all.GetInfo().Generation);
        Assert.Equal(Count + (3 * (Count - (Count / 5))), all.GetInfo().Count);
        for (int writer = 0; writer < 3; writer++)
        {
            for (int i = 0; i < Count; i++)
            {
                Assert.Equal(i % 5 != 3, all.Contains($"writer {writer} {i}"));
            }
        }

        StoreContent.AssertValid(all);
        Assert.Equal(["a.edb"], Directory.GetFileSystemEntries(System.IO.Path.GetDirectoryName(_store.Path)!).Select(System.IO.Path.GetFileName));
    }

    [LinuxFact]
    public void PinnedReaderKeepsItsSnapshotWhileSectionsAreReplacedAndReleased()
    {
        using EmbeddingCache cache = _store.Create();
        cache.Set(Enumerable.Range(0, 3000).Select(static i => new EmbeddingEntry($"{i}", new float[] { i, 1 })));
        cache.Checkpoint();
        using Storage.Child reader = Storage.Child.Start("pin", _store.Path);
        Assert.Equal("pinned", reader.ReadLine());
        long? pin = cache.GetInfo().OldestPin;
        Assert.NotNull(pin);
        for (int round = 0; round < 8; round++)
        {
            cache.Set(Enumerable.Range(0, 3000).Select(i => new EmbeddingEntry($"{i}", new float[] { round, 2 })));
            cache.Checkpoint();
            cache.Set("one", [round, 1]);
            Assert.Equal(pin, cache.GetInfo().OldestPin);
        }

        reader.WriteLine();
        Assert.Equal(["3000"], reader.ReadToEnd());
        Assert.NotEqual(pin, cache.GetInfo().OldestPin);
        StoreContent.AssertValid(cache);
    }

    /// <summary>What a killed process had pinned is free again: the kernel is the table of readers.</summary>
    [LinuxFact]
    public void KilledReaderHoldsNoPin()
    {
        using EmbeddingCache cache = _store.Create();
        cache.Set("a", [1, 1]);
        using (Storage.Child reader = Storage.Child.Start("pin", _store.Path))
        {
            Assert.Equal("pinned", reader.ReadLine());
            cache.Set("b", [1, 1]);
            Assert.True(cache.GetInfo().OldestPin < cache.GetInfo().Sequence);
            reader.Kill();
        }

        Assert.Equal(cache.GetInfo().Sequence, cache.GetInfo().OldestPin);
    }

    private static void Write(EmbeddingCache cache, int size, int value)
        => cache.Set(Enumerable.Range(0, size).Select(i => new EmbeddingEntry($"{i}", new float[] { value, 1 })));
}
