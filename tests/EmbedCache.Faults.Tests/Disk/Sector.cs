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

    /// <summary>A sector of these bytes, which the caller must not change any more.</summary>
    public static Sector Of(byte[] bytes) => bytes.AsSpan().IndexOfAnyExcept((byte)0) < 0 ? Zero : new Sector(bytes);

    /// <summary>This sector with some bytes replaced.</summary>
    public Sector With(int from, ReadOnlySpan<byte> bytes)
    {
        byte[] copy = (byte[])Bytes.Clone();
        bytes.CopyTo(copy.AsSpan(from));
        return Of(copy);
    }

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
