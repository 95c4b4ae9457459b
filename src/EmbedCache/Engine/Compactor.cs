namespace EmbedCache.Engine;
internal sealed class Compactor(Store store, IProgress<double>? progress, CancellationToken cancellationToken) { public void Run() => throw new NotSupportedException(store.ToString() + progress + cancellationToken); }
