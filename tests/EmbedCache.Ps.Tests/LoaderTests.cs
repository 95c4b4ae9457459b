using System.Runtime.Loader;
using Mono.Cecil;

namespace EmbedCache.Ps.Tests;

/// <summary>The module's assemblies stay apart from the session's, survive Remove-Module and -Force, and do not meet a second copy of themselves.</summary>
public sealed class LoaderTests
{
    private const string UseAll = """
        $vector = [float[]](1, 2, 3)
        $path = [System.IO.Path]::Combine($args[0], 'a.edb')
        $null = New-EmbedCache -LiteralPath $path -Dimension 3
        Set-Embedding -LiteralPath $path -Key 'a' -Vector $vector
        (Get-Embedding -LiteralPath $path -Key 'a').Key
        """;

    [Fact]
    public void OnlyTheLoaderEntersTheSession()
    {
        using var session = new ModuleSession();
        Assert.Equal(
            [$"EmbedCache.Loader.{StagedModule.Version}"],
            AssemblyLoadContext.Default.Assemblies.Select(static assembly => assembly.GetName().Name!).Where(static name => name.StartsWith("EmbedCache", StringComparison.Ordinal) && !name.Contains("Tests", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("Remove-Module EmbedCache; Import-Module $args[1]")]
    [InlineData("Import-Module $args[1] -Force")]
    [InlineData("Import-Module $args[1] -Force; Import-Module $args[1] -Force")]
    [InlineData("Import-Module $args[1]")]
    public void CmdletsWorkAfter(string again)
    {
        using var folder = new TemporaryFolder();
        using var session = new ModuleSession();
        Assert.Equal(["a"], session.Invoke($"{again}\n{UseAll}", folder.Path, ModuleSession.StagedManifest).OrThrow().Values);
    }

    /// <summary>The types file belongs to a module inside the module; it has to come back with it.</summary>
    [Fact]
    public void RecordsAreListedWithoutTheirNumbersAfterForce()
    {
        using var folder = new TemporaryFolder();
        using var session = new ModuleSession();
        session.Invoke(UseAll, folder.Path).OrThrow();
        string text = session.InvokeToText("Import-Module $args[0] -Force; Get-Module EmbedCache; Get-Embedding -LiteralPath $args[1]", ModuleSession.StagedManifest, folder.File("a.edb"));
        Assert.Contains("Key       : a", text);
        Assert.DoesNotContain("Vector", text);
    }

    /// <summary>Regression: closing an idle file whose folder was gone threw out of the handler, and Import-Module -Force ended there.</summary>
    [Fact]
    public void ModuleLeavesWhenTheFolderOfAnOpenFileIsGone()
    {
        using var session = new ModuleSession();
        using (var folder = new TemporaryFolder())
        {
            session.Invoke(UseAll, folder.Path).OrThrow();
        }

        session.Invoke("Import-Module $args[0] -Force", ModuleSession.StagedManifest).OrThrow();
        Assert.Empty(session.Invoke("$PSModuleAutoLoadingPreference = 'None'; Remove-Module EmbedCache; Get-Module").OrThrow().Output);
    }

    [Fact]
    public void RemovedModuleLeavesNoCommands()
    {
        using var session = new ModuleSession();
        Assert.Empty(session.Invoke("$PSModuleAutoLoadingPreference = 'None'; Remove-Module EmbedCache; Get-Module; Get-Command -Module EmbedCache").OrThrow().Output);
    }

    [Fact]
    public void SessionsSideBySideShareTheModule()
    {
        using var folder = new TemporaryFolder();
        using var first = new ModuleSession();
        using (new ModuleSession())
        {
        }

        Assert.Equal(["a"], first.Invoke(UseAll, folder.Path).OrThrow().Values);
    }

    [Fact]
    public void SecondCopyAsksForANewSession()
    {
        using var folder = new TemporaryFolder();
        using var session = new ModuleSession();
        string copy = StagedModule.CopyTo(folder.Path, StagedModule.Version);
        AssertRefused(session, copy);
    }

    /// <summary>A newer version beside this one, as Update-PSResource leaves it: its loader has a name of its own and is loaded, and refuses.</summary>
    [Fact]
    public void SecondVersionAsksForANewSession()
    {
        using var folder = new TemporaryFolder();
        using var session = new ModuleSession();
        string copy = StagedModule.CopyTo(folder.Path, "99.0.0");
        string manifest = Path.Combine(copy, "EmbedCache.psd1");
        File.WriteAllText(manifest, File.ReadAllText(manifest).Replace($"'{StagedModule.Version}'", "'99.0.0'", StringComparison.Ordinal));
        string bin = Path.Combine(copy, "bin", "net8.0");
        string loader = Path.Combine(bin, $"EmbedCache.Loader.{StagedModule.Version}.dll");
        using (AssemblyDefinition renamed = AssemblyDefinition.ReadAssembly(loader))
        {
            renamed.Name.Name = "EmbedCache.Loader.99.0.0";
            renamed.Write(Path.Combine(bin, "EmbedCache.Loader.99.0.0.dll"));
        }

        File.Delete(loader);
        AssertRefused(session, copy);
    }

    /// <summary>An assembly of the session with a name of ours, and a version that we never had.</summary>
    [Fact]
    public void AssembliesOfTheSessionDoNotReplaceOurs()
    {
        using var folder = new TemporaryFolder();
        string impostor = folder.File("EmbedCache.dll");
        using (var assembly = AssemblyDefinition.CreateAssembly(new AssemblyNameDefinition("EmbedCache", new Version(9, 9, 9, 9)), "EmbedCache", ModuleKind.Dll))
        {
            assembly.Write(impostor);
        }

        string script = folder.Write("use.ps1", $"$null = [System.Reflection.Assembly]::LoadFrom('{impostor}')\nImport-Module EmbedCache\n{UseAll}");
        AssertHostPrints("a", "--no-import", script, folder.Path);
    }

    /// <summary>What Windows PowerShell gets, on the runtime that is here: the netstandard2.0 build behind the assembly-resolve handler.</summary>
    [Fact]
    public void DesktopBuildWorksBehindItsHandler()
    {
        using var folder = new TemporaryFolder();
        string bin = Path.Combine(Repository.StagedModule, "bin", "netstandard2.0");
        string script = folder.Write("use.ps1", $"""
            $loader = [System.Reflection.Assembly]::LoadFrom('{bin}/EmbedCache.Loader.{StagedModule.Version}.dll').GetType('EmbedCache.Loader.ModuleLoader')
            Import-Module -Assembly $loader::Load('{bin}')
            {UseAll}
            """);
        AssertHostPrints("a", "--no-import", script, folder.Path);
    }

    /// <summary>
    /// There are no binding redirects in Windows PowerShell: whatever an assembly of the folder asks for is in the folder, in whatever version, or is
    /// the base library's or PowerShell's.
    /// </summary>
    [Fact]
    public void DesktopFolderIsComplete()
    {
        string bin = Path.Combine(Repository.StagedModule, "bin", "netstandard2.0");
        IReadOnlyList<string> present = StagedModule.Files(bin);
        foreach (string file in present)
        {
            using AssemblyDefinition assembly = AssemblyDefinition.ReadAssembly(Path.Combine(bin, file));
            Assert.All(assembly.MainModule.AssemblyReferences, reference => Assert.True(
                reference.Name is "netstandard" or "System.Management.Automation" || present.Contains(reference.Name + ".dll"),
                $"{file} needs {reference.FullName}."));
        }
    }

    private static void AssertRefused(ModuleSession session, string copy)
    {
        SessionResult result = session.Invoke("Import-Module $args[0]", Path.Combine(copy, "EmbedCache.psd1"));
        string message = (result.TerminatingError ?? Assert.Single(result.Errors)).ToString();
        Assert.Contains("start a new session", message);
        Assert.Contains(copy, message);
    }

    private static void AssertHostPrints(string expected, params string[] arguments)
    {
        using ChildProcess host = ChildProcess.StartManaged("PowerShellHost", arguments);
        int exitCode = host.WaitForExit();
        Assert.Equal(string.Empty, host.Errors);
        Assert.Equal(expected, host.Output.Trim());
        Assert.Equal(0, exitCode);
    }
}
