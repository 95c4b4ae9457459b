using System.Management.Automation;
using System.Management.Automation.Host;

namespace EmbedCache.PowerShell;

/// <summary>Base of all cmdlets: parameter sets, paths, stopping, errors.</summary>
public abstract class EmbedCacheCommand : PSCmdlet, IDisposable
{
    private protected const string PathSet = "Path";
    private protected const string LiteralPathSet = "LiteralPath";
    private protected const string CacheSet = "Cache";

    private readonly CancellationTokenSource _stopping = new();
    private bool _disposed;

    /// <summary>Set when the pipeline is stopped (Ctrl-C).</summary>
    private protected CancellationToken StopToken => _stopping.Token;

    private protected static CachePool Pool => CachePool.Shared;

    /// <summary>Called by PowerShell when the pipeline is over, however it ended.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            GC.SuppressFinalize(this);
            try
            {
                Dispose(true);
            }
            finally
            {
                _stopping.Dispose();
            }
        }
    }

    /// <summary>Releases what the cmdlet holds. Runs at every end: normal, thrown, broken off, stopped.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <inheritdoc/>
    protected override void StopProcessing()
    {
        try
        {
            _stopping.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The pipeline ended by itself at the same moment.
        }
    }

    /// <summary>Ends the pipeline with an error about a file.</summary>
    private protected void Fail(Exception exception, object? target) => ThrowTerminatingError(ErrorRecords.From(exception, target));

    /// <summary>Ends the pipeline with an error of the module's own.</summary>
    private protected void Fail(string id, ErrorCategory category, string message, object? target) =>
        ThrowTerminatingError(ErrorRecords.Create(id, category, message, target));

    /// <summary>Ends the pipeline since a file could not be opened, and says what to do where that is known.</summary>
    private protected void FailToOpen(Exception exception, string path) => ThrowTerminatingError(OpenError(exception, path));

    /// <summary>The error record for a file that could not be opened.</summary>
    private protected static ErrorRecord OpenError(Exception exception, string path)
    {
        // Asked after the failure, so that success costs nothing.
        if (Directory.Exists(path))
        {
            return ErrorRecords.Create("PathIsDirectory", ErrorCategory.InvalidArgument, $"'{path}' is a directory. Name an .edb file in it.", path);
        }

        return exception switch
        {
            FileNotFoundException or DirectoryNotFoundException => ErrorRecords.Create("FileNotFound", ErrorCategory.ObjectNotFound, $"There is no file '{path}'. New-EmbedCache creates one.", path),
            UnauthorizedAccessException when File.Exists(path) => new ErrorRecord(
                new UnauthorizedAccessException($"The file '{path}' cannot be opened for this: it is read-only, or its permissions do not allow it. Reading needs no write permission; Set-Embedding and Remove-Embedding do.", exception),
                "AccessDenied",
                ErrorCategory.PermissionDenied,
                path),
            _ => ErrorRecords.From(exception, path),
        };
    }

    /// <summary>Runs work on a file and turns what it throws into a terminating error. PowerShell's own exceptions pass.</summary>
    private protected T Guard<T>(object? target, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception exception) when (IsOurs(exception))
        {
            Fail(exception, target);
            throw;
        }
    }

    /// <inheritdoc cref="Guard{T}(object?, Func{T})"/>
    private protected void Guard(object? target, Action work)
    {
        try
        {
            work();
        }
        catch (Exception exception) when (IsOurs(exception))
        {
            Fail(exception, target);
        }
    }

    /// <summary>
    /// Runs the last commit of a pipeline that was cut short. If it fails, no stream is open any more and PowerShell drops what Dispose throws: the
    /// host's screen is the last place to say that records are lost.
    /// </summary>
    private protected void RunAtEnd(Action work)
    {
        try
        {
            work();
        }
        catch (Exception exception) when (IsOurs(exception))
        {
            try
            {
                Host?.UI?.WriteWarningLine(exception.Message);
            }
            catch (Exception hostless) when (hostless is HostException or NotSupportedException or InvalidOperationException)
            {
                // A host without a screen.
            }
        }
    }

    /// <summary>False for what PowerShell throws through a cmdlet to end a pipeline: that must not be dressed as an error of the file.</summary>
    private protected static bool IsOurs(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or ObjectDisposedException or HandleClosedException or NotSupportedException or OperationCanceledException or BatchFailedException or ArgumentException
        && exception is not RuntimeException;
}
