using System.Text;

namespace EmbedCache.Primitives;

/// <summary>UTF-8 of well-formed text only: lone surrogates are refused, never replaced (replaced ones would make different keys equal).</summary>
internal static class StrictUtf8
{
    /// <summary>Throws <see cref="EncoderFallbackException"/> or <see cref="DecoderFallbackException"/> on malformed input; writes no byte order mark.</summary>
    public static readonly UTF8Encoding Encoding = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Orders strings as their UTF-8 bytes: by code point.</summary>
    public static readonly IComparer<string> Order = Comparer<string>.Create(Compare);

    /// <summary>Length of the text in UTF-8, or -1 when it holds a lone surrogate.</summary>
    public static long GetByteCount(string text)
    {
        long count = 0;
        for (int i = 0; i < text.Length; i++)
        {
            char unit = text[i];
            if (!char.IsSurrogate(unit))
            {
                count += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
            }
            else if (char.IsHighSurrogate(unit) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                count += 4;
                i++;
            }
            else
            {
                return -1;
            }
        }

        return count;
    }

    /// <summary>Compares two texts as their UTF-8 bytes. UTF-16 order differs in one thing: surrogates (above U+FFFF) stand below U+E000..U+FFFF there.</summary>
    public static int Compare(string left, string right)
    {
        int length = Math.Min(left.Length, right.Length);
        for (int i = 0; i < length; i++)
        {
            if (left[i] != right[i])
            {
                return Rank(left[i]) - Rank(right[i]);
            }
        }

        return left.Length - right.Length;
    }

    private static int Rank(char unit) => char.IsSurrogate(unit) ? unit + 0x10000 : unit;
}
