namespace EmbedCache.Tests.Metadata;

/// <summary>The text form of filters: how it is spelled, that it reads back, and that what is wrong is told with its place.</summary>
public sealed class FilterParseTests
{
    [Theory]
    [InlineData("lang='en'", "lang = 'en'")]
    [InlineData("  a  ==  1 ", "a = 1")]
    [InlineData("a <> 1", "a != 1")]
    [InlineData("not a = 1", "a != 1")]
    [InlineData("NOT (a IN (1,2))", "a not in (1, 2)")]
    [InlineData("a in (1, 1, 2)", "a in (1, 2)")]
    [InlineData("not a exists", "a not exists")]
    [InlineData("not a starts with 'x'", "not a starts with 'x'")]
    [InlineData("a not between 1 and 2", "not (a >= 1 and a <= 2)")]
    [InlineData("a between 1 and 2 and b exists", "a >= 1 and a <= 2 and b exists")]
    [InlineData("((a exists))", "a exists")]
    [InlineData("a exists and (b exists and c exists)", "a exists and b exists and c exists")]
    [InlineData("a exists and (b exists or c exists)", "a exists and (b exists or c exists)")]
    [InlineData("a exists or b exists and c exists", "a exists or b exists and c exists")]
    [InlineData("not (a exists or b exists)", "not (a exists or b exists)")]
    [InlineData("not not not a exists", "a not exists")]
    [InlineData("\"and\" = 1", "\"and\" = 1")]
    [InlineData("\"a b\" = 1", "\"a b\" = 1")]
    [InlineData("\"plain\" = 1", "plain = 1")]
    [InlineData("\"say \"\"hi\"\"\" = 1", "\"say \"\"hi\"\"\" = 1")]
    [InlineData("a = 'it''s'", "a = 'it''s'")]
    [InlineData("a = '' nocase", "a = '' nocase")]
    [InlineData("a = 1 nocase", "a = 1")]
    [InlineData("größe.max_1 = -5", "größe.max_1 = -5")]
    [InlineData("a = +5", "a = 5")]
    [InlineData("a = 5.0", "a = 5.0")]
    [InlineData("a = 1e3", "a = 1000.0")]
    [InlineData("a = -1.5E-7", "a = -1.5E-07")]
    [InlineData("a = 9223372036854775808", "a = 9.223372036854776E+18")]
    [InlineData("a = TRUE", "a = true")]
    [InlineData("a = date '2024-05-01'", "a = date '2024-05-01T00:00:00.000Z'")]
    [InlineData("a contains 'x' nocase or true", "a contains 'x' nocase or true")]
    [InlineData("a\n=\t'line\n2'", "a = 'line\n2'")]
    public void Text_has_one_form(string text, string form)
    {
        Filter filter = Filter.Parse(text);
        Assert.Equal(form, filter.ToString());
        Assert.Equal(filter, Filter.Parse(form));
        Assert.Equal(form, Filter.Parse(form).ToString());
    }

