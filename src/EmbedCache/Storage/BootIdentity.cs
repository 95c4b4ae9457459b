using System.Buffers.Binary;

namespace EmbedCache.Storage;

/// <summary>
/// Which run of which machine this is. A killed process loses nothing that it wrote, a machine that goes down may: what was published in the
/// same run needs no second look.
/// </summary>
internal static class BootIdentity
{
    private const string LinuxPath = "/proc/sys/kernel/random/boot_id";

    private static readonly Lazy<ulong> Known = new(Read);

    /// <summary>A number of this run, or 0 where the system does not tell.</summary>
    public static ulong Current() => Known.Value;

    private static ulong Read()
    {
        try
        {
            if (!File.Exists(LinuxPath) || !Guid.TryParse(File.ReadAllText(LinuxPath), out Guid id))
            {
                return 0;
            }

            byte[] bytes = id.ToByteArray();
            return BinaryPrimitives.ReadUInt64LittleEndian(bytes) ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(sizeof(ulong)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
