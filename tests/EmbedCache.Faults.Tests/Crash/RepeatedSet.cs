namespace EmbedCache.Faults.Crash;

/// <summary>A record that is set in the same words and at the same time whenever it is set.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Vector">Its vector.</param>
/// <param name="Metadata">So long that the record's frame lies in sectors of its own.</param>
/// <param name="Now">The clock.</param>
internal sealed record RepeatedSet(string Key, float[] Vector, EmbeddingMetadata Metadata, long Now)
{
    private const int TextLength = 700;

    /// <summary>The record that is set when there are so many.</summary>
    public static RepeatedSet Of(int count)
        => new($"repeated {count}", [count, 1], EmbeddingMetadata.Empty.With("text", new string((char)('a' + (count % 26)), TextLength)), StoreWorld.StartOfTime + count);

    /// <summary>What a store holds with it.</summary>
    public StoreContent AddedTo(StoreContent content)
        => content.With(StoreContent.HashOf(Key, EmbeddingRole.None, Vector, Metadata.Count == 0 ? string.Empty : Metadata.ToString()!, Now, 0));
}
