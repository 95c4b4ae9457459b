namespace EmbedCache.PowerShell;

/// <summary>Completes -Metric, and says what each metric is.</summary>
public sealed class MetricCompleter() : EnumCompleter(
    (Metric.Cosine, "Angle between the vectors, whatever their lengths: right for text embeddings. Scores from -1 to 1."),
    (Metric.Dot, "Inner product: the angle and the lengths."),
    (Metric.L2, "Euclidean distance; the score is its negative."));
