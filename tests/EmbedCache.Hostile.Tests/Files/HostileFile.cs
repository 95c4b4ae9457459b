using System.Buffers.Binary;
using EmbedCache.Format;
using EmbedCache.Fuzz;

namespace EmbedCache.Hostile.Tests.Files;

/// <summary>A good file, to be made a bad one by hand, with right checksums again.</summary>
internal sealed class HostileFile
{
    /// <param name="fill">Writes what is in it.</param>
    /// <param name="dimension">Elements of a vector.</param>
    /// <param name="isIndexing">With codes, columns and a graph of a few records already.</param>
    /// <param name="metric">The metric.</param>
    public HostileFile(Action<EmbeddingCache> fill, int dimension = 2, bool isIndexing = false, Metric metric = Metric.Dot)
    {
        var disk = new ByteFileSystem();
        EmbeddingCache.Create(Fuzz.Probe.Path, new EmbeddingCacheCreateOptions { Dimension = dimension, Metric = metric }, new Engine.EngineEnvironment { FileSystem = disk, Boot = static () => 7 }).Dispose();
        using (EmbeddingCache cache = Fuzz.Probe.Open(disk, readOnly: false, isIndexing: isIndexing))
        {
            fill(cache);
        }

        Bytes = disk.Read(Fuzz.Probe.Path).ToArray();
    }

    /// <summary>The same file with other bytes.</summary>
    public HostileFile(byte[] bytes) => Bytes = bytes;

    public byte[] Bytes { get; }

    public Span<byte> Header => Bytes.AsSpan(0, FormatConstants.HeaderByteLength);

    /// <summary>The slot of the higher sequence.</summary>
    public Span<byte> NewestSlot
    {
        get
        {
            Span<byte> a = Bytes.AsSpan((int)FormatConstants.SlotAOffset, FormatConstants.SlotByteLength);
            Span<byte> b = Bytes.AsSpan((int)FormatConstants.SlotBOffset, FormatConstants.SlotByteLength);
            return BinaryPrimitives.ReadInt64LittleEndian(a) > BinaryPrimitives.ReadInt64LittleEndian(b) ? a : b;
        }
    }

    /// <summary>Offsets of the frames of a kind.</summary>
    public int[] Frames(FrameKind kind) => [.. FileMutator.Frames(FuzzInput.FromFile(Bytes, FuzzFlags.None)).Select(static offset => offset - FuzzInput.LogOffset + (int)FormatConstants.LogOffset).Where(offset => Bytes[offset] == (byte)kind)];

    /// <summary>The newest frame of a kind, from its header on.</summary>
    public Span<byte> Newest(FrameKind kind) => Bytes.AsSpan(Frames(kind)[^1]);

    /// <summary>Makes every checksum right again.</summary>
    public HostileFile Seal()
    {
        FileSealer.Seal(Bytes);
        return this;
    }

    /// <summary>Opens it.</summary>
    public EmbeddingCache Open(bool readOnly = true, bool positional = false, bool isIndexing = false) => Fuzz.Probe.Open(Fuzz.Probe.Disk((byte[])Bytes.Clone()), readOnly, positional, isIndexing);

    /// <summary>Reads and writes it in every way, under the bounds of <see cref="Meter"/>.</summary>
    /// <param name="positional">By position too, where each long vector that is read is a copy.</param>
    public void Probe(bool positional = true)
    {
        Fuzz.Probe.Read((byte[])Bytes.Clone());
        if (positional)
        {
            Fuzz.Probe.Read((byte[])Bytes.Clone(), positional: true);
        }

        Fuzz.Probe.Write((byte[])Bytes.Clone());
    }
}
