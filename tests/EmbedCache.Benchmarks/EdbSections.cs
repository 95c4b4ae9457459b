using System.Buffers.Binary;

namespace EmbedCache.Benchmarks;

/// <summary>
/// The index sections of a cleanly closed .edb file, read straight from its bytes as FORMAT.md draws them, so that the figures do not
/// rest on what the engine says about itself.
/// </summary>
internal sealed class EdbSections
{
    private const int SlotA = 4096;
    private const int SlotB = 8192;
    private const int SlotByteLength = 128;
    private const int SlotCatalogOffset = 40;
    private const int FrameHeaderLength = 64;
    private const int CatalogHeaderLength = 16;
    private const int CatalogEntryLength = 48;
    private const byte KeysKind = 16;
    private const byte RetiredFlag = 1;
    private const int KeysEntryLength = 16;
    private const int OtherEntryLength = 8;

    private EdbSections()
    {
    }

    /// <summary>Bytes of (hash, offset) entries.</summary>
    public long KeyEntryBytes { get; private set; }

    /// <summary>Bytes of ordinal and liveness entries.</summary>
    public long OtherEntryBytes { get; private set; }

    /// <summary>Bytes of the whole frames of the sections in use.</summary>
    public long FrameBytes { get; private set; }

    /// <summary>Bytes of the frames that newer ones replaced; most of them are holes by then.</summary>
    public long RetiredFrameBytes { get; private set; }

    public static EdbSections Read(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] a = ReadAt(SlotA, SlotByteLength);
        byte[] b = ReadAt(SlotB, SlotByteLength);
        byte[] slot = BinaryPrimitives.ReadUInt64LittleEndian(a) > BinaryPrimitives.ReadUInt64LittleEndian(b) ? a : b;
        long catalog = BinaryPrimitives.ReadInt64LittleEndian(slot.AsSpan(SlotCatalogOffset));
        var sections = new EdbSections();
        if (catalog == 0)
        {
            return sections;
        }

        int count = BinaryPrimitives.ReadInt32LittleEndian(ReadAt(catalog + FrameHeaderLength, CatalogHeaderLength));
        byte[] entries = ReadAt(catalog + FrameHeaderLength + CatalogHeaderLength, count * CatalogEntryLength);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = entries.AsSpan(i * CatalogEntryLength, CatalogEntryLength);
            long frameBytes = BinaryPrimitives.ReadInt64LittleEndian(entry[16..]);
            if ((entry[1] & RetiredFlag) != 0)
            {
                sections.RetiredFrameBytes += frameBytes;
                continue;
            }

            long numEntries = BinaryPrimitives.ReadInt64LittleEndian(entry[40..]);
            if (entry[0] == KeysKind)
            {
                sections.KeyEntryBytes += numEntries * KeysEntryLength;
            }
            else
            {
                sections.OtherEntryBytes += numEntries * OtherEntryLength;
            }

            sections.FrameBytes += frameBytes;
        }

        return sections;

        byte[] ReadAt(long offset, int byteLength)
        {
            var bytes = new byte[byteLength];
            return RandomAccess.Read(file, bytes, offset) == byteLength ? bytes : throw new EndOfStreamException($"{path} is too short.");
        }
    }
}
