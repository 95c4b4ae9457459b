using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace EmbedCache.PowerShell;

/// <summary>Completes the values of an enumeration, and says what each means.</summary>
/// <param name="values">The values in the order in which they are offered, with their meanings.</param>
public abstract class EnumCompleter(params (Enum Value, string Meaning)[] values) : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        foreach ((Enum value, string meaning) in values)
        {
            string name = value.ToString();
            if (name.StartsWith(wordToComplete ?? string.Empty, StringComparison.OrdinalIgnoreCase))
            {
                yield return new CompletionResult(name, name, CompletionResultType.ParameterValue, meaning);
            }
        }
    }
}
