using System.Management.Automation;

namespace EmbedCache.Ps.Tests;

/// <summary>
/// A session with the staged module, and a folder for files that is deleted afterwards. Scripts find the folder as <c>$dir</c>, the path of a file in it
/// as <c>$path</c>, and <c>$vector</c>, a float[4] of length 1.
/// </summary>
public abstract class ModuleTest : IDisposable
{
    protected ModuleTest()
    {
        Folder = Directory.CreateTempSubdirectory("embedcache-ps-").FullName;
        FilePath = Path.Combine(Folder, "cache.edb");
        Session = new ModuleSession();
        Session.SetVariable("dir", Folder);
        Session.SetVariable("path", FilePath);
        Session.SetVariable("vector", new float[] { 1, 0, 0, 0 });
    }

    protected string Folder { get; }

    protected string FilePath { get; }

    internal ModuleSession Session { get; }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        Session.Dispose();
        try
        {
            Directory.Delete(Folder, recursive: true);
        }
        catch (UnauthorizedAccessException)
        {
            foreach (string file in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories))
            {
                File.SetAttributes(file, FileAttributes.Normal);
            }

            Directory.Delete(Folder, recursive: true);
        }
    }

    /// <summary>Runs a script that must go well.</summary>
    internal IReadOnlyList<PSObject> Run(string script, params object?[] arguments) => Session.Invoke(script, arguments).OrThrow().Output;

    /// <summary>Runs a script that must go well and write one value.</summary>
    internal object? Value(string script, params object?[] arguments) => Assert.Single(Run(script, arguments))?.BaseObject;

    /// <summary>Runs a script, whatever becomes of it.</summary>
    internal SessionResult Try(string script, params object?[] arguments) => Session.Invoke(script, arguments);

    /// <summary>The one non-terminating error of a script.</summary>
    internal ErrorRecord Error(string script, params object?[] arguments)
    {
        SessionResult result = Try(script, arguments);
        Assert.Null(result.TerminatingError);
        return Assert.Single(result.Errors);
    }

    /// <summary>The error that ended a script, as <c>catch</c> sees it.</summary>
    internal ErrorRecord TerminatingError(string script, params object?[] arguments)
    {
        SessionResult result = Try($"$global:caught = $null; try {{ {script} }} catch {{ $global:caught = $_ }}; $global:caught", arguments);
        Assert.Null(result.TerminatingError);
        return Assert.IsType<ErrorRecord>(result.Output[^1]?.BaseObject);
    }

    /// <summary>Creates $path with dimension 4.</summary>
    protected void NewCache(string more = "") => Run($"New-EmbedCache $path 4 {more} | Close-EmbedCache");

    /// <summary>The keys in $path, in their order, joined by commas.</summary>
    protected string Keys() => string.Join(',', Run("Get-Embedding $path").Select(static record => (string)record.Properties["Key"].Value));
}
