using System.Buffers.Binary;
using EmbedCache.Format;
using EmbedCache.Fuzz;
using EmbedCache.Tests.Engine;

namespace EmbedCache.Hostile.Tests.Files;

/// <summary>
/// Puts extremes into every place where a field of 1, 2, 4 or 8 bytes can be: in headers, slots, the frames of every kind that a golden file has and the
/// first bytes of their payloads, one at a time, with every checksum made right again. Nothing but an answer or a typed error may come of it.
/// </summary>
public sealed class ExtremeFieldTests
{
    private const int FramesOfAKind = 2;
    private const int PayloadByteLength = 128;

    private static readonly (string File, byte[] Input, int Offset, int Length)[] s_regions = [.. FindRegions()];

    [Fact]
    public void EveryKindOfFrameIsAmongThem()
    {
        byte[] kinds = [.. s_regions.Where(static region => region.Offset >= FuzzInput.LogOffset).Select(static region => region.Input[region.Offset]).Distinct().Order()];
        Assert.Superset(
            new HashSet<byte>([(byte)FrameKind.Record, (byte)FrameKind.Tombstone, (byte)FrameKind.Touch, (byte)FrameKind.Commit, (byte)FrameKind.Keys, (byte)FrameKind.Ordinals, (byte)FrameKind.Live, (byte)FrameKind.Properties, (byte)FrameKind.Catalog]),
            new HashSet<byte>(kinds));
    }

    [Fact]
    public void ExtremesInEveryFieldGiveAnswersOrTypedErrors()
    {
        (int Region, int Offset, int Width)[] fields =
        [
            .. s_regions.SelectMany(static (region, index) => new[] { 1, 2, 4, 8 }.SelectMany(width =>
                Enumerable.Range(0, region.Length / Math.Min(width, 4)).Select(i => (index, region.Offset + (i * Math.Min(width, 4)), width)))),
        ];
        Parts.Run(fields.Length, number =>
        {
            (int index, int offset, int width) = fields[number];
            (string file, byte[] original, _, _) = s_regions[index];
            foreach (ulong value in ValuesOf(width, original.Length))
            {
                byte[] input = (byte[])original.Clone();
                for (int i = 0; i < Math.Min(width, input.Length - offset); i++)
                {
                    input[offset + i] = (byte)(value >> (i * 8));
                }

                var way = (FuzzFlags)((number + (long)(value % 5)) % 8) | FuzzFlags.Seal;
                input[0] = (byte)(LongRun.IsWanted || number % 4 == 0 ? way : way & ~FuzzFlags.Write);
                (string Message, string Place)? failure = MutationRun.Failure(input);
                Assert.True(failure is null, $"{file}: {value:X} in {width} bytes at {offset} of the input, {(FuzzFlags)input[0]}: {failure?.Message} {failure?.Place}");
            }
        });
    }

    private static IEnumerable<ulong> ValuesOf(int width, int inputLength)
    {
        ulong most = width == sizeof(ulong) ? ulong.MaxValue : (1UL << (width * 8)) - 1;
        yield return 0;
        yield return most;
        yield return (most >> 1) + 1;
        if (width >= sizeof(uint))
        {
            ulong length = (ulong)inputLength - FuzzInput.LogOffset + (ulong)FormatConstants.LogOffset;
            yield return length;
            yield return (ulong)FormatConstants.LogOffset;
            yield return most - 63;
        }

        if (width == sizeof(ulong))
        {
            yield return (1UL << 53) - 64;
            yield return long.MaxValue;
        }
    }

    /// <summary>Header and slots of three files, and of each kind of frame the first and the last that there is.</summary>
    private static IEnumerable<(string File, byte[] Input, int Offset, int Length)> FindRegions()
    {
        var counts = new Dictionary<byte, int>();
        SortedDictionary<string, byte[]> files = SeedFiles.Golden();
        foreach ((string name, byte[] bytes) in files)
        {
            byte[] input = FuzzInput.FromFile(bytes, FuzzFlags.Seal);
            if (name is "sections" or "digest-keys" or "touch")
            {
                yield return (name, input, FuzzInput.HeaderOffset, FuzzInput.LogOffset - FuzzInput.HeaderOffset);
            }

            foreach (int frame in FileMutator.Frames(input))
            {
                byte kind = input[frame];
                int count = counts[kind] = counts.GetValueOrDefault(kind) + 1;
                if (count <= FramesOfAKind)
                {
                    long end = frame + (BinaryPrimitives.ReadUInt32LittleEndian(input.AsSpan(frame + FrameHeader.FrameLengthOffset)) * (long)FormatConstants.Unit);
                    yield return (name, input, frame, (int)Math.Min(FrameHeader.ByteLength + PayloadByteLength, end - frame));
                }
            }
        }
    }
}
