using System.Runtime.InteropServices;
using EmbedCache.Format;
using EmbedCache.Fuzz;
using EmbedCache.Tests.Engine;

namespace EmbedCache.Hostile.Tests.Files;

/// <summary>
/// Graphs that lead nowhere or in circles, with right checksums: who searches gets true records with true scores, or a typed error, and who builds on such a
/// graph comes to an end. A search sees each node once, so that a circle is as good as any other graph.
/// </summary>
public sealed class HostileGraphTests
{
    private const int Count = 120;

    /// <summary>Vectors that come again, so that there are copies.</summary>
    private const int DistinctCount = 50;

    private const int Dimension = 3;

    /// <summary>More than anything here takes on the slowest machine: what takes longer hangs.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    /// <summary>What each row says, from its node, its length and the number of nodes.</summary>
    private static readonly Dictionary<string, Func<uint, int, uint, uint>> s_rows = new()
    {
        ["a circle through all"] = static (node, place, count) => place == 0 ? (node + 1) % count : GraphHeader.Unused,
        ["pairs that name each other"] = static (node, place, count) => place == 0 ? node ^ 1 : GraphHeader.Unused,
        ["itself, once"] = static (node, place, _) => place == 0 ? node : GraphHeader.Unused,
        ["itself, in every place"] = static (node, _, _) => node,
        ["one node, in every place"] = static (_, _, _) => 7,
        ["nothing"] = static (_, _, _) => GraphHeader.Unused,
        ["nodes just past the end"] = static (node, place, count) => count + node + (uint)place,
        ["nodes far past the end"] = static (node, place, _) => GraphHeader.NodeLimit - 1 - node - (uint)place,
        ["some past the end behind some that are"] = static (node, place, count) => place % 2 == 0 ? (node + (uint)place) % count : count + (uint)place,
        ["copies in a circle"] = static (node, _, count) => ((node + 1) % count) | GraphHeader.CopyFlag,
        ["copies of itself"] = static (node, _, _) => node | GraphHeader.CopyFlag,
        ["copies past the end"] = static (node, place, count) => (count + node + (uint)place) | GraphHeader.CopyFlag,
        ["copies far past the end"] = static (_, place, _) => (GraphHeader.NodeLimit - 1 - (uint)place) | GraphHeader.CopyFlag,
        ["a circle, and copies in another"] = static (node, place, count) => place < 4 ? (node + 1 + (uint)place) % count : ((node + count - 1) % count) | GraphHeader.CopyFlag,
    };

    public static TheoryData<string> Rows => [.. s_rows.Keys];

    [Theory]
    [MemberData(nameof(Rows))]
    public void RowsOfLevel0ThatLead(string where)
    {
        HostileFile file = Create();
        Span<byte> entries = Entries(file, out GraphHeader header);
        Span<uint> rows = MemoryMarshal.Cast<byte, uint>(entries.Slice((int)header.RowsPosition, (int)header.RowCount * header.RowByteLength));
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = s_rows[where]((uint)(i / header.M0), i % header.M0, header.NodeCount);
        }

        CheckAll(file.Seal());
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void RowsOfUpperLevelsThatLead(string where)
    {
        HostileFile file = Create();
        ForEachUpperEntry(file, (header, entry, number, count) =>
        {
            for (int place = 0; place < header.M; place++)
            {
                entry[2 + place] = s_rows[where](number, place, count);
            }
        });
        CheckAll(file.Seal());
    }

    /// <summary>The way down leads back up, to one node, or past the end; ordinals repeat or are none.</summary>
    [Theory]
    [InlineData(0u, 0u)]
    [InlineData(1u, 1u)]
    [InlineData(uint.MaxValue, 0u)]
    [InlineData(0u, uint.MaxValue)]
    [InlineData(uint.MaxValue, uint.MaxValue)]
    [InlineData((uint)Count, (uint)Count)]
    public void UpperEntriesThatNameOtherRecords(uint ordinal, uint down)
    {
        HostileFile file = Create();
        ForEachUpperEntry(file, (_, entry, _, _) => (entry[0], entry[1]) = (ordinal, down));
        CheckAll(file.Seal());
    }

    /// <summary>Rows of an upper level may be longer than those of level 0 in a file alone: a builder's buffers are as long as the latter.</summary>
    [Theory]
    [InlineData(GraphHeader.MOffset, 33)]
    [InlineData(GraphHeader.MOffset, 64)]
    [InlineData(GraphHeader.MOffset, 2)]
    [InlineData(GraphHeader.M0Offset, 16)]
    [InlineData(GraphHeader.M0Offset, 64)]
    [InlineData(GraphHeader.EfConstructionOffset, 1)]
    [InlineData(GraphHeader.EfConstructionOffset, 65535)]
    [InlineData(GraphHeader.SeedOffset, 1)]
    public void HeadersWithOtherNumbers(int offset, int value)
    {
        HostileFile file = Create();
        Span<byte> entries = Entries(file, out _);
        entries[offset] = (byte)value;
        entries[offset + 1] = (byte)(value >> 8);
        CheckAll(file.Seal());
    }

