namespace EmbedCache.Search.Graph;

/// <summary>
/// A lock for each row that is being changed, shared by rows far apart. Held for microseconds, and never two at a time by one thread.
/// </summary>
internal sealed class NodeLocks
{
    private const int Count = 1 << 14;

    private readonly int[] _held = new int[Count];

    public void Enter(int level, uint node)
    {
        ref int held = ref _held[IndexOf(level, node)];
        var spin = default(SpinWait);
        while (Interlocked.CompareExchange(ref held, 1, 0) != 0)
        {
            spin.SpinOnce();
        }
    }

    public void Exit(int level, uint node) => Volatile.Write(ref _held[IndexOf(level, node)], 0);

    private static int IndexOf(int level, uint node) => (int)((node + ((uint)level * 0x9E37u)) & (Count - 1));
}
