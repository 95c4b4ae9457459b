using System.Reflection;
using System.Runtime.InteropServices;
using LightningDB;

namespace EmbedCache.Benchmarks.Peers;

/// <summary>
/// Finds LMDB's native library. The one in the LightningDB package asks for a recent C library (glibc 2.38); on older systems the one
/// that the system itself offers is taken instead (Debian: liblmdb0). What is used is named in the results.
/// </summary>
internal static class LmdbLibrary
{
    private static readonly string[] SystemNames = ["liblmdb.so.0", "liblmdb.so", "liblmdb.dylib", "lmdb.dll"];
    private static readonly Lazy<nint> Handle = new(Load);

    /// <summary>Why LMDB cannot take part, or null when it can.</summary>
    public static string? WhyAbsent()
        => Handle.Value == 0 ? "LMDB's native library does not load on this system, and the system has none (Debian: liblmdb0)" : null;

    /// <summary>Must be called before the first use of LightningDB in a process.</summary>
    public static void Use() => _ = Handle.Value;

    /// <summary>Version of the library in use, "0.9.24" for instance.</summary>
    public static unsafe string Version()
    {
        int major, minor, patch;
        ((delegate* unmanaged<int*, int*, int*, nint>)NativeLibrary.GetExport(Handle.Value, "mdb_version"))(&major, &minor, &patch);
        return $"{major}.{minor}.{patch}";
    }

    private static nint Load()
    {
        Assembly assembly = typeof(LightningEnvironment).Assembly;
        if (!NativeLibrary.TryLoad("lmdb", assembly, null, out nint handle))
        {
            _ = SystemNames.Any(name => NativeLibrary.TryLoad(name, out handle));
        }

        NativeLibrary.SetDllImportResolver(assembly, (name, _, _) => name == "lmdb" ? handle : 0);
        return handle;
    }
}
