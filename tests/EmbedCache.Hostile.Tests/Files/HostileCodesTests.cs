using System.Buffers.Binary;
using EmbedCache.Format;
using EmbedCache.Numerics;

namespace EmbedCache.Hostile.Tests.Files;

/// <summary>
/// Rows of codes that lie, with right checksums. Where the fields can be those of no vector, the row's block counts as damaged, and an exact search is exact. Where they can,
/// a lie may hide its record from searches by codes, as a file may leave a record out altogether: Verify names it, and what is found has its true score.
/// </summary>
public sealed class HostileCodesTests
{
    private const int Count = 300;
    private const int Dimension = 8;
    private const int Top = 5;

    private static readonly float[] s_query = [3, -1, 2, 0.5f, 4, -2, 1, 1];

    public static TheoryData<CodeField, float, Metric> Impossible
    {
        get
        {
            var data = new TheoryData<CodeField, float, Metric>();
            foreach (Metric metric in new[] { Metric.Cosine, Metric.Dot, Metric.L2 })
            {
                foreach (float value in new[] { float.NaN, float.NegativeInfinity, -1f, -float.Epsilon })
                {
                    data.Add(CodeField.Scale, value, metric);
                    data.Add(CodeField.Residual, value, metric);
                    data.Add(CodeField.CoarseResidual, value, metric);
                    data.Add(CodeField.Norm, value, metric);
                    data.Add(CodeField.CoarseNorm, value, metric);
                }

                data.Add(CodeField.Scale, float.PositiveInfinity, metric);
                data.Add(CodeField.Norm, float.PositiveInfinity, metric);
                data.Add(CodeField.CoarseNorm, float.PositiveInfinity, metric);
            }

            return data;
        }
    }

