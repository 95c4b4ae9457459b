using System.Collections;
using System.Collections.ObjectModel;
using System.Management.Automation;
using EmbedCache.PowerShell;

namespace EmbedCache.Ps.UnitTests;

/// <summary>Each form of a vector that scripts meet becomes the same floats; what is no vector is named for what it is.</summary>
public sealed class VectorConverterTests
{
    private static readonly float[] s_expected = [1.5f, -2f, 0.1f];

    private readonly VectorConverter _converter = new();

    public static TheoryData<string, object> Forms => new()
    {
        { "float[]", new float[] { 1.5f, -2f, 0.1f } },
        { "double[]", new double[] { 1.5, -2, 0.1 } },
        { "decimal[]", new decimal[] { 1.5m, -2m, 0.1m } },
        { "object[] of doubles", new object[] { 1.5, -2.0, 0.1 } },
        { "object[] of mixed numbers", new object[] { 1.5m, -2, 0.1f } },
        { "object[] of wrapped numbers", new object[] { new PSObject(1.5), new PSObject(-2L), new PSObject(0.1) } },
        { "object[] of texts, from a CSV file", new object[] { "1.5", "-2", "1e-1" } },
        { "List<double>", new List<double> { 1.5, -2, 0.1 } },
        { "List<float>", new List<float> { 1.5f, -2f, 0.1f } },
        { "List<object>", new List<object> { 1.5, -2.0, 0.1 } },
        { "ArrayList, from Import-Clixml", new ArrayList { 1.5f, -2f, 0.1f } },
        { "Collection<double>", new Collection<double> { 1.5, -2, 0.1 } },
        { "a lazy sequence", Enumerable.Range(0, 3).Select(static i => new[] { 1.5, -2, 0.1 }[i]) },
        { "ReadOnlyMemory<float>", new ReadOnlyMemory<float>([1.5f, -2f, 0.1f]) },
        { "Memory<float>", new Memory<float>([1.5f, -2f, 0.1f]) },
        { "ArraySegment<float>", new ArraySegment<float>([9, 1.5f, -2f, 0.1f], 1, 3) },
        { "byte[]", Bytes(1.5f, -2f, 0.1f) },
        { "base64", Convert.ToBase64String(Bytes(1.5f, -2f, 0.1f)) },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void EveryFormBecomesTheSameFloats(string form, object value)
    {
        Assert.True(_converter.TryConvert(value, out ReadOnlyMemory<float> vector, out string problem), $"{form}: {problem}");
        Assert.Equal(s_expected, vector.ToArray());
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void EveryFormMayBeWrapped(string form, object value)
    {
        Assert.True(_converter.TryConvert(new PSObject(value), out ReadOnlyMemory<float> vector, out string problem), $"{form}: {problem}");
        Assert.Equal(s_expected, vector.ToArray());
    }

    [Fact]
    public void EveryBitPatternOfFloatArraysAndBytesSurvives()
    {
        uint[] patterns = [0, 0x8000_0000, 1, 0x007F_FFFF, 0x0080_0000, 0x7F7F_FFFF, 0x3F80_0001];
        float[] floats = [.. patterns.Select(BitConverter.UInt32BitsToSingle)];
        foreach (object form in new object[] { floats, Bytes(floats), Convert.ToBase64String(Bytes(floats)) })
        {
            Assert.True(_converter.TryConvert(form, out ReadOnlyMemory<float> vector, out _));
            Assert.Equal(patterns, vector.ToArray().Select(BitConverter.SingleToUInt32Bits));
        }
    }

    [Fact]
    public void FloatArrayIsNotCopied()
    {
        float[] array = [1, 2];
        _converter.TryConvert(array, out ReadOnlyMemory<float> vector, out _);
        Assert.True(vector.Span == array.AsSpan());
    }

    [Fact]
    public void ShorterVectorAfterLongerHasItsOwnLength()
    {
        _converter.TryConvert(new double[100], out _, out _);
        _converter.TryConvert(new object[] { 1.0, 2.0 }, out ReadOnlyMemory<float> vector, out _);
        Assert.Equal([1f, 2f], vector.ToArray());
    }

    [Fact]
    public void DoubleBeyondFloatBecomesInfinityForTheEngineToRefuse()
    {
        Assert.True(_converter.TryConvert(new[] { 1e300 }, out ReadOnlyMemory<float> vector, out _));
        Assert.True(float.IsPositiveInfinity(vector.Span[0]));
    }

    [Fact]
    public void SingleNumberIsAVectorOfOneElement()
    {
        Assert.True(_converter.TryConvert(0.5, out ReadOnlyMemory<float> vector, out _));
        Assert.Equal([0.5f], vector.ToArray());
    }

    [Fact]
    public void EndlessSequenceIsCutOffPastTheLongestVector()
    {
        Assert.True(_converter.TryConvert(Endless(), out ReadOnlyMemory<float> vector, out _));
        Assert.Equal(65_537, vector.Length);
    }

    [Theory]
    [InlineData(null, "has no vector")]
    [InlineData("not base64!", "not base64")]
    [InlineData("AAAA", "little-endian float32")]
    public void WhatIsNoVectorIsNamed(object? value, string words)
    {
        Assert.False(_converter.TryConvert(value, out _, out string problem));
        Assert.Contains(words, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void ElementThatIsNoNumberIsNamedByPositionAndType()
    {
        Assert.False(_converter.TryConvert(new object?[] { 1.0, 2.0, new Uri("http://localhost") }, out _, out string problem));
        Assert.Contains("Uri at position 2", problem, StringComparison.Ordinal);
        Assert.False(_converter.TryConvert(new object?[] { 1.0, null }, out _, out problem));
        Assert.Contains("null at position 1", problem, StringComparison.Ordinal);
        Assert.False(_converter.TryConvert(new object?[] { 1.0, true }, out _, out _));
        Assert.False(_converter.TryConvert(new object?[] { new object[] { 1.0 } }, out _, out _));
    }

    [Fact]
    public void HashtableAndDateAreRefused()
    {
        Assert.False(_converter.TryConvert(new Hashtable { ["a"] = 1 }, out _, out string problem));
        Assert.Contains("hashtable", problem, StringComparison.Ordinal);
        Assert.False(_converter.TryConvert(DateTime.UnixEpoch, out _, out problem));
        Assert.Contains("DateTime", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void NumbersAndVectorsAreToldApart()
    {
        Assert.True(VectorConverter.IsNumber(1f));
        Assert.True(VectorConverter.IsNumber((Half)1));
        Assert.False(VectorConverter.IsNumber("1"));
        Assert.False(VectorConverter.IsNumber(DateTime.UnixEpoch));
        Assert.True(VectorConverter.IsVector(new PSObject(new object[] { 1.0 })));
        Assert.False(VectorConverter.IsVector(new object[] { new object[] { 1.0 } }));
        Assert.False(VectorConverter.IsVector("AAAA"));
    }

    private static byte[] Bytes(params float[] floats)
    {
        var bytes = new byte[4 * floats.Length];
        for (int i = 0; i < floats.Length; i++)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), floats[i]);
        }

        return bytes;
    }

    private static IEnumerable Endless()
    {
        while (true)
        {
            yield return 1.0;
        }
    }
}
