using EmbedCache.Format;
using EmbedCache.Numerics;

namespace EmbedCache.Spec.Tests.Golden;

/// <summary>Each golden file holds the feature it is named after: byte for byte equal is not enough when a recipe never reaches what it is for.</summary>
public sealed class GoldenFeatureTests
{
    [Theory]
    [InlineData("overwrite-remove", (byte)FrameKind.Tombstone)]
    [InlineData("touch", (byte)FrameKind.Touch)]
    [InlineData("transactions", (byte)FrameKind.Commit)]
    [InlineData("properties", (byte)FrameKind.Properties)]
    [InlineData("sections", (byte)FrameKind.Keys)]
    [InlineData("sections", (byte)FrameKind.Ordinals)]
    [InlineData("sections", (byte)FrameKind.Live)]
    [InlineData("sections", (byte)FrameKind.Catalog)]
    [InlineData("columns", (byte)FrameKind.Columns)]
    [InlineData("short-codes", (byte)FrameKind.Codebook)]
    [InlineData("short-codes", (byte)FrameKind.Codes)]
    public void It_holds_frames_of_the_kind(string name, byte kind) => Assert.Contains(Frames(Read(name)), frame => (byte)frame.Header.Kind == kind);

    [Fact]
    public void Sections_hold_merged_segments_and_retired_ones()
    {
        byte[] file = Read("sections");
        CommitSlot slot = Slot(file);
        Assert.True(PayloadFrame.TryRead(file.AsSpan((int)slot.CatalogOffset), out PayloadFrame frame));
        CatalogPayload catalog = CatalogPayload.Read(file.AsSpan((int)slot.CatalogOffset + PayloadFrame.PayloadOffset, (int)frame.PayloadByteLength), slot.CatalogOffset)!;
        Assert.Contains(catalog.Sections, entry => entry.IsRetired);
        Assert.True(catalog.Sections.Count(entry => entry is { IsRetired: false, Kind: FrameKind.Keys }) > 1);
        Assert.True(catalog.Sections.Count(entry => entry is { IsRetired: false, Kind: FrameKind.Keys }) < Frames(file).Count(f => f.Header.Kind == FrameKind.Keys));
        Assert.True(catalog.CoversTo < slot.PublishedTail);
    }

    [Fact]
    public void The_other_features_are_in_the_header_or_the_slot()
    {
        Assert.Equal(2u, Slot(Read("rollback")).Epoch);
        CommitSlot normal = Slot(Read("normal"));
        Assert.True(normal.DurableTail < normal.PublishedTail);
        Assert.Equal(FormatConstants.LogOffset, Slot(Read("empty")).PublishedTail);
        Assert.Equal(2u, Header("compacted").Generation);
        Assert.Equal(KeyStorage.Digest, Header("digest-keys").KeyStorage);
        Assert.Equal(Metric.Dot, Header("metric-dot").Metric);
        Assert.Equal(Metric.L2, Header("metric-l2").Metric);
        Assert.True(Frames(Read("transactions")).GroupBy(frame => frame.Header.Transaction).Count() >= 3);
    }

    [Theory]
    [InlineData("compressed-float16", 2, false)]
    [InlineData("compressed-int8", 3, false)]
    [InlineData("compressed-product", 4, true)]
    [InlineData("compressed-rotated", 4, true)]
    [InlineData("compressed-binary", 4, true)]
    public void Compressed_files_hold_records_of_their_encoding(string name, byte encoding, bool hasCodebook)
    {
        byte[] file = Read(name);
        List<(long Offset, FrameHeader Header)> frames = Frames(file);
        Assert.Equal(hasCodebook, frames[0].Header.Kind == FrameKind.Codebook);
        Assert.True(frames.Count(frame => frame.Header.Kind == FrameKind.Record && file[frame.Offset + RecordFrame.EncodingOffset] == encoding) >= 69);
    }

