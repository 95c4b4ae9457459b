using System.Management.Automation;
using System.Management.Automation.Language;
using Mono.Cecil;

namespace EmbedCache.Ps.Tests;

/// <summary>The manifest's list of cmdlets is exact: every cmdlet in the assembly is on it, and nothing else is.</summary>
public sealed class ManifestTests
{
    [Theory]
    [InlineData("net8.0")]
    [InlineData("netstandard2.0")]
    public void ListIsWhatTheAssemblyHolds(string framework)
    {
        using AssemblyDefinition assembly = AssemblyDefinition.ReadAssembly(Path.Combine(Repository.StagedModule, "bin", framework, "EmbedCache.Ps.dll"));
        IEnumerable<string> inAssembly = assembly.MainModule.Types
            .SelectMany(static type => type.CustomAttributes)
            .Where(static attribute => attribute.AttributeType.FullName == typeof(CmdletAttribute).FullName)
            .Select(static attribute => $"{attribute.ConstructorArguments[0].Value}-{attribute.ConstructorArguments[1].Value}");
        Assert.Equal(inAssembly.Order(StringComparer.Ordinal), InManifest());
    }

    [Fact]
    public void ImportExportsTheListAndNothingElse()
    {
        using var session = new ModuleSession();
        PSModuleInfo module = Assert.IsType<PSModuleInfo>(Assert.Single(session.Invoke("Get-Module").OrThrow().Values));
        Assert.Equal("EmbedCache", module.Name);
        Assert.Equal(StagedModule.Version, module.Version.ToString());
        Assert.Equal(InManifest(), module.ExportedCommands.Keys.Order(StringComparer.Ordinal));
        Assert.All(module.ExportedCommands.Values, static command => Assert.Equal(CommandTypes.Cmdlet, command.CommandType));
        Assert.Empty(module.ExportedVariables);
    }

    [Fact]
    public void VerbsAreApproved()
    {
        using var session = new ModuleSession();
        Assert.Empty(session.Invoke("Remove-Module EmbedCache; Import-Module $args[0]", ModuleSession.StagedManifest).OrThrow().Warnings);
    }

    /// <summary>Wildcards would make PowerShell load the module to learn what is in it.</summary>
    [Fact]
    public void ListsAreExplicit()
    {
        using var session = new ModuleSession(import: false);
        object? names = Assert.Single(session.Invoke("(Get-Module -ListAvailable EmbedCache).ExportedCmdlets.Count").OrThrow().Values);
        Assert.Equal(InManifest().Count, names);
        Assert.DoesNotContain("*", File.ReadAllText(ModuleSession.StagedManifest));
    }

    private static List<string> InManifest()
    {
        var manifest = (HashtableAst)Parser.ParseFile(ModuleSession.StagedManifest, out _, out _).Find(static node => node is HashtableAst, searchNestedScriptBlocks: false);
        StatementAst list = manifest.KeyValuePairs.Single(static pair => pair.Item1.ToString() == "CmdletsToExport").Item2;
        return [.. list.FindAll(static node => node is StringConstantExpressionAst, searchNestedScriptBlocks: false).Cast<StringConstantExpressionAst>().Select(static name => name.Value)];
    }
}
