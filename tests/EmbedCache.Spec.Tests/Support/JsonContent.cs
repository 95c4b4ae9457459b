using System.Text.Json.Nodes;

namespace EmbedCache.Spec.Tests.Support;

/// <summary>The content of a file as JSON: lines as the readers print them, or the array beside a golden file.</summary>
internal static class JsonContent
{
    public static JsonArray ParseLines(string lines)
        => new([.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line))]);

    public static JsonArray ParseDocument(string text) => JsonNode.Parse(text)!.AsArray();

    /// <summary>One entry a line: small, and a change shows as the line that it is.</summary>
    public static string ToDocument(JsonArray content) => "[\n" + string.Join(",\n", content.Select(entry => entry!.ToJsonString(Options))) + "\n]\n";

    /// <summary>Compares entry by entry, numbers by value, so that a failure shows the entry.</summary>
    public static void AssertEqual(JsonArray expected, JsonArray actual)
    {
        for (int i = 0; i < Math.Min(expected.Count, actual.Count); i++)
        {
            if (!JsonNode.DeepEquals(expected[i], actual[i]))
            {
                Assert.Fail($"Entry {i} differs.\nExpected: {expected[i]?.ToJsonString(Options)}\nActual:   {actual[i]?.ToJsonString(Options)}");
            }
        }

        Assert.Equal(expected.Count, actual.Count);
    }

    private static readonly System.Text.Json.JsonSerializerOptions Options = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
