using System.Buffers.Binary;
using EmbedCache.Format;
using EmbedCache.Primitives;

namespace EmbedCache.Tests.Format;

/// <summary>
/// The header reads back what was written, stands byte by byte where the format says, and refuses everything else with the right kind of error.
/// </summary>
public sealed class FileHeaderTests
{
    private const string Path = "test.edb";
    private const long FileLength = 1 << 20;

    private static readonly FileHeader Sample = new()
    {
        Dimension = 1536,
        ElementType = ElementType.Float32,
        Metric = Metric.Dot,
        KeyStorage = KeyStorage.Digest,
        StoreId = new Guid("00112233-4455-6677-8899-aabbccddeeff"),
        Generation = 7,
        Salt = new FileSalt(0x0706050403020100, 0x0F0E0D0C0B0A0908),
        Created = 1_700_000_000_123,
    };

    [Fact]
    public void Reads_back_what_was_written()
    {
        byte[] bytes = Write(Sample);

        FileHeader read = FileHeader.Read(bytes, Path, FileLength);

        Assert.Equal(Sample with { Crc = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(252)) }, read);
    }

    [Fact]
    public void Every_field_stands_where_the_format_says()
    {
        byte[] bytes = new byte[256];
        uint crc = Sample.Write(bytes);

        byte[] expected = new byte[256];
        Convert.FromHexString("894544420D0A1A0A" + "0100" + "0000" + "00010000" + "00060000" + "01" + "02" + "02" + "01"
            + "00112233445566778899AABBCCDDEEFF" + "07000000" + "00000000" + "000102030405060708090A0B0C0D0E0F"
            + "0010000000000000" + "0020000000000000" + "0030000000000000" + "7B68E5CF8B010000").CopyTo(expected, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(expected.AsSpan(252), crc);
        Assert.Equal(expected, bytes);
        Assert.Equal(Crc32.Compute(bytes.AsSpan(0, 252)), crc);
    }

    [Fact]
    public void Every_flipped_bit_is_refused()
    {
        byte[] bytes = Write(Sample);
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.ThrowsAny<EmbedCacheException>(() => FileHeader.Read(bytes, Path, FileLength));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        byte[] bytes = Write(Sample);
        for (int length = 0; length < bytes.Length; length++)
        {
            EmbedCacheException error = Assert.ThrowsAny<EmbedCacheException>(() => FileHeader.Read(bytes.AsSpan(0, length), Path, length));
            Assert.IsType(length < 8 ? typeof(NotAnEdbFileException) : typeof(CorruptFileException), error);
        }
    }

    [Fact]
    public void A_file_that_ends_before_its_log_is_corrupt()
    {
        CorruptFileException error = Assert.Throws<CorruptFileException>(() => FileHeader.Read(Write(Sample), Path, 12287));
        Assert.Equal(12287, error.Offset);
        FileHeader.Read(Write(Sample), Path, 12288);
    }

    [Fact]
    public void Another_file_is_not_an_edb_file()
    {
        byte[] png = Convert.FromHexString("89504E470D0A1A0A");
        Assert.Throws<NotAnEdbFileException>(() => FileHeader.Read(png, Path, 8));
        NotAnEdbFileException empty = Assert.Throws<NotAnEdbFileException>(() => FileHeader.Read([], Path, 0));
        Assert.Contains("empty", empty.Message, StringComparison.Ordinal);
        Assert.Equal(Path, empty.FilePath);
    }

    [Fact]
    public void A_text_mode_transfer_is_named_as_such()
    {
        byte[] bytes = Write(Sample);
        byte[] converted = [.. bytes[..4], 0x0A, 0x1A, 0x0A, .. bytes[8..], 0];
        NotAnEdbFileException error = Assert.Throws<NotAnEdbFileException>(() => FileHeader.Read(converted, Path, FileLength));
        Assert.Contains("text-mode", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_newer_major_version_is_unsupported_whatever_its_crc()
    {
        byte[] bytes = Write(Sample);
        bytes[8] = 2;
        UnsupportedVersionException error = Assert.Throws<UnsupportedVersionException>(() => FileHeader.Read(bytes, Path, FileLength));
        Assert.Contains("2.0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_newer_minor_version_is_read()
    {
        FileHeader read = FileHeader.Read(Write(Sample with { VersionMinor = 9 }), Path, FileLength);
        Assert.Equal(9, read.VersionMinor);
    }

    [Theory]
    [InlineData(20, 2)] // float16: reserved
    [InlineData(20, 3)] // int8: reserved
    [InlineData(20, 0)]
    [InlineData(21, 0)]
    [InlineData(21, 4)]
    [InlineData(22, 0)]
    [InlineData(22, 3)]
    [InlineData(23, 2)]
    public void A_type_that_is_not_known_is_unsupported(int offset, byte value)
    {
        byte[] bytes = Write(Sample);
        bytes[offset] = value;
        Assert.Throws<UnsupportedVersionException>(() => FileHeader.Read(Reseal(bytes), Path, FileLength));
    }

    [Theory]
    [InlineData(8, 0, 2)] // major version 0
    [InlineData(12, 512, 4)] // another header length
    [InlineData(16, 0, 4)] // no dimension
    [InlineData(16, 65537, 4)] // too many
    [InlineData(16, 0xFFFFFFFF, 4)]
    [InlineData(40, 0, 4)] // generation 0
    [InlineData(64, 8192, 8)] // both slots at one place
    [InlineData(72, 4097, 8)]
    [InlineData(80, 0, 8)]
    [InlineData(88, -1, 8)] // a time before 1970
    public void An_impossible_value_is_corrupt_even_with_a_good_crc(int offset, long value, int length)
    {
        byte[] bytes = Write(Sample);
        byte[] word = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(word, value);
        word.AsSpan(0, length).CopyTo(bytes.AsSpan(offset));
        Assert.Throws<CorruptFileException>(() => FileHeader.Read(Reseal(bytes), Path, FileLength));
    }

    private static byte[] Write(FileHeader header)
    {
        byte[] bytes = new byte[256];
        header.Write(bytes);
        return bytes;
    }

    private static byte[] Reseal(byte[] bytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(252), Crc32.Compute(bytes.AsSpan(0, 252)));
        return bytes;
    }
}
