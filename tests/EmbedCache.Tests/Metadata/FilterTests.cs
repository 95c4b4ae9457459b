using EmbedCache.Format;
using EmbedCache.Primitives;

namespace EmbedCache.Tests.Metadata;

/// <summary>What a filter lets through: each rule of <see cref="Filter"/> on a record made for it, and whole random trees against an oracle on objects.</summary>
public sealed class FilterTests
{
    private static readonly EmbeddingMetadata s_record = EmbeddingMetadata.Empty
        .With("lang", "en")
        .With("Title", "Grüße aus Köln")
        .With("year", 2024L)
        .With("big", 9_007_199_254_740_993L)
        .With("score", 0.5)
        .With("huge", 9_007_199_254_740_992.0)
        .With("nan", double.NaN)
        .With("zero", -0.0)
        .With("draft", false)
        .With("seen", new DateTimeOffset(2024, 5, 1, 12, 0, 0, TimeSpan.Zero))
        .With("tags", new[] { "cat", "Dog" })
        .With("none", Array.Empty<string>())
        .With("empty", string.Empty);

    [Theory]
    [InlineData("lang = 'en'", true)]
    [InlineData("lang = 'EN'", false)]
    [InlineData("lang = 'EN' nocase", true)]
    [InlineData("lang = 'e'", false)]
    [InlineData("empty = ''", true)]
    [InlineData("LANG = 'en'", true)]
    [InlineData("title = 'GRÜSSE AUS KÖLN' nocase", false)]
    [InlineData("title = 'grüße AUS kÖln' nocase", true)]
    [InlineData("title starts with 'Grü'", true)]
    [InlineData("title starts with 'gRÜ' nocase", true)]
    [InlineData("title starts with 'grü'", false)]
    [InlineData("lang starts with 'english' nocase", false)]
    [InlineData("lang starts with ''", true)]
    [InlineData("title contains 'aus'", true)]
    [InlineData("title contains 'KÖL' nocase", true)]
    [InlineData("title contains 'KÖL'", false)]
    [InlineData("lang < 'eo'", true)]
    [InlineData("lang > 'EO'", true)]
    [InlineData("lang > 'EO' nocase", false)]
    [InlineData("lang between 'en' and 'en'", true)]
    [InlineData("lang in ('de', 'en')", true)]
    [InlineData("lang in ('DE', 'EN')", false)]
    [InlineData("lang in ('DE', 'EN') nocase", true)]
    [InlineData("lang not in ('de', 'fr')", true)]
    [InlineData("lang in ('0','1','2','3','4','5','6','7','8','en')", true)]
    [InlineData("lang in ('0','1','2','3','4','5','6','7','8','EN')", false)]
    [InlineData("lang in ('0','1','2','3','4','5','6','7','8','EN') nocase", true)]
    public void Texts(string filter, bool passes) => AssertMatches(filter, passes);

    [Theory]
    [InlineData("year = 2024", true)]
    [InlineData("year = 2024.0", true)]
    [InlineData("year = 2024.5", false)]
    [InlineData("year > 2023.5", true)]
    [InlineData("year >= 2024.5", false)]
    [InlineData("year < 2024.5", true)]
    [InlineData("year <= 2023.9", false)]
    [InlineData("year < 1e300", true)]
    [InlineData("year > 1e300", false)]
    [InlineData("year > -1e300", true)]
    [InlineData("year < -1e300", false)]
    [InlineData("year between 2024 and 2024", true)]
    [InlineData("year in (1, 2024, 3)", true)]
    [InlineData("year in (1, 2, 2025)", false)]
    [InlineData("year in (1, 2024.0, 'x', true)", true)]
    [InlineData("big = 9007199254740993", true)]
    [InlineData("big > 9007199254740992.0", true)]
    [InlineData("big = 9007199254740992.0", false)]
    [InlineData("huge < 9007199254740993", true)]
    [InlineData("huge <= 9007199254740993", true)]
    [InlineData("huge = 9007199254740993", false)]
    [InlineData("huge >= 9007199254740993", false)]
    [InlineData("huge > 9007199254740991", true)]
    [InlineData("score < 9223372036854775807", true)]
    [InlineData("score > 9223372036854775807", false)]
    [InlineData("score > -9223372036854775808", true)]
    [InlineData("score = 0.5", true)]
    [InlineData("score > 0", true)]
    [InlineData("score >= 1", false)]
    [InlineData("zero = 0", true)]
    [InlineData("zero < 0.0", false)]
    [InlineData("nan = 0.0", false)]
    [InlineData("nan < 1.0", false)]
    [InlineData("nan >= 1.0", false)]
    [InlineData("nan != 0.0", true)]
    public void Numbers_are_one_kind_and_compare_exactly(string filter, bool passes) => AssertMatches(filter, passes);

