using EmbedCache.Format;
using EmbedCache.Fuzz;

namespace EmbedCache.Hostile.Tests.Files;

/// <summary>
/// A golden file, what it answers, and which of its bytes each answer was made of. Everything here is a function of the bytes that are read: a question
/// whose answer was found without reading a byte gives the same answer whatever that byte is. So only the others need to be asked again when it changes.
/// </summary>
internal sealed class GoldenAnswers
{
    /// <summary>Questions by key that one flip is asked: where a byte is read by more of them, as a header or a block of hashes, they come in turn.</summary>
    private const int MostKeysAsked = 2;

    /// <summary>Of files with many records each flip is asked so many questions that are not about keys: the flips of one byte's bits come through all of them.</summary>
    private const int MostAskedOfMany = 2;
    private const int Many = 100;

    private readonly int[][] _generalByByte;
    private readonly int[][] _keysByByte;
    private readonly ulong[][] _shorter;
    private readonly bool _hasMany;

    private GoldenAnswers(string name, byte[] bytes)
    {
        Name = name;
        Bytes = bytes;
        using (EmbeddingCache cache = Probe.Open(Probe.Disk(bytes)))
        {
            Assert.True(cache.Verify().IsValid);
            Questions = Questions.About(cache, ["a", "key 3"]);
            _hasMany = cache.GetInfo().Count > Many;
        }

        Answers = new ulong[Questions.Count];
        var readers = new List<int>[bytes.Length];
        for (int i = 0; i < readers.Length; i++)
        {
            readers[i] = [];
        }

        for (int question = 0; question < Questions.Count; question++)
        {
            ByteFileSystem disk = Probe.Disk(bytes);
            disk.Touched = new bool[bytes.Length];
            using EmbeddingCache cache = Probe.Open(disk);
            Answers[question] = Questions.Ask(cache, question);
            Assert.NotEqual(0UL, Answers[question]);
            for (int i = 0; i < bytes.Length; i++)
            {
                if (disk.Touched[i])
                {
                    readers[i].Add(question);
                }
            }
        }

        using (EmbeddingCache cache = Probe.Open(Probe.Disk((byte[])bytes.Clone()), readOnly: false))
        {
            cache.Compact();
            CompactedAnswers = [.. Enumerable.Range(0, Questions.Count).Select(question => Questions.Ask(cache, question))];
        }

        DurableTail = Newest.DurableTail;
        PublishedTail = Newest.PublishedTail;
        _shorter = [.. AnswersOfShorterLogs()];
        _generalByByte = Shared(readers.Select(static questions => questions.Where(static question => question < Questions.GeneralCount)));
        _keysByByte = Shared(readers.Select(static questions => questions.Where(static question => question >= Questions.GeneralCount)));
        Covered = FindCovered(bytes, DurableTail);
    }

    public static GoldenAnswers[] All { get; } = [.. SeedFiles.Golden().Select(static pair => new GoldenAnswers(pair.Key, pair.Value))];

    public string Name { get; }

    public byte[] Bytes { get; }

    public Questions Questions { get; }

    /// <summary>The answers of the file as it is.</summary>
    public ulong[] Answers { get; }

    /// <summary>The answers after a compaction: of a file that keeps codes instead of vectors, it encodes what was set since.</summary>
    public ulong[] CompactedAnswers { get; }

    /// <summary>Bytes that a checksum covers.</summary>
    public bool[] Covered { get; }

    /// <summary>Where the newest slot says that the log ends.</summary>
    public long PublishedTail { get; }

    /// <summary>What was fsynced. Behind it, a log without its newest commits is what a loss of power leaves, and no damage.</summary>
    public long DurableTail { get; }

    private CommitSlot Newest => Slots(Bytes).MaxBy(static slot => slot.Sequence);

    /// <summary>Whether an answer may be given when a byte from <paramref name="damagedFrom"/> on is not what it was.</summary>
    public bool MayAnswer(int question, ulong answer, long damagedFrom)
        => answer == 0
        || answer == Answers[question]
        || (question == Questions.NearestByWalk && MayAnswer(Questions.Nearest, answer, damagedFrom))
        || (damagedFrom >= DurableTail && _shorter.Any(answers => answers[question] == answer));

    /// <summary>The questions that a change of this byte could concern; <paramref name="turn"/> chooses among many.</summary>
    public IEnumerable<int> QuestionsFor(int offset, int turn)
        => InTurn(_generalByByte[offset], _hasMany ? MostAskedOfMany : int.MaxValue, turn).Concat(InTurn(_keysByByte[offset], MostKeysAsked, turn));

    /// <summary>Whether any question reads a byte.</summary>
    public bool IsAskedFor(int offset) => _generalByByte[offset].Length > 0 || _keysByByte[offset].Length > 0;

    private static IEnumerable<int> InTurn(int[] questions, int most, int turn)
    {
        int count = Math.Min(most, questions.Length);
        for (int i = 0; i < count; i++)
        {
            yield return questions[(int)((((uint)turn * (uint)count) + (uint)i) % (uint)questions.Length)];
        }
    }

    /// <summary>One array for all bytes that the same questions read.</summary>
    private static int[][] Shared(IEnumerable<IEnumerable<int>> sets)
    {
        var known = new Dictionary<string, int[]>(StringComparer.Ordinal);
        return [.. sets.Select(set =>
        {
            int[] questions = [.. set];
            string name = string.Join(' ', questions);
            return known.TryGetValue(name, out int[]? same) ? same : known[name] = questions;
        })];
    }

    /// <summary>Header and frame headers up to the durable tail: what every opening and Verify hold against a checksum. Payloads are left to Verify's own tests.</summary>
    private static bool[] FindCovered(byte[] bytes, long tail)
    {
        var covered = new bool[bytes.Length];
        covered.AsSpan(0, FormatConstants.HeaderByteLength).Fill(true);
        byte[] input = FuzzInput.FromFile(bytes, FuzzFlags.None);
        foreach (int frame in FileMutator.Frames(input))
        {
            int offset = frame - FuzzInput.LogOffset + (int)FormatConstants.LogOffset;
            if (offset < tail)
            {
                covered.AsSpan(offset, FormatConstants.FrameHeaderByteLength).Fill(true);
            }
        }

        return covered;
    }

    /// <summary>The answers with each number of whole commits behind the durable tail.</summary>
    private IEnumerable<ulong[]> AnswersOfShorterLogs()
    {
        for (long length = DurableTail; length < PublishedTail; length += FormatConstants.Unit)
        {
            using EmbeddingCache cache = Probe.Open(Probe.Disk(Bytes[..(int)length]));
            yield return [.. Enumerable.Range(0, Questions.Count).Select(question => Questions.Ask(cache, question))];
        }
    }

    private static IEnumerable<CommitSlot> Slots(byte[] bytes)
    {
        foreach (long offset in new[] { FormatConstants.SlotAOffset, FormatConstants.SlotBOffset })
        {
            if (CommitSlot.TryRead(bytes.AsSpan((int)offset), out CommitSlot slot))
            {
                yield return slot;
            }
        }
    }
}
