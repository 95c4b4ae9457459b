#if NETSTANDARD2_0
using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace EmbedCache.Primitives;

/// <summary>
/// What the engine uses of modern .NET and netstandard2.0 lacks, under the same names, so that code that calls it needs no #if. On net8.0 nothing of this exists.
/// Members that a type already has win over these.
/// </summary>
internal static class Polyfills
{
    extension(ArgumentNullException)
    {
        public static void ThrowIfNull([NotNull] object? argument, [CallerArgumentExpression(nameof(argument))] string? paramName = null)
        {
            if (argument is null)
            {
                throw new ArgumentNullException(paramName);
            }
        }
    }

    extension(ArgumentException)
    {
        public static void ThrowIfNullOrEmpty([NotNull] string? argument, [CallerArgumentExpression(nameof(argument))] string? paramName = null)
        {
            ArgumentNullException.ThrowIfNull(argument, paramName);
            if (argument.Length == 0)
            {
                throw new ArgumentException("The value cannot be an empty string.", paramName);
            }
        }
    }

    extension(ArgumentOutOfRangeException)
    {
        public static void ThrowIfNegative(long value, [CallerArgumentExpression(nameof(value))] string? paramName = null)
        {
            if (value < 0)
            {
                throw new ArgumentOutOfRangeException(paramName, value, "The value must not be negative.");
            }
        }

        public static void ThrowIfNegativeOrZero(long value, [CallerArgumentExpression(nameof(value))] string? paramName = null)
        {
            if (value <= 0)
            {
                throw new ArgumentOutOfRangeException(paramName, value, "The value must be positive.");
            }
        }

        public static void ThrowIfGreaterThan(long value, long other, [CallerArgumentExpression(nameof(value))] string? paramName = null)
        {
            if (value > other)
            {
                throw new ArgumentOutOfRangeException(paramName, value, $"The value must be at most {other}.");
            }
        }

        public static void ThrowIfLessThan(long value, long other, [CallerArgumentExpression(nameof(value))] string? paramName = null)
        {
            if (value < other)
            {
                throw new ArgumentOutOfRangeException(paramName, value, $"The value must be at least {other}.");
            }
        }
    }

    extension(ObjectDisposedException)
    {
        public static void ThrowIf([DoesNotReturnIf(true)] bool condition, object instance)
        {
            if (condition)
            {
                throw new ObjectDisposedException(instance.GetType().FullName);
            }
        }
    }

    extension(BinaryPrimitives)
    {
        public static float ReadSingleLittleEndian(ReadOnlySpan<byte> source) =>
            BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadInt32LittleEndian(source));

        public static double ReadDoubleLittleEndian(ReadOnlySpan<byte> source) =>
            BitConverter.Int64BitsToDouble(BinaryPrimitives.ReadInt64LittleEndian(source));

        public static void WriteSingleLittleEndian(Span<byte> destination, float value) =>
            BinaryPrimitives.WriteInt32LittleEndian(destination, BitConverter.SingleToInt32Bits(value));

