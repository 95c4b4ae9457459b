using EmbedCache.Numerics;

namespace EmbedCache.Tests.Numerics;

/// <summary>Ranges of columns against a plain loop: every length around a register, every type, extreme values and bounds, and bits that were set before.</summary>
public sealed class ColumnKernelTests
{
    private static readonly int[] s_lengths = [0, 1, 7, 8, 9, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1000];

    [Fact]
    public void Longs() => Check(
        [long.MinValue, long.MinValue + 1, -5, -1, 0, 1, 5, long.MaxValue - 1, long.MaxValue],
        static (values, low, high, bits) => ColumnKernels.InRange(values, low, high, bits));

    [Fact]
    public void Doubles() => Check(
        [double.NegativeInfinity, double.MinValue, -1.5, -0.0, 0.0, double.Epsilon, 1.5, double.MaxValue, double.PositiveInfinity, double.NaN],
        static (values, low, high, bits) => ColumnKernels.InRange(values, low, high, bits));

    [Fact]
    public void Bytes() => Check<byte>([0, 1, 2, 127, 128, 129, 254, 255], static (values, low, high, bits) => ColumnKernels.InRange(values, low, high, bits));

    [Fact]
    public void Shorts() => Check<ushort>([0, 1, 32_767, 32_768, 65_534, 65_535], static (values, low, high, bits) => ColumnKernels.InRange(values, low, high, bits));

    [Fact]
    public void Integers() => Check<uint>([0, 1, int.MaxValue, 0x8000_0000, uint.MaxValue - 1, uint.MaxValue], static (values, low, high, bits) => ColumnKernels.InRange(values, low, high, bits));

    private static void Check<T>(T[] interesting, Kernel<T> kernel)
        where T : struct, IComparable<T>
    {
        var random = new Random(1);
        foreach (int length in s_lengths)
        {
            T[] values = [.. Enumerable.Range(0, length).Select(_ => interesting[random.Next(interesting.Length)])];
            foreach (T low in interesting)
            {
                foreach (T high in interesting)
                {
                    byte[] bits = new byte[(length + 7) / 8];
                    random.NextBytes(bits);
                    byte[] before = [.. bits];
                    kernel(values, low, high, bits);
                    for (int i = 0; i < length; i++)
                    {
                        bool expected = Bit(before, i) || (Holds(values[i], low) && Holds(high, values[i]));
                        Assert.True(expected == Bit(bits, i), $"{values[i]} in {low}..{high}, {i} of {length}");
                    }
                }
            }
        }
    }

    /// <summary>left >= right, false with NaN; 0 and -0 are equal.</summary>
    private static bool Holds<T>(T left, T right)
        where T : struct, IComparable<T>
        => left is double a && right is double b ? a >= b : left.CompareTo(right) >= 0;

    private static bool Bit(byte[] bits, int index) => (bits[index / 8] & (1 << (index % 8))) != 0;

    private delegate void Kernel<T>(ReadOnlySpan<T> values, T low, T high, Span<byte> bits);
}
