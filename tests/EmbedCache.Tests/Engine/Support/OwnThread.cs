namespace EmbedCache.Tests.Engine;

/// <summary>
/// Runs a busy loop on a thread of its own. On the pool a few of them would take every thread, and with all processors busy the pool adds none: the
/// timer that is to end them would never fire.
/// </summary>
internal static class OwnThread
{
    public static Task Run(Action action) => Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public static Task<T> Run<T>(Func<T> function) => Task.Factory.StartNew(function, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
