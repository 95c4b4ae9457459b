using System.Collections;
using System.Collections.Specialized;
using System.Management.Automation;
using EmbedCache.PowerShell;

namespace EmbedCache.Ps.UnitTests;

/// <summary>What the pipeline brings, and the records that are found in it. The dimension is 2 throughout.</summary>
public sealed class RecordSourceTests
{
    private const int Dimension = 2;

    [Fact]
    public void ParametersAloneAreOneRecord()
    {
        RecordDraft draft = Single(Read(null, Bound(["a"], new float[] { 1, 2 }), keys: true, vector: true));
        Assert.Equal("a", draft.Key);
        Assert.Equal([1f, 2f], Floats(draft));
    }

    [Fact]
    public void SeveralKeysTakeSeveralVectors()
    {
        object[] jagged = [new float[] { 1, 2 }, new double[] { 3, 4 }];
        Assert.Equal(["a:1,2", "b:3,4"], Texts(Read(null, Bound(["a", "b"], jagged), keys: true, vector: true)));
    }

    /// <summary>$response.data.embedding: PowerShell runs the vectors of all items into one list.</summary>
    [Fact]
    public void FlatListOfAllNumbersIsSplitByTheDimension()
    {
        object[] flat = [1.0, 2.0, 3.0, 4.0];
        Assert.Equal(["a:1,2", "b:3,4"], Texts(Read(null, Bound(["a", "b"], flat), keys: true, vector: true)));
    }

    [Fact]
    public void ListOfAnotherCountIsRefusedAsAWhole()
    {
        object[] jagged = [new float[] { 1, 2 }];
        Assert.Equal("CountMismatch", Single(Read(null, Bound(["a", "b"], jagged), keys: true, vector: true)).ProblemId);
        Assert.Equal("CountMismatch", Single(Read(null, Bound(["a", "b"], new[] { 1.0, 2, 3 }), keys: true, vector: true)).ProblemId);
    }

    [Theory]
    [InlineData("Key", "Vector")]
    [InlineData("Text", "Embedding")]
    [InlineData("Id", "Values")]
    [InlineData("name", "vector")]
    [InlineData("INPUT", "EMBEDDING")]
    public void HashtableIsReadByItsEntries(string key, string vector)
    {
        var table = new Hashtable(StringComparer.OrdinalIgnoreCase) { [key] = "a", [vector] = new[] { 1.0, 2.0 }, ["Metadata"] = new Hashtable { ["lang"] = "en" } };
        RecordDraft draft = Single(ReadDictionary(table));
        Assert.Equal("a", draft.Key);
        Assert.Equal([1f, 2f], Floats(draft));
        Assert.IsType<Hashtable>(VectorConverter.Unwrap(draft.Metadata));
    }

    [Fact]
    public void OtherDictionariesAreReadWhateverTheirCase()
    {
        var generic = new Dictionary<string, object> { ["key"] = "a", ["VECTOR"] = new[] { 1f, 2f } };
        var ordered = new OrderedDictionary { ["key"] = "a", ["vector"] = new[] { 1f, 2f } };
        Assert.Equal(["a:1,2"], Texts(ReadDictionary(generic)));
        Assert.Equal(["a:1,2"], Texts(ReadDictionary(ordered)));
    }

    [Fact]
    public void HashtableMayCarryRoleAndExpiry()
    {
        var at = new DateTimeOffset(2030, 1, 2, 0, 0, 0, TimeSpan.Zero);
        RecordDraft draft = Single(ReadDictionary(new Hashtable { ["Key"] = "a", ["Vector"] = new[] { 1f, 2f }, ["Role"] = "Query", ["ExpiresAt"] = at }));
        Assert.Equal(EmbeddingRole.Query, draft.Role);
        Assert.Equal(at, draft.Expires);
        RecordDraft living = Single(ReadDictionary(new Hashtable { ["Key"] = "a", ["Vector"] = new[] { 1f, 2f }, ["TimeToLive"] = TimeSpan.FromDays(1) }));
        Assert.InRange(living.Expires!.Value - DateTimeOffset.UtcNow, TimeSpan.FromHours(23), TimeSpan.FromHours(24));
    }

