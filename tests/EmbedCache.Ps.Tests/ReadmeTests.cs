using System.Text.RegularExpressions;

namespace EmbedCache.Ps.Tests;

/// <summary>What the README shows is so: its example runs, its table lists every cmdlet, its links lead somewhere.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string s_text = File.ReadAllText(Repository.PathTo("README.md")).ReplaceLineEndings("\n");

    [Fact]
    public void ExampleRuns()
    {
        string example = CodeBlock().Matches(s_text).Select(static match => match.Groups["code"].Value).Single(static code => code.StartsWith("New-EmbedCache notes.edb", StringComparison.Ordinal));
        using var folder = new TemporaryFolder();
        using var session = new ModuleSession();
        session.Invoke("$ExecutionContext.SessionState.Path.SetLocation($args[0])", folder.Path).OrThrow();

        SessionResult result = session.Invoke(example).OrThrow();
        Assert.True(File.Exists(folder.File("notes.edb")));
        Assert.Contains(0.9f, result.Values);

        // The last two lines removed the one record with lang = en, and found the file sound.
        Assert.Equal(["the cat sat", "tax forms"], session.Invoke("Get-Embedding notes.edb | ForEach-Object { $_.Key }").OrThrow().Values);
    }

    [Fact]
    public void TableListsEveryCmdlet()
    {
        using var session = new ModuleSession();
        Assert.Equal(
            session.Invoke("(Get-Module EmbedCache).ExportedCmdlets.Keys").OrThrow().Values.Cast<string>().Order(StringComparer.Ordinal),
            TableRow().Matches(s_text).Select(static match => match.Groups["cmdlet"].Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void LocalLinksLeadSomewhere()
    {
        List<string> links = [.. LocalLink().Matches(s_text).Select(static match => match.Groups["path"].Value).Distinct()];
        Assert.NotEmpty(links);
        Assert.All(links, static link => Assert.True(Path.Exists(Repository.PathTo(link.Split('/'))), link));
    }

    [GeneratedRegex(@"^```powershell\n(?<code>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"^\| `(?<cmdlet>[A-Z]\w+-\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex TableRow();

    [GeneratedRegex(@"\]\((?<path>(?!https?:)[^)#]+)")]
    private static partial Regex LocalLink();
}
