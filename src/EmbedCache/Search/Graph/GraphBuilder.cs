using System.Runtime.ExceptionServices;
using EmbedCache.Numerics;
using EmbedCache.Storage;

namespace EmbedCache.Search.Graph;

/// <summary>
/// Inserts stretches of nodes with several threads. With one thread the same graph comes out on every machine; with more, one as good.
/// </summary>
internal sealed class GraphBuilder(WorkingGraph graph, CodeTable codes)
{
    private readonly GraphInserter _inserter = new(graph, codes);

    /// <summary>
    /// Inserts the nodes from <paramref name="from"/> up to <paramref name="to"/>, in order of their numbers. Asked to stop, it ends with a
    /// whole stretch that is shorter.
    /// </summary>
    /// <param name="from">First node.</param>
    /// <param name="to">Node after the last.</param>
    /// <param name="threads">How many threads, this one among them.</param>
    /// <param name="priority">What the other threads run at.</param>
    /// <param name="shouldStop">Asked between insertions, from any thread.</param>
    /// <returns>The node after the last that was inserted.</returns>
    public uint Build(uint from, uint to, int threads, ThreadPriority priority, Func<bool> shouldStop)
    {
        if (from == 0 && to > 0)
        {
            // Threads that begin together on nothing would not find each other's nodes.
            using var scratch = new BuildScratch(codes, graph.Parameters);
            _inserter.Insert(from++, scratch);
        }

        var shares = new Shares(from, to, shouldStop);
        Run(shares, threads, priority, _inserter.Insert);
        return shares.Reached;
    }

    /// <summary>
    /// Inserts, above level 0, the nodes that level 0 has already and that are not linked there yet. Asked to stop, it leaves the rest for another time: a node without links
    /// above is not met on the way down, which costs searches little.
    /// </summary>
    /// <param name="to">Node after the last.</param>
    /// <param name="threads">How many threads, this one among them.</param>
    /// <param name="priority">What the other threads run at.</param>
    /// <param name="shouldStop">Asked between insertions, from any thread.</param>
    public void BuildAbove(uint to, int threads, ThreadPriority priority, Func<bool> shouldStop)
    {
        if (graph.UpperLevels.Length == 0)
        {
            return;
        }

        UpperLevel first = graph.UpperLevels[0];
        var shares = new Shares(0, first.NodeOf(to), shouldStop);
        Run(shares, threads, priority, (node, scratch) => _inserter.InsertAbove(first.OrdinalOf(node), node, scratch));
    }

    /// <summary>Takes the nodes of holes out of level 0. Asked to stop, it leaves the rest for another time.</summary>
    /// <param name="holes">The holes, as the graph is now.</param>
    /// <param name="threads">How many threads, this one among them.</param>
    /// <param name="priority">What the other threads run at.</param>
    /// <param name="shouldStop">Asked between nodes, from any thread.</param>
    public void Mend(GraphHoles holes, int threads, ThreadPriority priority, Func<bool> shouldStop)
    {
        // First those around: they find each other through the holes.
        var around = new Shares(0, (uint)holes.Around.Length, shouldStop);
        Run(around, threads, priority, (index, scratch) => _inserter.Mend(holes.Around[index], holes, scratch));
        if (around.Reached == holes.Around.Length)
        {
            Run(new Shares(0, (uint)holes.Nodes.Length, shouldStop), threads, priority, (index, scratch) => _inserter.LeadOut(holes.Nodes[index], holes, scratch));
        }
    }

    private void Run(Shares shares, int threads, ThreadPriority priority, Action<uint, BuildScratch> insert)
    {
        FirstQueries.Pass();
        var others = new Thread[Math.Max(0, threads - 1)];
        for (int i = 0; i < others.Length; i++)
        {
            others[i] = PriorityThread.Create(() => Work(shares, insert), priority);
            others[i].Start();
        }

        Work(shares, insert);
        foreach (Thread other in others)
        {
            other.Join();
        }

        shares.Failure?.Throw();
    }

    private void Work(Shares shares, Action<uint, BuildScratch> insert)
    {
        try
        {
            using var scratch = new BuildScratch(codes, graph.Parameters);
            while (shares.TryTake(out uint node))
            {
                insert(node, scratch);
            }
        }
        catch (Exception e)
        {
            shares.Fail(e);
        }
    }

    /// <summary>Hands out nodes, one at a time and in order, so that what was handed out is a stretch whenever it stops.</summary>
    private sealed class Shares(uint from, uint to, Func<bool> shouldStop)
    {
        private const int AskEvery = 16;

        private long _next = from;
        private ExceptionDispatchInfo? _failure;
        private volatile bool _isStopped;

        public ExceptionDispatchInfo? Failure => _failure;

        public uint Reached => (uint)Math.Min(Volatile.Read(ref _next), to);

        public bool TryTake(out uint node)
        {
            node = 0;
            if (_isStopped)
            {
                return false;
            }

            long taken = Interlocked.Increment(ref _next) - 1;
            node = (uint)taken;
            if (taken % AskEvery == 0 && shouldStop())
            {
                _isStopped = true;
            }

            return taken < to;
        }

        public void Fail(Exception exception)
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null);
            _isStopped = true;
        }
    }
}
