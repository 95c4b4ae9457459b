using System.Globalization;
using EmbedCache.Format;
using EmbedCache.Primitives;

namespace EmbedCache.Tests.Format;

/// <summary>
/// Metadata: what goes in is brought to one form, that form has one encoding, the encoding reads back, and bytes of any other form are refused.
/// </summary>
public sealed class MetadataTests
{
    private static readonly DateTimeOffset Date = new(2024, 2, 29, 12, 34, 56, 789, TimeSpan.Zero);

    private static readonly EmbeddingMetadata EveryType = EmbeddingMetadata.Empty
        .With("text", "grün")
        .With("long", -2L)
        .With("double", 0.5)
        .With("bool", true)
        .With("date", Date)
        .With("list", new[] { "a", string.Empty });

    [Fact]
    public void Every_type_reads_back()
    {
        byte[] bytes = MetadataCodec.Encode(EveryType);
        Assert.Equal(bytes.Length, MetadataCodec.GetByteLength(EveryType));
        Assert.True(MetadataCodec.TryDecode(bytes, out EmbeddingMetadata read));
        Assert.Equal(EveryType, read);
        Assert.Equal(EveryType.GetHashCode(), read.GetHashCode());
        Assert.Equal(bytes, MetadataCodec.Encode(read));
        Assert.Equal("{bool=True, date=2024-02-29T12:34:56.789Z, double=0.5, list=[a, ], long=-2, text=grün}", read.ToString());
    }

    [Fact]
    public void Every_byte_stands_where_the_format_says()
        => Assert.Equal(
            "0600"
            + "0404626F6F6C" + "01"
            + "050464617465" + "9554DCF48D010000"
            + "0306646F75626C65" + "000000000000E03F"
            + "06046C697374" + "0200" + "0100" + "61" + "0000"
            + "02046C6F6E67" + "FEFFFFFFFFFFFFFF"
            + "010474657874" + "0500" + "6772C3BC6E",
            Convert.ToHexString(MetadataCodec.Encode(EveryType)));

    [Fact]
    public void No_entries_are_no_bytes()
    {
        Assert.Empty(MetadataCodec.Encode(EmbeddingMetadata.Empty));
        Assert.Empty(MetadataCodec.Encode(null));
        Assert.True(MetadataCodec.TryDecode([], out EmbeddingMetadata read));
        Assert.Equal(EmbeddingMetadata.Empty, read);
        Assert.Equal(EmbeddingMetadata.Empty, EveryType.With("x", 1).Without("x").Without("text").Without("long").Without("double").Without("bool").Without("date").Without("list"));
    }

    [Fact]
    public void Names_are_ordered_by_their_bytes_not_by_utf16()
    {
        // U+FFFD is EF BF BD, U+1F600 is F0 9F 98 80; in UTF-16 the latter's surrogates come first.
        EmbeddingMetadata metadata = EmbeddingMetadata.Empty.With("\U0001F600", 1).With("\uFFFD", 2).With("b", 3).With("B", 4).With("ba", 5);
        Assert.Equal(["B", "b", "ba", "\uFFFD", "\U0001F600"], metadata.Keys);
        Assert.Equal(1L, metadata["\U0001F600"]);
        Assert.True(MetadataCodec.TryDecode(MetadataCodec.Encode(metadata), out EmbeddingMetadata read));
        Assert.Equal(metadata, read);
    }

