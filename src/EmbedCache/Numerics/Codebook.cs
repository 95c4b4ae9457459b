namespace EmbedCache.Numerics;

/// <summary>
/// What codes are relative to: turns the direction of a vector (a vector of length 1) into a short code and back. A code is read byte by byte when it is scored: for a
/// prepared query the inner product with the decoded direction is the sum over its bytes of that byte's entry in a table, scaled.
/// </summary>
internal abstract class Codebook(int dimension)
{
    public int Dimension { get; } = dimension;

    /// <summary>Bytes of a code.</summary>
    public abstract int CodeByteLength { get; }

    /// <summary>Bytes of a code that <see cref="ProductKernels.LookUp"/> reads, at its end.</summary>
    public abstract int LookUpByteLength { get; }

    /// <summary>Encodes a direction.</summary>
    /// <param name="direction">Dimension elements of norm 1 (or all zero). May be overwritten.</param>
    /// <param name="code">Receives <see cref="CodeByteLength"/> bytes.</param>
    public abstract void Encode(Span<float> direction, Span<byte> code);

    /// <summary>Decodes a direction; its norm is near 1, not 1. Any bytes decode to finite elements.</summary>
    public abstract void Decode(ReadOnlySpan<byte> code, Span<float> direction);

    /// <summary>Makes the tables of a query.</summary>
    /// <param name="query">Dimension elements. May be overwritten.</param>
    /// <param name="tables">Receives 256 entries for each of <see cref="LookUpByteLength"/> bytes.</param>
    /// <returns>What every score begins with: the inner product with the codebook's centre.</returns>
    public abstract float Prepare(Span<float> query, Span<float> tables);

    /// <summary>Inner product of a prepared query and the direction of a code.</summary>
    public abstract float Score(float start, ReadOnlySpan<float> tables, ReadOnlySpan<byte> code);

}
