using EmbedCache.Engine;
using EmbedCache.Format;
using EmbedCache.Metadata;
using EmbedCache.Primitives;
using EmbedCache.Storage;
using EmbedCache.Tests.Engine;

namespace EmbedCache.Tests.Metadata;

/// <summary>
/// Columns give the answers that the records give: random metadata of every type and form, random filters, against the filter on each record. What has no column says
/// so; what is damaged or contradicts itself is refused, never answered wrongly.
/// </summary>
public sealed class ColumnSetTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(1000)]
    [InlineData(1700)]
    public void Random_records_and_filters(int count)
    {
        var random = new Random(count);
        EmbeddingMetadata[] records = [.. Enumerable.Range(0, count).Select(_ => FilterOracle.RandomRecord(random))];
        ColumnSet columns = Create(records);
        Assert.True(columns.IsComplete);
        int passed = 0;
        for (int round = 0; round < 120; round++)
        {
            Filter filter = FilterOracle.RandomFilter(random, depth: 3);
            passed += AssertSame(filter, columns, records, mayBeUnknown: false);
        }

        Assert.InRange(passed, count * 20, count * 100);
    }

    /// <summary>Each type in each form: in all records, in many, in few, in one.</summary>
    [Fact]
    public void Every_type_and_form()
    {
        const int Count = 6_000;
        var random = new Random(3);
        int[] steps = [1, 2, 7, 500, Count];
        var records = new EmbeddingMetadata[Count];
        for (int i = 0; i < Count; i++)
        {
            var entries = new List<KeyValuePair<string, object>>();
            foreach (int step in steps.Where(step => i % step == step - 1))
            {
                entries.Add(new($"few{step}", "t" + random.Next(5)));
                entries.Add(new($"some{step}", "t" + random.Next(1000)));
                entries.Add(new($"long{step}", random.NextInt64()));
                entries.Add(new($"double{step}", random.NextDouble()));
                entries.Add(new($"bool{step}", random.Next(2) == 0));
                entries.Add(new($"date{step}", new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(random.Next(1_000_000))));
                entries.Add(new($"list{step}", Enumerable.Range(0, random.Next(3)).Select(_ => "i" + random.Next(300)).ToArray()));
            }

            records[i] = new EmbeddingMetadata(entries);
        }

        ColumnSet columns = Create(records);
        foreach (int step in steps)
        {
            foreach (string filter in new[]
            {
                "few{0} = 't1'", "few{0} != 't1'", "few{0} in ('t0', 't3', 'x')", "some{0} starts with 't12'", "some{0} contains '7'", "some{0} >= 't5'", "some{0} = 'T77' nocase",
                "long{0} > 0", "long{0} between -1000000000000000000 and 5.5e18", "long{0} in (1, 2, 3, 4, 5, 6)", "double{0} < 0.25", "double{0} >= 0 and not double{0} > 0.5", "bool{0} = true", "bool{0} != true",
                "bool{0} in (true, false)", "date{0} >= date '2021-01-01'", "date{0} < date '2020-02-01'", "list{0} contains 'i7'", "list{0} contains 'I7' nocase", "list{0} not contains 'i7'",
                "list{0} exists", "few{0} exists", "not long{0} exists", "long{0} = 'x'", "list{0} = 'i7'", "few{0} > 3",
            })
            {
                AssertSame(Filter.Parse(filter.Replace("{0}", step.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal)), columns, records, mayBeUnknown: false);
            }
        }
    }

    /// <summary>Codes of one, two and four bytes.</summary>
    [Theory]
    [InlineData(256, 1)]
    [InlineData(257, 2)]
    [InlineData(65_536, 2)]
    [InlineData(65_537, 4)]
    public void Codes_are_as_wide_as_they_must_be(int terms, int width)
    {
        EmbeddingMetadata[] records = [.. Enumerable.Range(0, terms + 3).Select(i => EmbeddingMetadata.Empty.With("t", Convert.ToString(i % terms, 16)))];
        ColumnSet columns = Create(records);
        Assert.True(ColumnEntry.TryRead(columns.Section.Range(ColumnsHeader.ByteLength, ColumnEntry.ByteLength), records.Length, columns.Section.Frame.EntriesByteLength, out ColumnEntry entry));
        Assert.Equal(width, entry.CodeByteLength);
        Assert.Equal(terms, entry.TermCount);
        foreach (string filter in new[] { "t = '0'", "t = 'ff'", "t >= 'f'", "t starts with 'a'", "t contains 'e'", "t = 'FF' nocase", "t = 'zzz'" })
        {
            AssertSame(Filter.Parse(filter), columns, records, mayBeUnknown: false);
        }
    }

    /// <summary>Long texts keep presence alone, and what a filter asks of them is left to the records; what does not depend on them is known all the same.</summary>
    [Fact]
    public void Long_texts_have_no_values()
    {
        var random = new Random(5);
        EmbeddingMetadata[] records = [.. Enumerable.Range(0, 2000).Select(i =>
        {
            EmbeddingMetadata record = EmbeddingMetadata.Empty.With("n", (long)i);
            return i % 3 == 0 ? record : record.With("body", new string((char)('a' + random.Next(26)), 200 + i)).With("parts", new[] { new string('p', 200) + i });
        })];
        ColumnSet columns = Create(records);
        Assert.True(columns.IsComplete);
        Assert.True(columns.Section.ByteLength < 64 << 10);
        AssertSame(Filter.Parse("body starts with 'q'"), columns, records, mayBeUnknown: true);
        AssertSame(Filter.Parse("not body starts with 'q'"), columns, records, mayBeUnknown: true);
        AssertSame(Filter.Parse("body starts with 'q' and n < 100"), columns, records, mayBeUnknown: true);
        AssertSame(Filter.Parse("body starts with 'q' or n < 1900"), columns, records, mayBeUnknown: true);
        AssertSame(Filter.Parse("BODY > 'm' and parts contains 'x'"), columns, records, mayBeUnknown: true);
        AssertSame(Filter.Parse("body exists and parts exists"), columns, records, mayBeUnknown: false);

        (_, ulong[]? unknown) = ColumnFilter.Evaluate(Filter.Parse("body starts with 'q' and n < 100"), columns);
        Assert.Equal(66, Bitmap.Count(unknown!));
        (_, unknown) = ColumnFilter.Evaluate(Filter.Parse("body starts with 'q' or n >= 0"), columns);
        Assert.True(unknown is null || Bitmap.IsEmpty(unknown));
    }

    [Fact]
    public void Very_many_names_have_no_columns()
    {
        EmbeddingMetadata[] records = [.. Enumerable.Range(0, 1000).Select(i => EmbeddingMetadata.Empty.With("n", (long)i).With($"name{i}", (long)i).With($"NAME{999 - i}", "x"))];
        ColumnSet columns = Create(records);
        Assert.False(columns.IsComplete);
        Assert.True(columns.Columns.Length <= ColumnsHeader.MaxColumnCount);
        AssertSame(Filter.Parse("n >= 500"), columns, records, mayBeUnknown: false);
        AssertSame(Filter.Parse("name5 = 5"), columns, records, mayBeUnknown: true);
        AssertSame(Filter.Parse("name500 = 500"), columns, records, mayBeUnknown: true);
        AssertSame(Filter.Parse("name990 = 'x' or Name3 exists"), columns, records, mayBeUnknown: true);
        AssertSame(Filter.Parse("not there = 1 and n < 10"), columns, records, mayBeUnknown: true);

        var builder = new ColumnsBuilder(1, 1, 2);
        for (int i = 0; i < 5000; i++)
        {
            builder.Add(0, MetadataCodec.Encode(EmbeddingMetadata.Empty.With($"name{i}", 1L)), null, 0);
        }

        columns = Open(builder.Build().Write);
        Assert.Empty(columns.Columns);
        Assert.False(columns.IsComplete);
        columns = Open(new ColumnsBuilder(10, 1, 2).Build().Write);
        Assert.Equal(10, columns.OrdinalCount);
        Assert.Empty(columns.Columns);
        Assert.True(columns.IsComplete);
    }

    [Fact]
    public void The_same_metadata_is_the_same_bytes()
    {
        var random = new Random(6);
        EmbeddingMetadata[] records = [.. Enumerable.Range(0, 500).Select(_ => FilterOracle.RandomRecord(random))];
        Assert.Equal(Bytes(records, 1), Bytes(records, 99));

        static byte[] Bytes(EmbeddingMetadata[] records, ulong key)
        {
            Section section = Create(records, key).Section;
            return section.Range(0, (int)section.Frame.EntriesByteLength).ToArray();
        }
    }

    /// <summary>Any byte of a section changed, its CRCs right: the same answer, another that the bytes now say, or corruption; never a crash or a loop.</summary>
    [Fact]
    public void Hostile_sections_are_answered_or_refused()
    {
        var random = new Random(8);
        EmbeddingMetadata[] records = [.. Enumerable.Range(0, 200).Select(_ => FilterOracle.RandomRecord(random))];
        Section whole = Create(records).Section;
        byte[] bytes = whole.Range(0, (int)whole.Frame.EntriesByteLength).ToArray();
        Filter[] filters = [.. Enumerable.Range(0, 25).Select(_ => FilterOracle.RandomFilter(random, depth: 2))];
        int refused = 0;
        for (int round = 0; round < 120; round++)
        {
            byte[] changed = [.. bytes];
            for (int changes = random.Next(1, 4); changes > 0; changes--)
            {
                // Mostly where counts and offsets are.
                int at = random.Next(3) == 0 ? random.Next(changed.Length) : random.Next(Math.Min(changed.Length, 2048));
                changed[at] = random.Next(3) == 0 ? (byte)0xFF : (byte)random.Next(256);
            }

            foreach (Filter filter in filters)
            {
                try
                {
                    ColumnSet columns = Open(writer => writer.Write(changed.AsSpan()));
                    if (columns.OrdinalCount != records.Length)
                    {
                        // Its place among the others says how many it must be.
                        refused++;
                        continue;
                    }

                    (ulong[] passes, _) = ColumnFilter.Evaluate(filter, columns);
                    Assert.InRange(Bitmap.Count(passes), 0, records.Length);
                }
                catch (CorruptFileException)
                {
                    refused++;
                }
            }
        }

        Assert.InRange(refused, 30, 2_970);
    }

    [Fact]
    public void Parts_out_of_order_or_bounds_are_refused()
    {
        EmbeddingMetadata[] records = [.. Enumerable.Range(0, 100).Select(i => i % 10 == 0 ? EmbeddingMetadata.Empty.With("t", "x" + (i % 7)) : EmbeddingMetadata.Empty)];
        Section whole = Create(records).Section;
        byte[] bytes = whole.Range(0, (int)whole.Frame.EntriesByteLength).ToArray();
        Assert.True(ColumnEntry.TryRead(bytes.AsSpan(64), 100, bytes.Length, out ColumnEntry entry));
        Assert.Equal(ColumnForm.Sparse, entry.Form);
        foreach (long at in new[] { entry.PresencePosition, entry.ValuesPosition, entry.TermStartsPosition + 4, entry.TermsPosition + 1 })
        {
            byte[] changed = [.. bytes];
            changed[at] = 0xEE;
            ColumnSet columns = Open(writer => writer.Write(changed.AsSpan()));
            Assert.Throws<CorruptFileException>(() => ColumnFilter.Evaluate(Filter.Equal("t", "x1"), columns));
        }
    }

    private static int AssertSame(Filter filter, ColumnSet columns, EmbeddingMetadata[] records, bool mayBeUnknown)
    {
        (ulong[] passes, ulong[]? unknown) = ColumnFilter.Evaluate(filter, columns);
        Assert.True(mayBeUnknown || unknown is null, $"{filter} is not known");
        int count = 0;
        for (int i = 0; i < records.Length; i++)
        {
            bool isUnknown = unknown is not null && Bitmap.IsSet(unknown, i);
            bool expected = filter.Matches(records[i]);
            Assert.False(isUnknown && Bitmap.IsSet(passes, i));
            Assert.True(isUnknown || expected == Bitmap.IsSet(passes, i), $"{filter} on {records[i]}: {!expected}");
            count += expected ? 1 : 0;
        }

        Assert.InRange(Bitmap.Count(passes), 0, count);
        return count;
    }

    private static ColumnSet Create(EmbeddingMetadata[] records, ulong key = 1)
    {
        var builder = new ColumnsBuilder(records.Length, key, 2);
        for (int i = 0; i < records.Length; i++)
        {
            builder.Add((uint)i, MetadataCodec.Encode(records[i]), null, 0);
        }

        return Open(builder.Build().Write);
    }

    /// <summary>A Columns section in a file of its own.</summary>
    private static ColumnSet Open(Action<SectionWriter> write)
    {
        var memory = new MemoryFileSystem();
        var header = new FileHeader { Dimension = 1, ElementType = ElementType.Float32, Metric = Metric.Dot, KeyStorage = KeyStorage.Text, StoreId = Guid.Empty, Generation = 1, Salt = new FileSalt(1, 2), Created = 1 };
        LogFile log = LogFile.Create(memory, "/disk/columns.edb", header, 1, ownerOnly: false, positional: true);
        using var appender = new LogAppender(log, log.ReadSlots().Newest!.Value, new SpaceReserver(log.File, commitsAreFlushed: false));
        var fields = new SectionFrame
        {
            Header = new FrameHeader { Kind = FrameKind.Columns },
            EntryByteLength = FormatConstants.Unit,
            CoversFrom = FormatConstants.LogOffset,
            CoversTo = FormatConstants.LogOffset,
        };
        SectionExtent extent = appender.AppendSection(fields, write);
        appender.Flush();
        log.Source.EnsureCovers(appender.NextOffset);
        return new ColumnSet(Section.Open(log, extent.Offset, FrameKind.Columns, appender.NextOffset));
    }
}