    [Fact]
    public void The_graph_has_a_base_with_levels_and_an_overlay_and_copies()
    {
        byte[] file = Read("graph");
        List<(long Offset, FrameHeader Header)> sections = [.. Frames(file).Where(frame => frame.Header.Kind == FrameKind.Graph)];
        Assert.Equal(2, sections.Count);
        Assert.True(GraphHeader.TryRead(file.AsSpan((int)sections[0].Offset + FormatConstants.FrameHeaderByteLength), out GraphHeader lower));
        Assert.True(GraphHeader.TryRead(file.AsSpan((int)sections[1].Offset + FormatConstants.FrameHeaderByteLength), out GraphHeader upper));
        Assert.Equal((GraphLayerKind.Base, GraphLayerKind.Overlay), (lower.Kind, upper.Kind));
        Assert.Equal((72u, 80u, sections[0].Offset), (lower.NodeCount, upper.NodeCount, upper.Below));
        Assert.True(lower.LevelCount > 0);
        int rows = (int)(sections[0].Offset + FormatConstants.FrameHeaderByteLength + lower.RowsPosition);
        Assert.NotEqual(GraphHeader.Unused, System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(rows + lower.RowByteLength - sizeof(uint))));
    }

    [Theory]
    [InlineData("codes-cosine", 20, 3, 3)]
    [InlineData("codes-dot", 0, 3, 3)]
    [InlineData("codes-l2", 7, 17, 2)]
    public void Codes_hold_runs_that_were_merged_and_one_codebook(string name, int meanCount, int writtenCount, int runCount)
    {
        byte[] file = Read(name);
        List<(long Offset, FrameHeader Header)> frames = Frames(file);
        long codebook = Assert.Single(frames, frame => frame.Header.Kind == FrameKind.Codebook).Offset;
        int dimension = Header(name).Dimension;
        Assert.True(CodebookHeader.TryRead(file.AsSpan((int)codebook + SectionFrame.EntriesOffset), dimension, (64 + (meanCount * 4) + 63) / 64, out CodebookHeader header));
        Assert.Equal((CodebookKind.Scalar, meanCount), (header.Kind, header.MeanCount));

        long catalogOffset = Slot(file).CatalogOffset;
        Assert.True(PayloadFrame.TryRead(file.AsSpan((int)catalogOffset), out PayloadFrame payload));
        CatalogPayload catalog = CatalogPayload.Read(file.AsSpan((int)catalogOffset + PayloadFrame.PayloadOffset, (int)payload.PayloadByteLength), catalogOffset)!;
        CatalogEntry[] runs = [.. catalog.Sections.Where(entry => entry is { Kind: FrameKind.Codes, IsRetired: false })];
        Assert.Equal((writtenCount, runCount), (frames.Count(frame => frame.Header.Kind == FrameKind.Codes), runs.Length));
        Assert.True(runs.Sum(run => new CodeLayout(dimension).CountOf(run.EntryCount * FormatConstants.LineByteLength)) >= 36);
        Assert.True(catalog.CoversTo < Slot(file).PublishedTail);
    }

    private static byte[] Read(string name) => File.ReadAllBytes(GoldenFile.PathOf(name));

    private static FileHeader Header(string name)
    {
        byte[] file = Read(name);
        return FileHeader.Read(file, name, file.Length);
    }

    private static CommitSlot Slot(byte[] file)
    {
        CommitSlot.TryRead(file.AsSpan((int)FormatConstants.SlotAOffset), out CommitSlot a);
        CommitSlot.TryRead(file.AsSpan((int)FormatConstants.SlotBOffset), out CommitSlot b);
        return a.Sequence > b.Sequence ? a : b;
    }

    private static List<(long Offset, FrameHeader Header)> Frames(byte[] file)
    {
        List<(long, FrameHeader)> frames = [];
        long offset = FormatConstants.LogOffset;
        while (offset < Slot(file).PublishedTail)
        {
            Assert.True(FrameHeader.TryRead(file.AsSpan((int)offset), out FrameHeader header));
            frames.Add((offset, header));
            offset += header.FrameByteLength;
        }

        return frames;
    }
}
