namespace EmbedCache.Spec.Tests.Golden;

/// <summary>
/// How each golden file is written, one feature a file, with as few records as have it: every bit of every file is flipped in every run of the tests. A recipe, once
/// released, is frozen with its file: a new feature is a new recipe.
/// </summary>
internal static class GoldenRecipes
{
    private static readonly DateTimeOffset Later = DateTimeOffset.FromUnixTimeMilliseconds(GoldenWorld.Beginning).AddYears(10);

    /// <summary>Name of the file in spec/golden, without its ending, to what writes it.</summary>
    public static IReadOnlyDictionary<string, Action<GoldenWorld>> All { get; } = new SortedDictionary<string, Action<GoldenWorld>>(StringComparer.Ordinal)
    {
        ["empty"] = world => world.Create().Dispose(),
        ["text-keys"] = TextKeys,
        ["digest-keys"] = DigestKeys,
        ["metadata"] = Metadata,
        ["roles"] = Roles,
        ["overwrite-remove"] = OverwriteAndRemove,
        ["touch"] = Touch,
        ["expiry"] = Expiry,
        ["sections"] = Sections,
        ["transactions"] = Transactions,
        ["rollback"] = Rollback,
        ["normal"] = Normal,
        ["metric-dot"] = Dot,
        ["metric-l2"] = L2,
        ["properties"] = Properties,
        ["compacted"] = Compacted,
        ["short-codes"] = ShortCodes,
        ["columns"] = Columns,
        ["graph"] = Graph,
        ["codes-cosine"] = world => Codes(world, Metric.Cosine, 20, 3),
        ["codes-dot"] = world => Codes(world, Metric.Dot, 50, 3),
        ["codes-l2"] = world => Codes(world, Metric.L2, 7, 18),
        ["compressed-float16"] = world => Compressed(world, VectorCompression.Float16, null, Metric.Dot, 5),
        ["compressed-int8"] = world => Compressed(world, VectorCompression.Int8, null, Metric.L2, 5),
        ["compressed-product"] = world => Compressed(world, VectorCompression.PQ, 3, Metric.Cosine, 7),
        ["compressed-rotated"] = world => Compressed(world, VectorCompression.PQ, 2, Metric.Dot, 11, rotate: true),
        ["compressed-binary"] = world => Compressed(world, VectorCompression.Binary, 2, Metric.L2, 11),
    };

    /// <summary>Every length of UTF-8, texts that look the same but are not, and the text that most other programs take for the end of one.</summary>
    private static void TextKeys(GoldenWorld world)
    {
        using EmbeddingCache cache = world.Create();
        string[] keys = ["a", "A", " a ", "Grüße aus Köln", "e\u0301", "\u00E9", "日本語の文章", "\U0001F600", "\uFFFD", "before\0after", "line\r\nbreak", new string('k', 300)];
        for (int i = 0; i < keys.Length; i++)
        {
            cache.Set(keys[i], GoldenWorld.Vector(i));
            world.Tick();
        }
    }

    private static void DigestKeys(GoldenWorld world)
    {
        using EmbeddingCache cache = world.Create(keyStorage: KeyStorage.Digest);
        cache.Set("private text", GoldenWorld.Vector(1));
        cache.Set("private text", GoldenWorld.Vector(2), role: EmbeddingRole.Query);
        cache.Set("another", GoldenWorld.Vector(3), EmbeddingMetadata.Empty.With("public", "metadata is stored as it is"));
        world.Tick();
        cache.Remove("another");
    }

