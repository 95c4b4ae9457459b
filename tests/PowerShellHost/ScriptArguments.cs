using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text.RegularExpressions;
using PowerShellEngine = System.Management.Automation.PowerShell;

namespace EmbedCache.PowerShellHost;

/// <summary>The command line: options, a script, and the script's own arguments.</summary>
internal sealed partial class ScriptArguments
{
    public const string Usage =
        "usage: PowerShellHost [--width COLUMNS] [--module-path FOLDER] [--no-import] SCRIPT.ps1 [ARGUMENT...]\n"
        + "  --width COLUMNS       columns of the screen; 120 unless told\n"
        + "  --module-path FOLDER  import EmbedCache by name from this folder instead of the module that was built with this program\n"
        + "  --no-import           leave importing to the script";

    private const int DefaultWidth = 120;
    private const int MinimumWidth = 20;

    /// <summary>Full path of the script.</summary>
    public string Script { get; private init; } = string.Empty;

    /// <summary>Columns of the screen.</summary>
    public int Width { get; private init; } = DefaultWidth;

    /// <summary>The only folder on PSModulePath, or null for the staged module's.</summary>
    public string? ModulePath { get; private init; }

    /// <summary>True when the module is to be imported before the script runs.</summary>
    public bool Import { get; private init; } = true;

    private IReadOnlyList<string> Rest { get; init; } = [];

    /// <summary>Null when the command line is not one.</summary>
    public static ScriptArguments? Parse(string[] args)
    {
        int width = DefaultWidth;
        string? modulePath = null;
        bool import = true;
        int next = 0;
        for (; next < args.Length && args[next].StartsWith("--", StringComparison.Ordinal); next++)
        {
            string value = next + 1 < args.Length ? args[next + 1] : string.Empty;
            switch (args[next])
            {
                case "--width" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out width) && width >= MinimumWidth:
                    next++;
                    break;
                case "--module-path" when value.Length > 0:
                    modulePath = Path.GetFullPath(value);
                    next++;
                    break;
                case "--no-import":
                    import = false;
                    break;
                default:
                    return null;
            }
        }

        return next < args.Length && !args[next].StartsWith('-')
            ? new ScriptArguments { Script = Path.GetFullPath(args[next]), Width = width, ModulePath = modulePath, Import = import, Rest = args[(next + 1)..] }
            : null;
    }

    /// <summary>
    /// Adds the script and its arguments as <c>pwsh -File</c> takes them: <c>-Name value</c>, <c>-Name:value</c> and <c>-Switch</c> by name, the rest
    /// by position, every value a string.
    /// </summary>
    public void AddTo(PowerShellEngine shell)
    {
        shell.AddCommand(Script);
        HashSet<string> switches = Switches();
        for (int i = 0; i < Rest.Count; i++)
        {
            Match parameter = ParameterName().Match(Rest[i]);
            string name = parameter.Groups["name"].Value;
            if (!parameter.Success)
            {
                shell.AddArgument(Rest[i]);
            }
            else if (parameter.Length < Rest[i].Length)
            {
                shell.AddParameter(name, Rest[i][parameter.Length..]);
            }
            else if (switches.Contains(name) || i + 1 == Rest.Count)
            {
                shell.AddParameter(name);
            }
            else
            {
                shell.AddParameter(name, Rest[++i]);
            }
        }
    }

    /// <summary>Names of the script's parameters that take no value.</summary>
    private HashSet<string> Switches()
    {
        ScriptBlockAst script = Parser.ParseFile(Script, out _, out _);
        IEnumerable<ParameterAst> parameters = script.ParamBlock?.Parameters ?? [];
        return new HashSet<string>(
            parameters.Where(static parameter => parameter.StaticType == typeof(SwitchParameter)).Select(static parameter => parameter.Name.VariablePath.UserPath).Concat(["Verbose", "Debug"]),
            StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>A dash, a letter and the rest of a name, whole or up to a colon; a negative number is a value.</summary>
    [GeneratedRegex(@"^-(?<name>\p{L}\w*)(:|$)")]
    private static partial Regex ParameterName();
}
