using EmbedCache.Format;

namespace EmbedCache.Fuzz;

/// <summary>What a fuzzer may drive, by name. A target takes any bytes; whatever it lets through as an exception is a find.</summary>
internal static class FuzzTargets
{
    /// <summary>A target.</summary>
    public delegate void Target(ReadOnlySpan<byte> input);

    public static IReadOnlyDictionary<string, Target> All { get; } = new Dictionary<string, Target>(StringComparer.Ordinal)
    {
        ["file"] = Probe.Run,
        ["metadata"] = DecodeMetadata,
        ["catalog"] = ReadCatalog,
        ["filter"] = ParseFilter,
    };

    /// <summary>Metadata has one encoding: what can be decoded encodes to the same bytes again.</summary>
    private static void DecodeMetadata(ReadOnlySpan<byte> input)
    {
        Meter meter = Meter.Start();
        if (MetadataCodec.TryDecode(input, out EmbeddingMetadata? metadata) && !MetadataCodec.Encode(metadata).AsSpan().SequenceEqual(input))
        {
            throw new InvalidOperationException($"Metadata decodes to {metadata}, which has another encoding");
        }

        meter.Check("Decoding metadata", input.Length);
    }

    /// <summary>What is a filter writes as text that is the same filter; anything else is refused by name. It is held against metadata too.</summary>
    private static void ParseFilter(ReadOnlySpan<byte> input)
    {
        Meter meter = Meter.Start();
        string text = System.Text.Encoding.UTF8.GetString(input);
        try
        {
            Filter filter = Filter.Parse(text);
            if (!Filter.Parse(filter.ToString()).Equals(filter) || filter.Matches(s_metadata) != Filter.Parse(filter.ToString()).Matches(s_metadata))
            {
                throw new InvalidOperationException($"A filter's text is another filter: {filter}");
            }
        }
        catch (InvalidFilterException)
        {
            // No filter.
        }

        meter.Check("A filter", input.Length);
    }

    private static readonly EmbeddingMetadata s_metadata = EmbeddingMetadata.Empty
        .With("n", 5L).With("s", "text").With("b", true).With("x", 2.5).With("l", new[] { "one", "two" }).With("d", new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc));

    /// <summary>A catalog that can be read writes the same entries again.</summary>
    private static void ReadCatalog(ReadOnlySpan<byte> input)
    {
        Meter meter = Meter.Start();
        const long Offset = 1L << 40;
        if (CatalogPayload.Read(input, Offset) is { } catalog)
        {
            byte[] written = new byte[catalog.ByteLength];
            catalog.Write(written);
            if (CatalogPayload.Read(written, Offset) is not { } again || !again.Sections.AsSpan().SequenceEqual(catalog.Sections))
            {
                throw new InvalidOperationException("A catalog does not read back as it was written");
            }
        }

        meter.Check("Reading a catalog", input.Length);
    }
}
