using System.Text;
using System.Text.RegularExpressions;
using EmbedCache.TestSupport;

namespace EmbedCache.Tests.Architecture;

/// <summary>A source file of the engine: where it stands, and its code without comments and literals, so that words in prose are not taken for code.</summary>
internal sealed partial class SourceFile
{
    private SourceFile(string path, string text)
    {
        RelativePath = path;
        Code = WithoutProse(text);
    }

    /// <summary>Path below src/EmbedCache, with forward slashes.</summary>
    public string RelativePath { get; }

    /// <summary>The code, line for line, comments and literals blanked.</summary>
    public string Code { get; }

    /// <summary>The room whose folder holds the file.</summary>
    public string Room => Rooms.OfFolder(RelativePath[..Math.Max(0, RelativePath.IndexOf('/', StringComparison.Ordinal))]);

    /// <summary>Names of the types that the file declares, nested ones too.</summary>
    public IEnumerable<string> DeclaredTypes => TypeDeclaration().Matches(Code).Select(static match => match.Groups["name"].Value);

    /// <summary>Namespaces that the file opens with using directives, aliases' and static ones' targets too.</summary>
    public IEnumerable<string> Usings => UsingDirective().Matches(Code).Select(static match => match.Groups["name"].Value);

    /// <summary>All source files of the engine.</summary>
    public static IReadOnlyList<SourceFile> Engine { get; } = ReadAll(Repository.PathTo("src", "EmbedCache"));

    public static SourceFile Parse(string relativePath, string text) => new(relativePath, text);

    private static List<SourceFile> ReadAll(string folder)
    {
        var files = new List<SourceFile>();
        foreach (string path in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string relative = Path.GetRelativePath(folder, path).Replace('\\', '/');
            if (!relative.StartsWith("bin/", StringComparison.Ordinal) && !relative.StartsWith("obj/", StringComparison.Ordinal))
            {
                files.Add(new SourceFile(relative, File.ReadAllText(path)));
            }
        }

        return files;
    }

    private static string WithoutProse(string text)
    {
        return Prose().Replace(text, static match =>
        {
            var blank = new StringBuilder(match.Length);
            foreach (char c in match.Value)
            {
                blank.Append(c == '\n' ? '\n' : ' ');
            }

            return blank.ToString();
        });
    }

    /// <summary>Comments, raw, verbatim and plain strings, characters; at each place the first alternative that fits.</summary>
    [GeneratedRegex("""
        //[^\n]*
        | /\*.*?\*/
        | (?<quotes>"{3,}).*?\k<quotes>
        | \$?@\$?"(?:[^"]|"")*"
        | "(?:[^"\\\n]|\\.)*"
        | '(?:[^'\\\n]|\\[^\n])+'
        """, RegexOptions.Singleline | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Prose();

    [GeneratedRegex(@"\b(?:class|struct|interface|enum|record(?:\s+(?:class|struct))?|delegate\s+[\w<>\[\],.?\s]+?)\s+(?<name>[A-Z]\w*)\s*(?:<[^>]*>)?\s*[({:;\r\n]")]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex(@"^\s*(?:global\s+)?using\s+(?:static\s+|unsafe\s+)?(?:\w+\s*=\s*)?(?<name>[A-Za-z_][\w.]*)", RegexOptions.Multiline)]
    private static partial Regex UsingDirective();
}