    [Theory]
    [InlineData("Role", "user", "InvalidRole")]
    [InlineData("TimeToLive", 30, "InvalidExpiry")]
    [InlineData("ExpiresAt", "soon", "InvalidExpiry")]
    public void UnusableExtrasAreRefused(string name, object value, string id)
    {
        Assert.Equal(id, Single(ReadDictionary(new Hashtable { ["Key"] = "a", ["Vector"] = new[] { 1f, 2f }, [name] = value })).ProblemId);
    }

    [Fact]
    public void NumberAsKeyIsWrittenTheSameEverywhere()
    {
        Assert.Equal("42", Single(ReadDictionary(new Hashtable { ["Id"] = 42, ["Vector"] = new[] { 1f, 2f } })).Key);
    }

    [Fact]
    public void WhatIsMissingIsSaid()
    {
        Assert.Equal("MissingVector", Single(ReadDictionary(new Hashtable { ["Key"] = "a" })).ProblemId);
        Assert.Equal("MissingKey", Single(ReadDictionary(new Hashtable { ["Vector"] = new[] { 1f, 2f } })).ProblemId);
        Assert.Equal("MissingVector", Single(Read(new PSObject("a text"), default)).ProblemId);
        Assert.Equal("MissingVector", Single(Read(null, Bound(["a"], null), keys: true)).ProblemId);
        Assert.Equal("MissingKey", Single(Read(null, Bound(null, new[] { 1f, 2f }), vector: true)).ProblemId);
    }

    /// <summary>{ object, data: [{ object, index, embedding }], model, usage }, in any order of the items.</summary>
    [Fact]
    public void OpenAIResponseTakesItsTextsByIndex()
    {
        PSObject response = OpenAIResponse(Item(1, 3, 4), Item(0, 1, 2));
        Assert.Equal(["b:3,4", "a:1,2"], Texts(Read(response, Bound(["a", "b"], null), keys: true)));
    }

    /// <summary>vLLM and others give the response an id; it is no text.</summary>
    [Fact]
    public void IdOfAResponseIsNoKey()
    {
        PSObject response = OpenAIResponse(Item(0, 1, 2));
        response.Properties.Add(new PSNoteProperty("id", "embd-1"));
        Assert.Equal("MissingKey", Single(Read(response, Bound(["embd-1"], null))).ProblemId);
    }

    [Fact]
    public void ItemsOfAResponseTakeTheGivenTextsByIndex()
    {
        var source = Source(keys: true);
        Assert.Equal(["b:3,4"], Texts(source.Read(Item(1, 3, 4), Bound(["a", "b"], new object[] { 3.0, 4.0 }))));
        Assert.Equal(["a"], source.KeysWithoutVector);
        Assert.Equal(["a:1,2"], Texts(source.Read(Item(0, 1, 2), Bound(["a", "b"], new object[] { 1.0, 2.0 }))));
        Assert.Empty(source.KeysWithoutVector);
    }

