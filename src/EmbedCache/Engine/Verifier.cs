namespace EmbedCache.Engine;
internal sealed class Verifier(Snapshot snapshot, IProgress<double>? progress, CancellationToken cancellationToken) { public VerifyReport Run() => throw new NotSupportedException(snapshot.ToString() + progress + cancellationToken); }
