namespace EmbedCache.Primitives;

/// <summary>UTF-8 to UTF-16 into the caller's buffer, on both target frameworks without a copy. What is not well-formed becomes U+FFFD, one for each byte.</summary>
internal static class Utf16
{
    private const char Replacement = '\uFFFD';

    /// <summary>Decodes and returns how many units were written: at most as many as there are bytes.</summary>
    public static int Decode(ReadOnlySpan<byte> utf8, Span<char> destination)
    {
        int written = 0;
        for (int i = 0; i < utf8.Length;)
        {
            byte first = utf8[i];
            int length = first < 0x80 ? 1 : first is >= 0xC2 and < 0xE0 ? 2 : first is >= 0xE0 and < 0xF0 ? 3 : first is >= 0xF0 and < 0xF5 ? 4 : 0;
            if (length == 0 || !TryDecode(utf8.Slice(i), length, out int codePoint))
            {
                destination[written++] = Replacement;
                i++;
                continue;
            }

            i += length;
            if (codePoint < 0x10000)
            {
                destination[written++] = (char)codePoint;
            }
            else
            {
                destination[written++] = (char)(0xD800 + ((codePoint - 0x10000) >> 10));
                destination[written++] = (char)(0xDC00 + ((codePoint - 0x10000) & 0x3FF));
            }
        }

        return written;
    }

    private static bool TryDecode(ReadOnlySpan<byte> bytes, int length, out int codePoint)
    {
        codePoint = length == 1 ? bytes[0] : bytes[0] & (0xFF >> (length + 1));
        if (bytes.Length < length)
        {
            return false;
        }

        for (int i = 1; i < length; i++)
        {
            if ((bytes[i] & 0xC0) != 0x80)
            {
                return false;
            }

            codePoint = (codePoint << 6) | (bytes[i] & 0x3F);
        }

        return length < 3 || (codePoint >= (length == 3 ? 0x800 : 0x10000) && codePoint is <= 0x10FFFF and not (>= 0xD800 and <= 0xDFFF));
    }
}
