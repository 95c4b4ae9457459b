namespace EmbedCache.Ps.Tests;

/// <summary>The netstandard2.0 build, which Windows PowerShell loads, runs the quickstart in this engine: the nearest thing to 5.1 that runs everywhere.</summary>
public sealed class DesktopBuildTests : ModuleTest
{
    [Fact]
    public void NetStandardBuildRunsTheQuickstart()
    {
        string module = Path.Combine(Folder, "EmbedCache", Path.GetFileName(Repository.StagedModule));
        foreach (string file in Directory.EnumerateFiles(Repository.StagedModule, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(module, Path.GetRelativePath(Repository.StagedModule, file));
            if (!copy.Contains("net8.0", StringComparison.Ordinal))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }
        }

        string script = Path.Combine(module, "module", "EmbedCache.psm1");
        string text = File.ReadAllText(script);
        Assert.Contains("{ 'net8.0' }", text, StringComparison.Ordinal);
        File.WriteAllText(script, text.Replace("{ 'net8.0' }", "{ 'netstandard2.0' }", StringComparison.Ordinal));

        string show = Path.Combine(Folder, "show.ps1");
        File.WriteAllText(show, """
            param($quickstart, $path)
            & $quickstart -Path $path
            [AppDomain]::CurrentDomain.GetAssemblies() | Where-Object { $_.GetName().Name -eq 'EmbedCache' } | ForEach-Object { $_.Location }
            """);
        using ChildProcess host = ChildProcess.StartManaged("PowerShellHost", "--module-path", Folder, show, Path.Combine(module, "module", "examples", "quickstart.ps1"), FilePath);
        Assert.True(host.WaitForExit() == 0, host.Output + host.Errors);
        Assert.Contains("The file is sound: True.", host.Output, StringComparison.Ordinal);
        Assert.Contains(Path.Combine("netstandard2.0", "EmbedCache.dll"), host.Output, StringComparison.Ordinal);
    }
}
