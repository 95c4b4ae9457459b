using System.Runtime.CompilerServices;

namespace EmbedCache.Primitives;

/// <summary>UTF-8 compared without regard to the case of the letters a to z: the same on every machine and in every language.</summary>
internal static class AsciiCase
{
    /// <summary>True when two texts differ in the case of ASCII letters at most.</summary>
    public static bool AreEqual(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if (left.Length != right.Length)
        {
            return false;
        }

        for (int i = 0; i < left.Length; i++)
        {
            if (left[i] != right[i] && Fold(left[i]) != Fold(right[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>True when every byte is below 128.</summary>
    public static bool IsAscii(ReadOnlySpan<byte> text)
    {
        byte all = 0;
        foreach (byte value in text)
        {
            all |= value;
        }

        return all < 0x80;
    }

    /// <summary>A to Z as a to z, all else as it is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte Fold(byte value) => (uint)(value - 'A') <= 'Z' - 'A' ? (byte)(value | 0x20) : value;
}
