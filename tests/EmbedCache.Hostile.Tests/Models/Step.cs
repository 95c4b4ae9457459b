using CsCheck;

namespace EmbedCache.Hostile.Tests.Models;

/// <summary>The public operations.</summary>
internal enum Act
{
    Set,
    SetWithExpiry,
    SetWithMetadata,
    SetMany,
    SetRefused,
    Touch,
    Remove,
    RemoveByDigest,
    Commit,
    Rollback,
    CommitLarge,
    Get,
    Contains,
    GetByDigest,
    Enumerate,
    Search,
    FindKeys,
    Info,
    Verify,
    Checkpoint,
    Compact,
    ReopenWriter,
    ReopenReader,
    Tick,
}

/// <summary>One operation: what to do, with which key, and numbers to make its arguments of.</summary>
internal readonly record struct Step(Act Act, int Key, int Value, int More)
{
    /// <summary>Keys that differ as little as keys can, and as much.</summary>
    private static readonly string[] s_keys = ["a", "A", "b", "key 1", "key 2", "key 11", "é", "e\u0301", "日本語", "😀", new string('k', 300), "before\0after"];

    /// <summary>Reads are as likely as writes; what takes long is rare.</summary>
    public static Gen<Step> Gen { get; } = CsCheck.Gen.Select(
        CsCheck.Gen.Frequency(
            (6, CsCheck.Gen.Const(Act.Set)),
            (3, CsCheck.Gen.OneOfConst(Act.SetWithExpiry, Act.SetWithMetadata, Act.SetMany)),
            (1, CsCheck.Gen.Const(Act.SetRefused)),
            (5, CsCheck.Gen.OneOfConst(Act.Touch, Act.Remove, Act.RemoveByDigest)),
            (3, CsCheck.Gen.OneOfConst(Act.Commit, Act.Rollback)),
            (8, CsCheck.Gen.OneOfConst(Act.Get, Act.Contains, Act.GetByDigest, Act.Enumerate, Act.Search, Act.FindKeys, Act.Info)),
            (4, CsCheck.Gen.OneOfConst(Act.Checkpoint, Act.ReopenWriter, Act.ReopenReader, Act.Tick)),
            (1, CsCheck.Gen.OneOfConst(Act.Compact, Act.Verify))),
        CsCheck.Gen.Int[0, s_keys.Length - 1],
        CsCheck.Gen.Int[0, 999],
        CsCheck.Gen.Int[0, 31],
        static (act, key, value, more) => new Step(act == Act.Commit && value < 20 ? Act.CommitLarge : act, key, value, more));

    public string KeyText => s_keys[Key];

    public EmbeddingRole Role => (EmbeddingRole)(More % 3 == 0 ? More % 2 : 0);

    /// <summary>Small integers, never all zero, with many repetitions, so that ties are real ones.</summary>
    public float[] Vector => [(Value % 5) - 2, (Value / 5 % 5) - 2, 1 + (More % 2)];

    public static string KeyAt(int index) => s_keys[(int)((uint)index % s_keys.Length)];

    public EmbeddingMetadata Metadata => (Value % 6) switch
    {
        0 => EmbeddingMetadata.Empty,
        1 => EmbeddingMetadata.Empty.With("n", (long)Value),
        2 => EmbeddingMetadata.Empty.With("s", "text " + Value).With("b", Value % 2 == 0),
        3 => EmbeddingMetadata.Empty.With("x", Value / 7.0),
        4 => EmbeddingMetadata.Empty.With("l", new[] { "one", "two", string.Empty }),
        _ => EmbeddingMetadata.Empty.With("d", new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddMinutes(Value)),
    };
}

/// <summary>What kind of file and how it is opened.</summary>
internal readonly record struct World(Metric Metric, KeyStorage KeyStorage, bool HasTimeToLive, Durability Durability, bool Positional, bool HasModel)
{
    public static Gen<World> Gen { get; } = CsCheck.Gen.Select(
        CsCheck.Gen.OneOfConst(Metric.Cosine, Metric.Dot, Metric.L2),
        CsCheck.Gen.Frequency((3, CsCheck.Gen.Const(KeyStorage.Text)), (1, CsCheck.Gen.Const(KeyStorage.Digest))),
        CsCheck.Gen.Int[0, 3],
        CsCheck.Gen.OneOfConst(Durability.Full, Durability.Normal),
        CsCheck.Gen.Bool,
        CsCheck.Gen.Bool,
        static (metric, keyStorage, timeToLive, durability, positional, model) => new World(metric, keyStorage, timeToLive == 0, durability, positional, model));
}
