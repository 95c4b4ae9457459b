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
    /// <exception cref="ArgumentException">The options ask for what there is not.</exception>
    /// <exception cref="CompressionException">There are too few vectors to learn a codebook from. The file is as it was.</exception>
    /// <exception cref="FileNotFoundException">The file was moved, removed or replaced meanwhile: what stands at its path now was not touched.</exception>
    /// <exception cref="DeviceFailedException">The device or file system failed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public OptimizeReport Optimize(OptimizeOptions options, IProgress<OptimizeProgress>? progress, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new Optimizer(_store, options, progress, token).Run();
    }

    /// <summary>
    /// Salvages every record whose CRCs hold out of a damaged file into a new one: past a damaged header, damaged slots, a damaged catalog or damage in the
    /// middle. The damaged file is only read.
    /// </summary>
    /// <param name="path">The damaged file.</param>
    /// <param name="destination">The new file; null only examines the damaged one and tells what would be lost.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="progress">Told how far it is, 0 to 1; or null.</param>
    /// <param name="cancellationToken">Ends it; nothing is left at the destination then.</param>
    /// <exception cref="FileNotFoundException">No file there.</exception>
    /// <exception cref="NotAnEdbFileException">Neither the signature nor a single record of an .edb file is there.</exception>
    /// <exception cref="UnsupportedVersionException">Written by a newer version.</exception>
    /// <exception cref="CorruptFileException">Not even the parameters of the file can be told.</exception>
    /// <exception cref="ArgumentException">The destination is the damaged file, or the file of <see cref="RepairOptions.ParametersFrom"/> is of another store.</exception>
    /// <exception cref="IOException">A file is at the destination and <see cref="RepairOptions.Overwrite"/> is false.</exception>
    /// <exception cref="DeviceFailedException">The device or file system failed.</exception>
    public static RepairReport Repair(string path, string? destination, RepairOptions? options = null, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
        => Repair(path, destination, options, progress, cancellationToken, EngineEnvironment.Default);

    internal static RepairReport Repair(string path, string? destination, RepairOptions? options, IProgress<double>? progress, CancellationToken cancellationToken, EngineEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(path);
        return new Repairer(environment, options ?? new RepairOptions(), progress, cancellationToken).Run(path, destination);
    }

    /// <summary>Checks every byte that is promised: all frames, CRCs, chains, sections against records. Reports every problem.</summary>
    /// <param name="quick">
    /// Without CRCs, which reads the headers of the frames alone: slots, catalog, the lengths and order of the frames, their counts. Finds a file that was cut, mixed
    /// up or overwritten, not a flipped bit.
    /// </param>
    /// <param name="progress">Told how far it is, 0 to 1; or null.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public VerifyReport Verify(bool quick = false, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
        => Read(snapshot => new Verifier(snapshot, quick, progress, cancellationToken).Run());

    /// <summary>Checks a file by its path, also one that is too damaged to be opened, and reports every problem.</summary>
    /// <param name="path">The file; it is only read.</param>
    /// <param name="quick">As for <see cref="Verify(bool, IProgress{double}?, CancellationToken)"/>.</param>
    /// <param name="progress">Told how far it is, 0 to 1; or null.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FileNotFoundException">No file there.</exception>
    /// <exception cref="UnsupportedVersionException">Written by a newer version.</exception>
    /// <exception cref="DeviceFailedException">The device or file system failed.</exception>
    public static VerifyReport VerifyFile(string path, bool quick = false, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
        => VerifyFile(path, quick, progress, cancellationToken, EngineEnvironment.Default);

    internal static VerifyReport VerifyFile(string path, bool quick, IProgress<double>? progress, CancellationToken cancellationToken, EngineEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(path);
        return FileVerifier.Run(path, quick, progress, cancellationToken, environment);
    }

    /// <summary>Copies the file as of its newest commit to another place while others read and write it. The copy is durable when it appears there, whole or not at all.</summary>
    /// <param name="destination">The copy; may be on another file system. It gets the mode of the file and, where the system allows it, its owner.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="progress">Told how far it is, 0 to 1; or null.</param>
    /// <param name="cancellationToken">Ends it; nothing is left at the destination then.</param>
    /// <exception cref="IOException">A file is at the destination and <see cref="BackupOptions.Overwrite"/> is false.</exception>
    /// <exception cref="ArgumentException">The destination is the file itself.</exception>
    /// <exception cref="CorruptFileException">The copy was verified and is damaged, as the file then is.</exception>
    /// <exception cref="DeviceFailedException">A device or file system failed.</exception>
    public BackupReport BackupTo(string destination, BackupOptions? options = null, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        return new BackupWriter(_store, options ?? new BackupOptions(), progress, cancellationToken).Run(destination);
    }

    /// <summary>Tells a listener to fractions.</summary>
    private sealed class FractionOf(IProgress<double> progress) : IProgress<OptimizeProgress>
    {
        public void Report(OptimizeProgress value) => progress.Report(value.Fraction);
    }
}
