using System.Runtime.InteropServices;
using EmbedCache.Format;

namespace EmbedCache.Engine;

/// <summary>A vector as a record keeps it.</summary>
/// <param name="bytes">Its bytes in the file.</param>
/// <param name="norm">L2 norm of what they decode to.</param>
/// <param name="encoding">How they are encoded.</param>
/// <param name="codebook">Number of the codebook, or 0.</param>
internal readonly ref struct StoredVector(ReadOnlySpan<byte> bytes, float norm, RecordEncoding encoding, ushort codebook)
{
    public ReadOnlySpan<byte> Bytes { get; } = bytes;

    public float Norm { get; } = norm;

    public RecordEncoding Encoding { get; } = encoding;

    public ushort Codebook { get; } = codebook;

    /// <summary>As it was given.</summary>
    public static StoredVector Floats(ReadOnlySpan<float> vector, float norm) => new(MemoryMarshal.AsBytes(vector), norm, RecordEncoding.Float32, 0);
}
