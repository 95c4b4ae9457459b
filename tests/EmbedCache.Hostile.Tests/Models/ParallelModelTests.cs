using CsCheck;
using EmbedCache.Tests.Engine;
using Xunit.Abstractions;

namespace EmbedCache.Hostile.Tests.Models;

/// <summary>
/// Proves that threads may share a handle, and handles a file: whatever several threads did at once, there is an order of their operations that
/// gives the same content. Each run is held against all orders, each in a store of its own; what it leaves must verify, in memory and opened anew.
/// </summary>
public sealed class ParallelModelTests(ITestOutputHelper output)
{
    private static readonly Gen<int> s_key = Gen.Int[0, 3];

    [Fact]
    public void ThreadsOnOneHandleActAsInSomeOrder() => Sample(handles: 1);

    [Fact]
    public void ThreadsOnHandlesOfTheirOwnActAsInSomeOrder() => Sample(handles: 3);

    private void Sample(int handles)
    {
        int iterations = LongRun.IsLimited ? -1 : LongRun.Scale(400, 20_000);
        Check.SampleParallel(
            Gen.Const(0).Select(_ => new SharedStore(handles)),
            [
                Gen.Select(s_key, Gen.Int[1, 9]).Operation<SharedStore>(static args => $"Set({args.Item1}, {args.Item2})", static (store, args) => store.Next().Set(Name(args.Item1), [args.Item2, 1])),
                s_key.Operation<SharedStore>(static key => $"Remove({key})", static (store, key) => store.Next().Remove(Name(key))),
                Gen.Select(s_key, Gen.Int[1, 9]).Operation<SharedStore>(static args => $"Touch({args.Item1}, {args.Item2})", static (store, args) => store.Next().Touch(Name(args.Item1), null, EmbeddingMetadata.Empty.With("n", (long)args.Item2))),
                Gen.Int[1, 9].Operation<SharedStore>(static value => $"SetAll({value})", static (store, value) => store.Next().Set(Enumerable.Range(0, 4).Select(key => new EmbeddingEntry(Name(key), new float[] { value, 2 })))),
                s_key.Operation<SharedStore>(static key => $"Increment({key})", static (store, key) => store.Increment(Name(key))),
                Gen.Const(0).Operation<SharedStore>(static _ => "Checkpoint", static (store, _) => store.Next().Checkpoint()),
                Gen.Const(0).Operation<SharedStore>(static _ => "Compact", static (store, _) => store.Next().Compact()),
                Gen.Const(0).Operation<SharedStore>(static _ => "Read", static (store, _) => store.ReadAll()),
            ],
            equal: static (a, b) => a.Content() == b.Content(),
            maxSequentialOperations: 4,
            maxParallelOperations: 5,
            iter: iterations,
            time: LongRun.IsLimited ? LongRun.Seconds : -1,
            threads: 3,
            print: static store => store.Content(),
            writeLine: output.WriteLine);
    }

    private static string Name(int key) => $"key {key}";

    /// <summary>A file with some handles, which take turns.</summary>
    private sealed class SharedStore
    {
        private readonly TestStore _store = new(new MemoryFileSystem());
        private readonly EmbeddingCache[] _handles;
        private int _turn;

        public SharedStore(int handles)
        {
            _store.Create().Dispose();
            _handles = [.. Enumerable.Range(0, handles).Select(_ => _store.Open())];
        }

        public EmbeddingCache Next() => _handles[(int)((uint)Interlocked.Increment(ref _turn) % _handles.Length)];

        /// <summary>Reads and writes in one transaction: two of them at once must count twice.</summary>
        public void Increment(string key)
        {
            using EmbeddingTransaction transaction = Next().BeginTransaction();
            float value = transaction.Get(key)?.Vector.Span[0] ?? 0;
            transaction.Set(key, [value + 1, 3]);
            transaction.Commit();
        }

        /// <summary>Reads in every way; a transaction that sets all keys is seen whole.</summary>
        public void ReadAll()
        {
            EmbeddingCache cache = Next();
            Embedding[] all = [.. cache.Enumerate()];
            Embedding[] found = [.. cache.FindSimilar([1, 1], 10).Select(static hit => hit.Embedding)];
            if (all.Select(static record => record.Key).Distinct().Count() != all.Length || found.Length > 4)
            {
                throw new InvalidOperationException("A key came twice");
            }

            cache.Get("key 0");
            cache.GetInfo(countExpired: true);
        }

        public string Content()
        {
            string[] contents =
            [
                .. _handles.Select(static handle => string.Join("; ", StoreContent.Of(handle).Select(static pair => $"{pair.Key} {pair.Value}"))).Distinct(),
            ];
            StoreContent.AssertValid(_handles[0]);
            using EmbeddingCache opened = _store.Open(readOnly: true);
            StoreContent.AssertValid(opened);
            return Assert.Single(contents);
        }
    }
}
