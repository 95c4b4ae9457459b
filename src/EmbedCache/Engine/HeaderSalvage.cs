using System.Buffers.Binary;
using EmbedCache.Format;
using EmbedCache.Primitives;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>
/// Finds the parameters of a file whose header is damaged. In this order: fields that are the same in every file are put right; what the frames
/// tell is taken over; one or two flipped bits or one wrong byte are searched for until the header's CRC holds (that CRC also stands in the chain of
/// the log's first frame); a sound file of the same store tells the rest; and the metric, which no frame knows, may be named by the caller.
/// </summary>
internal sealed class HeaderSalvage(IStoreFile file, RepairOptions options, EngineEnvironment environment, CancellationToken cancellationToken)
{
    private const int BitsPerByte = 8;

    /// <summary>Offsets of the fields that differ from file to file.</summary>
    private static readonly int[] s_variable =
    [
        .. Range(FileHeader.VersionMinorOffset, sizeof(ushort)),
        .. Range(FileHeader.DimensionOffset, sizeof(uint)),
        FileHeader.MetricOffset,
        FileHeader.KeyStorageOffset,
        .. Range(FileHeader.StoreIdOffset, FileHeader.StoreIdByteLength),
        .. Range(FileHeader.GenerationOffset, sizeof(uint)),
        .. Range(FileHeader.SaltOffset, FileSalt.ByteLength),
        .. Range(FileHeader.CreatedOffset, sizeof(ulong)),
    ];

    /// <exception cref="UnsupportedVersionException">The header is sound, and of a version that this build does not read.</exception>
    /// <exception cref="CorruptFileException">Too little is left: no whole record, or no way to tell the metric.</exception>
    public SalvagedHeader Run()
    {
        byte[] bytes = new byte[FileHeader.ByteLength];
        int read = file.ReadAt(0, bytes);
        if (read == bytes.Length && StoredCrc(bytes) == Crc32.Compute(bytes.AsSpan(0, FileHeader.CrcOffset)))
        {
            FileHeader sound = FileHeader.Read(bytes, file.Path, Math.Max(file.Length, FormatConstants.LogOffset));
            return new SalvagedHeader(sound, FrameSeal.SaltShare(sound.Salt), IsRebuilt: false, IsSaltKnown: true, string.Empty);
        }

        FrameEvidence evidence = FrameEvidence.Gather(file, file.Length, cancellationToken);
        if (!evidence.IsFound)
        {
            throw bytes.AsSpan(0, FileHeader.MagicByteLength).SequenceEqual(FormatConstants.Magic)
                ? new CorruptFileException("The file's header is damaged, and no whole record stands behind it: nothing can be salvaged", file.Path, 0)
                : new NotAnEdbFileException("The file is not an .edb file: neither its signature nor a single record is there", file.Path, 0);
        }

        return TryCorrect(bytes, evidence) is { } corrected
            ? new SalvagedHeader(corrected, evidence.SaltShare, IsRebuilt: true, FrameSeal.SaltShare(corrected.Salt) == evidence.SaltShare, "it could be corrected until its CRC held")
            : Assemble(bytes, evidence);
    }

    private static IEnumerable<int> Range(int offset, int byteLength) => Enumerable.Range(offset, byteLength);

    private static uint StoredCrc(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(FileHeader.CrcOffset));

    /// <summary>The header that differs from what is there in as little as the CRC allows; null where that is too much.</summary>
    private FileHeader? TryCorrect(byte[] damaged, FrameEvidence evidence)
    {
        byte[] bytes = new byte[FileHeader.ByteLength];
        new FileHeader { Dimension = evidence.Dimension, KeyStorage = evidence.KeyStorage, ElementType = ElementType.Float32 }.Write(bytes);
        foreach (int offset in s_variable)
        {
            if (offset is not FileHeader.KeyStorageOffset and (< FileHeader.DimensionOffset or >= FileHeader.DimensionOffset + sizeof(uint)))
            {
                bytes[offset] = damaged[offset];
            }
        }

        foreach (uint wanted in new[] { evidence.HeaderCrc ?? StoredCrc(damaged), StoredCrc(damaged) })
        {
            byte[] candidate = (byte[])bytes.Clone();
            if (Correct(candidate, wanted))
            {
                BinaryPrimitives.WriteUInt32LittleEndian(candidate.AsSpan(FileHeader.CrcOffset), wanted);
                if (TryParse(candidate) is { } header)
                {
                    return header;
                }
            }
        }

        return null;
    }

