using EmbedCache.Engine;
using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Primitives;

namespace EmbedCache.Faults.Crash;

/// <summary>Every kind of write that the engine knows, in small.</summary>
internal static class Workloads
{
    /// <summary>Bytes and counts as everybody has them.</summary>
    private static readonly EngineLimits s_usual = EngineLimits.Default with { CloseReleaseThreshold = 1 };

    public static Workload Creation { get; } = new("creation", Create, StoreWorld.SmallLimits);

    public static Workload Puts { get; } = new("puts", Put, s_usual);

    public static Workload Mixed { get; } = new("mixed", Mix, s_usual);

    public static Workload Sections { get; } = new("sections", Index, StoreWorld.SmallLimits);

    public static Workload LargeTransactions { get; } = new("large transactions", WriteInPieces, StoreWorld.SmallLimits);

    public static Workload Rollbacks { get; } = new("rollbacks", RollBack, StoreWorld.SmallLimits with { MaxUnindexedCount = 1000 });

    public static Workload Reopening { get; } = new("reopening", Reopen, StoreWorld.SmallLimits);

    public static Workload Compaction { get; } = new("compaction", Compact, StoreWorld.SmallLimits);

    public static Workload TwoHandles { get; } = new("two handles", TakeTurns, StoreWorld.SmallLimits);

    public static Workload Collisions { get; } = new("colliding hashes", Index, StoreWorld.SmallLimits, CollidingHashes.Salt);

    public static Workload Punching { get; } = new("punching", Punch, s_usual);

    public static Workload Optimizing { get; } = new("optimizing", Optimize, s_usual);

    public static Workload Repeating { get; } = new("repeating", Repeat, s_usual)
    {
        Repeats = RepeatedSet.Of,

        // It is what comes after a crash that counts.
        Spends = static budget => budget with { States = budget.States / 4, Recoveries = budget.Recoveries * 4, StatesOfRecovery = budget.StatesOfRecovery * 4, Kills = 0 },
    };

    /// <summary>Codes, columns and graphs of stores of a few hundred records, as they come about while a store is used: at checkpoints and when it is closed.</summary>
    public static Workload Deriving { get; } = new("deriving", Derive, new StoreScale(s_usual with { OverlayLevelOneCount = 64 }) { CodesThreshold = 16, GraphThreshold = 16 })
    {
        // Each is ten times as much work as others: graphs are verified, searched and built.
        Spends = static budget => budget with { States = budget.States / 4, Recoveries = budget.Recoveries / 2, Kills = budget.Kills / 2 },
    };

    public static IReadOnlyList<Workload> All { get; } =
        [Creation, Puts, Mixed, Sections, LargeTransactions, Rollbacks, Reopening, Compaction, TwoHandles, Collisions, Punching, Optimizing, Repeating, Deriving];

    private static void Create(WorkloadRun run)
    {
        run.Create(run.Random.Next(2) == 0 ? "model" : null);
        run.Commit(static transaction => transaction.Set("first", 1));
        run.Close();
        run.Create("another model", overwrite: true);
        run.Commit(static transaction => transaction.Set("second", 2));
        if (run.Random.Next(2) == 0)
        {
            run.Close();
        }

        run.Create(overwrite: true);
        run.Commit(static transaction => transaction.Set("third", 3));
        run.RequireAgreement();
    }

    private static void Put(WorkloadRun run)
    {
        run.Create("model");
        for (int i = 0; i < 10; i++)
        {
            run.Commit(transaction => transaction.Set($"key {run.Random.Next(8)}", i));
        }

        run.RequireAgreement();
    }

    private static void Mix(WorkloadRun run)
    {
        run.Create();
        for (int i = 0; i < 12; i++)
        {
            Change(run, atMost: 5);
            if (run.Random.Next(6) == 0)
            {
                run.Checkpoint();
            }
        }

        run.RequireAgreement();
    }

    private static void Index(WorkloadRun run)
    {
        run.Create("model");
        for (int i = 0; i < 10; i++)
        {
            Change(run, atMost: 12);
            if (run.Random.Next(3) == 0)
            {
                run.Checkpoint();
            }
        }

        run.RequireAgreement();
    }

    private static void WriteInPieces(WorkloadRun run)
    {
        run.Create();
        for (int i = 0; i < 4; i++)
        {
            if (run.Random.Next(3) == 0)
            {
                run.RollBack(transaction => ChangeMany(run, transaction, 30));
            }

            run.Commit(transaction => ChangeMany(run, transaction, run.Random.Next(20, 40)));
        }

        run.RequireAgreement();
    }

    private static void RollBack(WorkloadRun run)
    {
        run.Create();
        Change(run, atMost: 3);
        for (int i = 0; i < 5; i++)
        {
            // The same again after it was undone: stale frames would fit in exactly.
            int seed = run.Random.Next();
            long now = run.World.Now;
            run.RollBack(transaction => SetMany(transaction, seed));
            run.World.Now = now;
            if (run.Random.Next(2) == 0)
            {
                run.Commit(transaction => SetMany(transaction, seed));
            }

            Change(run, atMost: 2);
        }

        run.RequireAgreement();
    }

