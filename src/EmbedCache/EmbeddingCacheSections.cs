namespace EmbedCache;

/// <summary>The index sections of one kind that are in use.</summary>
public sealed class EmbeddingCacheSections
{
    internal EmbeddingCacheSections(string kind, int count, long byteLength)
    {
        Kind = kind;
        Count = count;
        ByteLength = byteLength;
    }

    /// <summary>What they are, by the format's name: Keys, Ordinals, Live, Graph, Codebook, Codes or Columns.</summary>
    public string Kind { get; }

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>Bytes that they take in the file.</summary>
    public long ByteLength { get; }

    /// <summary>In one line.</summary>
    public override string ToString() => $"{Kind}: {ByteLength} bytes in {Count}";
}
