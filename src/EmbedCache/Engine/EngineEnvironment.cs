using System.Security.Cryptography;
using EmbedCache.Format;
using EmbedCache.Primitives;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>
/// What the engine takes from the world around it: clock, identity, salt, file system. With these injected, the same calls write the same
/// bytes on every machine, which the golden files rest on.
/// </summary>
internal sealed class EngineEnvironment
{
    /// <summary>The real world.</summary>
    public static EngineEnvironment Default { get; } = new();

    /// <summary>The time, Unix milliseconds.</summary>
    public Func<long> UnixMilliseconds { get; init; } = SystemClock.UnixMilliseconds;

    /// <summary>A new store's identity.</summary>
    public Func<Guid> NewStoreId { get; init; } = Guid.NewGuid;

    /// <summary>A new store's salt: 16 unpredictable bytes, so that nobody can choose texts that collide.</summary>
    public Func<byte[]> NewSalt { get; init; } = CreateSalt;

    /// <summary>This run of this machine; 0 where that cannot be known.</summary>
    public Func<ulong> Boot { get; init; } = BootIdentity.Current;

    /// <summary>From how many ordinals on a checkpoint writes codes: for fewer a scan of the floats is as fast. Tests lower it.</summary>
    public long CodesThreshold { get; init; } = 1024;

    /// <summary>From how many codes on a graph is built: fewer are scanned as fast. Tests lower it.</summary>
    public long GraphThreshold { get; init; } = 8192;

    /// <summary>Threads that build it. With one the same bytes come out every time, which golden files rest on.</summary>
    public int GraphThreads { get; init; } = System.Environment.ProcessorCount;

    /// <summary>Makes the thread that builds the graph behind the writer's back; it is started by who asked for it. Tests count them.</summary>
    public Func<ThreadStart, Thread> NewBackgroundThread { get; init; } = CreateBackgroundThread;

    /// <summary>Where files are.</summary>
    public IFileSystem FileSystem { get; init; } = PlatformFileSystem.Instance;

    /// <summary>From which sizes on the engine indexes, writes early and releases.</summary>
    public EngineLimits Limits { get; init; } = EngineLimits.Default;

    /// <summary>How often an open file looks whether its path still leads to it, at most.</summary>
    public int PathLookMilliseconds { get; init; } = 1000;

    private static Thread CreateBackgroundThread(ThreadStart work) => PriorityThread.Create(work, ThreadPriority.BelowNormal);

    private static byte[] CreateSalt()
    {
        byte[] salt = new byte[FormatConstants.SaltByteLength];
        using RandomNumberGenerator random = RandomNumberGenerator.Create();
        random.GetBytes(salt);
        return salt;
    }
}
