using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Primitives;
using EmbedCache.Spec.Tests.Support;
using EmbedCache.TestSupport;

namespace EmbedCache.Spec.Tests.Grammar;

/// <summary>What FORMAT.md says in numbers is held against the grammar and the code: byte boxes, kinds, key recipe, maxima, the places that the grammar refers to.</summary>
[Collection(ReaderKitCollection.Name)]
public sealed partial class FormatDocumentTests
{
    private static readonly string Document = File.ReadAllText(Repository.PathTo("spec", "FORMAT.md"));
    private static readonly Lazy<GrammarLayout> Grammar = new(() => GrammarLayout.Parse(ReaderKit.Compile("--json")));

    [GeneratedRegex(@"<!-- layout: (\w+) -->\n```\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Layout();

    [GeneratedRegex(@"^ *(\d+) (?:│ (\w+)|└)", RegexOptions.Multiline)]
    private static partial Regex LayoutLine();

    [GeneratedRegex(@"^\| `(""[^`]*"")` \| (\d) \| `(\w{16})` \| `(\w{64})` \| `(\w{16})` \|$", RegexOptions.Multiline)]
    private static partial Regex KeyVector();

    [GeneratedRegex(@"^\| (\d+) \| (\w+) \| ", RegexOptions.Multiline)]
    private static partial Regex KindRow();

    [GeneratedRegex(@"^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"doc-ref: FORMAT\.md#([\w-]+)")]
    private static partial Regex Reference();

    [Fact]
    public void Every_byte_box_is_that_of_the_grammar()
    {
        MatchCollection boxes = Layout().Matches(Document);
        Assert.Equal(19, boxes.Count);
        foreach (Match box in boxes)
        {
            string type = box.Groups[1].Value;
            int origin = type.EndsWith("_body", StringComparison.Ordinal) ? FrameHeader.SpecificOffset : 0;
            Dictionary<string, int> drawn = LayoutLine().Matches(box.Groups[2].Value).ToDictionary(
                line => line.Groups[2].Success ? line.Groups[2].Value : "=",
                line => int.Parse(line.Groups[1].Value, CultureInfo.InvariantCulture) - origin);
            IReadOnlyDictionary<string, (int Byte, int Bit)> fields = Grammar.Value.Fields(type);
            Assert.Equal(
                fields.Where(field => drawn.ContainsKey("=") || field.Key != "=").Select(field => $"{type}.{field.Key} {field.Value.Byte}").Order(StringComparer.Ordinal),
                drawn.Select(field => $"{type}.{field.Key} {field.Value}").Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Every_kind_is_in_the_table()
    {
        string frames = Section("Frames");
        IEnumerable<string> table = KindRow().Matches(frames).Select(row => $"{row.Groups[1].Value} {row.Groups[2].Value}");
        Assert.Equal(Enum.GetValues<FrameKind>().Where(kind => kind != FrameKind.Invalid).Select(kind => $"{(byte)kind} {kind}"), table);
    }

    [Fact]
    public void The_key_recipe_gives_the_test_vectors()
    {
        MatchCollection vectors = KeyVector().Matches(Document);
        Assert.Equal(10, vectors.Count);
        FileSalt salt = FileSalt.Read(Convert.FromHexString("000102030405060708090a0b0c0d0e0f"));
        Assert.Contains("salt `000102030405060708090a0b0c0d0e0f`", Document, StringComparison.Ordinal);
        foreach (Match vector in vectors)
        {
            string text = JsonSerializer.Deserialize<string>(vector.Groups[1].Value)!;
            EmbeddingRole role = (EmbeddingRole)int.Parse(vector.Groups[2].Value, CultureInfo.InvariantCulture);
            byte[] buffer = new byte[StoredKey.BufferByteLength(text)];
            StoredKey plain = StoredKey.FromText(text, role, new FileHeader { KeyStorage = KeyStorage.Text, Salt = salt }, buffer, string.Empty);
            Assert.Equal(vector.Groups[3].Value, Hex(plain.Hash));
            StoredKey digest = StoredKey.FromText(text, role, new FileHeader { KeyStorage = KeyStorage.Digest, Salt = salt }, buffer, string.Empty);
            Assert.Equal(vector.Groups[4].Value, Convert.ToHexStringLower(digest.Bytes));
            Assert.Equal(vector.Groups[5].Value, Hex(digest.Hash));
        }
    }

    [Fact]
    public void The_CRC_is_the_one_that_is_named()
    {
        Assert.Contains("the check value of \"123456789\" is CBF43926", Document, StringComparison.Ordinal);
        Assert.Equal(0xCBF43926, Crc32.Compute("123456789"u8));
    }

    [Fact]
    public void The_maxima_are_those_of_the_code()
    {
        string maxima = Section("Maxima");
        Assert.Contains($"| dimension | {Grouped(FormatConstants.MaxDimension)} |", maxima, StringComparison.Ordinal);
        Assert.Contains($"| key | {Grouped(FormatConstants.MaxKeyByteLength)} bytes of UTF-8, at least 1 |", maxima, StringComparison.Ordinal);
        Assert.Contains($"| metadata of a record | {Grouped(MetadataValue.MaxMapByteLength)} bytes |", maxima, StringComparison.Ordinal);
        Assert.Contains($"| name of a metadata entry | {MetadataValue.MaxNameByteLength} bytes |", maxima, StringComparison.Ordinal);
        Assert.Contains($"| frames with a key outside the index | {Grouped(EmbedCache.Engine.WriteTransaction.MaxUnindexedCount)} |", maxima, StringComparison.Ordinal);
        Assert.Contains($"| time | {UnixTime.ToDateTimeOffset(UnixTime.MaxMilliseconds):yyyy-MM-dd'T'HH:mm:ss.fff'Z'} |", maxima, StringComparison.Ordinal);
        Assert.Equal((1L << 53, (1L << 48) - 1, uint.MaxValue), (FormatConstants.OffsetLimit, FormatConstants.MaxTransaction, FormatConstants.MaxFrameUnits));
        Assert.Contains($"at most {UnixTime.MaxMilliseconds} ", Document, StringComparison.Ordinal);
    }

    [Fact]
    public void The_lock_ranges_are_those_of_the_code()
    {
        string locks = Section("Processes and locks");
        Assert.Contains($"| {Spaced(EmbedCache.Storage.LockRanges.WriterLock)}, one byte | exclusive |", locks, StringComparison.Ordinal);
        Assert.Contains($"| {Spaced(EmbedCache.Storage.LockRanges.GraphBuilder)}, one byte | exclusive |", locks, StringComparison.Ordinal);
        Assert.Contains($"| {Spaced(EmbedCache.Storage.LockRanges.ReaderPins)} + sequence, one byte | shared |", locks, StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_that_the_grammar_refers_to_is_there()
    {
        HashSet<string> anchors = [.. Heading().Matches(Document).Select(heading => Anchor(heading.Groups[1].Value))];
        string[] references = [.. Reference().Matches(File.ReadAllText(Repository.PathTo("spec", "edb.ksy"))).Select(match => match.Groups[1].Value).Distinct()];
        Assert.True(references.Length > 5);
        Assert.DoesNotContain(references, reference => !anchors.Contains(reference));
    }

    private static string Section(string heading)
    {
        int start = Document.IndexOf($"\n## {heading}\n", StringComparison.Ordinal);
        Assert.True(start >= 0, $"FORMAT.md has no section '{heading}'");
        int end = Document.IndexOf("\n## ", start + 4, StringComparison.Ordinal);
        return Document[start..(end < 0 ? Document.Length : end)];
    }

    /// <summary>The anchor that Markdown renderers make of a heading.</summary>
    private static string Anchor(string heading)
        => new([.. heading.ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-').Select(c => c == ' ' ? '-' : c)]);

    private static string Hex(ulong hash) => hash.ToString("x16", CultureInfo.InvariantCulture);

    private static string Grouped(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Spaced(long number) => string.Join(' ', number.ToString("X16", CultureInfo.InvariantCulture).Chunk(4).Select(part => new string(part)));
}
