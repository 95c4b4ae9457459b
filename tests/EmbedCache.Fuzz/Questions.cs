namespace EmbedCache.Fuzz;

/// <summary>
/// All that a file can be asked without writing: each record by its key, all of them both ways, searches of every plan (floats, codes, graph, short codes,
/// columns), the counts, the keys of a prefix, the properties. An answer is a number; 0 stands for an <see cref="EmbedCacheException"/>, and every other exception is let through.
/// </summary>
internal sealed class Questions
{
    private const int Enumerate = 0;
    private const int Backwards = 1;
    private const int Search = 2;
    private const int Info = 3;
    private const int Prefix = 4;
    private const int Properties = 5;

    private const int Matching = 8;
    private const int AllMatching = 9;

    /// <summary>Exact, by codes where there are any.</summary>
    public const int Nearest = 6;

    /// <summary>The same by a graph or by short codes, where there are any and they are whole: then the answer may be another.</summary>
    public const int NearestByWalk = 7;

    /// <summary>How many questions there are that are not about one key.</summary>
    public const int GeneralCount = 10;

    /// <summary>What a search among so few records is done with, where it may be approximate.</summary>
    private const int Few = 2;

    // Of names that golden files have, of every type of metadata.
    private static readonly Filter s_some = Filter.Parse("n between 3 and 40 and (lang = 'de' or even = true)");
    private static readonly Filter s_others = Filter.Parse("tags contains 'a' or share >= 2.5 or seen exists or N = 'seventeen' or touched = true or i < 4");

    private readonly (string? Text, byte[]? Digest, EmbeddingRole Role)[] _keys;

    /// <summary>Questions about these keys, and about one that is not there.</summary>
    public Questions(IEnumerable<(string? Text, byte[]? Digest, EmbeddingRole Role)> keys)
        => _keys = [.. keys, ("never", null, EmbeddingRole.None)];

    public int Count => GeneralCount + _keys.Length;

    /// <summary>Questions about every key of a file, live or not.</summary>
    public static Questions About(EmbeddingCache cache, IEnumerable<string> more)
        => new(cache.Enumerate().Select(static record => (record.Key, record.Digest, record.Role)).Concat(more.Select(static key => ((string?)key, (byte[]?)null, EmbeddingRole.None))));

    /// <summary>What a question asks, for messages.</summary>
    public string Describe(int question) => question switch
    {
        Enumerate => "Enumerate",
        Backwards => "Enumerate newest first",
        Search => "FindSimilar",
        Info => "GetInfo",
        Prefix => "FindKeys",
        Properties => "Model",
        Nearest => "FindSimilar, exact",
        NearestByWalk => "FindSimilar",
        Matching => "FindSimilar with a filter",
        AllMatching => "Enumerate with a filter",
        _ => $"Get({_keys[question - GeneralCount]})",
    };

    /// <summary>The answer, or 0.</summary>
    public ulong Ask(EmbeddingCache cache, int question)
    {
        var answer = new Mix();
        try
        {
            switch (question)
            {
                case Enumerate or Backwards:
                    foreach (Embedding record in cache.Enumerate(newestFirst: question == Backwards))
                    {
                        answer.Add(record);
                    }

                    break;
                case Search:
                    AddSearch(cache, new SearchOptions { Top = 1000 }, ref answer);
                    break;
                case Nearest:
                    AddSearch(cache, new SearchOptions { Top = Few, Exact = true }, ref answer);
                    break;
                case NearestByWalk:
                    AddSearch(cache, new SearchOptions { Top = Few, EfSearch = Few }, ref answer);
                    break;
                case Matching:
                    AddSearch(cache, new SearchOptions { Top = Few, Filter = s_some }, ref answer);
                    break;
                case AllMatching:
                    foreach (Embedding record in cache.Enumerate(s_others))
                    {
                        answer.Add(record);
                    }

                    break;
                case Info:
                    EmbeddingCacheInfo info = cache.GetInfo(countExpired: true);
                    answer.Add(info.Count);
                    answer.Add(info.ExpiredCount ?? -1);
                    answer.Add(info.Generation);
                    answer.Add(info.Created.ToUnixTimeMilliseconds());
                    answer.Add(info.StoreId.ToString());
                    break;
                case Prefix:
                    foreach (string key in cache.FindKeys("k", 1000, TimeSpan.FromMinutes(1)))
                    {
                        answer.Add(key);
                    }

                    break;
                case Properties:
                    answer.Add(cache.Model);
                    answer.Add(cache.GetInfo().DefaultTimeToLive?.Ticks ?? -1);
                    break;
                default:
                    AddKey(cache, question - GeneralCount, ref answer);
                    break;
            }
        }
        catch (EmbedCacheException)
        {
            return 0;
        }

        return answer.Value;
    }

    private static void AddSearch(EmbeddingCache cache, SearchOptions options, ref Mix answer)
    {
        Span<float> query = new float[cache.Dimension];
        for (int i = 0; i < query.Length; i++)
        {
            query[i] = 1 + (i % 3);
        }

        foreach (SimilarEmbedding hit in cache.FindSimilar(query, options))
        {
            answer.Add(hit.Embedding);
            answer.Add(BitConverter.DoubleToUInt64Bits(hit.Score));
        }
    }

    private void AddKey(EmbeddingCache cache, int index, ref Mix answer)
    {
        (string? text, byte[]? digest, EmbeddingRole role) = _keys[index];
        if (text is null)
        {
            answer.Add(cache.KeyStorage == KeyStorage.Digest ? cache.GetByDigest(digest, role) : null);
            return;
        }

        answer.Add(cache.Get(text, role));
        if (cache.TryGet(text, out EmbeddingLease lease, role))
        {
            answer.Add(lease.Vector);
            lease.Dispose();
        }
    }
}
