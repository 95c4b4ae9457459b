using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Runtime.InteropServices;

namespace EmbedCache.PowerShell;

/// <summary>
/// Turns what PowerShell calls a vector into floats: float[], double[], object[], lists and other sequences of numbers, ReadOnlyMemory&lt;float&gt;,
/// byte[] (little-endian binary32), base64 of such bytes, each also wrapped in a PSObject. Not thread-safe: one buffer is reused, so a
/// result is valid until the next call.
/// </summary>
internal sealed class VectorConverter
{
    /// <summary>Sequences without a count are read no further than this: no file takes a longer vector.</summary>
    private const int MaxElementCount = 65_536 + 1;

    private float[] _buffer = [];

    /// <summary>True for what a pipeline makes of a vector that was piped without a comma: single numbers.</summary>
    public static bool IsNumber(object? value) =>
        value is float or double or int or long or decimal or short or byte or uint or ulong or ushort or sbyte
        || (value is ValueType && value.GetType().FullName == "System.Half");

    /// <summary>True for values that can only be meant as one vector: sequences of numbers (judged by their first element) and packed floats.</summary>
    public static bool IsVector(object? value)
    {
        switch (Unwrap(value))
        {
            case float[] or double[] or byte[] or int[] or long[] or decimal[] or ReadOnlyMemory<float> or Memory<float> or ArraySegment<float>:
                return true;
            case IList list:
                return list.Count > 0 && IsNumber(Unwrap(list[0]));
            default:
                return false;
        }
    }

    /// <summary>The object inside a PSObject, or the value itself.</summary>
    public static object? Unwrap(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;

    /// <summary>Converts a value to floats.</summary>
    /// <param name="value">The value as it was bound.</param>
    /// <param name="vector">The floats: the caller's own array where it is one, else this converter's buffer.</param>
    /// <param name="problem">What is wrong, as the second half of a sentence that starts with the name of the record.</param>
    public bool TryConvert(object? value, out ReadOnlyMemory<float> vector, out string problem)
    {
        problem = string.Empty;
        vector = default;
        switch (Unwrap(value))
        {
            case null:
                problem = "has no vector";
                return false;
            case float[] array:
                vector = array;
                return true;
            case double[] array:
                vector = Narrow(array);
                return true;
            case object[] array:
                return FromObjects(array, out vector, out problem);
            case ReadOnlyMemory<float> memory:
                vector = memory;
                return true;
            case Memory<float> memory:
                vector = memory;
                return true;
            case ArraySegment<float> segment:
                vector = segment;
                return true;
            case EmbeddingRecord record:
                vector = record.VectorMemory;
                return true;
            case byte[] bytes:
                return FromBytes(bytes, out vector, out problem);
            case string text:
                return FromBase64(text, out vector, out problem);
            case IReadOnlyList<float> list:
                vector = FromFloats(list);
                return true;
            case IReadOnlyList<double> list:
                vector = FromDoubles(list);
                return true;
            case IDictionary:
                problem = "has a hashtable as its vector; give an array of numbers";
                return false;
            case IList list:
                return FromList(list, out vector, out problem);
            case IEnumerable sequence:
                return FromSequence(sequence, out vector, out problem);
            case { } other when IsNumber(other):
                // A vector of one element: right for a file of dimension 1, and refused by its dimension in every other.
                return FromList(new[] { other }, out vector, out problem);
            case { } other:
                problem = $"has a {TypeName(other)} as its vector; give an array of numbers";
                return false;
        }
    }

    private static string TypeName(object? value) => value is null ? "null" : value.GetType().Name;

    private static bool TryNumber(object? element, out float number)
    {
        switch (element)
        {
            case double d:
                number = (float)d;
                return true;
            case float f:
                number = f;
                return true;
            case int i:
                number = i;
                return true;
            case long l:
                number = l;
                return true;
            case decimal m:
                number = (float)m;
                return true;
            case PSObject wrapped:
                return TryNumber(wrapped.BaseObject, out number);
            case string text:
                // From a CSV file, say. PowerShell's own rule: the invariant culture.
                return float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);
            case null or bool or char or DateTime or IEnumerable:
                number = 0;
                return false;
            default:
                return LanguagePrimitives.TryConvertTo(element, CultureInfo.InvariantCulture, out number);
        }
    }

