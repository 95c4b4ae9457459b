using EmbedCache.Format;

namespace EmbedCache.Fuzz;

/// <summary>What a fuzzer starts from.</summary>
internal static class Seeds
{
    private static readonly FuzzFlags[] s_ways =
    [
        FuzzFlags.Seal,
        FuzzFlags.Seal | FuzzFlags.Write | FuzzFlags.FitTails,
        FuzzFlags.Seal | FuzzFlags.Write | FuzzFlags.Index,
        FuzzFlags.Seal | FuzzFlags.NoSlots,
        FuzzFlags.Seal | FuzzFlags.BehindSlots | FuzzFlags.Write,
        FuzzFlags.Seal | FuzzFlags.NotDurable | FuzzFlags.Positional,
    ];

    private static readonly string[] s_filters =
    [
        "n = 5 and not s = 'a''b'", "n between 1 and 9 or x >= 2.5E3", "\"a name\" in ('x', 'y') nocase", "b exists and (d < date '2024-01-01')", "l contains 'one'",
        "s starts with 't' nocase", "not (a = 1 or b <> -2) and c <= 3.0", "true", "a not in (1, 2.5, true)",
    ];

    /// <summary>Inputs for a target, by name.</summary>
    public static IEnumerable<(string Name, byte[] Input)> Of(string target)
    {
        if (target == "filter")
        {
            foreach (string filter in s_filters)
            {
                yield return ($"filter-{filter.Length}", System.Text.Encoding.UTF8.GetBytes(filter));
            }

            yield break;
        }

        foreach ((string name, byte[] file) in SeedFiles.Golden())
        {
            if (target == "file")
            {
                foreach (FuzzFlags way in s_ways)
                {
                    yield return ($"{name}-{(int)way}", FuzzInput.FromFile(file, way));
                }
            }
            else
            {
                foreach (byte[] part in Payloads(file, target == "catalog" ? FrameKind.Catalog : FrameKind.Properties, target == "metadata"))
                {
                    yield return ($"{name}-{part.Length}", part);
                }
            }
        }
    }

    /// <summary>Payloads of one kind, or the metadata of records.</summary>
    private static IEnumerable<byte[]> Payloads(byte[] file, FrameKind kind, bool ofRecords)
    {
        byte[] input = FuzzInput.FromFile(file, FuzzFlags.None);
        int dimension = BitConverter.ToInt32(file, FileHeader.DimensionOffset);
        foreach (int offset in FileMutator.Frames(input))
        {
            if (PayloadFrame.TryRead(input.AsSpan(offset), out PayloadFrame frame) && frame.Header.Kind == kind)
            {
                yield return input.AsSpan(offset + PayloadFrame.PayloadOffset, (int)frame.PayloadByteLength).ToArray();
            }

            if (ofRecords && RecordFrame.TryRead(input.AsSpan(offset), dimension, (KeyStorage)file[FileHeader.KeyStorageOffset], out RecordFrame record) && record.MetadataByteLength > 0)
            {
                yield return input.AsSpan(offset + record.MetadataOffset, record.MetadataByteLength).ToArray();
            }
        }
    }
}
