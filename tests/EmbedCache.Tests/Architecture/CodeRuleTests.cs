using System.Text.RegularExpressions;
using EmbedCache.TestSupport;
using Mono.Cecil;

namespace EmbedCache.Tests.Architecture;

/// <summary>What only few files may do: raw memory, conditional compilation, native calls. Each list is short, and a new entry is a decision.</summary>
public sealed partial class CodeRuleTests
{
    /// <summary>The door to mapped memory, and kernels.</summary>
    private static readonly string[] s_unsafeFiles =
    [
        @"^Storage/MappedSource\.cs$",
        @"^Storage/Unix/Native\.Direct\.cs$",
        @"^Numerics/VectorKernels(\.\w+)?\.cs$",
        @"^Numerics/CodeKernels(\.\w+)?\.cs$",
        @"^Numerics/Prefetch\.cs$",
        @"^Search/Graph/\w+(\.\w+)?\.cs$", // walks over addresses that sections gave, every number of a node held against their count
    ];

    /// <summary>Unchecked references: the same, and where a span is handed to the system or to a vector register.</summary>
    private static readonly string[] s_uncheckedFiles =
    [
        .. s_unsafeFiles,
        @"^Numerics/VectorNorm(\.\w+)?\.cs$",
        @"^Numerics/BoundKernels(\.\w+)?\.cs$",
        @"^Numerics/(CodePacker|ScalarQuantizer)(\.\w+)?\.cs$",
        @"^Numerics/(HadamardKernels|ProductKernels)(\.\w+)?\.cs$",
        @"^Numerics/(Float16|ScaledBytes|NibbleScan|Lanes|SortedInsertion)\.cs$",
        @"^Primitives/Crc32\.Vectorized\.cs$",
        @"^Primitives/Polyfills(\.\w+)?\.cs$",
        @"^Storage/(Unix|Windows)/\w+\.cs$",
    ];

    /// <summary>Polyfills, kernels, the lease on a mapping, which the two builds hold differently, and native calls that only one can make without marshalling.</summary>
    private static readonly string[] s_conditionalFiles =
    [
        @"^Primitives/Polyfills(\.\w+)?\.cs$",
        @"^Primitives/Crc32(\.\w+)?\.cs$",
        @"^Numerics/Vector(Kernels|Norm)(\.\w+)?\.cs$",
        @"^Numerics/(CodeKernels|CodePacker|ScalarQuantizer)(\.\w+)?\.cs$",
        @"^Numerics/(HadamardKernels|ProductKernels)(\.\w+)?\.cs$",
        @"^Numerics/(Float16|ScaledBytes|NibbleScan|SortedInsertion)\.cs$",
        @"^Numerics/Prefetch\.cs$",
        @"^Numerics/ColumnKernels\.Vectorized\.cs$",
        @"^Storage/MappedSource\.cs$",
        @"^Storage/Unix/Native\.(Direct|Marshalled)\.cs$",
        @"^EmbeddingLease\.cs$",
    ];

    private static readonly AssemblyDefinition s_engine = AssemblyDefinition.ReadAssembly(typeof(EmbeddingCache).Assembly.Location);

    [Fact]
    public void UnsafeCodeStandsInFewFiles() => AssertOnlyIn(s_unsafeFiles, UnsafeKeyword());

    [Fact]
    public void UncheckedReferencesStandInFewFiles() => AssertOnlyIn(s_uncheckedFiles, UncheckedReference());

    [Fact]
    public void ConditionalCompilationStandsInFewFiles() => AssertOnlyIn(s_conditionalFiles, ConditionalDirective());

    [Theory]
    [InlineData("unsafe { }", true)]
    [InlineData("internal sealed unsafe class A;", true)]
    [InlineData("// unsafe", false)]
    [InlineData("/* unsafe */", false)]
    [InlineData("string a = \"unsafe\";", false)]
    [InlineData("string a = @\"\"\"unsafe\";", false)]
    [InlineData("char a = '\"'; unsafe { } char b = '\"';", true)]
    [InlineData("bool isUnsafe;", false)]
    public void UnsafeIsSeenInCodeAlone(string code, bool seen)
    {
        Assert.Equal(seen, UnsafeKeyword().IsMatch(SourceFile.Parse("A.cs", code).Code));
    }

    [Fact]
    public void NativeCallsStandInStorage()
    {
        List<MethodDefinition> native = [.. Methods().Where(static method => method.IsPInvokeImpl)];
        Assert.NotEmpty(native);
        Assert.All(native, static method => Assert.Matches(@"^EmbedCache\.Storage(\.|$)", TypeReferences.Outermost(method.DeclaringType).Namespace));
    }

