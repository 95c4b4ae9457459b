namespace EmbedCache.PowerShell;

/// <summary>Completes -Compression, and says what each costs.</summary>
public sealed class CompressionCompleter() : EnumCompleter(
    (VectorCompression.None, "Vectors as they are given, bit for bit. What was lost before stays lost."),
    (VectorCompression.Float16, "Half the bytes; errors below a thousandth."),
    (VectorCompression.Int8, "A quarter of the bytes; errors of about a hundredth."),
    (VectorCompression.PQ, "A sixteenth of the bytes, or what -BitsPerElement says. Learned from the file's vectors, at least 64."),
    (VectorCompression.Binary, "A sixteenth of the bytes, or with -BitsPerElement 1 a thirty-second. Learns nothing; for any file."));
