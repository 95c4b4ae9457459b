#if NETSTANDARD2_0
#pragma warning disable IDE0130 // The namespace is the framework's.
namespace System;

/// <summary>Lets the compiler turn span[a..b] into Slice; nothing calls it.</summary>
[Microsoft.CodeAnalysis.Embedded]
internal readonly struct Index(int value, bool fromEnd = false)
{
    public int Value { get; } = value;

    public bool IsFromEnd { get; } = fromEnd;

    public static implicit operator Index(int value) => new(value);

    public int GetOffset(int length) => IsFromEnd ? length - Value : Value;
}

/// <summary>Lets the compiler turn span[a..b] into Slice; nothing calls it.</summary>
[Microsoft.CodeAnalysis.Embedded]
internal readonly struct Range(Index start, Index end)
{
    public Index Start { get; } = start;

    public Index End { get; } = end;
}
#endif