    private static string NotANumber(int position, object? element) =>
        $"has {(element is null ? "a null" : $"a {TypeName(Unwrap(element))}")} at position {position.ToString(CultureInfo.InvariantCulture)} of its vector, where a number should be";

    private float[] Rent(int count)
    {
        if (_buffer.Length < count)
        {
            _buffer = new float[count];
        }

        return _buffer;
    }

    private ReadOnlyMemory<float> Narrow(double[] source)
    {
        float[] buffer = Rent(source.Length);
        for (int i = 0; i < source.Length; i++)
        {
            buffer[i] = (float)source[i];
        }

        return buffer.AsMemory(0, source.Length);
    }

    private ReadOnlyMemory<float> FromFloats(IReadOnlyList<float> source)
    {
        int count = source.Count;
        float[] buffer = Rent(count);
        for (int i = 0; i < count; i++)
        {
            buffer[i] = source[i];
        }

        return buffer.AsMemory(0, count);
    }

    private ReadOnlyMemory<float> FromDoubles(IReadOnlyList<double> source)
    {
        int count = source.Count;
        float[] buffer = Rent(count);
        for (int i = 0; i < count; i++)
        {
            buffer[i] = (float)source[i];
        }

        return buffer.AsMemory(0, count);
    }

    /// <summary>What ConvertFrom-Json and array literals give: boxed doubles, mostly.</summary>
    private bool FromObjects(object?[] source, out ReadOnlyMemory<float> vector, out string problem)
    {
        float[] buffer = Rent(source.Length);
        for (int i = 0; i < source.Length; i++)
        {
            object? element = source[i];
            if (element is double d)
            {
                buffer[i] = (float)d;
            }
            else if (!TryNumber(element, out buffer[i]))
            {
                vector = default;
                problem = NotANumber(i, element);
                return false;
            }
        }

        vector = buffer.AsMemory(0, source.Length);
        problem = string.Empty;
        return true;
    }

    private bool FromList(IList source, out ReadOnlyMemory<float> vector, out string problem)
    {
        int count = source.Count;
        float[] buffer = Rent(count);
        for (int i = 0; i < count; i++)
        {
            object? element = source[i];
            if (!TryNumber(element, out buffer[i]))
            {
                vector = default;
                problem = NotANumber(i, element);
                return false;
            }
        }

        vector = buffer.AsMemory(0, count);
        problem = string.Empty;
        return true;
    }

    private bool FromSequence(IEnumerable source, out ReadOnlyMemory<float> vector, out string problem)
    {
        int count = 0;
        foreach (object? element in source)
        {
            if (count == MaxElementCount)
            {
                break;
            }

            if (count == _buffer.Length)
            {
                Array.Resize(ref _buffer, Math.Max(64, 2 * count));
            }

            if (!TryNumber(element, out _buffer[count]))
            {
                vector = default;
                problem = NotANumber(count, element);
                return false;
            }

            count++;
        }

        vector = _buffer.AsMemory(0, count);
        problem = string.Empty;
        return true;
    }

    private bool FromBytes(byte[] bytes, out ReadOnlyMemory<float> vector, out string problem)
    {
        if (bytes.Length % sizeof(float) != 0)
        {
            vector = default;
            problem = $"has {bytes.Length.ToString(CultureInfo.InvariantCulture)} bytes as its vector; bytes are read as little-endian float32, four for each element";
            return false;
        }

        int count = bytes.Length / sizeof(float);
        float[] buffer = Rent(count);
        Span<byte> target = MemoryMarshal.AsBytes(buffer.AsSpan(0, count));
        bytes.CopyTo(target);
        if (!BitConverter.IsLittleEndian)
        {
            for (int i = 0; i < target.Length; i += sizeof(float))
            {
                target.Slice(i, sizeof(float)).Reverse();
            }
        }

        vector = buffer.AsMemory(0, count);
        problem = string.Empty;
        return true;
    }

    private bool FromBase64(string text, out ReadOnlyMemory<float> vector, out string problem)
    {
        byte[] bytes;
        try
        {
            bytes = Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            vector = default;
            problem = "has a text as its vector that is not base64 of little-endian float32";
            return false;
        }

        if (FromBytes(bytes, out vector, out problem))
        {
            return true;
        }

        problem = $"has a text as its vector that is base64 of {bytes.Length.ToString(CultureInfo.InvariantCulture)} bytes; it is read as little-endian float32, four bytes for each element";
        return false;
    }
}
