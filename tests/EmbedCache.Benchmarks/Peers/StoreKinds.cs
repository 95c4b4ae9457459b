namespace EmbedCache.Benchmarks.Peers;

/// <summary>All contestants.</summary>
internal static class StoreKinds
{
    public const string Ours = "embedcache";
    public const string RawLogName = "raw-log";
    public const string RawAppendName = "raw-append";
    public const string LmdbPrefix = "lmdb";
    public const string SqlitePrefix = "sqlite";

    public static StoreKind Edb { get; } = new(Ours, EdbStore.Create, EdbStore.Open, ".edb");

    /// <summary>The same with codes beside the vectors, as a file has them unless it was told otherwise: for searches.</summary>
    public static StoreKind EdbCoded { get; } = Edb with { Create = EdbStore.CreateCoded, Variant = "-codes" };

    /// <summary>An append log whose index is a dictionary in memory: what the hardware allows.</summary>
    public static StoreKind RawLog { get; } = new(
        RawLogName,
        (path, dimension, sync) => RawLogStore.Create(path, dimension, sync, keepIndex: true),
        RawLogStore.Open,
        ".log",
        ".log.index");

    /// <summary>The same without an index: it could not answer one get, and bounds what can.</summary>
    public static StoreKind RawAppend { get; } = new(
        RawAppendName,
        (path, dimension, sync) => RawLogStore.Create(path, dimension, sync, keepIndex: false),
        (_, _, _) => throw new NotSupportedException("A log without an index cannot be read by key."),
        ".append");

    public static StoreKind Lmdb { get; } = new(LmdbPrefix, LmdbStore.Create, (p, d, r) => LmdbStore.Open(p, d, r, LmdbSnapshot.Renew), ".mdb", ".mdb-lock") { WhyAbsent = LmdbLibrary.WhyAbsent };

    /// <summary>LMDB with a transaction object for each get, as in the C examples.</summary>
    public static StoreKind LmdbBegin { get; } = Lmdb with { System = "lmdb-begin", Open = (p, d, r) => LmdbStore.Open(p, d, r, LmdbSnapshot.Begin) };

    /// <summary>LMDB that never looks again: all gets in one old snapshot. Less work than ours, for information.</summary>
    public static StoreKind LmdbFrozen { get; } = Lmdb with { System = "frozen-lmdb", Open = (p, d, r) => LmdbStore.Open(p, d, r, LmdbSnapshot.Frozen) };

    public static StoreKind Sqlite4K { get; } = Sqlite(4);

    public static StoreKind Sqlite16K { get; } = Sqlite(16);

    public static IReadOnlyList<StoreKind> All { get; } = [Edb, RawLog, RawAppend, Lmdb, LmdbBegin, LmdbFrozen, Sqlite4K, Sqlite16K];

    /// <summary>The contestant of a name.</summary>
    public static StoreKind Named(string system) => All.First(k => k.System == system);

    private static StoreKind Sqlite(int pageKilobytes) => new(
        $"{SqlitePrefix}-{pageKilobytes}k",
        (path, dimension, sync) => SqliteStore.Create(path, dimension, sync, pageKilobytes * 1024),
        SqliteStore.Open,
        $"-{pageKilobytes}k.db",
        $"-{pageKilobytes}k.db-wal",
        $"-{pageKilobytes}k.db-shm");
}
