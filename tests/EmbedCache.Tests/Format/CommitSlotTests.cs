using System.Buffers.Binary;
using EmbedCache.Format;
using EmbedCache.Primitives;

namespace EmbedCache.Tests.Format;

/// <summary>A slot reads back, stands where the format says, and is invalid as soon as one bit or one invariant is broken.</summary>
public sealed class CommitSlotTests
{
    private static readonly CommitSlot Sample = new()
    {
        Sequence = 0x11,
        Epoch = 0x22,
        FeaturesRead = 0x33,
        FeaturesWrite = 0x44,
        FeaturesIgnorable = 0x55,
        PublishedTail = 0x10000,
        DurableTail = 0xFFC0,
        CatalogOffset = 0x8000,
        PublishedChain = 0x66,
        DurableChain = 0x77,
        RecordCount = 0x88,
        TombstoneCount = 0x99,
        LiveIndexedCount = 0x12,
        Transaction = 0xAA,
        Committed = 0xBB,
        State = SlotState.Superseded,
    };

    [Fact]
    public void Reads_back_what_was_written()
    {
        Assert.True(CommitSlot.TryRead(Write(Sample), out CommitSlot read));
        Assert.Equal(Sample, read);
    }

    [Fact]
    public void Every_field_stands_where_the_format_says()
    {
        byte[] bytes = Write(Sample);
        string expected = "1100000000000000" + "22000000" + "33000000" + "44000000" + "55000000"
            + "0000010000000000" + "C0FF000000000000" + "0080000000000000" + "66000000" + "77000000"
            + "8800000000000000" + "9900000000000000" + "1200000000000000" + "AA00000000000000" + "BB00000000000000"
            + "01000000" + "00000000000000000000000000000000";
        Assert.Equal(expected, Convert.ToHexString(bytes, 0, 116));
        Assert.Equal(Crc32.Compute(bytes.AsSpan(0, 116)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(116)));
        Assert.Equal("1100000000000000", Convert.ToHexString(bytes, 120, 8));
    }

    [Fact]
    public void Every_flipped_bit_makes_it_invalid()
    {
        byte[] bytes = Write(Sample);
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(CommitSlot.TryRead(bytes, out _), $"bit {bit}");
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Zeros_and_short_pages_are_no_slot()
    {
        Assert.False(CommitSlot.TryRead(new byte[128], out _));
        Assert.False(CommitSlot.TryRead(Write(Sample).AsSpan(0, 127), out _));
    }

    [Theory]
    [InlineData(0, 0L)] // sequence 0
    [InlineData(0, 1L << 53)]
    [InlineData(24, 12224L)] // published below the log
    [InlineData(24, 0xFFC0L - 64)] // published below durable
    [InlineData(24, 0x10001L)] // not on a unit
    [InlineData(24, 1L << 53)]
    [InlineData(24, -64L)]
    [InlineData(32, 12224L)] // durable below the log
    [InlineData(32, 0x10040L)] // durable above published
    [InlineData(32, 0xFFC1L)]
    [InlineData(40, 64L)] // catalog below the log
    [InlineData(40, 0x10000L)] // catalog at the tail
    [InlineData(40, 0x8001L)]
    [InlineData(64, -1L)]
    [InlineData(72, 0x89L)] // more live than records
    [InlineData(72, -1L)]
    [InlineData(80, 1L << 48)]
    [InlineData(88, -1L)]
    public void A_broken_invariant_makes_it_invalid_even_with_a_good_crc(int offset, long value)
    {
        byte[] bytes = Write(Sample);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(offset), value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(120), BinaryPrimitives.ReadInt64LittleEndian(bytes));
        Assert.False(CommitSlot.TryRead(Reseal(bytes), out _));
    }

    [Theory]
    [InlineData(0u, false)]
    [InlineData(1u, true)] // a feature to come may pack records; opening must say "unsupported", not "corrupt"
    public void More_records_than_units_in_the_log_need_a_feature(uint features, bool valid)
    {
        byte[] bytes = Write(Sample);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), features);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(56), 1_000_000);
        Assert.Equal(valid, CommitSlot.TryRead(Reseal(bytes), out _));
    }

    [Fact]
    public void An_inconsistent_slot_is_never_written()
        => Assert.Throws<InvalidOperationException>(() => Write(Sample with { DurableTail = Sample.PublishedTail + 64 }));

    [Fact]
    public void Features_are_refused_as_far_as_they_must_be_understood()
    {
        CommitSlot none = Sample with { FeaturesRead = 0, FeaturesWrite = 0 };
        none.RequireUnderstood("f", forWriting: true);
        CommitSlot write = none with { FeaturesWrite = 4 };
        write.RequireUnderstood("f", forWriting: false);
        Assert.Throws<UnsupportedVersionException>(() => write.RequireUnderstood("f", forWriting: true));
        UnsupportedVersionException error = Assert.Throws<UnsupportedVersionException>(() => (none with { FeaturesRead = 8 }).RequireUnderstood("f", forWriting: false));
        Assert.Contains("0x00000008", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sequences_alternate_between_the_pages()
    {
        Assert.Equal(8192, FormatConstants.SlotOffset(1));
        Assert.Equal(4096, FormatConstants.SlotOffset(2));
    }

    private static byte[] Write(CommitSlot slot)
    {
        byte[] bytes = new byte[128];
        slot.Write(bytes);
        return bytes;
    }

    private static byte[] Reseal(byte[] bytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(116), Crc32.Compute(bytes.AsSpan(0, 116)));
        return bytes;
    }
}
