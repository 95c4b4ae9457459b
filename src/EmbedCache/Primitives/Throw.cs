using System.Diagnostics.CodeAnalysis;

namespace EmbedCache.Primitives;

/// <summary>Throws out of line, so that the methods that check stay small enough to be inlined.</summary>
internal static class Throw
{
    [DoesNotReturn]
    public static void LengthsDiffer(int left, int right) =>
        throw new ArgumentException($"Two vectors must have the same number of elements, but one has {left} and the other {right}.");
}
