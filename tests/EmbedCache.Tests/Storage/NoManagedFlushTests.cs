using Mono.Cecil;
using Mono.Cecil.Cil;

namespace EmbedCache.Tests.Storage;

/// <summary>
/// FileStream.Flush and RandomAccess.FlushToDisk swallow fsync errors on Unix (measured: EIO and ENOSPC). Reads the engine's compiled
/// code, so that no way of writing the call escapes it.
/// </summary>
public sealed class NoManagedFlushTests
{
    [Fact]
    public void EngineCallsNoManagedFlush()
    {
        using ModuleDefinition engine = ModuleDefinition.ReadModule(typeof(EmbeddingCache).Assembly.Location);
        Assert.Empty(FlushesIn(engine.GetTypes().SelectMany(type => type.Methods)));
    }

    /// <summary>The search finds what it looks for.</summary>
    [Fact]
    public void SearchFindsManagedFlushes()
    {
        using ModuleDefinition tests = ModuleDefinition.ReadModule(typeof(NoManagedFlushTests).Assembly.Location);
        IEnumerable<MethodDefinition> bait = tests.GetType(typeof(Bait).FullName!.Replace('+', '/')).Methods;
        Assert.Equal(3, FlushesIn(bait).Count);
    }

    private static List<string> FlushesIn(IEnumerable<MethodDefinition> methods) =>
    [
        .. from method in methods
           where method.HasBody
           from instruction in method.Body.Instructions
           where instruction.OpCode.Code is Code.Call or Code.Callvirt or Code.Ldftn or Code.Ldvirtftn
           let called = (MethodReference)instruction.Operand
           where called.DeclaringType.FullName is "System.IO.FileStream" or "System.IO.RandomAccess" or "System.IO.Stream"
           where called.Name.StartsWith("Flush", StringComparison.Ordinal)
           select $"{method.FullName} calls {called.FullName}",
    ];

    private static class Bait
    {
        public static void FlushStream(FileStream stream) => stream.Flush(true);

        public static void FlushBase(Stream stream) => stream.Flush();

        public static Action<Microsoft.Win32.SafeHandles.SafeFileHandle> FlushHandle() => RandomAccess.FlushToDisk;
    }
}
