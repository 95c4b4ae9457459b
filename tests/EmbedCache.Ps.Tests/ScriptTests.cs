using System.Management.Automation.Language;

namespace EmbedCache.Ps.Tests;

/// <summary>
/// Scripts that must run everywhere use what the bare engine offers: the cmdlets of Microsoft.PowerShell.Core, the module's own, the functions they
/// define, and dotnet. A script that needs more says so with <c>#requires -Modules</c> or -PSEdition and is left to pwsh.
/// </summary>
public sealed class ScriptTests
{
    public static TheoryData<string> Scripts()
    {
        var scripts = new TheoryData<string> { "build.ps1", "module/EmbedCache.psm1" };
        string examples = Repository.PathTo("module", "examples");
        if (Directory.Exists(examples))
        {
            foreach (string file in Directory.EnumerateFiles(examples, "*.ps1").Order(StringComparer.Ordinal))
            {
                scripts.Add($"module/examples/{Path.GetFileName(file)}");
            }
        }

        return scripts;
    }

    [Theory]
    [MemberData(nameof(Scripts))]
    public void ScriptNeedsTheBareEngineAlone(string script)
    {
        ScriptBlockAst ast = Parser.ParseFile(Repository.PathTo(script.Split('/')), out _, out ParseError[] errors);
        Assert.Empty(errors);

        // Examples dot-source helpers that stand beside them.
        IEnumerable<string> helpers = ast.FindAll(static node => node is CommandAst { InvocationOperator: TokenKind.Dot }, searchNestedScriptBlocks: true).Any()
            ? Directory.EnumerateFiles(Path.GetDirectoryName(Repository.PathTo(script.Split('/')))!, "*.ps1").SelectMany(static file => Functions(Parser.ParseFile(file, out _, out _)))
            : [];
        Assert.Empty(UnknownCommands(ast).Except(helpers, StringComparer.OrdinalIgnoreCase));
    }

    [Fact]
    public void UnknownCommandIsSeen()
    {
        ScriptBlockAst ast = Parser.ParseInput("function f { 1..3 | Select-Object -First 1 }\nf | % { $_ } | ForEach-Object { Write-Host $_ }", out _, out _);
        Assert.Equal(["Select-Object", "Write-Host"], UnknownCommands(ast));
    }

    private static IEnumerable<string> Functions(ScriptBlockAst script) =>
        script.FindAll(static node => node is FunctionDefinitionAst, searchNestedScriptBlocks: true).Select(static node => ((FunctionDefinitionAst)node).Name);

    private static List<string> UnknownCommands(ScriptBlockAst script)
    {
        using var session = new ModuleSession();
        HashSet<string> known = new(
            session.Invoke("Get-Command -CommandType Cmdlet | ForEach-Object { $_.Name }; Get-Command -CommandType Alias | ForEach-Object { $_.Name }").OrThrow().Values.Cast<string>(),
            StringComparer.OrdinalIgnoreCase) { "dotnet", "%", "?" };
        known.UnionWith(Functions(script));
        return [.. script.FindAll(static node => node is CommandAst, searchNestedScriptBlocks: true)
            .Select(static node => ((CommandAst)node).GetCommandName())
            .Where(name => name is not null && !known.Contains(name))
            .Distinct(StringComparer.OrdinalIgnoreCase)];
    }
}
