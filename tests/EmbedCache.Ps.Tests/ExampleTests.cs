
namespace EmbedCache.Ps.Tests;

/// <summary>The scripts that ship in module/examples, run from the staged module by the host, as the README says.</summary>
public sealed class ExampleTests : ModuleTest
{
    private static string ExampleFolder => Path.Combine(Repository.StagedModule, "module", "examples");

    [Fact]
    public void QuickstartAnswersQuestions()
    {
        string screen = RunExample("quickstart.ps1", "-Path", FilePath);
        Assert.Contains("1024 of 1024 numbers", screen, StringComparison.Ordinal);
        string answer = screen[screen.IndexOf("how do I delete an entry", StringComparison.Ordinal)..];
        Assert.Contains("Remove-Embedding", answer[..answer.IndexOf("what survives", StringComparison.Ordinal)], StringComparison.Ordinal);
        Assert.Matches(@"Score +Key +Metadata", screen);
        Assert.Contains("now the file has 0 entries", screen, StringComparison.Ordinal);
        Assert.Contains("The file is sound: True.", screen, StringComparison.Ordinal);
        Assert.Equal(true, Value("Test-EmbedCache $path -Quiet"));
    }

    [Fact]
    public void QuickstartUsesAnEndpointWhereOneIsConfigured()
    {
        using var endpoint = new EmbeddingEndpoint();
        string screen = RunExample("quickstart.ps1", endpoint.Environment, "-Path", FilePath, "-Question", "how do I delete an entry");
        Assert.Contains("8 of 8 numbers", screen, StringComparison.Ordinal);
        Assert.Equal("test-model", Value("(Get-EmbedCacheInfo $path).Model"));
        Assert.True(endpoint.TextCount > 100);
    }

    [Fact]
    public void DuplicateLinesOfARealLogAreFound()
    {
        string screen = RunExample("find-duplicate-lines.ps1", "-Path", FilePath);
        Assert.Matches(@"\d+ lines are \d+ groups", screen);
        string[] numbers = screen.Split(' ');
        Assert.InRange(int.Parse(numbers[3], null), 5, int.Parse(numbers[0], null) / 2);
        Assert.Matches(@"\d+ lines like line +\d+: update-alternatives", screen);

        // A log whose groups are known: three messages, with other numbers each time.
        string log = Path.Combine(Folder, "known.log");
        File.WriteAllLines(log, Enumerable.Range(0, 60).Select(static i => (i % 3) switch
        {
            0 => $"2024-01-02 03:04:{i:00} connection from 10.0.0.{i} accepted on port {i + 5000}",
            1 => $"2024-01-02 03:04:{i:00} worker {i} finished its job in {i * 7} ms",
            _ => $"2024-01-02 03:04:{i:00} disk usage of volume {i} is at {i} percent",
        }));
        Assert.Contains("60 lines are 3 groups", RunExample("find-duplicate-lines.ps1", "-Path", FilePath, "-LogPath", log), StringComparison.Ordinal);
    }

    [Fact]
    public void EndpointIsAskedOnceForEachText()
    {
        using var endpoint = new EmbeddingEndpoint();
        Session.SetVariable("script", Path.Combine(ExampleFolder, "cache-endpoint.ps1"));
        Session.SetVariable("url", endpoint.Url);
        const string Call = "-Path $path -Endpoint $url -Model test-model -Key secret -BatchSize 2";
        Assert.Equal("one,zwei,dr\u00ef\"\\,one", Value($"('one', 'zwei', ('dr' + [char]0xEF + '\"\\'), 'one' | & $script {Call}).Key -join ','"));
        Assert.Equal(3, endpoint.TextCount);
        Assert.Equal(2, endpoint.RequestCount);
        Assert.Equal("Bearer secret", endpoint.LastAuthorization);

        Assert.Equal("vier,one", Value($"('vier', 'one' | & $script {Call}).Key -join ','"));
        Assert.Equal(4, endpoint.TextCount);
        Assert.Equal(EmbeddingEndpoint.Embed("vier"), (float[])Run("Get-Embedding $path vier")[0].Properties["Vector"].Value);
    }

    [Fact]
    public void AnswersBeforeAnEndpointFailsAreKept()
    {
        using var endpoint = new EmbeddingEndpoint { FailAfter = 2 };
        Session.SetVariable("script", Path.Combine(ExampleFolder, "cache-endpoint.ps1"));
        Session.SetVariable("url", endpoint.Url);
        TerminatingError("1..9 | ForEach-Object { \"text $_\" } | & $script -Path $path -Endpoint $url -Model m -BatchSize 2");
        Assert.Equal(4L, Value("(Get-EmbedCacheInfo $path).Count"));
    }

    private static string RunExample(string name, params string[] arguments) => RunExample(name, new Dictionary<string, string>(), arguments);

    private static string RunExample(string name, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        foreach ((string variable, string value) in environment)
        {
            Environment.SetEnvironmentVariable(variable, value);
        }

        try
        {
            using ChildProcess host = ChildProcess.StartManaged("PowerShellHost", [Path.Combine(ExampleFolder, name), .. arguments]);
            int exitCode = host.WaitForExit();
            Assert.True(exitCode == 0 && host.Errors.Length == 0, host.Output + host.Errors);
            return host.Output;
        }
        finally
        {
            foreach (string variable in environment.Keys)
            {
                Environment.SetEnvironmentVariable(variable, null);
            }
        }
    }
}
