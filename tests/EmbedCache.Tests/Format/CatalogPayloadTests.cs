using System.Buffers.Binary;
using EmbedCache.Format;

namespace EmbedCache.Tests.Format;

/// <summary>A catalog reads back, stands where the format says, and cannot name what lies outside the log before it.</summary>
public sealed class CatalogPayloadTests
{
    private const long CatalogOffset = 0x20000;

    private static readonly CatalogEntry Keys = new()
    {
        Kind = FrameKind.Keys,
        Level = 2,
        FrameOffset = 0x10000,
        FrameByteLength = 0x1000,
        CoversFrom = 0x3000,
        CoversTo = 0x8000,
        EntryCount = 100,
    };

    private static readonly CatalogPayload Sample = new(0x9000, [Keys, Keys with { Kind = FrameKind.Live, FrameOffset = 0x11000, Level = 0 }]);

    [Fact]
    public void Reads_back_what_was_written()
    {
        CatalogPayload? read = CatalogPayload.Read(Write(Sample), CatalogOffset);
        Assert.NotNull(read);
        Assert.Equal(0x9000, read.CoversTo);
        Assert.Equal(Sample.Sections, read.Sections);
    }

    [Fact]
    public void Every_field_stands_where_the_format_says()
    {
        byte[] bytes = Write(new CatalogPayload(0x9000, [Keys]));
        Assert.Equal(
            "01000000" + "00000000" + "0090000000000000"
            + "10" + "00" + "0200" + "00000000" + "0000010000000000" + "0010000000000000" + "0030000000000000" + "0080000000000000" + "6400000000000000",
            Convert.ToHexString(bytes));
    }

    [Fact]
    public void No_sections_is_a_catalog_too()
        => Assert.Empty(CatalogPayload.Read(Write(new CatalogPayload(0x3000, [])), CatalogOffset)!.Sections);

    [Fact]
    public void Every_truncation_and_every_extension_is_refused()
    {
        byte[] bytes = Write(Sample);
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Null(CatalogPayload.Read(bytes.AsSpan(0, length), CatalogOffset));
        }

        Assert.Null(CatalogPayload.Read([.. bytes, 0], CatalogOffset));
    }

    [Theory]
    [InlineData(0, 0xFFFFFFFFL, 4)] // a count that would overflow
    [InlineData(0, 3L, 4)]
    [InlineData(0, 1L, 4)]
    [InlineData(8, 0x2FC0L, 8)] // covers what is before the log
    [InlineData(8, 0x20040L, 8)] // covers what comes after
    [InlineData(8, 0x9001L, 8)]
    [InlineData(8, 0x7FC0L, 8)] // covers less than a section
    [InlineData(16, 1L, 1)] // not a section
    [InlineData(24, 0L, 8)] // a frame before the log
    [InlineData(24, 0x10001L, 8)]
    [InlineData(24, 0x1F040L, 8)] // a frame that ends after the catalog
    [InlineData(24, -64L, 8)]
    [InlineData(32, 0L, 8)] // a frame of no length
    [InlineData(32, 0x1001L, 8)]
    [InlineData(32, long.MaxValue - 63, 8)]
    [InlineData(40, 0x2000L, 8)] // a range before the log
    [InlineData(40, 0x8040L, 8)] // a range backwards
    [InlineData(48, -1L, 8)]
    [InlineData(56, -1L, 8)] // a negative count
    [InlineData(56, 0x1001L, 8)] // more entries than bytes
    public void An_impossible_value_is_refused(int offset, long value, int length)
    {
        byte[] bytes = Write(Sample);
        byte[] word = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(word, value);
        word.AsSpan(0, length).CopyTo(bytes.AsSpan(offset));
        Assert.Null(CatalogPayload.Read(bytes, CatalogOffset));
    }

    [Fact]
    public void An_entry_is_compared_with_the_section_itself()
    {
        SectionFrame section = new()
        {
            Header = new FrameHeader { Kind = FrameKind.Keys, UnitCount = 0x40 },
            CoversFrom = 0x3000,
            CoversTo = 0x8000,
            EntryCount = 100,
            Level = 2,
        };
        Assert.True(Keys.Describes(section));
        Assert.False(Keys.Describes(section with { EntryCount = 101 }));
        Assert.False(Keys.Describes(section with { CoversTo = 0x7FC0 }));
        Assert.False(Keys.Describes(section with { Header = section.Header with { Kind = FrameKind.Live } }));
    }

    private static byte[] Write(CatalogPayload catalog)
    {
        byte[] bytes = new byte[catalog.ByteLength];
        bytes.AsSpan().Fill(0xEE);
        catalog.Write(bytes);
        return bytes;
    }
}