    [Theory]
    [InlineData("", 1, "name")]
    [InlineData("   ", 4, "the end")]
    [InlineData("a", 2, "comparison")]
    [InlineData("a =", 4, "value")]
    [InlineData("a = b", 5, "'b'")]
    [InlineData("a = 'x", 5, "never closed")]
    [InlineData("\"a = 1", 1, "never closed")]
    [InlineData("a = 1 b = 2", 7, "'and', 'or'")]
    [InlineData("a = 1 and", 10, "name")]
    [InlineData("a = 1 and and b = 2", 11, "name")]
    [InlineData("(a = 1", 7, "')'")]
    [InlineData("a = 1)", 6, "the end")]
    [InlineData("a in ()", 7, "value")]
    [InlineData("a in (1,)", 9, "value")]
    [InlineData("a in 1", 6, "'('")]
    [InlineData("a starts 'x'", 10, "'with'")]
    [InlineData("a starts with 5", 15, "single quotes")]
    [InlineData("a contains 5", 12, "single quotes")]
    [InlineData("a between 1 or 2", 13, "'and'")]
    [InlineData("a not = 1", 7, "'in'")]
    [InlineData("a < true", 1, "no order")]
    [InlineData("a = 12x", 5, "12x")]
    [InlineData("a = 1e999", 5, "1e999")]
    [InlineData("a = date 'soon'", 10, "soon")]
    [InlineData("a = date 5", 10, "date")]
    [InlineData("a & b", 3, "&")]
    [InlineData("'a' = 1", 1, "name")]
    [InlineData("and = 1", 1, "name")]
    [InlineData("\"\" = 1", 1, "1 to 255")]
    [InlineData("a = 1 nocase nocase", 14, "'and', 'or'")]
    [InlineData("🙂 = 1", 1, "means nothing")]
    public void What_is_wrong_is_told_with_its_place(string text, int position, string says)
    {
        InvalidFilterException invalid = Assert.Throws<InvalidFilterException>(() => Filter.Parse(text));
        Assert.Equal(position, invalid.Position);
        Assert.Contains(says, invalid.Message, StringComparison.Ordinal);
        Assert.Contains($"at character {position} ", invalid.Message, StringComparison.Ordinal);
    }

    /// <summary>Deep and long text costs an error, not the stack and not the memory.</summary>
    [Fact]
    public void Hostile_text_is_refused()
    {
        foreach (string text in new[]
        {
            new string('(', 500_000),
            string.Concat(Enumerable.Repeat("not ", 250_000)) + "a exists",
            string.Concat(Enumerable.Repeat("(a exists or ", 50_000)),
            string.Concat(Enumerable.Repeat("a exists and ", 50_000)) + "a exists",
            string.Concat(Enumerable.Repeat("a exists or b exists and ", 20_000)) + "a exists",
            new string('a', (1 << 20) + 1),
            "a = '" + new string('x', 1 << 20),
        })
        {
            Assert.Throws<InvalidFilterException>(() => Filter.Parse(text));
        }
    }

    [Fact]
    public void Nesting_up_to_the_limit_is_read()
    {
        string text = "a exists";
        for (int i = 0; i < 30; i++)
        {
            text = $"not ({text} and b{i} exists)";
        }

        Filter filter = Filter.Parse(text);
        Assert.Equal(filter, Filter.Parse(filter.ToString()));
        Assert.Throws<ArgumentNullException>(() => Filter.Parse(null!));
    }

    [Fact]
    public void Random_text_is_read_or_refused()
    {
        string[] pieces = ["a", "b", "and", "or", "not", "(", ")", "in", "exists", "=", "<", "'x'", "1", "2.5", ",", "between", "contains", "starts", "with", "nocase", "true", "date", "'2024-01-01'", "\"q\"", "!", "'"];
        var random = new Random(7);
        int read = 0;
        for (int round = 0; round < 50_000; round++)
        {
            string text = string.Join(" ", Enumerable.Range(0, random.Next(1, 8)).Select(_ => pieces[random.Next(pieces.Length)]));
            try
            {
                Filter filter = Filter.Parse(text);
                Assert.Equal(filter, Filter.Parse(filter.ToString()));
                read++;
            }
            catch (InvalidFilterException invalid)
            {
                Assert.InRange(invalid.Position, 1, text.Length + 1);
            }
        }

        Assert.InRange(read, 100, 49_000);
    }

    [Fact]
    public void Equality_is_that_of_the_text_form()
    {
        Filter filter = Filter.And(Filter.Equal("a", 1), Filter.Exists("b"));
        Assert.Equal(filter, Filter.Parse("a = 1 and b exists"));
        Assert.True(filter.Equals((object)Filter.Parse("a = 1 and b exists")));
        Assert.False(filter.Equals(Filter.Parse("b exists and a = 1")));
        Assert.False(filter.Equals((Filter?)null));
    }
}
