using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>Base of the cmdlets that make one file out of another.</summary>
public abstract class CopyFileCommand : EmbedCacheCommand
{
    /// <summary>Replace a file that is at the destination.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>The one file that a path parameter means.</summary>
    private protected string ResolveSource(string path, bool literal)
    {
        try
        {
            return FilePaths.ResolveOne(this, path, literal);
        }
        catch (FilePathException exception)
        {
            ThrowTerminatingError(exception.ToErrorRecord());
            throw;
        }
    }

    /// <summary>The full path of a file to be made. In a folder that is there, it gets the name <paramref name="nameInFolder"/>.</summary>
    private protected string ResolveDestination(string path, string nameInFolder)
    {
        try
        {
            string full = FilePaths.Unresolved(this, path);
            return Directory.Exists(full) ? System.IO.Path.Combine(full, nameInFolder) : full;
        }
        catch (FilePathException exception)
        {
            ThrowTerminatingError(exception.ToErrorRecord());
            throw;
        }
    }

    /// <summary>Ends the pipeline, and says which of the two files is concerned where that can be told.</summary>
    private protected void FailToCopy(Exception exception, string source, string destination)
    {
        if (exception is not EmbedCacheException and IOException and not FileNotFoundException and not DirectoryNotFoundException && File.Exists(destination) && !Force)
        {
            ThrowTerminatingError(new ErrorRecord(
                new IOException($"The file '{destination}' is already there. Use -Force to replace it.", exception),
                "FileExists",
                ErrorCategory.ResourceExists,
                destination));
        }

        if (File.Exists(source) && !Directory.Exists(System.IO.Path.GetDirectoryName(destination)))
        {
            Fail("FolderNotFound", ErrorCategory.ObjectNotFound, $"The folder of '{destination}' does not exist. Create it first.", destination);
        }

        if (exception is UnauthorizedAccessException && exception.Message.Contains(destination))
        {
            Fail(exception, destination);
        }

        FailToOpen(exception, source);
    }
}