    public static TheoryData<object, object> Conversions => new()
    {
        { (sbyte)-1, -1L },
        { (byte)255, 255L },
        { (short)-5, -5L },
        { ushort.MaxValue, 65535L },
        { 7, 7L },
        { uint.MaxValue, 4294967295L },
        { (ulong)long.MaxValue, long.MaxValue },
        { 1.5f, 1.5 },
        { 2.25m, 2.25 },
        { 'x', "x" },
        { new DateTime(2024, 1, 2, 3, 4, 5, 6, DateTimeKind.Utc).AddTicks(9), new DateTimeOffset(2024, 1, 2, 3, 4, 5, 6, TimeSpan.Zero) },
        { new DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)), new DateTimeOffset(2024, 1, 2, 1, 4, 5, TimeSpan.Zero) },
        { DateTimeOffset.MinValue, DateTimeOffset.MinValue },
    };

    [Theory]
    [MemberData(nameof(Conversions))]
    public void Values_are_brought_to_one_form(object given, object kept)
    {
        EmbeddingMetadata metadata = EmbeddingMetadata.Empty.With("n", given);
        Assert.Equal(kept, metadata["n"]);
        Assert.IsType(kept.GetType(), metadata["n"]);
        Assert.True(MetadataCodec.TryDecode(MetadataCodec.Encode(metadata), out EmbeddingMetadata read));
        Assert.Equal(metadata, read);
    }

    [Fact]
    public void Local_and_unspecified_dates_are_local_time()
    {
        DateTime unspecified = new(2024, 6, 1, 12, 0, 0);
        DateTimeOffset expected = new(DateTime.SpecifyKind(unspecified, DateTimeKind.Local));
        Assert.Equal(expected.ToUniversalTime(), EmbeddingMetadata.Empty.With("d", unspecified)["d"]);
    }

    [Fact]
    public void Lists_are_copied()
    {
        List<string> given = ["a", "b"];
        EmbeddingMetadata metadata = EmbeddingMetadata.Empty.With("l", given).With("o", new object[] { "c" });
        given[0] = "changed";
        Assert.Equal(["a", "b"], Assert.IsAssignableFrom<IReadOnlyList<string>>(metadata["l"]));
        Assert.Equal(["c"], Assert.IsAssignableFrom<IReadOnlyList<string>>(metadata["o"]));
    }

    public static TheoryData<string?, object?> Refused => new()
    {
        { string.Empty, 1 },
        { null, 1 },
        { new string('n', 256), 1 },
        { new string('ü', 128), 1 },
        { "lone \uD800", 1 },
        { "null", null },
        { "ulong", ulong.MaxValue },
        { "guid", Guid.Empty },
        { "bytes", new byte[] { 1 } },
        { "map", new Dictionary<string, string>() },
        { "lone", "\uDC00" },
        { "mixed", new object?[] { "a", 1 } },
        { "hole", new object?[] { "a", null } },
        { "long text", new string('x', 65536) },
        { "long list", Enumerable.Repeat("item", 20_000) },
        { "endless", Endless() },
    };

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public void What_the_format_has_no_type_for_is_refused(string? name, object? value)
    {
        InvalidEmbeddingException error = Assert.Throws<InvalidEmbeddingException>(() => EmbeddingMetadata.Empty.With(name!, value!));
        Assert.Equal(InvalidEmbeddingReason.InvalidMetadata, error.Reason);
    }

    [Fact]
    public void All_of_it_has_at_most_65535_bytes()
    {
        // u2 count, u1 type, u1 length, one byte of name, u2 length: 7 bytes beside the text.
        EmbeddingMetadata largest = EmbeddingMetadata.Empty.With("t", new string('x', 65535 - 7));
        Assert.Equal(65535, MetadataCodec.Encode(largest).Length);
        Assert.Throws<InvalidEmbeddingException>(() => EmbeddingMetadata.Empty.With("t", new string('x', 65536 - 7)));
        Assert.Throws<InvalidEmbeddingException>(() => largest.With("u", true));
        Assert.Equal("y", largest.With("t", "y")["t"]);
    }

    [Fact]
    public void Names_are_unique()
    {
        Assert.Throws<InvalidEmbeddingException>(() => new EmbeddingMetadata([new("a", 1), new("a", 2)]));
        Assert.Equal(2L, new EmbeddingMetadata([new("a", 1)]).With("a", 2)["a"]);
    }

    [Fact]
    public void It_is_a_dictionary()
    {
        Assert.True(EveryType.TryGetValue("bool", out object value));
        Assert.Equal(true, value);
        Assert.False(EveryType.TryGetValue("Bool", out _));
        Assert.Throws<KeyNotFoundException>(() => EveryType["nothing"]);
        Assert.Equal(6, EveryType.Count);
        Assert.NotEqual(EveryType, EveryType.With("long", -3));
        Assert.NotEqual(EmbeddingMetadata.Empty.With("n", 1), EmbeddingMetadata.Empty.With("n", 1.0));
    }

    [Theory]
    [InlineData("00")]
    [InlineData("0000")] // no entries take no bytes
    [InlineData("0100")]
    [InlineData("FFFF")] // a count that nothing backs
    [InlineData("0100" + "0401" + "61" + "02")] // a bool of 2
    [InlineData("0100" + "0400" + "01")] // no name
    [InlineData("0100" + "0001" + "61" + "01")] // type 0
    [InlineData("0100" + "0701" + "61" + "01")] // type 7
    [InlineData("0100" + "0401" + "61" + "01" + "00")] // a byte too many
    [InlineData("0100" + "0401" + "FF" + "01")] // a name that is not UTF-8
    [InlineData("0100" + "0101" + "61" + "0200" + "C328")] // text that is not
    [InlineData("0100" + "0101" + "61" + "0300" + "EDA080")] // a lone surrogate
    [InlineData("0100" + "0101" + "61" + "0500" + "61")] // text that ends early
    [InlineData("0100" + "0201" + "61" + "00000000")] // a long that does
    [InlineData("0100" + "0501" + "61" + "FFFFFFFFFFFFFF7F")] // a date that no calendar has
    [InlineData("0100" + "0601" + "61" + "FFFF")] // a list that nothing backs
    [InlineData("0100" + "0601" + "61" + "0100" + "0500" + "61")]
    [InlineData("0200" + "0401" + "62" + "01" + "0401" + "61" + "01")] // out of order
    [InlineData("0200" + "0401" + "61" + "01" + "0401" + "61" + "01")] // twice
    public void Bytes_of_another_form_are_refused(string hex)
    {
        Assert.False(MetadataCodec.TryDecode(Convert.FromHexString(hex), out EmbeddingMetadata metadata));
        Assert.Empty(metadata);
        Assert.Throws<CorruptFileException>(() => MetadataCodec.Decode(Convert.FromHexString(hex), "f", 0));
    }

    [Fact]
    public void Every_truncation_is_refused_and_whatever_is_accepted_encodes_to_the_same_bytes()
    {
        byte[] bytes = MetadataCodec.Encode(EveryType);
        for (int length = 1; length < bytes.Length; length++)
        {
            Assert.False(MetadataCodec.TryDecode(bytes.AsSpan(0, length), out _));
        }

        Random random = new(7);
        for (int i = 0; i < 50_000; i++)
        {
            byte[] damaged = (byte[])bytes.Clone();
            damaged[random.Next(bytes.Length)] = (byte)random.Next(256);
            damaged[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            if (MetadataCodec.TryDecode(damaged, out EmbeddingMetadata read))
            {
                Assert.Equal(Convert.ToHexString(damaged), Convert.ToHexString(MetadataCodec.Encode(read)));
            }
        }
    }

    [Fact]
    public void The_culture_does_not_matter()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("de-DE");
            Assert.Equal("{d=1.5}", EmbeddingMetadata.Empty.With("d", 1.5f).ToString());
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Utf8_length_counts_code_points()
    {
        foreach (string text in (string[])["", "a", "ü", "€", "\U0001F600", "a\uFFFFz", "\uD7FF\uE000"])
        {
            Assert.Equal(System.Text.Encoding.UTF8.GetByteCount(text), StrictUtf8.GetByteCount(text));
        }

        Assert.Equal(-1, StrictUtf8.GetByteCount("a\uD83D"));
        Assert.Equal(-1, StrictUtf8.GetByteCount("\uDE00\uD83D"));
    }

    private static IEnumerable<string> Endless()
    {
        while (true)
        {
            yield return "again";
        }
    }
}