    /// <summary>
    /// RandomAccess.FlushToDisk and FileStream.Flush(true) swallow the errors of fsync (EIO, ENOSPC): a commit would be acknowledged that is not on
    /// the disk. Banned symbols cannot hold this in Storage, where file access is allowed.
    /// </summary>
    [Fact]
    public void NothingFlushesThroughTheBaseLibrary()
    {
        AssertNeverUsed("System.IO.RandomAccess", "FlushToDisk");
        AssertNeverUsed("System.IO.FileStream", "Flush", parameters: 1);
        AssertNeverUsed("System.IO.MemoryMappedFiles.MemoryMappedViewAccessor", "Flush");
    }

    [Fact]
    public void NothingIsLaidOverFileBytesByTheMarshaller() => AssertNeverUsed("System.Runtime.InteropServices.Marshal", "PtrToStructure");

    /// <summary>FileShare.Read does not keep a second writer out, and fcntl locks of FileStream.Lock are dropped when a sibling handle closes.</summary>
    [Fact]
    public void NothingLocksThroughTheBaseLibrary() => AssertNeverUsed("System.IO.FileStream", "Lock");

    /// <summary>No PowerShell, no package but the base library's own.</summary>
    [Fact]
    public void EngineKnowsTheBaseLibraryAlone()
    {
#if ENGINE_NETSTANDARD
        const string Allowed = @"^(netstandard|Microsoft\.Bcl\.Numerics|System\.(Buffers|Memory|Numerics\.Tensors|Numerics\.Vectors|Runtime\.CompilerServices\.Unsafe))$";
#else
        const string Allowed = @"^(Microsoft\.Win32\.Primitives|System\.(Collections(\.\w+)?|Console|Diagnostics\.\w+|IO(\.\w+)?|Linq|Memory|Numerics\.Vectors|ObjectModel|Runtime(\.\w+)*|Security\.\w+(\.\w+)?|Text\.\w+(\.\w+)?|Threading(\.\w+)?))$";
#endif
        Assert.All(s_engine.MainModule.AssemblyReferences, static reference => Assert.Matches(Allowed, reference.Name));
    }

    /// <summary>The repository's first level is a table of contents.</summary>
    [Fact]
    public void TopLevelHoldsNothingElse()
    {
        string[] allowed =
        [
            "EmbedCache.Ps.sln", "EmbedCache.psd1", "LICENSE", "README.md", "build.ps1", "module", "spec", "src", "tests",
            "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props",
            "output", // built, never committed
        ];
        IEnumerable<string> found = Directory.EnumerateFileSystemEntries(Repository.Root).Select(static path => Path.GetFileName(path)!).Where(static name => !name.StartsWith('.'));
        Assert.Empty(found.Except(allowed, StringComparer.Ordinal));
    }

    private static void AssertOnlyIn(string[] allowed, Regex pattern)
    {
        var offenders = new List<string>();
        foreach (SourceFile file in SourceFile.Engine)
        {
            if (pattern.IsMatch(file.Code) && !allowed.Any(name => Regex.IsMatch(file.RelativePath, name, RegexOptions.CultureInvariant)))
            {
                offenders.Add(file.RelativePath);
            }
        }

        Assert.True(offenders.Count == 0, $"'{pattern}' is not allowed in {string.Join(", ", offenders)}.");
        Assert.NotEmpty(SourceFile.Engine);
    }

    private static void AssertNeverUsed(string type, string member, int? parameters = null)
    {
        IEnumerable<string> users =
            from definition in s_engine.MainModule.GetTypes()
            from used in TypeReferences.MembersUsedBy(definition)
            where used.DeclaringType?.FullName == type && used.Name == member
            where parameters is null || (used is MethodReference method && method.Parameters.Count == parameters)
            select $"{definition.FullName} uses {type}.{member}";
        Assert.Empty(users);
    }

    private static IEnumerable<MethodDefinition> Methods() => s_engine.MainModule.GetTypes().SelectMany(static type => type.Methods);

    [GeneratedRegex(@"\bunsafe\b")]
    private static partial Regex UnsafeKeyword();

    [GeneratedRegex(@"\bUnsafe\.|\bMemoryMarshal\.(GetReference|GetArrayDataReference|CreateSpan|CreateReadOnlySpan|AsRef|AsMemory)\b|\bSkipLocalsInit\b")]
    private static partial Regex UncheckedReference();

    [GeneratedRegex(@"^[ \t]*#[ \t]*(if|elif|else)\b", RegexOptions.Multiline)]
    private static partial Regex ConditionalDirective();
}
