using System.Security.Cryptography;
using System.Text;
using EmbedCache.Primitives;

namespace EmbedCache.Tests.Primitives;

/// <summary>SHA-256 against the examples of FIPS 180-4, and in two parts against one.</summary>
public sealed class Sha256Tests
{
    [Theory]
    [InlineData("", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")]
    [InlineData("abc", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD")]
    [InlineData("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248D6A61D20638B8E5C026930C3E6039A33CE45964FF2167F6ECEDD419DB06C1")]
    public void GivesThePublishedValues(string text, string expected)
    {
        byte[] digest = new byte[Sha256.ByteLength];
        Sha256.Compute(Encoding.ASCII.GetBytes(text), digest);
        Assert.Equal(expected, Convert.ToHexString(digest));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(16, 0)]
    [InlineData(16, 5)]
    [InlineData(16, 1008)]
    [InlineData(16, 1009)]
    [InlineData(16, 65_535)]
    public void PartsAreHashedAsOne(int prefixLength, int length)
    {
        byte[] whole = new byte[prefixLength + length];
        new Random(length).NextBytes(whole);
        byte[] digest = new byte[Sha256.ByteLength];
        Sha256.Compute(whole.AsSpan(0, prefixLength), whole.AsSpan(prefixLength), digest);
        Assert.Equal(SHA256.HashData(whole), digest);
    }
}
