using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json.Nodes;

namespace EmbedCache.Spec.Tests.Golden;

/// <summary>What the engine reads of a file, in the form in which the readers of other languages print it.</summary>
internal static class EngineContent
{
    /// <summary>The live records, oldest first, without what only the file's bytes say (ordinals, norms, when a touch was).</summary>
    public static JsonArray Records(EmbeddingCache cache) => new([.. cache.Enumerate().Select(Describe)]);

    /// <summary>The same part of what a reader printed, without what has expired at a time.</summary>
    public static JsonArray Project(JsonArray content, long now)
        => new([.. content
            .Where(entry => (string?)entry!["type"] == "record" && ((long)entry["expires"]! == 0 || (long)entry["expires"]! > now))
            .Select(entry => Without(entry!.AsObject(), "ordinal", "norm", "touched"))]);

    private static JsonObject Describe(Embedding embedding)
    {
        JsonObject described = new() { ["type"] = "record" };
        if (embedding.Digest is { } digest)
        {
            described["digest"] = Convert.ToHexStringLower(digest);
        }
        else
        {
            described["key"] = embedding.Key;
        }

        described["role"] = embedding.Role.ToString().ToLowerInvariant();
        described["created"] = embedding.Created.ToUnixTimeMilliseconds();
        described["expires"] = embedding.Expires?.ToUnixTimeMilliseconds() ?? 0;
        described["vector"] = ToHex(embedding.Vector.Span);
        JsonObject metadata = [];
        foreach (KeyValuePair<string, object> pair in embedding.Metadata)
        {
            metadata[pair.Key] = DescribeValue(pair.Value);
        }

        described["metadata"] = metadata;
        return described;
    }

    private static JsonObject DescribeValue(object value) => value switch
    {
        string text => new JsonObject { ["text"] = text },
        long integer => new JsonObject { ["integer"] = integer.ToString(CultureInfo.InvariantCulture) },
        double real => new JsonObject { ["real"] = DescribeReal(real) },
        bool truth => new JsonObject { ["boolean"] = truth },
        DateTimeOffset date => new JsonObject { ["date"] = date.ToUnixTimeMilliseconds() },
        IReadOnlyList<string> list => new JsonObject { ["list"] = new JsonArray([.. list.Select(item => (JsonNode)item)]) },
        _ => throw new InvalidOperationException($"{value.GetType()} is no type of metadata"),
    };

    private static JsonValue DescribeReal(double real)
        => double.IsNaN(real) ? JsonValue.Create("NaN")
        : double.IsInfinity(real) ? JsonValue.Create(real > 0 ? "Infinity" : "-Infinity")
        : real == 0 && double.IsNegative(real) ? JsonValue.Create("-0")
        : JsonValue.Create(real);

    private static string ToHex(ReadOnlySpan<float> vector)
    {
        byte[] bytes = new byte[vector.Length * sizeof(float)];
        for (int i = 0; i < vector.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), vector[i]);
        }

        return Convert.ToHexStringLower(bytes);
    }

    private static JsonNode Without(JsonObject entry, params string[] names)
    {
        JsonObject copy = entry.DeepClone().AsObject();
        foreach (string name in names)
        {
            copy.Remove(name);
        }

        return copy;
    }
}