    [Theory]
    [InlineData("draft = false", true)]
    [InlineData("draft = true", false)]
    [InlineData("draft in (true, false)", true)]
    [InlineData("seen = date '2024-05-01T12:00:00Z'", true)]
    [InlineData("seen = date '2024-05-01T14:00:00+02:00'", true)]
    [InlineData("seen >= date '2024-05-01'", true)]
    [InlineData("seen < date '2024-05-01'", false)]
    [InlineData("seen between date '2024-05-01' and date '2024-05-02'", true)]
    [InlineData("tags contains 'cat'", true)]
    [InlineData("tags contains 'ca'", false)]
    [InlineData("tags contains 'dog'", false)]
    [InlineData("tags contains 'dog' nocase", true)]
    [InlineData("tags not contains 'cow'", true)]
    [InlineData("none contains ''", false)]
    [InlineData("tags = 'cat'", false)]
    [InlineData("tags in ('cat', 'Dog')", false)]
    [InlineData("tags starts with 'c'", false)]
    [InlineData("tags exists", true)]
    [InlineData("none exists", true)]
    [InlineData("draft exists", true)]
    public void Booleans_dates_and_lists(string filter, bool passes) => AssertMatches(filter, passes);

    /// <summary>What is absent, and what is of another type, fails a test and so passes its negation.</summary>
    [Theory]
    [InlineData("absent = 1")]
    [InlineData("absent < 1")]
    [InlineData("absent >= 1")]
    [InlineData("absent in (1, 2)")]
    [InlineData("absent contains 'a'")]
    [InlineData("absent starts with ''")]
    [InlineData("absent exists")]
    [InlineData("year = '2024'")]
    [InlineData("year < 'a'")]
    [InlineData("year >= ''")]
    [InlineData("year starts with '2'")]
    [InlineData("year = true")]
    [InlineData("year < date '2030-01-01'")]
    [InlineData("lang > 0")]
    [InlineData("seen > 0")]
    [InlineData("draft = 0")]
    public void There_is_no_third_truth_value(string test)
    {
        AssertMatches(test, false);
        AssertMatches($"not {test}", true);
        AssertMatches($"not not ({test})", false);
    }

    [Fact]
    public void Not_equal_lets_in_what_has_no_value()
    {
        AssertMatches("absent != 'x'", true);
        AssertMatches("absent not in ('x', 'y')", true);
        AssertMatches("lang != 'en'", false);
        Assert.True(Filter.NotEqual("lang", "en").Matches(EmbeddingMetadata.Empty));
    }

    [Theory]
    [InlineData("lang = 'en' and year = 2024", true)]
    [InlineData("lang = 'de' and year = 2024", false)]
    [InlineData("lang = 'de' or year = 2024", true)]
    [InlineData("lang = 'de' or lang = 'fr' or year = 2024 and draft = true", false)]
    [InlineData("(lang = 'de' or lang = 'en') and not draft = true", true)]
    [InlineData("not (lang = 'de' or lang = 'en')", false)]
    [InlineData("true", true)]
    [InlineData("false", false)]
    [InlineData("not true", false)]
    [InlineData("true and lang = 'en'", true)]
    public void And_or_not(string filter, bool passes) => AssertMatches(filter, passes);

