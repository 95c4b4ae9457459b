using System.Runtime.InteropServices;

namespace EmbedCache.Faults.Disk;

/// <summary>512 bytes that never change, with a hash of them: what a disk writes whole or not. Images share sectors, so that a copy of a file costs little.</summary>
internal sealed class Sector
{
    public const int ByteLength = 512;

    private Sector(byte[] bytes)
    {
        Bytes = bytes;
        Hash = HashOf(bytes);
    }

    /// <summary>All zero: also what stands where nothing was written.</summary>
    public static Sector Zero { get; } = new(new byte[ByteLength]);

    public byte[] Bytes { get; }

    public ulong Hash { get; }

    /// <summary>A sector of these bytes.</summary>
    public static Sector Of(ReadOnlySpan<byte> bytes) => IsZero(bytes) ? Zero : new Sector(bytes.ToArray());

    /// <summary>This sector with some bytes replaced.</summary>
    public Sector With(int from, ReadOnlySpan<byte> bytes)
    {
        if (bytes.SequenceEqual(Bytes.AsSpan(from, bytes.Length)))
        {
            return this;
        }

        byte[] copy = (byte[])Bytes.Clone();
        bytes.CopyTo(copy.AsSpan(from));
        return IsZero(copy) ? Zero : new Sector(copy);
    }

    private static bool IsZero(ReadOnlySpan<byte> bytes) => !bytes.ContainsAnyExcept((byte)0);

    private static ulong HashOf(byte[] bytes)
    {
        ulong hash = 0x9E37_79B9_7F4A_7C15;
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            hash = Mixing.Mix(hash, word);
        }

        return hash;
    }
}
