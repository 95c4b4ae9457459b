using System.Runtime.ExceptionServices;
using EmbedCache.Tests.Engine;

namespace EmbedCache.Hostile.Tests;

/// <summary>Shares numbered work out over one thread a processor.</summary>
internal static class Parts
{
    private const int Share = 64;

    /// <summary>Runs <paramref name="work"/> for each number below <paramref name="count"/>; the first failure ends it and is thrown.</summary>
    public static void Run(long count, Action<long> work) => Run(count, static () => true, (_, number) => work(number));

    /// <summary>The same, with something that each thread makes for itself and goes on with.</summary>
    public static void Run<T>(long count, Func<T> make, Action<T, long> work)
    {
        long next = 0;
        ExceptionDispatchInfo? failure = null;
        Task[] parts = [.. Enumerable.Range(0, Math.Min(4, Environment.ProcessorCount)).Select(_ => OwnThread.Run(() =>
        {
            try
            {
                T own = make();
                while (Volatile.Read(ref failure) is null && Interlocked.Add(ref next, Share) - Share is long from && from < count)
                {
                    for (long number = from; number < Math.Min(from + Share, count); number++)
                    {
                        work(own, number);
                    }
                }
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(e), null);
            }
        }))];
        Task.WaitAll(parts);
        failure?.Throw();
    }
}