    public static TheoryData<CodeField, float, Metric> Possible
    {
        get
        {
            var data = new TheoryData<CodeField, float, Metric>();
            foreach (Metric metric in new[] { Metric.Cosine, Metric.Dot, Metric.L2 })
            {
                foreach (float value in new[] { 0f, float.Epsilon, 1e-6f, 1e6f, 1e19f, float.MaxValue })
                {
                    data.Add(CodeField.Scale, value, metric);
                    data.Add(CodeField.Residual, value, metric);
                    data.Add(CodeField.CoarseResidual, value, metric);
                    data.Add(CodeField.Norm, value, metric);
                    data.Add(CodeField.CoarseNorm, value, metric);
                    data.Add(CodeField.Sum, value, metric);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Impossible))]
    public void FieldsThatNoVectorHasAreDamage(CodeField field, float value, Metric metric)
    {
        foreach (int each in new[] { 1, 97 })
        {
            HostileFile file = Create(metric);
            Put(file, field, value, each);
            using (EmbeddingCache cache = file.Open())
            {
                Assert.False(cache.Verify().IsValid);
                Assert.Equal(Best(cache), Search(cache));
                Assert.Equal(Best(cache, Filter.Parse("n < 60")), Search(cache, Filter.Parse("n < 60")));
            }

            // Who writes makes new ones.
            using (EmbeddingCache cache = file.Open(readOnly: false, isIndexing: true))
            {
                Search(cache);
                cache.Set("one more", s_query);
                cache.Checkpoint();
                Assert.Equal(Best(cache), Search(cache));
                Assert.True(cache.Verify().IsValid);
            }

            file.Probe();
        }
    }

    [Theory]
    [MemberData(nameof(Possible))]
    public void FieldsThatLieAreNamedByVerifyAndChangeNoScore(CodeField field, float value, Metric metric)
    {
        HostileFile file = Create(metric);
        Put(file, field, value, each: 1);
        foreach (bool positional in new[] { false, true })
        {
            using EmbeddingCache cache = file.Open(readOnly: true, positional);
            Assert.Contains(cache.Verify().Problems, static problem => problem.Description.Contains("is not that of its record", StringComparison.Ordinal));
            var scores = cache.FindSimilar(s_query, new SearchOptions { Top = 1000, Exact = true }).ToDictionary(static hit => hit.Embedding.Key!, static hit => hit.Score);
            Assert.Equal(Count, scores.Count);
            foreach (SearchOptions options in new[] { new SearchOptions { Top = Top, Exact = true }, new SearchOptions { Top = Top }, new SearchOptions { Top = 2, EfSearch = 2 }, new SearchOptions { Top = 2, Filter = Filter.Parse("n < 60") } })
            {
                Assert.All(cache.FindSimilar(s_query, options), hit => Assert.Equal(scores[hit.Embedding.Key!], hit.Score));
            }
        }

        file.Probe();
    }

    /// <summary>Files from before the first release have codes of this kind, in rows that would be misread.</summary>
    [Theory]
    [InlineData(Metric.Cosine)]
    [InlineData(Metric.Dot)]
    [InlineData(Metric.L2)]
    public void CodesOfAnotherKindAreDoneWithoutAndMadeAnew(Metric metric)
    {
        HostileFile file = Create(metric);
        file.Newest(FrameKind.Codebook)[SectionFrame.EntriesOffset + CodebookHeader.KindOffset] = 1;
        file.Seal();
        using (EmbeddingCache cache = file.Open())
        {
            Assert.Equal(0, cache.GetInfo().CodedCount);
            Assert.Equal(Best(cache), Search(cache));
            Assert.Equal(SearchPlanKind.FloatScan, cache.LastSearchPlan!.Kind);
        }

        using (EmbeddingCache cache = file.Open(readOnly: false, isIndexing: true))
        {
            cache.Set("one more", s_query);
            cache.Checkpoint();
            Assert.Equal(cache.GetInfo().Count, cache.GetInfo().CodedCount);
            Assert.Equal(Best(cache), Search(cache));
            Assert.Equal(SearchPlanKind.BoundScan, cache.LastSearchPlan!.Kind);
            Assert.True(cache.Verify().IsValid);
        }
    }

    /// <summary>What a lie about nothing but too much leaves: wider bounds, and the right records.</summary>
    [Theory]
    [InlineData(Metric.Cosine, float.PositiveInfinity)]
    [InlineData(Metric.Dot, float.PositiveInfinity)]
    [InlineData(Metric.L2, float.PositiveInfinity)]
    [InlineData(Metric.Cosine, 3e38f)]
    [InlineData(Metric.Dot, 3e38f)]
    [InlineData(Metric.L2, 3e38f)]
    public void ResidualsThatAreTooLargeCostTimeAlone(Metric metric, float residual)
    {
        HostileFile file = Create(metric);
        Put(file, CodeField.Residual, residual, each: 1);
        using EmbeddingCache cache = file.Open();
        Assert.Equal(Best(cache), Search(cache));
    }

    /// <summary>The best by a scan of the vectors: a search for all has no use for bounds.</summary>
    private static (string?, double)[] Best(EmbeddingCache cache, Filter? filter = null)
        => [.. cache.FindSimilar(s_query, new SearchOptions { Top = 1000, Exact = true, Filter = filter }).Take(Top).Select(static hit => (hit.Embedding.Key, hit.Score))];

    private static (string?, double)[] Search(EmbeddingCache cache, Filter? filter = null)
        => [.. cache.FindSimilar(s_query, new SearchOptions { Top = Top, Exact = true, Filter = filter }).Select(static hit => (hit.Embedding.Key, hit.Score))];

    private static HostileFile Create(Metric metric) => new(
        static cache =>
        {
            var random = new Random(11);
            cache.Set(Enumerable.Range(0, Count).Select(i => new EmbeddingEntry($"key {i}", Enumerable.Range(0, Dimension).Select(_ => (float)random.Next(-50, 50) + 0.5f).ToArray())
            {
                Metadata = EmbeddingMetadata.Empty.With("n", (long)i),
            }));
            cache.Checkpoint();
        },
        Dimension,
        isIndexing: true,
        metric);

    /// <summary>Puts a value into a field of every so many rows.</summary>
    private static void Put(HostileFile file, CodeField field, float value, int each)
    {
        Span<byte> section = file.Newest(FrameKind.Codes);
        Assert.True(SectionFrame.TryRead(section, out SectionFrame frame));
        var layout = new CodeLayout(Dimension);
        Span<byte> rows = section.Slice(SectionFrame.EntriesOffset, (int)frame.EntriesByteLength);
        long count = layout.CountOf(rows.Length);
        for (long row = 0; row < count; row += each)
        {
            long coarse = layout.CoarsePosition(row) + layout.CoarseByteLength - CodeRow.CoarseFieldsByteLength;
            long fine = layout.FinePosition(row, count) + layout.FineByteLength - CodeRow.FineFieldsByteLength;
            long position = field switch
            {
                CodeField.Scale => coarse + CodeRow.ScaleOffset,
                CodeField.CoarseResidual => coarse + CodeRow.CoarseResidualOffset,
                CodeField.CoarseNorm => coarse + CodeRow.CoarseNormOffset,
                CodeField.Norm => coarse + CodeRow.NormOffset,
                CodeField.Residual => fine + CodeRow.ResidualOffset,
                _ => fine + CodeRow.SumOffset,
            };
            BinaryPrimitives.WriteSingleLittleEndian(rows[(int)position..], value);
        }

        file.Seal();
    }
}

/// <summary>What stands beside a code.</summary>
public enum CodeField
{
    /// <summary>Of the coarse row.</summary>
    Scale,

    /// <summary>Of the coarse row.</summary>
    CoarseResidual,

    /// <summary>Of the coarse row.</summary>
    CoarseNorm,

    /// <summary>Of the coarse row.</summary>
    Norm,

    /// <summary>Of the fine row.</summary>
    Residual,

    /// <summary>Of the fine row.</summary>
    Sum,
}