    [Fact]
    public void The_exact_name_wins_then_the_first_that_differs_in_case()
    {
        EmbeddingMetadata record = EmbeddingMetadata.Empty.With("NAME", 1L).With("Name", 2L).With("name", 3L);
        Assert.True(Filter.Equal("Name", 2).Matches(record));
        Assert.True(Filter.Equal("name", 3).Matches(record));
        Assert.True(Filter.Equal("nAmE", 1).Matches(record));
        Assert.False(Filter.Equal("nAmE", 3).Matches(record));

        // Beyond ASCII a name is what it is.
        Assert.False(Filter.Exists("GRÖSSE").Matches(EmbeddingMetadata.Empty.With("größe", 1L)));
        Assert.False(Filter.Exists("Ä").Matches(EmbeddingMetadata.Empty.With("ä", 1L)));
    }

    [Fact]
    public void Nothing_and_everything()
    {
        Assert.True(Filter.Everything.Matches(EmbeddingMetadata.Empty));
        Assert.False(Filter.Nothing.Matches(s_record));
        Assert.Same(Filter.Everything, Filter.And());
        Assert.Same(Filter.Nothing, Filter.Or());
        Assert.Same(Filter.Nothing, Filter.In("a", []));
        Assert.Same(Filter.Nothing, Filter.Not(Filter.Everything));
        Filter one = Filter.Exists("a");
        Assert.Same(one, Filter.And(one));
        Assert.Same(one, Filter.Not(Filter.Not(one)));
    }

    [Fact]
    public void Constants_convert_as_metadata_does()
    {
        Assert.Equal("a = 1", Filter.Equal("a", (byte)1).ToString());
        Assert.Equal("a = 0.5", Filter.Equal("a", 0.5f).ToString());
        Assert.Equal("a = 2.0", Filter.Equal("a", 2m).ToString());
        Assert.Equal("a = date '2024-05-01T12:00:00.000Z'", Filter.Equal("a", new DateTime(2024, 5, 1, 12, 0, 0, DateTimeKind.Utc)).ToString());
    }

    [Fact]
    public void What_a_filter_cannot_have_is_refused()
    {
        Assert.Throws<ArgumentException>(() => Filter.Equal("a", double.NaN));
        Assert.Throws<ArgumentException>(() => Filter.Less("a", double.PositiveInfinity));
        Assert.Throws<ArgumentException>(() => Filter.Less("a", true));
        Assert.Throws<ArgumentException>(() => Filter.Equal("a", new[] { "x" }));
        Assert.Throws<ArgumentException>(() => Filter.Equal("a", new object()));
        Assert.Throws<ArgumentException>(() => Filter.Equal("a", null!));
        Assert.Throws<ArgumentException>(() => Filter.Equal("a", "\uD800"));
        Assert.Throws<ArgumentException>(() => Filter.Equal(string.Empty, 1));
        Assert.Throws<ArgumentException>(() => Filter.Exists(new string('n', 256)));
        Assert.Throws<ArgumentNullException>(() => Filter.Exists(null!));
        Assert.Throws<ArgumentNullException>(() => Filter.And(null!, Filter.Everything));
    }

    [Fact]
    public void Size_is_bounded()
    {
        Filter filter = Filter.Exists("a");
        for (int depth = 1; depth + 2 <= Filter.MaxDepth; depth += 2)
        {
            filter = Filter.Not(Filter.And(Filter.Exists("b"), filter));
        }

        Assert.Equal(filter, Filter.Parse(filter.ToString()));
        Assert.Throws<ArgumentException>(() => Filter.Not(Filter.And(Filter.Exists("b"), filter)));
        Filter[] many = [.. Enumerable.Range(0, Filter.MaxNodeCount).Select(i => Filter.Equal("a", i))];
        Assert.Throws<ArgumentException>(() => Filter.Or(many));
        Assert.True(Filter.Or(many[1..]).Matches(EmbeddingMetadata.Empty.With("a", 5L)));
    }

    [Fact]
    public void Damaged_metadata_is_corruption_and_not_an_answer()
    {
        byte[] bytes = MetadataCodec.Encode(s_record);
        Filter filter = Filter.Exists("not there");
        Assert.False(filter.Matches(new MetadataBytes(bytes, "f", 64)));
        for (int length = 1; length < bytes.Length; length++)
        {
            byte[] cut = bytes[..length];
            CorruptFileException corrupt = Assert.Throws<CorruptFileException>(() => filter.Matches(new MetadataBytes(cut, "f", 64)));
            Assert.Equal(64, corrupt.Offset);
        }
    }

