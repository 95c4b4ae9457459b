using EmbedCache.Engine;
using EmbedCache.Primitives;

namespace EmbedCache;

/// <content>Looking after the file.</content>
public sealed partial class EmbeddingCache
{
    /// <summary>Brings the file into its best shape. Readers, here and in other processes, go on meanwhile, and over to the new file at their next look.</summary>
    /// <param name="options">What to do.</param>
    /// <param name="progress">Told how far it is, on the calling thread; or null.</param>
    /// <param name="token">Ends it between two records; the file is then as it was.</param>
    /// <exception cref="FileBusyException">Another writer held the file until the busy timeout ran out, or the system refused the swap.</exception>
    /// <exception cref="FileNotFoundException">The file was moved, removed or replaced meanwhile: what stands at its path now was not touched.</exception>
    /// <exception cref="DeviceFailedException">The device or file system failed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public OptimizeReport Optimize(OptimizeOptions options, IProgress<OptimizeProgress>? progress, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new Optimizer(_store, options, progress, token).Run();
    }

    /// <summary>Tells a listener to fractions.</summary>
    private sealed class FractionOf(IProgress<double> progress) : IProgress<OptimizeProgress>
    {
        public void Report(OptimizeProgress value) => progress.Report(value.Fraction);
    }
}
