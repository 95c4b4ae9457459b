using System.Text.Json;

namespace EmbedCache.Spec.Tests.Grammar;

/// <summary>
/// Where edb.ksy puts each field, worked out from its sequence of types and sizes: the little of Kaitai Struct's language that the grammar uses.
/// </summary>
internal sealed class GrammarLayout(JsonElement grammar)
{
    public static GrammarLayout Parse(string json) => new(JsonDocument.Parse(json).RootElement);

    /// <summary>Field to byte offset and bit within it, up to the first field whose length varies; "=" is where that one begins, or the type's length.</summary>
    public IReadOnlyDictionary<string, (int Byte, int Bit)> Fields(string type)
    {
        Dictionary<string, (int, int)> fields = [];
        int bits = 0;
        foreach (JsonElement field in Type(type).GetProperty("seq").EnumerateArray())
        {
            fields.Add(field.GetProperty("id").GetString()!, (bits / 8, bits % 8));
            if (BitLength(field) is not int length)
            {
                break;
            }

            bits += length;
        }

        fields.Add("=", (bits / 8, bits % 8));
        return fields;
    }

    /// <summary>Value to name of an enumeration.</summary>
    public IReadOnlyDictionary<int, string> Enumeration(string name)
        => grammar.GetProperty("enums").GetProperty(name).EnumerateObject()
            .ToDictionary(value => int.Parse(value.Name, System.Globalization.CultureInfo.InvariantCulture), value => value.Value.GetProperty("id").GetString()!);

    /// <summary>Names of all enumerations.</summary>
    public IEnumerable<string> Enumerations => grammar.GetProperty("enums").EnumerateObject().Select(value => value.Name);

    /// <summary>Names of all types.</summary>
    public IEnumerable<string> Types => grammar.GetProperty("types").EnumerateObject().Select(type => type.Name);

    /// <summary>A type's definition.</summary>
    public JsonElement Type(string name) => grammar.GetProperty("types").GetProperty(name);

    /// <summary>The whole grammar.</summary>
    public JsonElement Root => grammar;

    private int? BitLength(JsonElement field)
    {
        if (field.TryGetProperty("repeat", out _))
        {
            return null;
        }

        if (field.TryGetProperty("contents", out JsonElement contents))
        {
            return 8 * contents.EnumerateArray().Sum(part => part.ValueKind == JsonValueKind.String ? part.GetString()!.Length : 1);
        }

        if (field.TryGetProperty("size", out JsonElement size))
        {
            return size.ValueKind == JsonValueKind.Number ? 8 * size.GetInt32() : null;
        }

        JsonElement type = field.GetProperty("type");
        if (type.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        string name = type.GetString()!;
        if (name[0] == 'b' && int.TryParse(name.AsSpan(1), out int bits))
        {
            return bits;
        }

        if (name.Length == 2 && name[0] is 'u' or 's' or 'f' && char.IsDigit(name[1]))
        {
            return 8 * (name[1] - '0');
        }

        IReadOnlyDictionary<string, (int Byte, int Bit)> nested = Fields(name);
        return nested.Count == Type(name).GetProperty("seq").GetArrayLength() + 1 ? (8 * nested["="].Byte) + nested["="].Bit : null;
    }
}
