namespace EmbedCache.Faults.Disk;

/// <summary>A hash to tell images and contents apart in memory; nothing on any disk depends on it.</summary>
internal static class Mixing
{
    public static ulong Mix(ulong hash, ulong word)
    {
        ulong mixed = (hash ^ word) * 0xD6E8_FEB8_6659_FD93;
        mixed ^= mixed >> 32;
        mixed *= 0xD6E8_FEB8_6659_FD93;
        return mixed ^ (mixed >> 29);
    }

    public static ulong Mix(ulong hash, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            hash = (hash ^ value) * 0x0000_0100_0000_01B3;
        }

        return Mix(hash, (ulong)bytes.Length);
    }

    public static ulong Mix(ulong hash, string text)
    {
        foreach (char value in text)
        {
            hash = (hash ^ value) * 0x0000_0100_0000_01B3;
        }

        return Mix(hash, (ulong)text.Length);
    }
}
