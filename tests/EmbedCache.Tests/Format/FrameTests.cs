using System.Buffers.Binary;
using EmbedCache.Format;
using EmbedCache.Primitives;

namespace EmbedCache.Tests.Format;

/// <summary>Frame headers of every kind: round trip, positions, seals, and the contradictions that a hostile file may hold.</summary>
public sealed class FrameTests
{
    private const int Dimension = 3;
    private static readonly FileSalt Salt = new(0x0706050403020100, 0x0F0E0D0C0B0A0908);

    private static readonly FrameHeader Common = new()
    {
        Kind = FrameKind.Record,
        Flags = FrameFlags.Commit,
        UnitCount = 2,
        Epoch = 0x01020304,
        PayloadCrc = 0x05060708,
        Transaction = 0xA1A2A3A4A5A6,
    };

    private static readonly RecordFrame Record = new()
    {
        Header = Common,
        KeyHash = 0x1122334455667788,
        KeyKind = KeyKind.Text,
        Role = EmbeddingRole.Document,
        KeyByteLength = 5,
        MetadataByteLength = 7,
        Created = 0x0000_1234_5678,
        Expires = 0x00AB_CDEF_0123,
        VectorByteLength = Dimension * 4,
        Norm = 1.5f,
        Encoding = RecordEncoding.Float32,
    };

    private static readonly SectionFrame Keys = new()
    {
        Header = Common with { Kind = FrameKind.Keys, UnitCount = 130 },
        EntryByteLength = 16,
        EntryCount = 513,
        CoversFrom = 12288,
        CoversTo = 0x4000_0000_0040,
        Level = 3,
        FirstOrdinal = 0,
    };

    [Fact]
    public void A_record_reads_back()
    {
        byte[] bytes = Write(Record);
        Assert.True(RecordFrame.TryRead(bytes, Dimension, KeyStorage.Text, out RecordFrame read));
        Assert.Equal(Record, read);
        Assert.Equal((64, 76, 81, 24), (RecordFrame.VectorOffset, read.KeyOffset, read.MetadataOffset, read.PayloadByteLength));
    }

    [Fact]
    public void Every_field_of_a_record_stands_where_the_format_says()
        => Assert.Equal(
            "01" + "01" + "0500" + "02000000" + "04030201" + "08070605" + "A6A5A4A3A2A1" + "0700" + "8877665544332211"
            + "785634120000" + "2301EFCDAB00" + "0C000000" + "0000C03F" + "01" + "21" + "0000" + "00000000" + "00000000",
            Convert.ToHexString(Write(Record)));

    [Fact]
    public void A_touch_reads_back_with_the_offset_of_its_record_at_44()
    {
        RecordFrame touch = Record with
        {
            Header = Common with { Kind = FrameKind.Touch },
            VectorByteLength = 0,
            Norm = 0,
            Encoding = RecordEncoding.None,
            TouchedRecord = 0x3040,
        };
        byte[] bytes = Write(touch);
        Assert.Equal("4030000000000000" + "00" + "21" + "0000", Convert.ToHexString(bytes, 44, 12));
        Assert.True(RecordFrame.TryRead(bytes, Dimension, KeyStorage.Text, out RecordFrame read));
        Assert.Equal(touch, read);
        Assert.Equal((64, 69, 12), (read.KeyOffset, read.MetadataOffset, read.PayloadByteLength));
    }

    [Fact]
    public void A_tombstone_reads_back()
    {
        RecordFrame tombstone = new() { Header = Common with { Kind = FrameKind.Tombstone }, KeyHash = 9, KeyKind = KeyKind.Digest, KeyByteLength = 32, Created = 5 };
        Assert.True(RecordFrame.TryRead(Write(tombstone), Dimension, KeyStorage.Digest, out RecordFrame read));
        Assert.Equal(tombstone, read);
    }

    [Fact]
    public void A_record_of_the_largest_key_metadata_and_vector_fits()
    {
        RecordFrame largest = Record with { KeyByteLength = 65535, MetadataByteLength = 65535, VectorByteLength = 65536 * 4, Header = Common with { UnitCount = 6145 } };
        Assert.True(RecordFrame.TryRead(Write(largest), 65536, KeyStorage.Text, out RecordFrame read));
        Assert.Equal(largest, read);
    }

