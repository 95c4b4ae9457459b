using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace EmbedCache.Primitives;

/// <summary>
/// CRC-32/ISO-HDLC, the CRC of zlib, PNG and Ethernet: polynomial 0x04C11DB7 reflected, initial value and final XOR 0xFFFFFFFF.
/// The check value of the ASCII digits "123456789" is 0xCBF43926.
/// </summary>
/// <remarks>
/// This file holds the portable reference, slicing by eight (Kounavis and Berry, "A Systematic Approach to Building High Performance
/// Software-Based CRC Generators", 2005). <c>Crc32.Vectorized.cs</c> holds what processors do in hardware.
/// </remarks>
internal static partial class Crc32
{
    /// <summary>
    /// Headers, slots and seals are shorter, payloads usually longer: a file can be opened without compiling the vector code, which is never
    /// compiled ahead of time and costs more than a millisecond, and a frame's seals, of 64 and 80 bytes, cost little more.
    /// </summary>
    private const int ShortByteLength = 256;

    /// <summary>So much is read once at an open: the tables take microseconds for it, compiling the vector code a millisecond.</summary>
    private const int OnceByteLength = 16 * 1024;

    /// <summary>The CRC of data that is read once, such as a catalog on the way to the first answer of a process.</summary>
    public static uint ComputeOnce(ReadOnlySpan<byte> data) => data.Length < OnceByteLength ? AppendSlicing(0, data) : Append(0, data);

    /// <summary>The CRC of <paramref name="data"/>.</summary>
    public static uint Compute(ReadOnlySpan<byte> data) => Append(0, data);

    /// <summary>
    /// Continues a CRC: <c>Append(Compute(a), b)</c> is the CRC of a followed by b, and <c>Append(0, b)</c> that of b alone.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        if (data.Length < ShortByteLength)
        {
            return AppendSlicing(crc, data);
        }

#if NET
        if (IsClmulSupported)
        {
            return AppendClmul(crc, data);
        }

        if (IsArm64Supported)
        {
            return AppendArm64(crc, data);
        }
#endif
        return AppendSlicing(crc, data);
    }

    /// <summary>The same as <see cref="Compute"/>, for short data of which there will be much: where the vector code has to be compiled for it, that pays.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ComputeOften(ReadOnlySpan<byte> data) => AppendOften(0, data);

    /// <summary>The same for <see cref="Append"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint AppendOften(uint crc, ReadOnlySpan<byte> data)
    {
#if NET
        if (IsClmulSupported)
        {
            return AppendClmul(crc, data);
        }
#endif
        return AppendSlicing(crc, data);
    }

    /// <summary>The reference: eight bytes at a time through eight tables.</summary>
    internal static uint AppendSlicing(uint crc, ReadOnlySpan<byte> data)
    {
        uint[] table = SlicingTables.Entries;
        crc = ~crc;

        while (data.Length >= sizeof(ulong))
        {
            uint low = BinaryPrimitives.ReadUInt32LittleEndian(data) ^ crc;
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(data.Slice(sizeof(uint)));
            crc = table[(7 * 256) + (int)(low & 0xFF)]
                ^ table[(6 * 256) + (int)((low >> 8) & 0xFF)]
                ^ table[(5 * 256) + (int)((low >> 16) & 0xFF)]
                ^ table[(4 * 256) + (int)(low >> 24)]
                ^ table[(3 * 256) + (int)(high & 0xFF)]
                ^ table[(2 * 256) + (int)((high >> 8) & 0xFF)]
                ^ table[256 + (int)((high >> 16) & 0xFF)]
                ^ table[(int)(high >> 24)];
            data = data.Slice(sizeof(ulong));
        }

        foreach (byte value in data)
        {
            crc = table[(int)((crc ^ value) & 0xFF)] ^ (crc >> 8);
        }

        return ~crc;
    }

    /// <summary>Kept apart, so that the tables are built at the first use.</summary>
    private static class SlicingTables
    {
        private const uint ReflectedPolynomial = 0xEDB88320;

        /// <summary>Entry 256·t + b: what byte b contributes to the CRC when t zero bytes follow it.</summary>
        public static readonly uint[] Entries = Build();

        private static uint[] Build()
        {
            var entries = new uint[8 * 256];
            for (int value = 0; value < 256; value++)
            {
                uint crc = (uint)value;
                for (int bit = 0; bit < 8; bit++)
                {
                    crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ ReflectedPolynomial;
                }

                entries[value] = crc;
            }

            for (int index = 256; index < entries.Length; index++)
            {
                uint before = entries[index - 256];
                entries[index] = entries[(int)(before & 0xFF)] ^ (before >> 8);
            }

            return entries;
        }
    }
}