    [Fact]
    public void SecondEmbeddingWithTheSameIndexIsRefused()
    {
        var source = Source(keys: true);
        source.Read(Item(0, 1, 2), Bound(["a", "b"], new object[] { 1.0, 2.0 })).ToList();
        RecordDraft second = Single(source.Read(Item(0, 5, 6), Bound(["a", "b"], new object[] { 5.0, 6.0 })));
        Assert.Equal("CountMismatch", second.ProblemId);
        Assert.Contains("index 0", second.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void IndexIsNeverAKey()
    {
        Assert.Equal("MissingKey", Single(Read(Item(0, 1, 2), Bound(null, new object[] { 1.0, 2.0 }))).ProblemId);
    }

    [Fact]
    public void ResponseWithAnotherCountIsRefusedAsAWhole()
    {
        Assert.Equal("CountMismatch", Single(Read(OpenAIResponse(Item(0, 1, 2)), Bound(["a", "b"], null), keys: true)).ProblemId);
    }

    [Fact]
    public void OllamaResponseTakesItsTextsInOrder()
    {
        var response = new PSObject();
        response.Properties.Add(new PSNoteProperty("model", "m"));
        response.Properties.Add(new PSNoteProperty("embeddings", new object[] { new object[] { 1.0, 2.0 }, new object[] { 3.0, 4.0 } }));
        Assert.Equal(["a:1,2", "b:3,4"], Texts(Read(response, Bound(["a", "b"], null), keys: true)));
        var table = new Hashtable { ["embeddings"] = new object[] { new object[] { 1.0, 2.0 } } };
        Assert.Equal(["a:1,2"], Texts(Read(new PSObject(table), Bound(["a"], table.Values), keys: true)));
    }

    [Fact]
    public void GeminiResponseHasItsNumbersOneLevelDeeper()
    {
        var inner = new PSObject();
        inner.Properties.Add(new PSNoteProperty("values", new object[] { 1.0, 2.0 }));
        var response = new PSObject();
        response.Properties.Add(new PSNoteProperty("embeddings", new object[] { inner }));
        Assert.Equal(["a:1,2"], Texts(Read(response, Bound(["a"], null), keys: true)));
        Assert.Equal(["a:1,2"], Texts(Read(new PSObject(new object()), Bound(["a"], inner), keys: true)));
    }

    [Fact]
    public void ItemsWithTheirOwnTextNeedNoKeys()
    {
        PSObject item = Item(0, 1, 2);
        item.Properties.Add(new PSNoteProperty("text", "a"));
        Assert.Equal(["a:1,2"], Texts(Read(OpenAIResponse(item), default)));
    }

    [Fact]
    public void RowsOfNumbersTakeTheGivenTextsInOrder()
    {
        var source = Source(keys: true);
        Assert.Equal(["a:1,2"], Texts(source.Read(new PSObject(new object[] { 1.0, 2.0 }), Bound(["a", "b"], null))));
        Assert.Equal(["b:3,4"], Texts(source.Read(new PSObject(new object[] { 3.0, 4.0 }), Bound(["a", "b"], null))));
        Assert.Equal("CountMismatch", Single(source.Read(new PSObject(new object[] { 5.0, 6.0 }), Bound(["a", "b"], null))).ProblemId);
    }

    [Fact]
    public void ScriptBlockKeysAndVectorsWinOverWhatTheObjectSays()
    {
        Assert.Equal(["doc:x:1,2"], Texts(Read(new PSObject("x"), Bound(["doc:x"], new[] { 1f, 2f }))));
        var table = new Hashtable { ["Text"] = "x" };
        Assert.Equal(["x:1,2"], Texts(Read(new PSObject(table), Bound(null, new[] { 1f, 2f }))));
    }

    [Fact]
    public void PipedBase64IsAVectorWhenTheKeyIsGiven()
    {
        Assert.Equal(["a:1,2"], Texts(Read(new PSObject("AACAPwAAAEA="), Bound(["a"], null), keys: true)));
    }

    private static RecordSource Source(bool keys = false, bool vector = false) => new(keys, vector, metadataIsGiven: false, roleIsGiven: false, expiryIsGiven: false, Dimension);

    private static BoundFields Bound(string[]? key, object? vector) =>
        new(key, vector is null ? null : PSObject.AsPSObject(vector), null, EmbeddingRole.None, TimeSpan.Zero, null);

    private static IEnumerable<RecordDraft> Read(PSObject? input, BoundFields bound, bool keys = false, bool vector = false) => Source(keys, vector).Read(input, bound);

    /// <summary>As PowerShell does it: the dictionary's property Values is bound to -Vector by that alias.</summary>
    private static IEnumerable<RecordDraft> ReadDictionary(IDictionary dictionary) => Read(new PSObject(dictionary), Bound(null, dictionary.Values));

    private static PSObject Item(int index, params double[] numbers)
    {
        var item = new PSObject();
        item.Properties.Add(new PSNoteProperty("object", "embedding"));
        item.Properties.Add(new PSNoteProperty("index", (long)index));
        item.Properties.Add(new PSNoteProperty("embedding", numbers.Cast<object>().ToArray()));
        return item;
    }

    private static PSObject OpenAIResponse(params PSObject[] items)
    {
        var response = new PSObject();
        response.Properties.Add(new PSNoteProperty("object", "list"));
        response.Properties.Add(new PSNoteProperty("data", items.Cast<object>().ToArray()));
        response.Properties.Add(new PSNoteProperty("model", "m"));
        return response;
    }

    private static RecordDraft Single(IEnumerable<RecordDraft> drafts) => Assert.Single(drafts);

    private static float[] Floats(RecordDraft draft)
    {
        Assert.True(new VectorConverter().TryConvert(draft.Vector, out ReadOnlyMemory<float> vector, out string problem), problem);
        return vector.ToArray();
    }

    private static IEnumerable<string> Texts(IEnumerable<RecordDraft> drafts) =>
        drafts.Select(draft => draft.Problem ?? $"{draft.Key}:{string.Join(',', Floats(draft))}").ToList();
}
