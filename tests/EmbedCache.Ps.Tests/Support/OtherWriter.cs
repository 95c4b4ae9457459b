namespace EmbedCache.Ps.Tests;

/// <summary>Another process that holds a file's writer lock until disposed.</summary>
internal sealed class OtherWriter : IDisposable
{
    /// <summary>0x4000_0000_0000_0000: the byte that a writer locks.</summary>
    private const string WriterLockByte = "4611686018427387904";

    private readonly ChildProcess _child;

    public OtherWriter(string path)
    {
        _child = ChildProcess.StartManaged("EmbedCache.Tests.Child", "hold-lock", path, WriterLockByte, "600000");
        DateTime deadline = DateTime.UtcNow.AddSeconds(30);
        while (!_child.Output.Contains("locked", StringComparison.Ordinal))
        {
            if (_child.HasExited || DateTime.UtcNow > deadline)
            {
                throw new InvalidOperationException($"The other writer did not take the lock: {_child.Output} {_child.Errors}");
            }

            Thread.Sleep(10);
        }
    }

    public void Dispose() => _child.Dispose();
}
