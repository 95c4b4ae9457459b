using System.Globalization;
using System.Management.Automation.Language;
using System.Text;
using System.Text.RegularExpressions;

namespace EmbedCache.PowerShellHost;

/// <summary>The command line: options, a script, and the script's own arguments.</summary>
internal sealed partial class ScriptArguments
{
    public const string Usage =
        "usage: PowerShellHost [--width COLUMNS] [--module-path FOLDER] SCRIPT.ps1 [ARGUMENT...]\n"
        + "  --width COLUMNS       columns of the screen; 120 unless told\n"
        + "  --module-path FOLDER  import EmbedCache by name from this folder instead of the module that was built with this program";

    private const int DefaultWidth = 120;
    private const int MinimumWidth = 20;

    /// <summary>Full path of the script.</summary>
    public string Script { get; private init; } = string.Empty;

    /// <summary>Columns of the screen.</summary>
    public int Width { get; private init; } = DefaultWidth;

    /// <summary>The only folder on PSModulePath, or null for the staged module's.</summary>
    public string? ModulePath { get; private init; }

    private IReadOnlyList<string> Rest { get; init; } = [];

    /// <summary>Null when the command line is not one.</summary>
    public static ScriptArguments? Parse(string[] args)
    {
        int width = DefaultWidth;
        string? modulePath = null;
        int next = 0;
        for (; next + 1 < args.Length && args[next].StartsWith("--", StringComparison.Ordinal); next += 2)
        {
            string value = args[next + 1];
            switch (args[next])
            {
                case "--width" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out width) && width >= MinimumWidth:
                    break;
                case "--module-path" when value.Length > 0:
                    modulePath = Path.GetFullPath(value);
                    break;
                default:
                    return null;
            }
        }

        return next < args.Length && !args[next].StartsWith('-')
            ? new ScriptArguments { Script = Path.GetFullPath(args[next]), Width = width, ModulePath = modulePath, Rest = args[(next + 1)..] }
            : null;
    }

    /// <summary>
    /// The call as it would be typed at a prompt: names of parameters stand as they are and values are quoted, so that PowerShell decides which value
    /// belongs to which parameter.
    /// </summary>
    public string ToCommand()
    {
        var command = new StringBuilder("& ").Append(Quote(Script));
        foreach (string argument in Rest)
        {
            Match parameter = ParameterName().Match(argument);
            command.Append(' ').Append(parameter.Value);
            if (parameter.Length < argument.Length || argument.Length == 0)
            {
                command.Append(Quote(argument[parameter.Length..]));
            }
        }

        return command.ToString();
    }

    private static string Quote(string value) => $"'{CodeGeneration.EscapeSingleQuotedStringContent(value)}'";

    /// <summary>A dash, a letter and the rest of a name, whole or up to a colon; a negative number is a value.</summary>
    [GeneratedRegex(@"^-\p{L}\w*(:|$)")]
    private static partial Regex ParameterName();
}
