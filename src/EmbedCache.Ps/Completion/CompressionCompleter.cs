using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace EmbedCache.PowerShell;

/// <summary>Completes -Compression, and says what each costs.</summary>
public sealed class CompressionCompleter : IArgumentCompleter
{
    private static readonly (VectorCompression Compression, string Meaning)[] s_compressions =
    [
        (VectorCompression.None, "Vectors as they are given, bit for bit. What was lost before stays lost."),
        (VectorCompression.Float16, "Half the bytes; errors below a thousandth."),
        (VectorCompression.Int8, "A quarter of the bytes; errors of about a hundredth."),
        (VectorCompression.PQ, "A sixteenth of the bytes, or what -BitsPerElement says. Learned from the file's vectors, at least 64."),
        (VectorCompression.Binary, "A sixteenth of the bytes, or with -BitsPerElement 1 a thirty-second. Learns nothing; for any file."),
    ];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        foreach ((VectorCompression compression, string meaning) in s_compressions)
        {
            string name = compression.ToString();
            if (name.StartsWith(wordToComplete ?? string.Empty, StringComparison.OrdinalIgnoreCase))
            {
                yield return new CompletionResult(name, name, CompletionResultType.ParameterValue, meaning);
            }
        }
    }
}
