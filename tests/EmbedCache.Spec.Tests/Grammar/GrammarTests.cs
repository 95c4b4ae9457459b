using System.Text.Json;
using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Numerics;
using EmbedCache.Spec.Tests.Support;

namespace EmbedCache.Spec.Tests.Grammar;

/// <summary>
/// edb.ksy is the normative layout: every constant of the code is held against it, it compiles for every language of Kaitai Struct, and it keeps to the
/// rules that let any language read a file of any size.
/// </summary>
[Collection(ReaderKitCollection.Name)]
public sealed class GrammarTests
{
    private static readonly Lazy<GrammarLayout> Grammar = new(() => GrammarLayout.Parse(ReaderKit.Compile("--json")));

    private static readonly Dictionary<string, (string Field, int Offset)[]> Layouts = new()
    {
        {
            "file_header",
            [
                ("magic", FileHeader.MagicOffset),
                ("version_major", FileHeader.VersionMajorOffset),
                ("version_minor", FileHeader.VersionMinorOffset),
                ("len_header", FileHeader.HeaderLengthOffset),
                ("dimension", FileHeader.DimensionOffset),
                ("element_type", FileHeader.ElementTypeOffset),
                ("metric", FileHeader.MetricOffset),
                ("key_storage", FileHeader.KeyStorageOffset),
                ("key_hash", FileHeader.KeyHashOffset),
                ("store_uuid", FileHeader.StoreIdOffset),
                ("generation", FileHeader.GenerationOffset),
                ("reserved_1", FileHeader.Reserved1Offset),
                ("salt", FileHeader.SaltOffset),
                ("ofs_slot_a", FileHeader.SlotAOffsetOffset),
                ("ofs_slot_b", FileHeader.SlotBOffsetOffset),
                ("ofs_log", FileHeader.LogOffsetOffset),
                ("created", FileHeader.CreatedOffset),
                ("reserved_2", FileHeader.Reserved2Offset),
                ("crc", FileHeader.CrcOffset),
                ("=", FileHeader.ByteLength),
            ]
        },
        {
            "commit_slot",
            [
                ("sequence", CommitSlot.SequenceOffset),
                ("epoch", CommitSlot.EpochOffset),
                ("features_read", CommitSlot.FeaturesReadOffset),
                ("features_write", CommitSlot.FeaturesWriteOffset),
                ("features_ignorable", CommitSlot.FeaturesIgnorableOffset),
                ("ofs_published", CommitSlot.PublishedTailOffset),
                ("ofs_durable", CommitSlot.DurableTailOffset),
                ("ofs_catalog", CommitSlot.CatalogOffsetOffset),
                ("chain_published", CommitSlot.PublishedChainOffset),
                ("chain_durable", CommitSlot.DurableChainOffset),
                ("num_records", CommitSlot.RecordCountOffset),
                ("num_tombstones", CommitSlot.TombstoneCountOffset),
                ("num_live_indexed", CommitSlot.LiveIndexedCountOffset),
                ("transaction", CommitSlot.TransactionOffset),
                ("committed", CommitSlot.CommittedOffset),
                ("state", CommitSlot.StateOffset),
                ("boot", CommitSlot.BootOffset),
                ("reserved", CommitSlot.ReservedOffset),
                ("crc", CommitSlot.CrcOffset),
                ("sequence_again", CommitSlot.SequenceAgainOffset),
                ("=", CommitSlot.ByteLength),
            ]
        },
        {
            "frame",
            [
                ("kind", FrameHeader.KindOffset),
                ("flags", FrameHeader.FlagsOffset),
                ("len_key", FrameHeader.KeyLengthOffset),
                ("num_units", FrameHeader.FrameLengthOffset),
                ("epoch", FrameHeader.EpochOffset),
                ("crc_payload", FrameHeader.PayloadCrcOffset),
                ("transaction", FrameHeader.TransactionOffset),
                ("body", FrameHeader.SpecificOffset),
                ("crc_self", FrameHeader.SelfCrcOffset),
                ("crc_chain", FrameHeader.ChainCrcOffset),
                ("=", FrameHeader.ByteLength),
            ]
        },
        {
            "record_body",
            [
                ("len_metadata", Body(RecordFrame.MetadataLengthOffset)),
                ("key_hash", Body(RecordFrame.KeyHashOffset)),
                ("created", Body(RecordFrame.CreatedOffset)),
                ("expires", Body(RecordFrame.ExpiresOffset)),
                ("len_vector", Body(RecordFrame.VectorLengthOffset)),
                ("norm", Body(RecordFrame.NormOffset)),
                ("encoding", Body(RecordFrame.EncodingOffset)),
                ("key_kind", Body(RecordFrame.KeyKindAndRoleOffset)),
                ("role", Body(RecordFrame.KeyKindAndRoleOffset)),
                ("codebook", Body(RecordFrame.CodebookOffset)),
                ("=", Body(FrameHeader.SelfCrcOffset)),
            ]
        },
        {
            "touch_body",
            [
                ("len_metadata", Body(RecordFrame.MetadataLengthOffset)),
                ("key_hash", Body(RecordFrame.KeyHashOffset)),
                ("created", Body(RecordFrame.CreatedOffset)),
                ("expires", Body(RecordFrame.ExpiresOffset)),
                ("ofs_record", Body(RecordFrame.TouchedRecordOffset)),
                ("encoding", Body(RecordFrame.EncodingOffset)),
                ("key_kind", Body(RecordFrame.KeyKindAndRoleOffset)),
                ("role", Body(RecordFrame.KeyKindAndRoleOffset)),
                ("codebook", Body(RecordFrame.CodebookOffset)),
                ("=", Body(FrameHeader.SelfCrcOffset)),
            ]
        },
        {
            "tombstone_body",
            [
                ("reserved_1", Body(RecordFrame.MetadataLengthOffset)),
                ("key_hash", Body(RecordFrame.KeyHashOffset)),
                ("created", Body(RecordFrame.CreatedOffset)),
                ("reserved_2", Body(RecordFrame.ExpiresOffset)),
                ("encoding", Body(RecordFrame.EncodingOffset)),
                ("key_kind", Body(RecordFrame.KeyKindAndRoleOffset)),
                ("role", Body(RecordFrame.KeyKindAndRoleOffset)),
                ("codebook", Body(RecordFrame.CodebookOffset)),
                ("=", Body(FrameHeader.SelfCrcOffset)),
            ]
        },
        { "commit_body", [("reserved", 0), ("=", Body(FrameHeader.SelfCrcOffset))] },
        { "record_block_body", [("reserved", 0), ("=", Body(FrameHeader.SelfCrcOffset))] },
        {
            "section_body",
            [
                ("len_entry", Body(SectionFrame.EntryLengthOffset)),
                ("num_entries", Body(SectionFrame.EntryCountOffset)),
                ("covers_from", Body(SectionFrame.CoversFromOffset)),
                ("covers_to", Body(SectionFrame.CoversToOffset)),
                ("level", Body(SectionFrame.LevelOffset)),
                ("first_ordinal", Body(SectionFrame.FirstOrdinalOffset)),
                ("codebook", Body(SectionFrame.CodebookOffset)),
                ("=", Body(FrameHeader.SelfCrcOffset)),
            ]
        },
        { "properties_body", [("reserved_1", 0), ("len_payload", Body(PayloadFrame.PayloadLengthOffset)), ("reserved_2", Body(PayloadFrame.PayloadLengthOffset + 4)), ("=", Body(FrameHeader.SelfCrcOffset))] },
        { "catalog_body", [("reserved_1", 0), ("len_payload", Body(PayloadFrame.PayloadLengthOffset)), ("reserved_2", Body(PayloadFrame.PayloadLengthOffset + 4)), ("=", Body(FrameHeader.SelfCrcOffset))] },
        {
            "catalog_payload",
            [
                ("num_sections", CatalogPayload.SectionCountOffset),
                ("reserved", CatalogPayload.ReservedOffset),
                ("covers_to", CatalogPayload.CoversToOffset),
                ("sections", CatalogPayload.EntriesOffset),
                ("=", CatalogPayload.EntriesOffset),
            ]
        },
        {
            "catalog_entry",
            [
                ("kind", CatalogEntry.KindOffset),
                ("flags", CatalogEntry.CatalogFlagsOffset),
                ("level", CatalogEntry.LevelOffset),
                ("reserved", CatalogEntry.Reserved2Offset),
                ("ofs_frame", CatalogEntry.FrameOffsetOffset),
                ("len_frame", CatalogEntry.FrameLengthOffset),
                ("covers_from", CatalogEntry.CoversFromOffset),
                ("covers_to", CatalogEntry.CoversToOffset),
                ("num_entries", CatalogEntry.EntryCountOffset),
                ("=", CatalogEntry.ByteLength),
            ]
        },
        { "keys_entry", [("key_hash", 0), ("ofs_and_flag", 8), ("=", FormatConstants.KeysEntryByteLength)] },
        { "ordinals_entry", [("ofs_frame", 0), ("=", FormatConstants.OrdinalsEntryByteLength)] },
        {
            "codebook_header",
            [
                ("kind", CodebookHeader.KindOffset),
                ("reserved_1", CodebookHeader.Reserved1Offset),
                ("number", CodebookHeader.NumberOffset),
                ("dimension", CodebookHeader.DimensionOffset),
                ("num_mean", CodebookHeader.MeanCountOffset),
                ("reserved_2", CodebookHeader.Reserved2Offset),
                ("=", CodebookHeader.MeanOffset),
            ]
        },
        {
            "coarse_fields",
            [
                ("scale", CodeRow.ScaleOffset),
                ("coarse_residual", CodeRow.CoarseResidualOffset),
                ("coarse_norm", CodeRow.CoarseNormOffset),
                ("norm", CodeRow.NormOffset),
                ("=", CodeRow.CoarseFieldsByteLength),
            ]
        },
        {
            "fine_fields",
            [
                ("residual", CodeRow.ResidualOffset),
                ("sum", CodeRow.SumOffset),
                ("=", CodeRow.FineFieldsByteLength),
            ]
        },
        {
            "graph_header",
            [
                ("kind", GraphHeader.KindOffset),
                ("num_levels", GraphHeader.LevelCountOffset),
                ("m", GraphHeader.MOffset),
                ("m0", GraphHeader.M0Offset),
                ("ef_construction", GraphHeader.EfConstructionOffset),
                ("num_nodes", GraphHeader.NodeCountOffset),
                ("num_rows", GraphHeader.RowCountOffset),
                ("seed", GraphHeader.SeedOffset),
                ("ofs_below", GraphHeader.BelowOffset),
                ("entry", GraphHeader.EntryOffset),
                ("reserved", GraphHeader.ReservedOffset),
                ("=", GraphHeader.ByteLength),
            ]
        },
        { "encoded_fields", [("scale", EncodedFields.ScaleOffset), ("residual", EncodedFields.ResidualOffset), ("=", EncodedFields.ByteLength)] },
        {
            "record_codebook_header",
            [
                ("kind", RecordCodebookHeader.KindOffset),
                ("num_bits", RecordCodebookHeader.BitsOffset),
                ("number", RecordCodebookHeader.NumberOffset),
                ("dimension", RecordCodebookHeader.DimensionOffset),
                ("num_subspaces", RecordCodebookHeader.SubspaceCountOffset),
                ("len_code", RecordCodebookHeader.CodeLengthOffset),
                ("seed", RecordCodebookHeader.SeedOffset),
                ("num_trained", RecordCodebookHeader.TrainedCountOffset),
                ("reserved", RecordCodebookHeader.ReservedOffset),
                ("=", RecordCodebookHeader.ByteLength),
            ]
        },
        {
            "columns_header",
            [
                ("num_ordinals", ColumnsHeader.OrdinalCountOffset),
                ("num_columns", ColumnsHeader.ColumnCountOffset),
                ("columns_flags", ColumnsHeader.ColumnsFlagsOffset),
                ("reserved", ColumnsHeader.ReservedOffset),
                ("=", ColumnsHeader.ByteLength),
            ]
        },
        {
            "column",
            [
                ("value_type", ColumnEntry.ValueTypeOffset),
                ("form", ColumnEntry.FormOffset),
                ("column_flags", ColumnEntry.ColumnFlagsOffset),
                ("len_code", ColumnEntry.CodeLengthOffset),
                ("len_name", ColumnEntry.NameLengthOffset),
                ("reserved_1", ColumnEntry.Reserved1Offset),
                ("num_slots", ColumnEntry.SlotCountOffset),
                ("num_items", ColumnEntry.ItemCountOffset),
                ("num_terms", ColumnEntry.TermCountOffset),
                ("len_terms", ColumnEntry.TermsLengthOffset),
                ("ofs_name", ColumnEntry.NameOffsetOffset),
                ("ofs_presence", ColumnEntry.PresenceOffsetOffset),
                ("ofs_values", ColumnEntry.ValuesOffsetOffset),
                ("ofs_item_starts", ColumnEntry.ItemStartsOffsetOffset),
                ("ofs_term_starts", ColumnEntry.TermStartsOffsetOffset),
                ("ofs_terms", ColumnEntry.TermsOffsetOffset),
                ("reserved_2", ColumnEntry.Reserved2Offset),
                ("=", ColumnEntry.ByteLength),
            ]
        },
        { "word64", [("low", 0), ("high", 4), ("=", FormatConstants.LiveEntryByteLength)] },
        { "uint48", [("low", 0), ("high", 4), ("=", UInt48.ByteLength)] },
        { "catalog_flags", [("is_retired", 0), ("reserved", 0), ("=", 1)] },
        { "frame_flags", [("is_commit", 0), ("is_punched", 0), ("reserved", 0), ("=", 1)] },
    };

