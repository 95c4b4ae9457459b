using System.IO.Compression;
using System.Xml.Linq;

namespace EmbedCache.Ps.Tests;

/// <summary>
/// The package, as <c>Install-PSResource</c> would leave it: unpacked into an empty module path without the package's own files, then imported by name
/// in a new process that sees nothing else.
/// </summary>
public sealed class PackageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void PackageInstallsAndRuns()
    {
        string package = Pack();
        string installed = Install(package);
        Assert.Equal(StagedModule.Files(Repository.StagedModule), StagedModule.Files(installed));
        Assert.All(StagedModule.Files(installed), file => Assert.True(
            File.ReadAllBytes(Path.Combine(installed, file)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(Repository.StagedModule, file))), file));

        string script = _folder.Write("where.ps1", "(Get-Module EmbedCache).ModuleBase");
        Assert.Equal(installed, RunInstalled(script).Trim());

        string quickstart = Path.Combine(installed, "module", "examples", "quickstart.ps1");
        if (File.Exists(Repository.PathTo("module", "examples", "quickstart.ps1")))
        {
            Assert.NotEqual(string.Empty, RunInstalled(quickstart).Trim());
        }
    }

    [Fact]
    public void PackageNamesItsCmdlets()
    {
        using ZipArchive archive = ZipFile.OpenRead(Pack());
        using Stream stream = archive.GetEntry("EmbedCache.nuspec")!.Open();
        XElement metadata = XDocument.Load(stream).Root!.Elements().Single();
        XNamespace ns = metadata.Name.Namespace;
        Assert.Equal("EmbedCache", metadata.Element(ns + "id")!.Value);
        Assert.Equal(StagedModule.Version, metadata.Element(ns + "version")!.Value);

        string[] tags = metadata.Element(ns + "tags")!.Value.Split(' ');
        Assert.Contains("PSModule", tags);
        using var session = new ModuleSession();
        IEnumerable<object?> cmdlets = session.Invoke("(Get-Module EmbedCache).ExportedCmdlets.Keys").OrThrow().Values;
        Assert.Equal(cmdlets.Select(static name => $"PSCmdlet_{name}").Order(StringComparer.Ordinal), tags.Where(static tag => tag.StartsWith("PSCmdlet_", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    public void Dispose() => _folder.Dispose();

    private string Pack()
    {
        using ChildProcess pack = ChildProcess.Start(
            ChildProcess.DotnetPath, "pack", Repository.PathTo("src", "EmbedCache.Module"), "--no-build", "--no-restore", "--nologo", "--configuration", StagedModule.Configuration, "--output", _folder.Path);
        Assert.True(pack.WaitForExit() == 0, pack.Output + pack.Errors);
        return _folder.File($"EmbedCache.{StagedModule.Version}.nupkg");
    }

    private string Install(string package)
    {
        string installed = Path.Combine(_folder.Path, "modules", "EmbedCache", StagedModule.Version);
        ZipFile.ExtractToDirectory(package, installed);
        Directory.Delete(Path.Combine(installed, "_rels"), recursive: true);
        Directory.Delete(Path.Combine(installed, "package"), recursive: true);
        File.Delete(Path.Combine(installed, "[Content_Types].xml"));
        File.Delete(Path.Combine(installed, "EmbedCache.nuspec"));
        return installed;
    }

    private string RunInstalled(string script)
    {
        using ChildProcess host = ChildProcess.StartManaged("PowerShellHost", "--module-path", Path.Combine(_folder.Path, "modules"), script);
        int exitCode = host.WaitForExit();
        Assert.True(exitCode == 0 && host.Errors.Length == 0, $"exit code {exitCode}{Environment.NewLine}{host.Output}{host.Errors}");
        return host.Output;
    }
}
