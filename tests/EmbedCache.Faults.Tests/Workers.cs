namespace EmbedCache.Faults;

/// <summary>Threads of their own, one a processor: the pool is left to the engine.</summary>
internal static class Workers
{
    public static void Run(Action work)
    {
        Thread[] threads = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() => work()))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }
    }
}
