using EmbedCache.Storage.Unix;

namespace EmbedCache.Storage;

/// <summary>
/// Threads whose priority counts on Linux too, where the runtime's means nothing: builders on every processor would take half of the time of an insert or a search
/// beside them.
/// </summary>
internal static class PriorityThread
{
    /// <summary>A tenth of what a thread of usual priority gets where both want one processor, and all of one that is idle.</summary>
    private const int Nice = 10;

    /// <summary>Creates a thread; not started.</summary>
    /// <param name="work">What it does.</param>
    /// <param name="priority">Below normal: gives way to others.</param>
    public static Thread Create(ThreadStart work, ThreadPriority priority) => new(() =>
    {
        if (priority < ThreadPriority.Normal && UnixPlatform.IsLinux)
        {
            // Of this thread alone. Where it is refused, the thread competes.
            _ = Native.SetPriority(Native.PRIO_PROCESS, 0, Nice);
        }

        work();
    })
    {
        IsBackground = true,
        Name = "EmbedCache graph",
        Priority = priority,
    };
}
