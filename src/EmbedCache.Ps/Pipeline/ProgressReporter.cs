using System.Diagnostics;
using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>
/// Write-Progress for long work: nothing in the first second, then at most four times a second, and only on the pipeline's thread.
/// A report from another thread is dropped.
/// </summary>
internal sealed class ProgressReporter(Cmdlet cmdlet, string activity) : IProgress<double>
{
    private const int ActivityId = 0x0EDB;

    private static readonly long s_firstAfter = Stopwatch.Frequency;
    private static readonly long s_every = Stopwatch.Frequency / 4;

    private readonly int _threadId = Environment.CurrentManagedThreadId;
    private long _next = Stopwatch.GetTimestamp() + s_firstAfter;
    private bool _shown;

    /// <summary>Reports a share of work whose end is known, 0 to 1.</summary>
    public void Report(double value)
    {
        if (IsDue())
        {
            int percent = (int)(100 * Math.Min(1, Math.Max(0, value)));
            Show(new ProgressRecord(ActivityId, activity, $"{percent} %") { PercentComplete = percent });
        }
    }

    /// <summary>Reports a count when the end is not known.</summary>
    public void Report(long count, string what)
    {
        if (IsDue())
        {
            Show(new ProgressRecord(ActivityId, activity, $"{count:N0} {what}"));
        }
    }

    /// <summary>Takes the bar away, if one was shown.</summary>
    public void Complete()
    {
        if (_shown)
        {
            _shown = false;
            cmdlet.WriteProgress(new ProgressRecord(ActivityId, activity, " ") { RecordType = ProgressRecordType.Completed });
        }
    }

    private bool IsDue() => Stopwatch.GetTimestamp() >= _next && Environment.CurrentManagedThreadId == _threadId;

    private void Show(ProgressRecord record)
    {
        _next = Stopwatch.GetTimestamp() + s_every;
        _shown = true;
        cmdlet.WriteProgress(record);
    }
}
