using System.Management.Automation;
using PowerShellEngine = System.Management.Automation.PowerShell;

namespace EmbedCache.PowerShellHost;

/// <summary>What one run of a script left behind.</summary>
internal sealed class SessionResult
{
    private SessionResult(IReadOnlyList<PSObject> output, ErrorRecord? terminatingError, PSDataStreams streams)
    {
        Output = output;
        TerminatingError = terminatingError;
        Errors = [.. streams.Error];
        Warnings = [.. streams.Warning.Select(static record => record.Message)];
        Verbose = [.. streams.Verbose.Select(static record => record.Message)];
        Information = [.. streams.Information.Select(static record => record.MessageData?.ToString() ?? string.Empty)];
        Progress = [.. streams.Progress];
    }

    /// <summary>Objects written to the pipeline, also those before a terminating error.</summary>
    public IReadOnlyList<PSObject> Output { get; }

    /// <summary>The error that ended the script, or null.</summary>
    public ErrorRecord? TerminatingError { get; }

    /// <summary>Non-terminating errors, in order.</summary>
    public IReadOnlyList<ErrorRecord> Errors { get; }

    public IReadOnlyList<string> Warnings { get; }

    public IReadOnlyList<string> Verbose { get; }

    public IReadOnlyList<string> Information { get; }

    public IReadOnlyList<ProgressRecord> Progress { get; }

    /// <summary>Output without PowerShell's wrapping.</summary>
    public IEnumerable<object?> Values => Output.Select(static item => item?.BaseObject);

    /// <summary>Runs a pipeline to its end.</summary>
    public static SessionResult Run(PowerShellEngine shell)
    {
        var output = new PSDataCollection<PSObject>();
        ErrorRecord? terminatingError = null;
        try
        {
            shell.Invoke(null, output);
        }
        catch (RuntimeException error)
        {
            terminatingError = error.ErrorRecord;
        }

        return new SessionResult([.. output], terminatingError, shell.Streams);
    }

    /// <summary>This result, when nothing went wrong; otherwise throws what did, so that a test fails with the script's own words.</summary>
    public SessionResult OrThrow()
    {
        ErrorRecord? error = TerminatingError ?? Errors.FirstOrDefault();
        return error is null ? this : throw new InvalidOperationException($"{error.FullyQualifiedErrorId}: {error}{Environment.NewLine}{error.ScriptStackTrace}", error.Exception);
    }
}