    [Theory]
    [InlineData(0, "00")] // no kind
    [InlineData(0, "04")] // another kind
    [InlineData(1, "04")] // an unknown flag
    [InlineData(2, "0000")] // no key
    [InlineData(2, "FFFF")] // a key longer than the frame
    [InlineData(4, "00000000")] // no length
    [InlineData(4, "03000000")] // a longer frame than its content
    [InlineData(4, "01000000")]
    [InlineData(4, "FFFFFFFF")]
    [InlineData(8, "00000000")] // epoch 0
    [InlineData(22, "FFFF")] // metadata longer than the frame
    [InlineData(32, "FFFFFFFFFFFF")] // created after the year 9999
    [InlineData(38, "FFFFFFFFFFFF")]
    [InlineData(44, "08000000")] // a vector of another dimension
    [InlineData(44, "0C000001")]
    [InlineData(44, "FFFFFFFF")]
    [InlineData(48, "0000C0BF")] // a negative norm
    [InlineData(48, "0000807F")] // infinity
    [InlineData(48, "0000C07F")] // NaN
    [InlineData(52, "00")] // no encoding
    [InlineData(52, "02")] // a reserved one
    [InlineData(52, "05")]
    [InlineData(53, "20")] // no key kind
    [InlineData(53, "22")] // a digest in a text file
    [InlineData(53, "31")] // an unknown role
    [InlineData(54, "0100")] // a codebook
    public void A_contradiction_in_a_record_is_refused(int offset, string hex)
    {
        byte[] bytes = Write(Record);
        Convert.FromHexString(hex).CopyTo(bytes, offset);
        Assert.False(RecordFrame.TryRead(bytes, Dimension, KeyStorage.Text, out _));
    }

    [Fact]
    public void A_digest_has_32_bytes()
    {
        RecordFrame digest = Record with { KeyKind = KeyKind.Digest, KeyByteLength = 31 };
        Assert.False(RecordFrame.TryRead(Write(digest), Dimension, KeyStorage.Digest, out _));
        Assert.True(RecordFrame.TryRead(Write(digest with { KeyByteLength = 32 }), Dimension, KeyStorage.Digest, out _));
    }

    [Theory]
    [InlineData("0000000000000000")] // before the log
    [InlineData("4130000000000000")] // not on a unit
    [InlineData("00000000000000FF")]
    public void A_touch_of_no_frame_is_refused(string hex)
    {
        byte[] bytes = Write(Record with { Header = Common with { Kind = FrameKind.Touch }, VectorByteLength = 0, Norm = 0, Encoding = RecordEncoding.None, TouchedRecord = 0x3040 });
        Convert.FromHexString(hex).CopyTo(bytes, 44);
        Assert.False(RecordFrame.TryRead(bytes, Dimension, KeyStorage.Text, out _));
    }

    [Fact]
    public void A_section_reads_back_and_knows_its_parts()
    {
        byte[] bytes = new byte[64];
        Keys.Write(bytes);
        Assert.True(SectionFrame.TryRead(bytes, out SectionFrame read));
        Assert.Equal(Keys with { Header = read.Header }, read);
        Assert.Equal((8208, 3, 8272, 12), (read.EntriesByteLength, read.BlockCount, read.CrcTableOffset, read.CrcTableByteLength));
        Assert.Equal((4096, 4096, 16), (read.BlockByteLength(0), read.BlockByteLength(1), read.BlockByteLength(2)));
        Assert.Equal(130u, read.Header.UnitCount);
    }

    [Fact]
    public void Every_field_of_a_section_stands_where_the_format_says()
    {
        byte[] bytes = new byte[64];
        (Keys with { FirstOrdinal = 0x0123_4567_89AB }).Write(bytes);
        Assert.Equal("1000" + "0102000000000000" + "C00000000000" + "010000000001" + "03000000" + "AB8967452301" + "0000", Convert.ToHexString(bytes, 22, 34));
    }

    [Theory]
    [InlineData(0, "01")] // no section
    [InlineData(0, "13")] // a reserved kind may have any entry length, but not this frame length
    [InlineData(4, "81000000")]
    [InlineData(22, "0000")] // entries of no length
    [InlineData(22, "0800")] // of another kind
    [InlineData(24, "0001000000000000")] // fewer than the length says
    [InlineData(24, "FFFFFFFFFFFFFF7F")] // a product that would overflow
    [InlineData(24, "FFFFFFFFFFFFFFFF")]
    [InlineData(24, "0102000000000010")]
    [InlineData(32, "000000000000")] // covers from before the log
    [InlineData(38, "BF0000000000")] // covers backwards
    [InlineData(38, "FFFFFFFFFFFF")] // covers more than a file can have
    public void A_contradiction_in_a_section_is_refused(int offset, string hex)
    {
        byte[] bytes = new byte[64];
        Keys.Write(bytes);
        Convert.FromHexString(hex).CopyTo(bytes, offset);
        if (offset == 0 && hex == "13")
        {
            bytes[22] = 8;
        }

        Assert.False(SectionFrame.TryRead(bytes, out _));
    }

