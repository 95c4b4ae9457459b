using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace EmbedCache.Primitives;

/// <summary>
/// SipHash-2-4 with a 128-bit key and a 64-bit result (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012).
/// A key is read as two little-endian words: k0 is its bytes 0 to 7, k1 its bytes 8 to 15.
/// </summary>
internal static class SipHash24
{
    /// <summary>The hash of <paramref name="data"/>.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static ulong Compute(ulong k0, ulong k1, ReadOnlySpan<byte> data)
    {
        var state = new State(k0, k1);
        int length = data.Length;
        while (data.Length >= sizeof(ulong))
        {
            state.Compress(BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data.Slice(sizeof(ulong));
        }

        return state.Finish(ReadLast(data), length);
    }

    /// <summary>The hash of <paramref name="prefix"/> followed by <paramref name="data"/>, without a copy: every word is assembled one byte late.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static ulong Compute(ulong k0, ulong k1, byte prefix, ReadOnlySpan<byte> data)
    {
        var state = new State(k0, k1);
        int length = data.Length + 1;
        ulong carry = prefix;
        while (data.Length >= sizeof(ulong))
        {
            ulong word = BinaryPrimitives.ReadUInt64LittleEndian(data);
            state.Compress(carry | (word << 8));
            carry = word >> 56;
            data = data.Slice(sizeof(ulong));
        }

        ulong last = carry | (ReadLast(data) << 8);
        if (data.Length == sizeof(ulong) - 1)
        {
            // The carried byte and seven more fill a word; the last one holds the length alone.
            state.Compress(last);
            last = 0;
        }

        return state.Finish(last, length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong ReadLast(ReadOnlySpan<byte> data)
    {
        ulong last = 0;
        for (int index = data.Length - 1; index >= 0; index--)
        {
            last = (last << 8) | data[index];
        }

        return last;
    }

    private struct State
    {
        private ulong _v0;
        private ulong _v1;
        private ulong _v2;
        private ulong _v3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public State(ulong k0, ulong k1)
        {
            _v0 = k0 ^ 0x736F6D6570736575;
            _v1 = k1 ^ 0x646F72616E646F6D;
            _v2 = k0 ^ 0x6C7967656E657261;
            _v3 = k1 ^ 0x7465646279746573;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Compress(ulong word)
        {
            _v3 ^= word;
            Round();
            Round();
            _v0 ^= word;
        }

        /// <param name="last">The bytes after the last whole word, at most seven.</param>
        /// <param name="length">Of the whole message; its low byte is part of it.</param>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ulong Finish(ulong last, int length)
        {
            Compress(last | ((ulong)length << 56));
            _v2 ^= 0xFF;
            for (int round = 0; round < 4; round++)
            {
                Round();
            }

            return _v0 ^ _v1 ^ _v2 ^ _v3;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Round()
        {
            _v0 += _v1;
            _v1 = BitOperations.RotateLeft(_v1, 13) ^ _v0;
            _v0 = BitOperations.RotateLeft(_v0, 32);
            _v2 += _v3;
            _v3 = BitOperations.RotateLeft(_v3, 16) ^ _v2;
            _v0 += _v3;
            _v3 = BitOperations.RotateLeft(_v3, 21) ^ _v0;
            _v2 += _v1;
            _v1 = BitOperations.RotateLeft(_v1, 17) ^ _v2;
            _v2 = BitOperations.RotateLeft(_v2, 32);
        }
    }
}