    /// <summary>A base and an overlay, with upper levels and copies.</summary>
    private static HostileFile Create()
    {
        var file = new HostileFile(
            static cache =>
            {
                cache.Set(Enumerable.Range(0, Count).Select(static i => new EmbeddingEntry($"key {i}", Vector(i)) { Metadata = EmbeddingMetadata.Empty.With("n", (long)i) }));
                cache.Checkpoint();
                cache.Optimize(new OptimizeOptions { Compact = false }, null, default);
            },
            Dimension,
            isIndexing: true);
        Assert.NotEmpty(file.Frames(FrameKind.Graph));
        return file;
    }

    private static float[] Vector(int seed) => [1 + (seed % DistinctCount), 2 + (seed * 7 % DistinctCount), ((seed % DistinctCount) * 13 % 31) - 15];

    private static Span<byte> Entries(HostileFile file, out GraphHeader header)
    {
        Span<byte> entries = file.Newest(FrameKind.Graph)[FormatConstants.FrameHeaderByteLength..];
        Assert.True(GraphHeader.TryRead(entries, out header));
        Assert.Equal(GraphLayerKind.Base, header.Kind);
        return entries;
    }

    private delegate void ChangeEntry(GraphHeader header, Span<uint> entry, uint number, uint count);

    private static void ForEachUpperEntry(HostileFile file, ChangeEntry change)
    {
        Span<byte> entries = Entries(file, out GraphHeader header);
        Assert.True(header.LevelCount > 0);
        Span<uint> counts = MemoryMarshal.Cast<byte, uint>(entries.Slice((int)header.LevelCountsPosition, FormatConstants.LineByteLength));
        int position = (int)header.LevelsPosition;
        for (int level = 0; level < header.LevelCount; level++)
        {
            for (uint node = 0; node < counts[level]; node++)
            {
                change(header, MemoryMarshal.Cast<byte, uint>(entries.Slice(position + ((int)node * header.UpperEntryByteLength), header.UpperEntryByteLength)), node, counts[level]);
            }

            position += (int)GraphHeader.ToLines(counts[level] * header.UpperEntryByteLength);
        }
    }

    private static void CheckAll(HostileFile file)
    {
        Task work = OwnThread.Run(() =>
        {
            foreach (bool positional in new[] { false, true })
            {
                using (EmbeddingCache reader = file.Open(readOnly: true, positional))
                {
                    Search(reader, file.Bytes.Length);
                }

                using EmbeddingCache writer = file.Open(readOnly: false, positional, isIndexing: true);
                Build(writer, file.Bytes.Length);
                Search(writer, file.Bytes.Length);
            }

            file.Probe();
        });
        Assert.True(work.Wait(s_patience), "It hangs");
        work.GetAwaiter().GetResult();
    }

    /// <summary>Inserts records and copies of records that are there, on this thread, until the graph is in one piece.</summary>
    private static void Build(EmbeddingCache cache, long byteLength)
    {
        Meter meter = Meter.Start();
        cache.Set(Enumerable.Range(Count, 60).Select(static i => new EmbeddingEntry($"key {i}", i % 2 == 0 ? Vector(i) : [i, -i, 1]) { Metadata = EmbeddingMetadata.Empty.With("n", (long)i) }));
        cache.Checkpoint();
        cache.Optimize(new OptimizeOptions { Compact = false }, null, default);
        meter.Check("Building on a hostile graph", byteLength);
    }

    /// <summary>What a search returns is there, and has the score that it has.</summary>
    private static void Search(EmbeddingCache cache, long byteLength)
    {
        float[] query = [3, 1, -2];
        Dictionary<string, double> scores = cache.FindSimilar(query, new SearchOptions { Top = 1000, Exact = true }).ToDictionary(static hit => hit.Embedding.Key!, static hit => hit.Score);
        Assert.True(scores.Count >= Count);
        SearchPlanKind[] plans =
        [
            .. new[]
            {
                new SearchOptions { Top = 1, EfSearch = 1 },
                new SearchOptions { Top = 3, EfSearch = 3 },
                new SearchOptions { Top = 2, EfSearch = 2, Filter = Filter.Parse("n < 119") },
            }.Select(options =>
            {
                Meter meter = Meter.Start();
                IReadOnlyList<SimilarEmbedding> hits = cache.FindSimilar(query, options);
                meter.Check("FindSimilar on a hostile graph", byteLength);
                Assert.Equal(options.Top, hits.Count);
                Assert.All(hits, hit => Assert.Equal(scores[hit.Embedding.Key!], hit.Score));
                Assert.Equal(hits.Count, hits.Select(static hit => hit.Embedding.Key).Distinct().Count());
                return cache.LastSearchPlan!.Kind;
            }),
        ];
        Assert.All(plans, static plan => Assert.Contains(plan, new[] { SearchPlanKind.Graph, SearchPlanKind.BoundScan, SearchPlanKind.FloatScan, SearchPlanKind.FilteredScan }));
    }
}
