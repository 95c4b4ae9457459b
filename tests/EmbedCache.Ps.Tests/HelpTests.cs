using System.Management.Automation;
using System.Xml.Linq;

namespace EmbedCache.Ps.Tests;

/// <summary>Get-Help finds each cmdlet, tells of all its parameters as they are, and its examples run.</summary>
public sealed class HelpTests : ModuleTest
{
    private static readonly XNamespace s_maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace s_command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace s_dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    private static readonly XDocument s_help = XDocument.Load(Path.Combine(Repository.StagedModule, "en-US", "EmbedCache.Ps.dll-Help.xml"));

    private static readonly HashSet<string> s_common = [.. Cmdlet.CommonParameters];

    public static TheoryData<string> Cmdlets => [.. s_help.Descendants(s_command + "details").Select(static details => details.Element(s_command + "name")!.Value)];

    public static TheoryData<string, int, string> Examples
    {
        get
        {
            var data = new TheoryData<string, int, string>();
            foreach (XElement command in s_help.Descendants(s_command + "command"))
            {
                string name = command.Element(s_command + "details")!.Element(s_command + "name")!.Value;
                int number = 0;
                foreach (XElement code in command.Descendants(s_dev + "code"))
                {
                    data.Add(name, ++number, code.Value);
                }
            }

            return data;
        }
    }

    [Fact]
    public void EveryCmdletHasHelp()
    {
        IEnumerable<string> cmdlets = Run("Get-Command -Module EmbedCache").Select(static command => ((CommandInfo)command.BaseObject).Name);
        Assert.Equal(cmdlets.Order(), Cmdlets.Select(static (object[] row) => (string)row[0]).Order());
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void HelpHasSynopsisAndExample(string cmdlet)
    {
        PSObject help = Run($"Get-Help {cmdlet}")[0];
        string synopsis = (string)help.Properties["Synopsis"].Value;
        Assert.EndsWith(".", synopsis.Trim(), StringComparison.Ordinal);
        Assert.NotEmpty(Run($"(Get-Help {cmdlet} -Full).description"));
        Assert.NotEmpty(Run($"(Get-Help {cmdlet} -Examples).examples.example"));
        Assert.Contains(Examples, row => (string)row[0] == cmdlet);
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void HelpTellsOfEachParameterAsItIs(string cmdlet)
    {
        var info = (CommandInfo)Value($"Get-Command {cmdlet}")!;
        XElement command = s_help.Descendants(s_command + "command").Single(c => c.Element(s_command + "details")!.Element(s_command + "name")!.Value == cmdlet);
        Dictionary<string, XElement> described = command.Element(s_command + "parameters")!.Elements().ToDictionary(static p => p.Element(s_maml + "name")!.Value);
        string[] expected = [.. info.Parameters.Keys.Where(static name => !s_common.Contains(name)).Order()];
        Assert.Equal(expected, described.Keys.Order());

        foreach (CommandParameterInfo parameter in info.ParameterSets.SelectMany(static set => set.Parameters).Where(static p => !s_common.Contains(p.Name)))
        {
            XElement help = described[parameter.Name];
            Assert.NotEmpty(help.Element(s_maml + "description")!.Value.Trim());
            Assert.Equal(parameter.IsMandatory ? "true" : "false", help.Attribute("required")!.Value);
            Assert.Equal(parameter.Position >= 0 ? $"{parameter.Position}" : "named", help.Attribute("position")!.Value);
            Assert.Equal(parameter.Aliases.Count == 0 ? "none" : string.Join(',', parameter.Aliases), help.Attribute("aliases")!.Value);
            string pipeline = help.Attribute("pipelineInput")!.Value;
            Assert.Equal(parameter.ValueFromPipeline, pipeline.Contains("ByValue", StringComparison.Ordinal));
            Assert.Equal(parameter.ValueFromPipelineByPropertyName, pipeline.Contains("ByPropertyName", StringComparison.Ordinal));
        }

        foreach (CommandParameterSetInfo set in info.ParameterSets)
        {
            string[] names = [.. set.Parameters.Select(static p => p.Name).Where(static name => !s_common.Contains(name)).Order()];
            Assert.Contains(command.Element(s_command + "syntax")!.Elements(), item => item.Elements(s_command + "parameter").Select(static p => p.Element(s_maml + "name")!.Value).Order().SequenceEqual(names));
        }
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void ExampleRuns(string cmdlet, int number, string code)
    {
        Assert.Contains(cmdlet, code, StringComparison.Ordinal);
        Assert.True(number > 0);
        Run("$ExecutionContext.SessionState.Path.SetLocation($dir) | & { process { } }");
        Run(code);
    }

    [Theory]
    [InlineData("about_EmbedCache")]
    [InlineData("about_EmbedCache_Files")]
    [InlineData("about_EmbedCache_Pipelines")]
    [InlineData("about_EmbedCache_Errors")]
    [InlineData("about_EmbedCache_Filters")]
    [InlineData("about_EmbedCache_Search")]
    public void TopicIsFound(string topic)
    {
        string text = (string)Value($"Get-Help {topic}")!;
        Assert.Contains("LONG DESCRIPTION", text, StringComparison.Ordinal);
        Assert.All(text.Split('\n'), static line => Assert.True(line.TrimEnd().Length <= 78, line));
    }

    /// <summary>The ids in about_EmbedCache_Errors are those that the sources raise.</summary>
    [Fact]
    public void TopicOnErrorsNamesEveryIdThatIsRaised()
    {
        string topic = (string)Value("Get-Help about_EmbedCache_Errors")!;
        string[] told = [.. topic.Split('\n').Where(static line => line.Length > 24 && line.StartsWith("    ", StringComparison.Ordinal) && char.IsUpper(line[4])).Select(static line => line[4..].Split(' ')[0]).Where(static id => id.Length > 5)];
        foreach (string id in new[] { "WrongDimension", "NotFinite", "ZeroVector", "EmptyKey", "KeyTooLong", "MalformedKey", "PathIsDirectory", "AccessDenied", "NotAnEdbFile", "UnsupportedVersion", "FileBusy", "DiskFull", "HandleClosed", "BareVector", "CountMismatch", "ModelMismatch", "EmbeddingNotFound", "NetworkFileSystem" })
        {
            Assert.Contains(id, told);
        }
    }
}
