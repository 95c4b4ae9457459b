namespace EmbedCache.Tests.Architecture;

/// <summary>
/// The rooms of the engine and who may know whom: <c>Primitives ← { Numerics, Format } ← Storage ← { Keys, Vectors, Metadata } ← Search ← facade</c>.
/// A room may use what stands left of it; rooms in one brace do not know each other.
/// </summary>
internal static class Rooms
{
    /// <summary>The root folder, and Engine, what the public classes are made of.</summary>
    public const string Facade = "Facade";

    private static readonly string[][] s_layers =
    [
        ["Primitives"],
        ["Numerics", "Format"],
        ["Storage"],
        ["Keys", "Vectors", "Metadata"],
        ["Search"],
        [Facade],
    ];

    public static IEnumerable<string> All => s_layers.SelectMany(static layer => layer);

    /// <summary>The room of a folder below src/EmbedCache, the root being the empty name.</summary>
    public static string OfFolder(string folder) => folder is "" or "Engine" ? Facade : folder;

    /// <summary>True when code of one room may use another's.</summary>
    public static bool MayUse(string from, string to) => from == to || Layer(to) < Layer(from);

    private static int Layer(string room)
    {
        int layer = Array.FindIndex(s_layers, rooms => rooms.Contains(room, StringComparer.Ordinal));
        return layer >= 0 ? layer : throw new ArgumentException($"'{room}' is no room.", nameof(room));
    }
}