    [Fact]
    public void Random_bytes_give_an_answer_or_corruption()
    {
        var random = new Random(5);
        byte[] whole = MetadataCodec.Encode(s_record);
        Filter filter = Filter.Parse("tags contains 'dog' nocase or title contains 'zz' nocase or year < 0 or zzz exists");
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bytes = [.. whole];
            for (int flips = random.Next(1, 4); flips > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            try
            {
                filter.Matches(new MetadataBytes(bytes, "f", 64));
            }
            catch (CorruptFileException)
            {
                Assert.False(MetadataCodec.TryDecode(bytes, out _));
            }
        }
    }

    [Fact]
    public void Random_trees_agree_with_an_oracle_and_read_back()
    {
        var random = new Random(11);
        int passed = 0;
        for (int round = 0; round < 4_000; round++)
        {
            Filter filter = FilterOracle.RandomFilter(random, depth: 4);
            Filter read = Filter.Parse(filter.ToString());
            Assert.Equal(filter, read);
            Assert.Equal(filter.GetHashCode(), read.GetHashCode());
            for (int i = 0; i < 5; i++)
            {
                EmbeddingMetadata record = FilterOracle.RandomRecord(random);
                bool expected = FilterOracle.Matches(filter, record);
                Assert.True(expected == filter.Matches(record), $"{filter} on {record}: {!expected}");
                Assert.Equal(expected, read.Matches(record));
                passed += expected ? 1 : 0;
            }
        }

        Assert.InRange(passed, 4_000, 16_000);
    }

    [Fact]
    public void Matching_encoded_bytes_allocates_nothing()
    {
        byte[] bytes = MetadataCodec.Encode(s_record);
        Filter filter = Filter.Parse("(lang = 'EN' nocase and year between 2000 and 2030 and title starts with 'Grü') and (tags contains 'dog' nocase or title contains 'KÖLN' nocase) and seen > date '2000-01-01'");
        Assert.True(filter.Matches(new MetadataBytes(bytes, null, 0)));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++)
        {
            filter.Matches(new MetadataBytes(bytes, null, 0));
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000);
    }

    /// <summary>Decoding into the caller's buffer gives what the base library gives, and for what is not UTF-8 something, within bounds.</summary>
    /// <summary>They went through binary64, which has not as many digits, and named a neighbour.</summary>
    [Fact]
    public void WholeDecimalsAreTheIntegersThatTheyAre()
    {
        Assert.Equal("n = 9007199254740993", Filter.Equal("n", 9007199254740993m).ToString());
        Assert.Equal("n in (-9223372036854775808, 0.5)", Filter.In("n", [-9223372036854775808m, 0.5m]).ToString());
        Assert.Equal("n > 9.223372036854776E+18", Filter.Greater("n", 9223372036854775808m).ToString());
        Assert.True(Filter.Less("n", 9223372036854775808m).Matches(EmbeddingMetadata.Empty.With("n", long.MaxValue)));
    }

    [Fact]
    public void Utf16_is_what_the_base_library_makes_of_it()
    {
        var random = new Random(3);
        char[] buffer = new char[256];
        foreach (string text in new[] { string.Empty, "abc", "grün", "日本語", "a😀b", "\uFFFF\u0800\u07FF\u0080\U0010FFFF" })
        {
            byte[] utf8 = StrictUtf8.Encoding.GetBytes(text);
            Assert.Equal(text, new string(buffer, 0, Utf16.Decode(utf8, buffer)));
        }

        for (int round = 0; round < 5_000; round++)
        {
            byte[] bytes = new byte[random.Next(0, 30)];
            random.NextBytes(bytes);
            Assert.InRange(Utf16.Decode(bytes, buffer.AsSpan(0, bytes.Length)), 0, bytes.Length);
        }
    }

    private static void AssertMatches(string filter, bool passes)
    {
        Filter parsed = Filter.Parse(filter);
        Assert.Equal(passes, parsed.Matches(s_record));
        Assert.Equal(parsed, Filter.Parse(parsed.ToString()));
        Assert.Equal(passes, Filter.Parse(parsed.ToString()).Matches(s_record));
    }
}