    [Fact]
    public void A_section_without_entries_is_a_header_alone()
    {
        byte[] bytes = new byte[64];
        (Keys with { EntryCount = 0 }).Write(bytes);
        Assert.True(SectionFrame.TryRead(bytes, out SectionFrame read));
        Assert.Equal((1u, 0), (read.Header.UnitCount, read.BlockCount));
    }

    [Theory]
    [InlineData(0u, 1u)]
    [InlineData(1u, 2u)]
    [InlineData(64u, 2u)]
    [InlineData(65u, 3u)]
    public void A_payload_frame_reads_back(uint length, uint units)
    {
        byte[] bytes = new byte[64];
        new PayloadFrame { Header = Common with { Kind = FrameKind.Properties }, PayloadByteLength = length }.Write(bytes);
        Assert.True(PayloadFrame.TryRead(bytes, out PayloadFrame read));
        Assert.Equal((length, units), (read.PayloadByteLength, read.Header.UnitCount));
        Assert.Equal(length, BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(44)));
        bytes[4]++;
        Assert.False(PayloadFrame.TryRead(bytes, out _));
    }

    [Fact]
    public void A_seal_holds_for_one_place_in_one_file_after_one_frame_alone()
    {
        byte[] bytes = Write(Record);
        uint chain = FrameSeal.Seal(bytes, 12288, Salt, 0xCAFE);

        Assert.True(FrameSeal.IsSelfValid(bytes, 12288, Salt));
        Assert.True(FrameSeal.IsChained(bytes, 0xCAFE));
        Assert.Equal(chain, BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(60)));
        Assert.False(FrameSeal.IsSelfValid(bytes, 12352, Salt));
        Assert.False(FrameSeal.IsSelfValid(bytes, 12288, Salt with { K1 = 0 }));
        Assert.False(FrameSeal.IsChained(bytes, 0xCAFF));
    }

    [Fact]
    public void The_seals_cover_the_bytes_that_the_format_names()
    {
        byte[] bytes = Write(Record);
        FrameSeal.Seal(bytes, 12288, Salt, 0x04030201);
        byte[] self = [.. bytes[..56], 0, 0x30, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        Assert.Equal(Crc32.Compute(self), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(56)));
        byte[] chain = [1, 2, 3, 4, .. bytes[..60]];
        Assert.Equal(Crc32.Compute(chain), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(60)));
    }

    [Fact]
    public void Every_flipped_bit_of_a_header_breaks_a_seal()
    {
        byte[] bytes = Write(Record);
        FrameSeal.Seal(bytes, 12288, Salt, 7);
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(FrameSeal.IsSelfValid(bytes, 12288, Salt) && FrameSeal.IsChained(bytes, 7), $"bit {bit}");
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void A_commit_frame_is_a_header_alone()
    {
        byte[] bytes = new byte[64];
        FrameHeader.CreateCommit(3, 4).Write(bytes);
        Assert.True(FrameHeader.TryRead(bytes, out FrameHeader read));
        Assert.True(read.IsCommit);
        Assert.Equal((FrameKind.Commit, 64, 3u, 4), (read.Kind, read.FrameByteLength, read.Epoch, read.Transaction));
    }

    [Fact]
    public void Random_headers_never_throw()
    {
        Random random = new(20240611);
        byte[] bytes = new byte[64];
        for (int i = 0; i < 200_000; i++)
        {
            random.NextBytes(bytes);
            bytes[0] = (byte)(i % 40);
            bytes[1] &= 3;
            if ((i & 1) == 0)
            {
                bytes.AsSpan(6, 2).Clear();
                bytes.AsSpan(26, 6).Clear();
            }

            FrameHeader.TryRead(bytes, out _);
            RecordFrame.TryRead(bytes, Dimension, KeyStorage.Text, out _);
            PayloadFrame.TryRead(bytes, out _);
            if (SectionFrame.TryRead(bytes, out SectionFrame section))
            {
                Assert.True(section.CrcTableOffset + section.CrcTableByteLength <= section.Header.FrameByteLength);
            }
        }
    }

    private static byte[] Write(RecordFrame frame)
    {
        byte[] bytes = new byte[64];
        frame.Write(bytes);
        return bytes;
    }
}
