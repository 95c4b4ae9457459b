namespace EmbedCache.Faults.Crash;

/// <summary>
/// Asks a store what its codes, its graph and its columns are for, and compares the answers with those that the records themselves give: a damaged section may
/// cost time, never an answer.
/// </summary>
internal static class SearchCheck
{
    private const int Top = 5;
    private const long Bound = 50;
    private const float RoundingShare = 1e-5f;
    private static readonly float[] s_query = [3, 1];
    private static readonly Filter s_filter = Filter.GreaterOrEqual("n", Bound);

    /// <exception cref="CrashStateException">An answer is wrong.</exception>
    public static void Require(EmbeddingCache cache)
    {
        Embedding[] records = [.. cache.Enumerate()];
        Dictionary<long, float> scores = records.ToDictionary(static record => record.Offset, static record => (record.Vector.Span[0] * s_query[0]) + (record.Vector.Span[1] * s_query[1]));
        float[] best = [.. scores.Values.OrderDescending().Take(Top)];
        Require(best.SequenceEqual(Find(cache, scores, new SearchOptions { Top = Top, Exact = true })), "an exact search does not find the best");
        Require(Find(cache, scores, new SearchOptions { Top = Top }).Length == best.Length, "a search finds fewer than there are");
        int matching = records.Count(static record => record.Metadata.TryGetValue("n", out object value) && value is >= Bound);
        Require(Find(cache, scores, new SearchOptions { Top = records.Length + 1, Filter = s_filter }).Length == matching, "a filter does not let through what matches");
    }

    /// <summary>The true scores of what is found, each record with its own and none twice.</summary>
    private static float[] Find(EmbeddingCache cache, Dictionary<long, float> scores, SearchOptions options)
    {
        IReadOnlyList<SimilarEmbedding> hits = cache.FindSimilar(s_query, options);
        Require(hits.Select(static hit => hit.Embedding.Offset).Distinct().Count() == hits.Count, "a search finds a record twice");
        foreach (SimilarEmbedding hit in hits)
        {
            Require(scores.TryGetValue(hit.Embedding.Offset, out float score), "a search finds what is not there");
            Require(Math.Abs(hit.Score - score) <= RoundingShare * Math.Abs(score), $"a search gives '{hit.Embedding.Key}' the score {hit.Score}, which is {score}");
        }

        return [.. hits.Select(hit => scores[hit.Embedding.Offset])];
    }

    private static void Require(bool condition, string problem)
    {
        if (!condition)
        {
            throw new CrashStateException(problem);
        }
    }
}