    public static TheoryData<string> LaidOut => [.. Layouts.Keys];

    [Theory]
    [MemberData(nameof(LaidOut))]
    public void Every_field_of_the_code_stands_where_the_grammar_says(string type)
    {
        (string Field, int Offset)[] expected = Layouts[type];
        IReadOnlyDictionary<string, (int Byte, int Bit)> fields = Grammar.Value.Fields(type);
        Assert.Equal(fields.Keys.Order(StringComparer.Ordinal), expected.Select(field => field.Field).Order(StringComparer.Ordinal));
        Assert.Equal(expected.Select(field => $"{field.Field} at {field.Offset}"), expected.Select(field => $"{field.Field} at {fields[field.Field].Byte}"));
    }

    [Fact]
    public void Every_type_with_a_layout_is_held_against_the_code()
    {
        // Metadata is held by MetadataTests of the engine, byte for byte; what is instantiated by hand has no layout of its own.
        IEnumerable<string> laidOut = Grammar.Value.Types.Where(type => Grammar.Value.Type(type).TryGetProperty("seq", out _) && !type.StartsWith("metadata_", StringComparison.Ordinal));
        Assert.Equal(laidOut.Order(StringComparer.Ordinal), Layouts.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Bits_stand_where_the_code_looks()
    {
        IReadOnlyDictionary<string, (int Byte, int Bit)> flags = Grammar.Value.Fields("frame_flags");
        Assert.Equal((int)FrameFlags.Commit, 1 << flags["is_commit"].Bit);
        Assert.Equal((int)FrameFlags.Punched, 1 << flags["is_punched"].Bit);
        byte[] retired = new byte[CatalogEntry.ByteLength];
        new CatalogEntry { IsRetired = true }.Write(retired);
        Assert.Equal(retired[CatalogEntry.CatalogFlagsOffset], 1 << Grammar.Value.Fields("catalog_flags")["is_retired"].Bit);
        Assert.Equal(0x3041, new KeyEntry(1, 0x3040, isTombstone: true).StoredOffset);
        foreach (string type in (string[])["record_body", "touch_body", "tombstone_body"])
        {
            IReadOnlyDictionary<string, (int Byte, int Bit)> body = Grammar.Value.Fields(type);
            Assert.Equal((0, 4), (body["key_kind"].Bit, body["role"].Bit));
        }

        JsonElement superseded = Grammar.Value.Type("commit_slot").GetProperty("instances").GetProperty("is_superseded").GetProperty("value");
        Assert.Equal($"(state & {(uint)SlotState.Superseded}) != 0", superseded.GetString());
        Assert.Equal("le", Grammar.Value.Root.GetProperty("meta").GetProperty("bit-endian").GetString());
        Assert.Equal("le", Grammar.Value.Root.GetProperty("meta").GetProperty("endian").GetString());
    }

    public static TheoryData<string, Type, string> Enumerations => new()
    {
        { "element_type", typeof(ElementType), string.Empty },
        { "metric", typeof(Metric), string.Empty },
        { "key_storage", typeof(KeyStorage), string.Empty },
        { "key_hash", typeof(KeyHash), string.Empty },
        { "frame_kind", typeof(FrameKind), string.Empty },
        { "graph_layer_kind", typeof(GraphLayerKind), string.Empty },
        { "codebook_kind", typeof(CodebookKind), string.Empty },
        { "column_form", typeof(ColumnForm), string.Empty },
        { "encoding", typeof(RecordEncoding), string.Empty },
        { "key_kind", typeof(KeyKind), string.Empty },
        { "role", typeof(EmbeddingRole), string.Empty },
        { "metadata_type", typeof(MetadataType), "String Long Double Bool StringList" },
    };

    /// <summary>Names that the code has otherwise (C#'s own type names, a value that is no kind) are held by value alone.</summary>
    [Theory]
    [MemberData(nameof(Enumerations))]
    public void Every_enumeration_has_the_values_of_the_code(string name, Type type, string named)
    {
        IReadOnlyDictionary<int, string> values = Grammar.Value.Enumeration(name);
        string[] otherwise = named.Split(' ');
        foreach (object value in Enum.GetValues(type))
        {
            int number = Convert.ToInt32(value, System.Globalization.CultureInfo.InvariantCulture);
            if (value is FrameKind.Invalid)
            {
                Assert.False(values.ContainsKey(number));
                continue;
            }

            Assert.True(values.TryGetValue(number, out string? id), $"{type.Name}.{value} is not in the grammar");
            if (!otherwise.Contains(value.ToString()))
            {
                Assert.Equal(value.ToString(), id.Replace("_", string.Empty, StringComparison.Ordinal), ignoreCase: true);
            }
        }

        Assert.Equal(Enum.GetValues(type).Length - (type == typeof(FrameKind) ? 1 : 0), values.Count);
    }

    [Fact]
    public void Every_enumeration_of_the_grammar_is_held()
        => Assert.Equal(Grammar.Value.Enumerations.Order(StringComparer.Ordinal), Enumerations.Select(row => (string)((object?[])row)[0]!).Order(StringComparer.Ordinal));

    [Fact]
    public void The_magic_is_that_of_the_code()
    {
        JsonElement magic = Grammar.Value.Type("file_header").GetProperty("seq")[0].GetProperty("contents");
        byte[] bytes = [.. magic.EnumerateArray().SelectMany(part => part.ValueKind == JsonValueKind.String ? System.Text.Encoding.ASCII.GetBytes(part.GetString()!) : [part.GetByte()])];
        Assert.Equal(FormatConstants.Magic.ToArray(), bytes);
        Assert.Equal(FormatConstants.VersionMajor, Grammar.Value.Type("file_header").GetProperty("seq")[1].GetProperty("valid").GetInt32());
    }

    [Fact]
    public void Documented_numbers_are_those_of_the_code()
    {
        Dictionary<string, string> docs = Grammar.Value.Type("file_header").GetProperty("seq").EnumerateArray().ToDictionary(f => f.GetProperty("id").GetString()!, f => f.GetProperty("doc").GetString()!);
        Assert.Equal($"Always {FormatConstants.HeaderByteLength} in version 1.", docs["len_header"]);
        Assert.Equal($"Always {FormatConstants.SlotAOffset} in version 1.", docs["ofs_slot_a"]);
        Assert.Equal($"Always {FormatConstants.SlotBOffset} in version 1.", docs["ofs_slot_b"]);
        Assert.Equal($"Always {FormatConstants.LogOffset} in version 1.", docs["ofs_log"]);
        Assert.Equal($"Elements per vector, 1 to {FormatConstants.MaxDimension}.", docs["dimension"]);
        Assert.Contains($"+ {FormatConstants.SectionBlockByteLength - 1}) / {FormatConstants.SectionBlockByteLength}", Grammar.Value.Type("section_body").GetProperty("instances").GetProperty("num_blocks").GetProperty("value").GetString(), StringComparison.Ordinal);
        Assert.Contains($"* {FormatConstants.Unit}", Grammar.Value.Type("frame").GetProperty("instances").GetProperty("len_frame").GetProperty("value").GetString(), StringComparison.Ordinal);
        Assert.Contains($"* {FormatConstants.KeysEntryByteLength}", Position("keys_entry_at", "entry"), StringComparison.Ordinal);
        Assert.Contains($"* {FormatConstants.OrdinalsEntryByteLength}", Position("ordinals_entry_at", "entry"), StringComparison.Ordinal);
        Assert.Contains($"* {FormatConstants.LiveEntryByteLength}", Position("live_word_at", "word"), StringComparison.Ordinal);
        JsonElement row = Grammar.Value.Type("code_row_at").GetProperty("instances");
        Assert.Equal("(dimension + 1) / 2", Value(row, "len_halves"));
        Assert.Equal("(len_halves + 47) / 32 * 32", Value(row, "len_coarse"));
        Assert.Equal("(len_halves + 39) / 32 * 32", Value(row, "len_fine"));
        Assert.Equal($"idx_row / {CodeLayout.GroupRowCount} * {CodeLayout.GroupRowCount}", Value(row, "idx_first"));
        Assert.All((int[])[1, 31, 32, 33, 49, 112, 113, 784, 65_536], dimension =>
        {
            var layout = new CodeLayout(dimension);
            Assert.Equal((((dimension + 1) / 2) + 47) / 32 * 32, layout.CoarseByteLength);
            Assert.Equal((((dimension + 1) / 2) + 39) / 32 * 32, layout.FineByteLength);
        });
    }

    private static string Value(JsonElement instances, string name) => instances.GetProperty(name).GetProperty("value").GetString()!;

    [Fact]
    public void It_compiles_for_every_language()
    {
        string[] lines = ReaderKit.Compile("--all").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.DoesNotContain(lines, line => line.Contains("FAILED", StringComparison.Ordinal));
        foreach (string language in (string[])["cpp_stl", "csharp", "go", "java", "javascript", "lua", "nim", "perl", "php", "python", "ruby", "rust"])
        {
            Assert.Contains(lines, line => line.StartsWith($"0.11 {language}: ", StringComparison.Ordinal));
        }

        Assert.Contains(lines, line => line.StartsWith("0.10 python: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Everything_is_documented()
    {
        List<string> undocumented = [];
        foreach (string type in Grammar.Value.Types)
        {
            CheckDocumented(type, Grammar.Value.Type(type), undocumented);
        }

        CheckDocumented("edb", Grammar.Value.Root, undocumented);
        foreach (string name in Grammar.Value.Enumerations)
        {
            undocumented.AddRange(Grammar.Value.Root.GetProperty("enums").GetProperty(name).EnumerateObject().Where(v => !HasDoc(v.Value)).Select(v => $"{name} {v.Name}"));
        }

        Assert.Empty(undocumented);
    }

    [Fact]
    public void Nothing_repeats_over_all_records_and_only_magic_and_version_are_validated()
    {
        string[] repeated = [.. Attributes().Where(a => a.Definition.TryGetProperty("repeat", out _)).Select(a => $"{a.Type}.{a.Name}")];
        Assert.Equal(["catalog_payload.sections", "graph_at.level_counts", "graph_entry_at.neighbours", "graph_row_at.entries", "metadata_list.items", "metadata_map.entries", "record_body.halves", "record_body.signed_bytes", "record_body.vector"], repeated.Order(StringComparer.Ordinal));
        Assert.Equal(["file_header.version_major"], Attributes().Where(a => a.Definition.TryGetProperty("valid", out _)).Select(a => $"{a.Type}.{a.Name}"));
        Assert.False(Grammar.Value.Root.GetProperty("meta").TryGetProperty("ks-opaque-types", out _));
        Assert.Equal("MIT", Grammar.Value.Root.GetProperty("meta").GetProperty("license").GetString());
    }

    private static int Body(int offset) => offset - FrameHeader.SpecificOffset;

    private static string Position(string type, string instance) => Grammar.Value.Type(type).GetProperty("instances").GetProperty(instance).GetProperty("pos").GetString()!;

    private static bool HasDoc(JsonElement element) => element.TryGetProperty("doc", out JsonElement doc) && doc.GetString()!.Length > 3;

    private static void CheckDocumented(string name, JsonElement type, List<string> undocumented)
    {
        if (!HasDoc(type))
        {
            undocumented.Add(name);
        }

        undocumented.AddRange(Members(type).Where(member => !HasDoc(member.Definition)).Select(member => $"{name}.{member.Name}"));
    }

    private static IEnumerable<(string Type, string Name, JsonElement Definition)> Attributes()
        => Grammar.Value.Types.SelectMany(type => Members(Grammar.Value.Type(type)).Select(member => (type, member.Name, member.Definition)))
            .Concat(Members(Grammar.Value.Root).Select(member => ("edb", member.Name, member.Definition)));

    private static IEnumerable<(string Name, JsonElement Definition)> Members(JsonElement type)
    {
        foreach (string list in (string[])["params", "seq"])
        {
            if (type.TryGetProperty(list, out JsonElement sequence))
            {
                foreach (JsonElement member in sequence.EnumerateArray())
                {
                    yield return (member.GetProperty("id").GetString()!, member);
                }
            }
        }

        if (type.TryGetProperty("instances", out JsonElement instances))
        {
            foreach (JsonProperty instance in instances.EnumerateObject())
            {
                yield return (instance.Name, instance.Value);
            }
        }
    }
}
