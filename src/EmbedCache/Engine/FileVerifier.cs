using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>Verifies a file by its path, one too, that is too damaged to be opened: then frame by frame, as a repair reads it.</summary>
internal static class FileVerifier
{
    public static VerifyReport Run(string path, bool quick, IProgress<double>? progress, CancellationToken cancellationToken, EngineEnvironment environment)
    {
        try
        {
            using EmbeddingCache cache = EmbeddingCache.Open(path, new EmbeddingCacheOptions { ReadOnly = true }, environment);
            return cache.Verify(quick, progress, cancellationToken);
        }
        catch (Exception e) when (e is CorruptFileException or NotAnEdbFileException)
        {
            return Examine(path, (EmbedCacheException)e, progress, cancellationToken, environment);
        }
    }

    private static VerifyReport Examine(string path, EmbedCacheException reason, IProgress<double>? progress, CancellationToken cancellationToken, EngineEnvironment environment)
    {
        var problems = new List<VerifyProblem>();
        long recordCount = 0;
        try
        {
            // Any metric will do: nothing is written.
            RepairReport report = new Repairer(environment, new RepairOptions { Metric = Metric.Dot }, progress, cancellationToken).Run(path, destination: null);
            recordCount = report.RecordCount;
            problems.AddRange(report.Mended);
            problems.AddRange(report.Losses.Select(static loss => new VerifyProblem(loss.Offset, loss.Reason)));
        }
        catch (Exception e) when (e is CorruptFileException or NotAnEdbFileException)
        {
            // Not even that much is left: why it could not be opened is all there is to say.
        }

        long offset = reason.Offset ?? 0;
        if (!problems.Exists(problem => problem.Offset == offset))
        {
            problems.Add(new VerifyProblem(offset, reason.Summary));
        }

        problems.Sort(static (a, b) => a.Offset.CompareTo(b.Offset));
        IFileSystem fileSystem = environment.FileSystem;
        using IStoreFile file = fileSystem.Open(fileSystem.ResolveLinks(path), FileOpenMode.Read);
        return new VerifyReport(problems, frameCount: 0, recordCount, file.Length);
    }
}
