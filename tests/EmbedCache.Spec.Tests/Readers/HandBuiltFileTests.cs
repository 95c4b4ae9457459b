using EmbedCache.Format;
using EmbedCache.Spec.Tests.Support;
using System.Text.Json.Nodes;

namespace EmbedCache.Spec.Tests.Readers;

/// <summary>
/// The readers of other languages read files that were put together frame by frame, without the engine, and refuse them when a byte is wrong: what the
/// golden files prove of the readers rests on this.
/// </summary>
[Collection(ReaderKitCollection.Name)]
public sealed class HandBuiltFileTests(ReaderKit kit) : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"embedcache-{Guid.NewGuid():n}.edb");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void An_empty_log()
        => AssertReads(
            new FileBuilder(),
            """{"type":"header","version":"1.0","dimension":2,"element_type":"float32","metric":"dot","key_storage":"text","store":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","generation":1,"created":1700000000000}""",
            """{"type":"snapshot","epoch":1,"transaction":0,"records":0,"tombstones":0,"committed":1700000001000,"sections":[]}""");

    [Fact]
    public void Records_overwritten_touched_and_removed_with_and_without_an_index()
    {
        foreach (bool isIndexed in (bool[])[false, true])
        {
            FileBuilder file = new();
            file.Properties(EmbeddingMetadata.Empty.With("model", "m"));
            file.Record("gone", [1, 2]);
            long kept = file.Record("kept", [0.5f, -0f], commit: false);
            file.Record("över", [3, 4], role: EmbeddingRole.Query);
            if (isIndexed)
            {
                file.Checkpoint(ordinal => ordinal <= 2);
            }

            file.Clock += 5;
            file.Tombstone("gone");
            file.Touch("kept", kept, EmbeddingMetadata.Empty.With("n", long.MinValue).With("r", -0.0).With("x", double.NaN), expires: 1_800_000_000_000);
            file.Record("över", [5, 6]);
            file.Record("över", [7, 8], EmbeddingMetadata.Empty.With("l", new[] { "a", "\u2028" }).With("d", DateTimeOffset.UnixEpoch.AddMilliseconds(-1)).With("b", true).With("t", "\u0001"), EmbeddingRole.Query);
            file.Commit();

            string sections = isIndexed ? "\"keys level 0 entries 3\",\"ordinals level 0 entries 3\",\"live level 0 entries 1\"" : string.Empty;
            AssertReads(
                file,
                """{"type":"header","version":"1.0","dimension":2,"element_type":"float32","metric":"dot","key_storage":"text","store":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","generation":1,"created":1700000000000}""",
                $$"""{"type":"snapshot","epoch":1,"transaction":{{(isIndexed ? 9 : 8)}},"records":6,"tombstones":1,"committed":1700000001005,"sections":[{{sections}}]}""",
                """{"type":"properties","metadata":{"model":{"text":"m"}}}""",
                """{"type":"record","ordinal":3,"key":"kept","role":"none","created":1700000001000,"touched":1700000001005,"expires":1800000000000,"norm":0.5,"vector":"0000003f00000080","metadata":{"n":{"integer":"-9223372036854775808"},"r":{"real":"-0"},"x":{"real":"NaN"}}}""",
                """{"type":"record","ordinal":4,"key":"över","role":"none","created":1700000001005,"touched":0,"expires":0,"norm":7.8102498054504395,"vector":"0000a0400000c040","metadata":{}}""",
                """{"type":"record","ordinal":5,"key":"över","role":"query","created":1700000001005,"touched":0,"expires":0,"norm":10.630146026611328,"vector":"0000e04000000041","metadata":{"b":{"boolean":true},"d":{"date":-1},"l":{"list":["a","\u2028"]},"t":{"text":"\u0001"}}}""",
                """{"type":"tombstone","key":"gone","role":"none","removed":1700000001005,"transaction":4}""".Replace("4}", isIndexed ? "5}" : "4}", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Digests()
    {
        FileBuilder file = new(new FileBuilder().Header with { KeyStorage = KeyStorage.Digest });
        file.Record("private", [1, 0]);
        file.Tombstone("other");
        Write(file);

        // SHA-256 of the bytes 0 to 15 and the text, as any tool computes it.
        foreach (JsonArray content in ReadByAll())
        {
            Assert.Equal("2e3db88d", content[2]!["digest"]!.GetValue<string>()[..8]);
            Assert.Null(content[2]!["key"]);
        }
    }

    [Fact]
    public void Sections_of_more_than_one_block()
    {
        FileBuilder file = new();
        for (int i = 0; i < 600; i++)
        {
            file.Record($"k{i % 500}", [i, 1]);
        }

        file.Checkpoint(ordinal => ordinal >= 100);
        file.Record("k7", [7, 7]);
        Write(file);
        foreach (JsonArray content in ReadByAll())
        {
            Assert.Equal(502, content.Count);
            Assert.Equal(601, content[1]!["records"]!.GetValue<int>());
        }
    }

    [Fact]
    public void Reserved_kinds_and_kinds_to_come_are_walked_over()
    {
        FileBuilder file = new();
        file.Record("a", [1, 1]);
        file.Section(FrameKind.Graph, 12, new byte[24], FormatConstants.LogOffset, file.Tail);
        file.Unknown(FrameKind.RecordBlock);
        file.Unknown((FrameKind)40);
        file.Record("b", [2, 2]);
        Write(file);
        foreach (JsonArray content in ReadByAll())
        {
            Assert.Equal(["a", "b"], content.Skip(2).Select(entry => entry!["key"]!.GetValue<string>()));
        }
    }

    [Fact]
    public void The_newer_valid_slot_counts()
    {
        FileBuilder file = new() { Sequence = 5 };
        file.Record("a", [1, 1]);
        byte[] bytes = file.ToArray();
        bytes[FormatConstants.SlotBOffset + CommitSlot.EpochOffset] ^= 1;
        File.WriteAllBytes(_path, bytes);
        foreach (JsonArray content in ReadByAll())
        {
            Assert.Equal(0, content[1]!["records"]!.GetValue<int>());
            Assert.Equal(2, content.Count);
        }
    }

    public static TheoryData<int, string> Damages => new()
    {
        { 40, "header's CRC" }, // generation
        { (int)FormatConstants.LogOffset + 9, "self CRC" }, // epoch
        { (int)FormatConstants.LogOffset + 61, "chain CRC" },
        { (int)FormatConstants.LogOffset + 64, "payload CRC" }, // vector
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void A_flipped_bit_is_refused(int offset, string what)
    {
        FileBuilder file = new();
        file.Record("a", [1, 1]);
        byte[] bytes = file.ToArray();
        bytes[offset] ^= 0x40;
        AssertRefuses(bytes, what);
    }

    [Fact]
    public void A_damaged_block_of_a_section_is_refused()
    {
        FileBuilder file = new();
        file.Record("a", [1, 1]);
        long keys = file.Tail;
        file.Checkpoint(_ => true);
        byte[] bytes = file.ToArray();
        bytes[keys + 64 + 15] ^= 1;
        AssertRefuses(bytes, "block 0 of the section");
    }

    [Fact]
    public void Sections_that_contradict_the_log_are_refused()
    {
        FileBuilder file = new();
        file.Record("a", [1, 1]);
        file.Record("a", [2, 2]);
        file.Checkpoint(_ => true);
        AssertRefuses(file.ToArray(), "do not agree");
    }

    [Fact]
    public void Without_a_valid_slot_there_is_nothing_to_read()
    {
        byte[] bytes = new FileBuilder().ToArray();
        bytes.AsSpan((int)FormatConstants.SlotAOffset, 2 * FormatConstants.PageByteLength).Clear();
        AssertRefuses(bytes, "neither slot is valid");
    }

    [Fact]
    public void Another_major_version_is_refused_by_the_generated_readers_themselves()
    {
        byte[] bytes = new FileBuilder().ToArray();
        bytes[FileHeader.VersionMajorOffset] = 2;
        AssertRefuses(bytes, "not equal, expected ");
    }

    private void AssertReads(FileBuilder file, params string[] expected)
    {
        Write(file);
        JsonArray content = JsonContent.ParseLines(string.Join('\n', expected));
        foreach (JsonArray read in ReadByAll())
        {
            JsonContent.AssertEqual(content, read);
        }
    }

    private void Write(FileBuilder file) => File.WriteAllBytes(_path, file.ToArray());

    private IEnumerable<JsonArray> ReadByAll()
    {
        yield return JsonContent.ParseLines(ReaderKit.DumpByJavaScript(_path));
        if (ReaderKit.Python is not null)
        {
            yield return JsonContent.ParseLines(kit.DumpByPython(_path));
        }
    }

    private void AssertRefuses(byte[] bytes, string what)
    {
        File.WriteAllBytes(_path, bytes);
        Assert.Contains(what, ReaderKit.RefuseByJavaScript(_path), StringComparison.Ordinal);
        if (ReaderKit.Python is not null)
        {
            Assert.Contains(what, kit.RefuseByPython(_path), StringComparison.Ordinal);
        }
    }
}
