using System.Runtime.CompilerServices;

namespace EmbedCache.Primitives;

/// <summary>Options for <see cref="MethodImplAttribute"/>.</summary>
internal static class JitOptions
{
    /// <summary>
    /// Compile optimised on the first call instead of after many. For the outer loop of a kernel; what it calls must be inlined into it or carry the same mark.
    /// netstandard2.0 does not declare the value; .NET Framework, which always compiles optimised, ignores it.
    /// </summary>
    public const MethodImplOptions AggressiveOptimization = (MethodImplOptions)512;
}