    /// <summary>Records that whoever comes after a crash sets again, byte for byte: frames that a power loss tore out of the log would fit in behind them.</summary>
    private static void Repeat(WorkloadRun run)
    {
        run.Create();
        for (int i = 0; i < 6; i++)
        {
            int count = i;
            run.Commit(transaction => transaction.Set(RepeatedSet.Of(count)));
        }

        run.RequireAgreement();
    }

    private static void Reopen(WorkloadRun run)
    {
        run.Create("model");
        for (int i = 0; i < 6; i++)
        {
            Change(run, atMost: 8);
            Change(run, atMost: 2);
            run.Reopen();
            run.RequireAgreement();
        }
    }

    private static void Compact(WorkloadRun run)
    {
        run.Create("model");
        for (int i = 0; i < 3; i++)
        {
            Change(run, atMost: 10);
            Change(run, atMost: 3);
            run.Compact();
            if (run.Random.Next(2) == 0)
            {
                run.Reopen();
            }

            Change(run, atMost: 2);
        }

        run.RequireAgreement();
    }

    private static void TakeTurns(WorkloadRun run)
    {
        run.Create();
        Change(run, atMost: 3);
        run.OpenSecond();
        for (int i = 0; i < 10; i++)
        {
            if (run.Random.Next(2) == 0)
            {
                run.Swap();
            }

            Change(run, atMost: 4);
            if (run.Random.Next(6) == 0)
            {
                run.Checkpoint();
            }

            if (run.Random.Next(8) == 0)
            {
                run.Compact();
            }
        }

        run.RequireAgreement();
    }

    /// <summary>Enough keys that sections are larger than two pages, replaced over and over.</summary>
    private static void Punch(WorkloadRun run)
    {
        // Of so many even the offsets of the ordinals are.
        (int keyCount, int rounds) = run.Random.Next(4) == 0 ? (1030, 2) : (530, 5);
        run.Create();
        for (int round = 0; round < rounds; round++)
        {
            int value = round;
            run.Commit(transaction =>
            {
                for (int i = 0; i < keyCount; i++)
                {
                    transaction.Set($"{i}", value);
                }
            });
            if (run.Random.Next(4) > 0)
            {
                run.Checkpoint();
            }

            run.Commit(transaction => transaction.Set("0", value + 0.5f));
        }

        run.RequireAgreement();
    }

    /// <summary>Every kind of section that the engine writes for a store of this size, and then more records and other sections.</summary>
    private static void Optimize(WorkloadRun run)
    {
        const int KeyCount = 520;
        run.Create("model");
        for (int round = 0; round < 2; round++)
        {
            int value = round;
            run.Commit(transaction =>
            {
                for (int i = 0; i < KeyCount; i++)
                {
                    transaction.Set($"{i}", i + value);
                }
            });
            run.Optimize(compacts: run.Random.Next(3) == 0);
            Change(run, atMost: 3);
            run.Optimize(compacts: false);
        }

        run.RequireAgreement();
    }

    /// <summary>
    /// The first round's graph is a base, the next ones' are overlays, of which several become one, until so much has changed that a new base is written. What they
    /// replace is punched.
    /// </summary>
    private static void Derive(WorkloadRun run)
    {
        const int Rounds = 8;
        const int SmallCheckpoints = 2;
        run.Create("model");
        int count = 0;
        for (int round = 0; round < Rounds; round++)
        {
            int added = round == 0 ? 160 : 18;
            run.Commit(transaction =>
            {
                for (int i = 0; i < added; i++)
                {
                    transaction.Set($"{count}", run.Random.Next(1000), EmbeddingMetadata.Empty.With("n", run.Random.Next(100)).With("text", $"{count++} is a text of its own, as long as texts are"));
                }
            });
            run.Checkpoint();
            for (int i = 0; i < SmallCheckpoints; i++)
            {
                Change(run, atMost: 3);
                run.Checkpoint();
            }

            run.Reopen();
        }

        run.RequireAgreement();
    }

    private static void Change(WorkloadRun run, int atMost)
    {
        if (run.Random.Next(8) == 0)
        {
            run.RollBack(transaction => ChangeMany(run, transaction, run.Random.Next(1, atMost + 1)));
        }

        run.Commit(transaction =>
        {
            // One at least that is a change, so that each commit is one.
            transaction.Set($"key {run.Random.Next(12)}", run.Random.Next(1000));
            ChangeMany(run, transaction, run.Random.Next(atMost));
        });
    }

    private static void ChangeMany(WorkloadRun run, TransactionRun transaction, int count)
    {
        for (int i = 0; i < count; i++)
        {
            transaction.ChangeAny(16);
        }
    }

    private static void SetMany(TransactionRun transaction, int seed)
    {
        for (int i = 0; i < 24; i++)
        {
            transaction.Set($"retry {i}", seed % 1000);
        }
    }
}

/// <summary>
/// Few hashes for many keys, which nobody can find for SipHash: given to the stores of one salt. What mistakes a hash for a key then loses records.
/// </summary>
internal static class CollidingHashes
{
    public const byte Salt = 99;

    private const int HashCount = 3;

    static CollidingHashes()
    {
        FileSalt salt = FileSalt.Read([.. Enumerable.Range(Salt, 16).Select(static i => (byte)i)]);
        KeyHashing.Override = (file, _, key) => file == salt ? Crc32.Compute(key) % HashCount : null;
    }

    /// <summary>Makes sure that they are in force.</summary>
    public static void Install()
    {
    }
}
