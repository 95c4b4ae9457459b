using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace EmbedCache.PowerShell;

/// <summary>Completes -Metric, and says what each metric is.</summary>
public sealed class MetricCompleter : IArgumentCompleter
{
    private static readonly (Metric Metric, string Meaning)[] s_metrics =
    [
        (Metric.Cosine, "Angle between the vectors, whatever their lengths: right for text embeddings. Scores from -1 to 1."),
        (Metric.Dot, "Inner product: the angle and the lengths."),
        (Metric.L2, "Euclidean distance; the score is its negative."),
    ];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        foreach ((Metric metric, string meaning) in s_metrics)
        {
            string name = metric.ToString();
            if (name.StartsWith(wordToComplete ?? string.Empty, StringComparison.OrdinalIgnoreCase))
            {
                yield return new CompletionResult(name, name, CompletionResultType.ParameterValue, meaning);
            }
        }
    }
}
