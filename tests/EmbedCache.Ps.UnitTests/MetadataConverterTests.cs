using System.Collections;
using System.Management.Automation;
using EmbedCache.PowerShell;

namespace EmbedCache.Ps.UnitTests;

public sealed class MetadataConverterTests
{
    public static TheoryData<object, object> Values => new()
    {
        { "text", "text" },
        { 7, 7L },
        { (byte)7, 7L },
        { 7UL, 7L },
        { 0.5f, 0.5 },
        { 0.5m, 0.5 },
        { 3m, 3.0 },
        { true, true },
        { DayOfWeek.Monday, "Monday" },
        { new SwitchParameter(true), true },
        { new DateTime(2024, 5, 6, 7, 8, 9, DateTimeKind.Utc), new DateTimeOffset(2024, 5, 6, 7, 8, 9, TimeSpan.Zero) },
        { new Version(1, 2), "1.2" },
        { new PSObject("text"), "text" },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void ValuesTakeTheTypesOfTheFile(object value, object expected)
    {
        EmbeddingMetadata? metadata = MetadataConverter.FromObject(new Hashtable { ["x"] = value }, "key");
        Assert.Equal(expected, metadata!["x"]);
    }

    [Fact]
    public void ListsOfTextsStayLists()
    {
        foreach (object list in new object[] { new[] { "a", "b" }, new object[] { "a", new PSObject("b") }, new ArrayList { "a", "b" } })
        {
            EmbeddingMetadata? metadata = MetadataConverter.FromObject(new Hashtable { ["tags"] = list }, null);
            Assert.Equal(["a", "b"], Assert.IsAssignableFrom<IEnumerable<string>>(metadata!["tags"]));
            Assert.Equal(new[] { "a", "b" }, Assert.IsType<string[]>(MetadataConverter.ToDictionary(metadata)["tags"]));
        }
    }

    [Fact]
    public void ObjectsGiveTheirProperties()
    {
        var source = new PSObject();
        source.Properties.Add(new PSNoteProperty("lang", "en"));
        source.Properties.Add(new PSNoteProperty("nothing", null));
        EmbeddingMetadata? metadata = MetadataConverter.FromObject(source, null);
        Assert.Equal("en", Assert.Single(metadata!).Value);
    }

    [Fact]
    public void NothingGivesNothing()
    {
        Assert.Null(MetadataConverter.FromObject(null, null));
        Assert.Null(MetadataConverter.FromObject(new Hashtable(), null));
    }

    [Theory]
    [InlineData("text")]
    [InlineData(5)]
    public void WhatIsNoTableIsRefused(object source)
    {
        Assert.Equal(InvalidEmbeddingReason.InvalidMetadata, Assert.Throws<InvalidEmbeddingException>(() => MetadataConverter.FromObject(source, "key")).Reason);
    }

    [Fact]
    public void UnsupportedValueIsNamed()
    {
        var refused = Assert.Throws<InvalidEmbeddingException>(() => MetadataConverter.FromObject(new Hashtable { ["inner"] = new Hashtable { ["a"] = 1 } }, "key"));
        Assert.Contains("'inner'", refused.Message, StringComparison.Ordinal);
        Assert.Equal("key", refused.Key);
        Assert.Throws<InvalidEmbeddingException>(() => MetadataConverter.FromObject(new Hashtable { ["list"] = new object[] { 1, 2 } }, null));
    }

    [Fact]
    public void NamesAreFoundInAnyCaseUnlessTwoDifferByCaseAlone()
    {
        EmbeddingMetadata one = EmbeddingMetadata.Empty.With("Lang", "en");
        Assert.Equal("en", MetadataConverter.ToDictionary(one)["lang"]);
        EmbeddingMetadata two = one.With("lang", "de");
        Assert.Equal("de", MetadataConverter.ToDictionary(two)["lang"]);
        Assert.Equal("en", MetadataConverter.ToDictionary(two)["Lang"]);
    }

    [Fact]
    public void OneLineOfText()
    {
        EmbeddingMetadata metadata = EmbeddingMetadata.Empty.With("a", "x").With("b", 1.5).With("c", new[] { "p", "q" }).With("d", true);
        Assert.Equal("a=x; b=1.5; c=p,q; d=True", MetadataConverter.ToText(MetadataConverter.ToDictionary(metadata)));
    }
}
