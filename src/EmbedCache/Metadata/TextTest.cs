using System.Runtime.CompilerServices;
using EmbedCache.Primitives;

namespace EmbedCache.Metadata;

/// <summary>
/// A test of texts as they are encoded. Without regard to case means what <see cref="StringComparison.OrdinalIgnoreCase"/> means; where both sides are ASCII
/// that is decided on the bytes, else on characters.
/// </summary>
internal sealed class TextTest
{
    private const int StackCharCount = 256;

    private readonly FilterOperator _operator;
    private readonly byte[] _utf8;
    private readonly string _text;
    private readonly bool _ignoreCase;
    private readonly bool _isAscii;

    public TextTest(FilterOperator @operator, string text, bool ignoreCase)
    {
        _operator = @operator;
        _text = text;
        _utf8 = StrictUtf8.Encoding.GetBytes(text);
        _ignoreCase = ignoreCase;
        _isAscii = AsciiCase.IsAscii(_utf8);
    }

    /// <summary>The constant in UTF-8.</summary>
    public ReadOnlySpan<byte> Utf8 => _utf8;

    /// <summary>Whether a text passes, the operator being one for texts.</summary>
    public bool Holds(ReadOnlySpan<byte> utf8) => Holds(_operator, utf8);

    /// <summary>Whether an item of a list is the constant.</summary>
    public bool EqualsItem(ReadOnlySpan<byte> utf8) => Holds(FilterOperator.Equal, utf8);

    private bool Holds(FilterOperator @operator, ReadOnlySpan<byte> utf8)
    {
        if (!_ignoreCase)
        {
            return @operator switch
            {
                FilterOperator.Equal or FilterOperator.In => utf8.SequenceEqual(_utf8),
                FilterOperator.StartsWith => utf8.StartsWith(_utf8),
                FilterOperator.Contains => utf8.IndexOf(_utf8) >= 0,
                _ => IsOrdered(@operator, utf8.SequenceCompareTo(_utf8)),
            };
        }

        if (_isAscii && @operator is FilterOperator.Equal or FilterOperator.In or FilterOperator.StartsWith && AsciiCase.IsAscii(utf8))
        {
            bool isPrefix = @operator == FilterOperator.StartsWith && utf8.Length > _utf8.Length;
            return AsciiCase.AreEqual(isPrefix ? utf8.Slice(0, _utf8.Length) : utf8, _utf8);
        }

        return HoldsIgnoringCase(@operator, utf8);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool HoldsIgnoringCase(FilterOperator @operator, ReadOnlySpan<byte> utf8)
    {
        // A text has at most as many UTF-16 units as bytes.
        Span<char> buffer = utf8.Length <= StackCharCount ? stackalloc char[StackCharCount] : new char[utf8.Length];
        ReadOnlySpan<char> text = buffer.Slice(0, Utf16.Decode(utf8, buffer));
        return @operator switch
        {
            FilterOperator.Equal or FilterOperator.In => text.Equals(_text.AsSpan(), StringComparison.OrdinalIgnoreCase),
            FilterOperator.StartsWith => text.StartsWith(_text.AsSpan(), StringComparison.OrdinalIgnoreCase),
            FilterOperator.Contains => text.IndexOf(_text.AsSpan(), StringComparison.OrdinalIgnoreCase) >= 0,
            _ => IsOrdered(@operator, text.CompareTo(_text.AsSpan(), StringComparison.OrdinalIgnoreCase)),
        };
    }

    private static bool IsOrdered(FilterOperator @operator, int order) => @operator switch
    {
        FilterOperator.Less => order < 0,
        FilterOperator.LessOrEqual => order <= 0,
        FilterOperator.Greater => order > 0,
        _ => order >= 0,
    };
}