        public static void WriteDoubleLittleEndian(Span<byte> destination, double value) =>
            BinaryPrimitives.WriteInt64LittleEndian(destination, BitConverter.DoubleToInt64Bits(value));
    }

    extension(BitConverter)
    {
        public static float Int32BitsToSingle(int value) => Unsafe.As<int, float>(ref value);

        public static int SingleToInt32Bits(float value) => Unsafe.As<float, int>(ref value);

        public static float UInt32BitsToSingle(uint value) => Unsafe.As<uint, float>(ref value);

        public static uint SingleToUInt32Bits(float value) => Unsafe.As<float, uint>(ref value);
    }

    extension(float)
    {
        public static bool IsFinite(float value) => (BitConverter.SingleToInt32Bits(value) & 0x7F800000) != 0x7F800000;
    }

    extension(double)
    {
        public static bool IsFinite(double value) => (BitConverter.DoubleToInt64Bits(value) & 0x7FF0000000000000) != 0x7FF0000000000000;
    }

    extension(Math)
    {
        public static int Clamp(int value, int min, int max) => Math.Min(Math.Max(value, min), max);

        public static long Clamp(long value, long min, long max) => Math.Min(Math.Max(value, min), max);

        public static double Clamp(double value, double min, double max) => value < min ? min : value > max ? max : value;

        /// <summary>The high half of the product of two unsigned numbers; <paramref name="low"/> is the other.</summary>
        public static ulong BigMul(ulong a, ulong b, out ulong low)
        {
            ulong lowLow = (uint)a * (ulong)(uint)b;
            ulong highLow = (a >> 32) * (uint)b;
            ulong lowHigh = (uint)a * (b >> 32);
            ulong middle = (lowLow >> 32) + (uint)highLow + lowHigh;
            low = (middle << 32) | (uint)lowLow;
            return ((a >> 32) * (b >> 32)) + (highLow >> 32) + (middle >> 32);
        }
    }

    extension(SHA256)
    {
        public static int HashData(ReadOnlySpan<byte> source, Span<byte> destination)
        {
            using var algorithm = SHA256.Create();
            byte[] rented = ArrayPool<byte>.Shared.Rent(source.Length);
            try
            {
                source.CopyTo(rented);
                byte[] digest = algorithm.ComputeHash(rented, 0, source.Length);
                digest.CopyTo(destination);
                return digest.Length;
            }
            finally
            {
                // What was hashed may be private text.
                Array.Clear(rented, 0, source.Length);
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    extension(RandomNumberGenerator)
    {
        public static void Fill(Span<byte> data)
        {
            byte[] bytes = new byte[data.Length];
            using var generator = RandomNumberGenerator.Create();
            generator.GetBytes(bytes);
            bytes.CopyTo(data);
        }
    }

    extension(Encoding encoding)
    {
        public int GetByteCount(ReadOnlySpan<char> chars)
        {
            char[] copy = ArrayPool<char>.Shared.Rent(chars.Length);
            try
            {
                chars.CopyTo(copy);
                return encoding.GetByteCount(copy, 0, chars.Length);
            }
            finally
            {
                ArrayPool<char>.Shared.Return(copy);
            }
        }

        public int GetBytes(ReadOnlySpan<char> chars, Span<byte> bytes)
        {
            char[] source = ArrayPool<char>.Shared.Rent(chars.Length);
            byte[] encoded = ArrayPool<byte>.Shared.Rent(encoding.GetMaxByteCount(chars.Length));
            try
            {
                chars.CopyTo(source);
                int length = encoding.GetBytes(source, 0, chars.Length, encoded, 0);
                encoded.AsSpan(0, length).CopyTo(bytes);
                return length;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(encoded);
                ArrayPool<char>.Shared.Return(source);
            }
        }

        public int GetCharCount(ReadOnlySpan<byte> bytes)
        {
            byte[] copy = ArrayPool<byte>.Shared.Rent(bytes.Length);
            try
            {
                bytes.CopyTo(copy);
                return encoding.GetCharCount(copy, 0, bytes.Length);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(copy);
            }
        }

        public string GetString(ReadOnlySpan<byte> bytes)
        {
            byte[] copy = ArrayPool<byte>.Shared.Rent(bytes.Length);
            try
            {
                bytes.CopyTo(copy);
                return encoding.GetString(copy, 0, bytes.Length);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(copy);
            }
        }
    }

    extension(MemoryMarshal)
    {
        public static ref T GetArrayDataReference<T>(T[] array) => ref MemoryMarshal.GetReference(array.AsSpan());
    }

    extension<TKey, TValue>(KeyValuePair<TKey, TValue> pair)
    {
        public void Deconstruct(out TKey key, out TValue value)
        {
            key = pair.Key;
            value = pair.Value;
        }
    }

    extension<TKey, TValue>(Dictionary<TKey, TValue> dictionary)
    {
        public bool TryAdd(TKey key, TValue value)
        {
            if (dictionary.ContainsKey(key))
            {
                return false;
            }

            dictionary.Add(key, value);
            return true;
        }
    }

    extension(string text)
    {
        public bool StartsWith(char value) => text.Length > 0 && text[0] == value;

        public bool EndsWith(char value) => text.Length > 0 && text[text.Length - 1] == value;

        public bool Contains(char value) => text.IndexOf(value) >= 0;

        public bool Contains(string value, StringComparison comparison) => text.IndexOf(value, comparison) >= 0;
    }
}
#endif
