using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Workloads;

/// <summary>Bytes on disk: per record, and per record of index.</summary>
internal sealed class SizeWorkload : IWorkload
{
    private const double MaxKeyIndexBytes = 16;
    private const double MaxOtherIndexBytes = 9;
    private const double MaxSizeRatio = 1.03;

    public string Name => "size";

    public string Summary => "bytes per record, and index bytes per record";

    public void Run(BenchmarkContext context)
    {
        int dimension = context.Dimension(1536);
        foreach (int count in context.Counts(10_000, 100_000))
        {
            Measure(context, count, dimension, hasBar: dimension == 1536);
        }

        if (context.Options.Count is null && context.Options.Dimension is null)
        {
            Measure(context, 1_000_000, 128, hasBar: false);
        }
    }

    private void Measure(BenchmarkContext context, int count, int dimension, bool hasBar)
    {
        long rawBytes = (long)count * ((dimension * sizeof(float)) + Samples.Key(0).Length);
        foreach (StoreKind kind in context.Select(StoreKinds.Edb, StoreKinds.RawLog with { Suffixes = [".log"] }, StoreKinds.Lmdb, StoreKinds.Sqlite4K, StoreKinds.Sqlite16K))
        {
            string path = context.Store(kind, count, dimension);
            context.Report.Value(kind.System, Name, count, dimension, "file length per record", (double)kind.FileBytes(path) / count, "bytes");
            if (Posix.IsSupported)
            {
                context.Report.Value(kind.System, Name, count, dimension, "disk blocks per record", (double)kind.AllocatedBytes(path) / count, "bytes");
            }
        }

        if (!context.HasOurs)
        {
            return;
        }

        string ours = context.Store(StoreKinds.Edb, count, dimension);
        if (hasBar)
        {
            long length = StoreKinds.Edb.FileBytes(ours);
            context.Report.AtMost(MaxSizeRatio, Name, count, dimension, "file length / raw floats and keys", (double)length / rawBytes);
            if (Posix.IsSupported)
            {
                context.Report.AtMost(MaxSizeRatio, Name, count, dimension, "disk blocks / raw floats and keys", (double)StoreKinds.Edb.AllocatedBytes(ours) / rawBytes);
            }
        }

        // The CRC tables (4 bytes for each 4 KiB) and frame headers come to a thousandth: the entries are what the bar counts.
        EdbSections sections = EdbSections.Read(EdbStore.PathOf(ours));
        context.Report.AtMost(MaxKeyIndexBytes, Name, count, dimension, "key index entries per record", (double)sections.KeyEntryBytes / count, "bytes");
        context.Report.AtMost(MaxOtherIndexBytes, Name, count, dimension, "ordinal and live entries per record", (double)sections.OtherEntryBytes / count, "bytes");
        context.Report.Value(StoreKinds.Ours, Name, count, dimension, "index frames in use per record", (double)sections.FrameBytes / count, "bytes");
        context.Report.Value(StoreKinds.Ours, Name, count, dimension, "retired index frames per record, holes included", (double)sections.RetiredFrameBytes / count, "bytes");
    }
}