    private static void Metadata(GoldenWorld world)
    {
        using EmbeddingCache cache = world.Create();
        cache.Set("none", GoldenWorld.Vector(1));
        cache.Set("text", GoldenWorld.Vector(2), EmbeddingMetadata.Empty.With("empty", string.Empty).With("unicode", "grün \U0001F600").With("quote", "\"\\\u2028\t"));
        cache.Set("long", GoldenWorld.Vector(3), EmbeddingMetadata.Empty.With("min", long.MinValue).With("max", long.MaxValue).With("minus one", -1).With("2^53+1", (1L << 53) + 1));
        cache.Set("double", GoldenWorld.Vector(4), EmbeddingMetadata.Empty.With("third", 1 / 3.0).With("max", double.MaxValue).With("least", double.Epsilon).With("minus zero", -0.0).With("nan", double.NaN).With("infinity", double.PositiveInfinity).With("float", 0.1f));
        cache.Set("bool", GoldenWorld.Vector(5), EmbeddingMetadata.Empty.With("yes", true).With("no", false));
        cache.Set("date", GoldenWorld.Vector(6), EmbeddingMetadata.Empty.With("first", DateTimeOffset.MinValue).With("last", DateTimeOffset.MaxValue).With("before 1970", DateTimeOffset.UnixEpoch.AddMilliseconds(-1)));
        cache.Set("list", GoldenWorld.Vector(7), EmbeddingMetadata.Empty.With("none", Array.Empty<string>()).With("some", new[] { "b", string.Empty, "a", "b" }));
        cache.Set("names", GoldenWorld.Vector(8), EmbeddingMetadata.Empty.With("\U0001F600", 1).With("\uFFFD", 2).With("b", 3).With("B", 4).With(new string('n', 255), 5));
    }

    private static void Roles(GoldenWorld world)
    {
        using EmbeddingCache cache = world.Create();
        cache.Set("text", GoldenWorld.Vector(1));
        cache.Set("text", GoldenWorld.Vector(2), role: EmbeddingRole.Query);
        cache.Set("text", GoldenWorld.Vector(3), role: EmbeddingRole.Document);
        world.Tick();
        cache.Remove("text", EmbeddingRole.Query);
    }

    private static void OverwriteAndRemove(GoldenWorld world)
    {
        using EmbeddingCache cache = world.Create();
        foreach (string key in (string[])["kept", "overwritten", "removed", "removed and back"])
        {
            cache.Set(key, GoldenWorld.Vector(key.Length));
        }

        world.Tick();
        cache.Set("overwritten", GoldenWorld.Vector(40), EmbeddingMetadata.Empty.With("version", 2));
        cache.Remove("removed");
        cache.Remove("removed and back");
        world.Tick();
        cache.Set("removed and back", GoldenWorld.Vector(41));
    }

    private static void Touch(GoldenWorld world)
    {
        using EmbeddingCache cache = world.Create();
        cache.Set("touched", GoldenWorld.Vector(1), EmbeddingMetadata.Empty.With("kept", true));
        cache.Set("touched twice", GoldenWorld.Vector(2), EmbeddingMetadata.Empty.With("n", 0));
        cache.Set("touched and overwritten", GoldenWorld.Vector(3));
        world.Tick();
        cache.Touch("touched", Later);
        cache.Touch("touched twice", Later, EmbeddingMetadata.Empty.With("n", 1));
        cache.Touch("touched and overwritten", Later);
        world.Tick();
        cache.Touch("touched twice", null, EmbeddingMetadata.Empty.With("n", 2));
        cache.Set("touched and overwritten", GoldenWorld.Vector(4));
    }

    private static void Expiry(GoldenWorld world)
    {
        using EmbeddingCache cache = world.Create(timeToLive: TimeSpan.FromDays(7));
        cache.Set("by default", GoldenWorld.Vector(1));
        cache.Set("soon", GoldenWorld.Vector(2), expires: DateTimeOffset.FromUnixTimeMilliseconds(world.Now + 500));
        cache.Set("later", GoldenWorld.Vector(3), expires: Later);
        world.Tick();
        cache.Set("after one expired", GoldenWorld.Vector(4), expires: Later);
    }

    /// <summary>Segments that are merged, live bitmaps that are written again, retired sections, and a tail behind the index.</summary>
    private static void Sections(GoldenWorld world)
    {
        using EmbeddingCache cache = world.Create(dimension: 2, metric: Metric.L2);
        for (int round = 0; round < 6; round++)
        {
            cache.Set(Enumerable.Range(round * 8, 12).Select(i => new EmbeddingEntry($"key {i}", GoldenWorld.Vector(i + (round * 7), 2))));
            cache.Remove($"key {(round * 8) + 3}");
            world.Tick();
            cache.Checkpoint();
        }

        cache.Set("key 10", GoldenWorld.Vector(1, 2));
        cache.Set("key 51", GoldenWorld.Vector(2, 2), role: EmbeddingRole.Query);
        cache.Remove("key 20");
        cache.Touch("key 40", Later, EmbeddingMetadata.Empty.With("touched", true));
    }

