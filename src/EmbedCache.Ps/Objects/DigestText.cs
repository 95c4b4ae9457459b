namespace EmbedCache.PowerShell;

/// <summary>Digests as PowerShell shows and takes them: 64 hexadecimal digits.</summary>
internal static class DigestText
{
    public const int ByteLength = 32;

    public static string Format(ReadOnlySpan<byte> digest)
    {
        const string Digits = "0123456789abcdef";
        var text = new char[digest.Length * 2];
        for (int i = 0; i < digest.Length; i++)
        {
            text[2 * i] = Digits[digest[i] >> 4];
            text[(2 * i) + 1] = Digits[digest[i] & 15];
        }

        return new string(text);
    }

    public static bool TryParse(string text, out byte[] digest)
    {
        digest = new byte[ByteLength];
        if (text.Length != 2 * ByteLength)
        {
            return false;
        }

        for (int i = 0; i < digest.Length; i++)
        {
            int high = Nibble(text[2 * i]);
            int low = Nibble(text[(2 * i) + 1]);
            if (high < 0 || low < 0)
            {
                return false;
            }

            digest[i] = (byte)((high << 4) | low);
        }

        return true;
    }

    private static int Nibble(char digit) => digit switch
    {
        >= '0' and <= '9' => digit - '0',
        >= 'a' and <= 'f' => digit - 'a' + 10,
        >= 'A' and <= 'F' => digit - 'A' + 10,
        _ => -1,
    };
}