    /// <summary>
    /// Changes at most one byte, or two bits, of the variable fields so that the CRC comes out as wanted. Each change leaves its own mark on the CRC
    /// whatever else there is, so marks are compared, not headers.
    /// </summary>
    private static bool Correct(byte[] bytes, uint wanted)
    {
        uint difference = Crc32.Compute(bytes.AsSpan(0, FileHeader.CrcOffset)) ^ wanted;
        if (difference == 0)
        {
            return true;
        }

        byte[] blank = new byte[FileHeader.CrcOffset];
        uint nothing = Crc32.Compute(blank);
        var marks = new Dictionary<uint, int>();
        foreach (int offset in s_variable)
        {
            for (int bit = 0; bit < BitsPerByte; bit++)
            {
                blank[offset] = (byte)(1 << bit);
                marks[Crc32.Compute(blank) ^ nothing] = (offset * BitsPerByte) + bit;
            }

            for (int value = 1; value <= byte.MaxValue; value++)
            {
                blank[offset] = (byte)value;
                if ((Crc32.Compute(blank) ^ nothing) == difference)
                {
                    bytes[offset] ^= (byte)value;
                    return true;
                }
            }

            blank[offset] = 0;
        }

        foreach (KeyValuePair<uint, int> mark in marks)
        {
            if (marks.TryGetValue(mark.Key ^ difference, out int other))
            {
                Flip(bytes, mark.Value);
                Flip(bytes, other);
                return true;
            }
        }

        return false;
    }

    private static void Flip(byte[] bytes, int bit) => bytes[bit / BitsPerByte] ^= (byte)(1 << (bit % BitsPerByte));

    private FileHeader? TryParse(byte[] bytes)
    {
        try
        {
            return FileHeader.Read(bytes, file.Path, Math.Max(file.Length, FormatConstants.LogOffset));
        }
        catch (EmbedCacheException)
        {
            return null;
        }
    }

    /// <summary>No CRC proves the header any more: each parameter from where it can be had.</summary>
    private SalvagedHeader Assemble(byte[] bytes, FrameEvidence evidence)
    {
        FileHeader? other = options.ParametersFrom is { } path ? ReadOther(path, evidence) : null;
        FileSalt own = FileSalt.Read(bytes.AsSpan(FileHeader.SaltOffset));
        bool isOwnSaltSound = FrameSeal.SaltShare(own) == evidence.SaltShare;
        FileSalt? salt = isOwnSaltSound ? own : other?.Salt;
        var metric = (Metric)bytes[FileHeader.MetricOffset];
        bool isMetricPlausible = metric is Metric.Cosine or Metric.Dot or Metric.L2;
        Metric? known = other?.Metric ?? options.Metric ?? (isMetricPlausible ? metric : null);
        if (known is null)
        {
            throw new CorruptFileException("The header is damaged beyond correction, and nothing tells the metric. Name it, or a sound file of the same store, as a backup is", file.Path, FileHeader.MetricOffset);
        }

        long created = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(FileHeader.CreatedOffset));
        var header = new FileHeader
        {
            Dimension = evidence.Dimension,
            ElementType = ElementType.Float32,
            Metric = known.Value,
            KeyStorage = evidence.KeyStorage,
            StoreId = other?.StoreId ?? environment.NewStoreId(),
            Generation = other?.Generation ?? 1,
            Salt = salt ?? FileSalt.Read(environment.NewSalt()),
            Created = other?.Created ?? (UnixTime.IsValid(created) ? created : environment.UnixMilliseconds()),
        };
        return new SalvagedHeader(header, evidence.SaltShare, IsRebuilt: true, salt is not null, Describe(other, salt is not null, isMetricPlausible));
    }

    private string Describe(FileHeader? other, bool isSaltKnown, bool isMetricPlausible)
    {
        string source = other is not null ? $"its parameters were taken from '{options.ParametersFrom}'"
            : options.Metric is not null ? "its parameters were worked out from the records, and the metric taken as given"
            : isMetricPlausible ? "its parameters were worked out from the records, and the metric taken as it stands there, which no CRC confirms"
            : "its parameters were worked out from the records";
        return isSaltKnown ? source : source + "; its salt is lost";
    }

    /// <exception cref="ArgumentException">The other file is one of another store, or of other records.</exception>
    private FileHeader ReadOther(string path, FrameEvidence evidence)
    {
        using LogFile log = LogFile.Open(environment.FileSystem, environment.FileSystem.ResolveLinks(path), writable: false, positional: true);
        FileHeader header = log.Header;
        return FrameSeal.SaltShare(header.Salt) == evidence.SaltShare && header.Dimension == evidence.Dimension && header.KeyStorage == evidence.KeyStorage
            ? header
            : throw new ArgumentException($"'{path}' is not of the store whose records are in '{file.Path}': its salt, dimension or key storage is another", nameof(RepairOptions.ParametersFrom));
    }
}