    /// <summary>One of a single record, one of many, one that ends with a Commit frame because its last frame had been written before.</summary>
    private static void Transactions(GoldenWorld world)
    {
        using EmbeddingCache cache = world.Create();
        cache.Set("alone", GoldenWorld.Vector(1));
        world.Tick();
        cache.Set([new EmbeddingEntry("first", GoldenWorld.Vector(2)), new EmbeddingEntry("second", GoldenWorld.Vector(3)), new EmbeddingEntry("first", GoldenWorld.Vector(4))]);
        world.Tick();
        using EmbeddingTransaction transaction = cache.BeginTransaction();
        transaction.Set("read within", GoldenWorld.Vector(5));
        transaction.Get("read within");
        transaction.Commit();
    }

    private static void Rollback(GoldenWorld world)
    {
        using EmbeddingCache cache = world.Create();
        cache.Set("before", GoldenWorld.Vector(1));
        world.Tick();
        using (EmbeddingTransaction transaction = cache.BeginTransaction())
        {
            transaction.Set("rolled back", GoldenWorld.Vector(2));
            transaction.Get("rolled back");
            transaction.Rollback();
        }

        world.Tick();
        cache.Set("after", GoldenWorld.Vector(3));
    }

    /// <summary>As a writer leaves it that did not close: commits between the durable and the published tail.</summary>
    private static void Normal(GoldenWorld world)
    {
        byte[] unclosed;
        using (EmbeddingCache cache = world.Create(durability: Durability.Normal))
        {
            cache.Set("durable", GoldenWorld.Vector(1));
            cache.Checkpoint();
            world.Tick();
            cache.Set("published", GoldenWorld.Vector(2));
            world.Tick();
            cache.Set("published too", GoldenWorld.Vector(3));
            unclosed = world.ReadUnclosed();
        }

        File.WriteAllBytes(world.Path, unclosed);
    }

    /// <summary>Floats of every kind that Set accepts: signed zeros, subnormals, the largest whose norm is one.</summary>
    private static void Dot(GoldenWorld world)
    {
        using EmbeddingCache cache = world.Create(metric: Metric.Dot);
        cache.Set("zero", [0f, -0f, 0f]);
        cache.Set("subnormal", [float.Epsilon, -float.Epsilon, 1.1754942e-38f]);
        cache.Set("large", [1.5e38f, -1.5e38f, 1.5e38f]);
        cache.Set("mixed", [16777217f, 1e-10f, -0.1f]);
    }

    private static void L2(GoldenWorld world)
    {
        using EmbeddingCache cache = world.Create(dimension: 17, metric: Metric.L2);
        cache.Set("seventeen", GoldenWorld.Vector(1, 17));
        cache.Set("zero", new float[17]);
    }

    private static void Properties(GoldenWorld world)
    {
        using EmbeddingCache cache = world.Create(model: "text-embedding-3-small", timeToLive: TimeSpan.FromHours(36));
        cache.Set("text", GoldenWorld.Vector(1));
        cache.Checkpoint();
    }

    /// <summary>Metadata by column: every type; values in all records, in many and in few; names that differ in case; records behind the columns.</summary>
    private static void Columns(GoldenWorld world)
    {
        world.IndexThreshold = 20;
        using EmbeddingCache cache = world.Create(dimension: 2, metric: Metric.Dot);
        cache.Set(Enumerable.Range(0, 40).Select(i => new EmbeddingEntry($"key {i}", GoldenWorld.Vector(i, 2)) { Metadata = ColumnValues(i) }));
        world.Tick();
        cache.Checkpoint();
        cache.Touch("key 7", null, EmbeddingMetadata.Empty.With("n", 700L));
        cache.Remove("key 8");
        cache.Set("later", GoldenWorld.Vector(99, 2), EmbeddingMetadata.Empty.With("n", -1L));
    }

    private static EmbeddingMetadata ColumnValues(int i)
    {
        EmbeddingMetadata values = EmbeddingMetadata.Empty.With("n", (long)i).With("lang", i % 3 == 0 ? "de" : "grün");
        values = i % 2 == 0 ? values.With("share", i / 8.0).With("even", i % 4 == 0) : values;
        values = i % 10 == 3 ? values.With("seen", DateTimeOffset.FromUnixTimeMilliseconds(GoldenWorld.Beginning).AddDays(i)).With("tags", i == 3 ? [] : new[] { "a", $"t{i}", "a" }) : values;
        return i == 17 ? values.With("N", "seventeen").With("n", "text here, number elsewhere") : values;
    }

