using System.Globalization;
using EmbedCache.Tests.Engine;
using EmbedCache.Tests.Storage;
using Xunit.Abstractions;

namespace EmbedCache.Kill.Tests;

/// <summary>
/// Proves what readers in processes of their own are promised, while members of the party are killed at random: each snapshot is one whole transaction, never
/// an older one than before, and a commit is seen by everybody as soon as it is acknowledged, whether its writer lives or not.
/// </summary>
public sealed class ReaderRoundTests(ITestOutputHelper output)
{
    private const int Size = 20;
    private const int ReaderCount = 4;

    [LinuxFact]
    public void FourReadersSeeWholeTransactionsInOrderWhileMembersAreKilled()
    {
        int rounds = LongRun.Scale(200, 5_000);
        int seed = LongRun.IsWanted ? Environment.TickCount : 5;
        var random = new Random(seed);
        using var directory = new TestDirectory();
        using var party = new Party(directory.PathTo("a.edb"));
        Func<bool> isOver = LongRun.Deadline();
        int round = 0;
        for (; round < rounds && !isOver(); round++)
        {
            for (int commits = random.Next(1, 4); commits > 0; commits--)
            {
                party.Commit();
            }

            party.AskReaders(random.Next(1, 4), $"seed {seed}, round {round}");
            party.KillOne(random, $"seed {seed}, round {round}");
        }

        // The last round may have killed a writer, whose commit without a slot not everybody sees before the next writer publishes it.
        party.Commit();
        party.AskReaders(1, "at the end");
        output.WriteLine($"seed {seed}: {round} rounds, {party.Acknowledged} commits, {party.KilledWriters} writers and {party.KilledReaders} readers killed; torn 0, backward 0");
        using EmbeddingCache cache = EmbeddingCache.Open(directory.PathTo("a.edb"));
        Assert.True(cache.Verify().IsValid);
    }

    /// <summary>One writer and four readers of one file.</summary>
    private sealed class Party : IDisposable
    {
        private readonly string _path;
        private readonly KilledChild[] _readers = new KilledChild[ReaderCount];
        private KilledChild _writer;

        public Party(string path)
        {
            _path = path;
            EmbeddingCache.Create(path, new EmbeddingCacheCreateOptions { Dimension = 2, Metric = Metric.Dot }).Dispose();
            _writer = StartWriter();
            Commit();
            for (int i = 0; i < ReaderCount; i++)
            {
                _readers[i] = StartReader(i);
            }
        }

        public int Acknowledged { get; private set; } = -1;

        public int KilledWriters { get; private set; }

        public int KilledReaders { get; private set; }

        public void Commit()
        {
            string? line = _writer.Ask(string.Empty);
            Assert.Equal(Text(Acknowledged + 1), line);
            Acknowledged++;
        }

        /// <summary>All readers look at the same time, while the writer goes on.</summary>
        public void AskReaders(int looks, string what)
        {
            int before = Acknowledged;
            foreach (KilledChild reader in _readers)
            {
                reader.Tell(Text(looks));
            }

            Commit();
            foreach (KilledChild reader in _readers)
            {
                string? answer = reader.ReadLine();
                Assert.True(float.TryParse(answer, CultureInfo.InvariantCulture, out float seen), $"{what}: {answer}");
                Assert.True(seen >= before && seen <= Acknowledged, $"{what}: a reader saw version {seen}; {before} was acknowledged before it looked, {Acknowledged} when it answered");
            }
        }

        /// <summary>Kills one, in the middle of what it does (a reader before it could say anything but that something was wrong), and puts another in its place.</summary>
        public void KillOne(Random random, string what)
        {
            int victim = random.Next(ReaderCount + 2);
            if (victim < ReaderCount)
            {
                _readers[victim].Tell("1000000");
                Thread.SpinWait(random.Next(60_000));
                _readers[victim].Kill();
                Assert.Null(_readers[victim].ReadLine());
                _readers[victim].Dispose();
                _readers[victim] = StartReader(victim);
                KilledReaders++;
                return;
            }

            _writer.Tell(string.Empty);
            Thread.SpinWait(random.Next(60_000));
            _writer.Kill();
            while (_writer.ReadLine() is { } line)
            {
                Assert.Equal(Text(Acknowledged + 1), line);
                Acknowledged++;
            }

            _writer.Dispose();
            KilledWriters++;

            // The commit in flight may have happened without its slot. A reader that looks at the file anew finds it, one that stands on the newest slot
            // goes on with that until a writer has published it; then all see it, and what one has seen is never lost.
            int[] seen = [.. Enumerable.Range(0, ReaderCount).Select(reader => See(reader, what))];
            Assert.All(seen, version => Assert.InRange(version, Acknowledged, Acknowledged + 1));
            Acknowledged = seen.Max();
            _writer = StartWriter();
        }

        public void Dispose()
        {
            _writer.Dispose();
            foreach (KilledChild? reader in _readers)
            {
                reader?.Dispose();
            }
        }

        private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

        private int See(int reader, string what)
        {
            string? answer = _readers[reader].Ask("1");
            Assert.True(int.TryParse(answer, CultureInfo.InvariantCulture, out int seen), $"{what}: {answer}");
            return seen;
        }

        private KilledChild StartWriter() => KilledChild.Start("kill-write", _path, Text(Acknowledged + 1), Text(Size));

        private KilledChild StartReader(int number) => KilledChild.Start("kill-read", _path, Text(Size), number % 2 == 0 ? "mapped" : "positional");
    }
}
