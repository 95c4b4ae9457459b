using EmbedCache.Faults.Disk;
using EmbedCache.Format;

namespace EmbedCache.Faults.Crash;

/// <summary>A kind of frame that no workload writes is crashed by nobody: each must be written by one, and each kind of section replaced and punched.</summary>
public sealed class WorkloadTests
{
    [Fact]
    public void EveryKindOfFrameIsWrittenAndEveryKindOfSectionPunched()
    {
        CollidingHashes.Install();
        var written = new HashSet<string>();
        var punched = new HashSet<FrameKind>();
        foreach ((Workload workload, int seed) in Workloads.All.SelectMany(static workload => Enumerable.Range(0, 4).Select(seed => (workload, seed))))
        {
            var disk = new DiskModel();
            foreach (DiskEvent call in WorkloadRun.Record(workload, Durability.Full, seed).Trace)
            {
                disk.Apply(call);
                if (call.Operation is not (DiskOperation.Punch or DiskOperation.Flush))
                {
                    continue;
                }

                foreach ((long offset, FrameHeader frame, bool isOverlay) in Frames(disk.File(call.File).Live))
                {
                    written.Add(isOverlay ? "overlay" : $"{frame.Kind}");
                    if (call.Operation == DiskOperation.Punch && call.Offset >= offset && call.Offset < offset + frame.FrameByteLength)
                    {
                        punched.Add(frame.Kind);
                    }
                }
            }
        }

        FrameKind[] all = [.. Enum.GetValues<FrameKind>().Where(static kind => kind is not (FrameKind.Invalid or FrameKind.RecordBlock))];
        Assert.Empty(all.Select(static kind => $"{kind}").Append("overlay").Except(written));

        // The codebook is never replaced, and a bitmap of so few records is smaller than a page.
        Assert.Empty(all.Where(static kind => kind.IsSection() && kind is not (FrameKind.Codebook or FrameKind.Live)).Except(punched));
    }

    private static IEnumerable<(long Offset, FrameHeader Frame, bool IsOverlay)> Frames(SectorImage image)
    {
        byte[] header = new byte[FormatConstants.FrameHeaderByteLength];
        for (long offset = FormatConstants.LogOffset; image.Read(offset, header) == header.Length && FrameHeader.TryRead(header, out FrameHeader frame); offset += frame.FrameByteLength)
        {
            yield return (offset, frame, frame.Kind == FrameKind.Graph && SectionFrame.TryRead(header, out SectionFrame section) && section.Level > 0);
        }
    }
}