    /// <summary>Two blocks of 32 ordinals, a few that have no short code, an odd number of subspaces.</summary>
    private static void ShortCodes(GoldenWorld world)
    {
        using EmbeddingCache cache = world.Create(dimension: 5, metric: Metric.L2);
        cache.Set(Enumerable.Range(0, 70).Select(i => new EmbeddingEntry($"key {i}", GoldenWorld.Vector(i * i, 5))));
        world.Tick();
        cache.Optimize(new OptimizeOptions { ShortCodes = true }, null, default);
        world.Tick();
        cache.Set("later", GoldenWorld.Vector(99, 5));
    }

    /// <summary>A graph of a base and an overlay, with upper levels and with copies: the base's vectors are 40 that come again.</summary>
    private static void Graph(GoldenWorld world)
    {
        world.IndexThreshold = 8;
        world.GraphThreshold = 8;
        using (EmbeddingCache cache = world.Create())
        {
            cache.Set(Enumerable.Range(0, 72).Select(i => new EmbeddingEntry($"key {i}", GoldenWorld.Vector(i % 40))));
            cache.Checkpoint();
        }

        world.Tick();
        using (EmbeddingCache cache = world.Open())
        {
            cache.Set(Enumerable.Range(72, 8).Select(i => new EmbeddingEntry($"key {i}", new float[] { i, 1, -i })));
            cache.Remove("key 5");
            cache.Checkpoint();
        }
    }

    /// <summary>Codes in several runs, of dead records and of touches, and a tail without any. Sixteen runs are merged.</summary>
    private static void Codes(GoldenWorld world, Metric metric, int dimension, int rounds)
    {
        world.IndexThreshold = 4;
        using (EmbeddingCache cache = world.Create(dimension, metric))
        {
            for (int round = 0; round < rounds; round++)
            {
                int count = rounds > 3 ? 2 : 12;
                cache.Set(Enumerable.Range(round * (count - 1), count).Select(i => new EmbeddingEntry($"key {i}", GoldenWorld.Vector((i * i) + round, dimension).Select((element, k) => element * (1 + (k % 5))).ToArray())));
                if (round % 5 == 2)
                {
                    cache.Touch($"key {round}", Later);
                    cache.Remove($"key {round - 1}");
                }

                world.Tick();
                cache.Checkpoint();
            }
        }

        using EmbeddingCache reopened = world.Open();
        reopened.Set("tail", GoldenWorld.Vector(3, dimension));
    }

    /// <summary>Encoded records, one that the encoding cannot keep, one that is set later, one touched, and the codebook where there is one.</summary>
    private static void Compressed(GoldenWorld world, VectorCompression compression, double? bits, Metric metric, int dimension, bool? rotate = null)
    {
        using EmbeddingCache cache = world.Create(dimension, metric, model: "m");
        cache.Set(Enumerable.Range(0, 70).Select(i => new EmbeddingEntry($"key {i}", GoldenWorld.Vector(i * i, dimension))));
        cache.Remove("key 3");
        world.Tick();
        cache.Optimize(new OptimizeOptions { Compression = compression, BitsPerElement = bits, Rotate = rotate }, null, default);
        world.Tick();
        cache.Set("later", GoldenWorld.Vector(99, dimension), EmbeddingMetadata.Empty.With("later", true));
        cache.Set("huge", [.. GoldenWorld.Vector(5, dimension).Select(element => element * 1e37f)]);
        cache.Touch("key 7", Later);
    }

    private static void Compacted(GoldenWorld world)
    {
        using EmbeddingCache cache = world.Create(model: "m");
        for (int i = 0; i < 20; i++)
        {
            cache.Set($"key {i % 15}", GoldenWorld.Vector(i), EmbeddingMetadata.Empty.With("i", i));
        }

        cache.Remove("key 3");
        cache.Touch("key 7", Later);
        world.Tick();
        cache.Compact();
        cache.Set("after", GoldenWorld.Vector(50));
    }
}
