using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>One embedding of an endpoint's response.</summary>
/// <param name="vector">The vector as it was parsed: any type that <see cref="VectorConverter"/> takes.</param>
/// <param name="index">The position that the endpoint gave it among the texts of the request, or null.</param>
/// <param name="source">The object it came in, or null when it was a bare array.</param>
internal readonly struct ResponseItem(object? vector, int? index, object? source)
{
    public object? Vector { get; } = vector;

    public int? Index { get; } = index;

    public object? Source { get; } = source;
}

/// <summary>
/// Reads the responses of embedding endpoints: OpenAI and those like it (<c>data[].embedding</c>), Ollama (<c>embeddings[][]</c>), Gemini
/// (<c>embeddings[].values</c>), Cohere (<c>embeddings.float[][]</c>), and bare lists of vectors.
/// </summary>
internal static class EmbeddingResponse
{
    /// <summary>Recognises a response by its shape.</summary>
    /// <returns>Its embeddings in their order, or null when the object is no response.</returns>
    public static List<ResponseItem>? TryRead(object source)
    {
        if (RecordFields.TryGet(source, "data", out object? data) && TryReadItems(data) is { } items)
        {
            return items;
        }

        if (RecordFields.TryGet(source, "embeddings", out object? embeddings))
        {
            object? bare = VectorConverter.Unwrap(embeddings);
            if (bare is not null and not IList && RecordFields.TryGet(embeddings!, "float", out object? typed))
            {
                embeddings = typed;
            }

            return TryReadItems(embeddings);
        }

        return null;
    }

    /// <summary>Splits what was given as the vectors of several keys: a response, a list of vectors, or one flat list of all their numbers.</summary>
    /// <param name="value">What was bound to -Vector.</param>
    /// <param name="keyCount">How many keys there are.</param>
    /// <param name="dimension">The file's dimension.</param>
    /// <returns>The items, or null when the value is none of these.</returns>
    public static List<ResponseItem>? TrySplit(object? value, int keyCount, int dimension)
    {
        if (value is null)
        {
            return null;
        }

        object bare = VectorConverter.Unwrap(value)!;
        if (bare is IList list and not byte[])
        {
            if (list.Count > 0 && VectorConverter.IsNumber(VectorConverter.Unwrap(list[0])))
            {
                // $response.data.embedding: member enumeration has run the vectors into one list.
                return list.Count == (long)keyCount * dimension && keyCount > 1 ? Chunk(list, dimension) : null;
            }

            return TryReadItems(list);
        }

        return bare is string ? null : TryRead(value);
    }

    /// <summary>The vector of an object that carries one under any of the known names, one level deep (Gemini: <c>embedding.values</c>).</summary>
    public static bool TryGetVector(object source, out object? vector)
    {
        if (!RecordFields.TryGetAny(source, RecordFields.Vector, out vector))
        {
            return false;
        }

        vector = Inner(vector);
        return true;
    }

    /// <summary>An object in a vector's place that holds the vector itself, as Gemini answers.</summary>
    public static object? Inner(object? vector) =>
        vector is PSObject { BaseObject: PSCustomObject } or IDictionary && RecordFields.TryGetAny(vector, RecordFields.Vector, out object? inner) ? inner : vector;

    /// <summary>The position that a response gives to one embedding.</summary>
    public static int? IndexOf(object? source)
    {
        if (source is null || !RecordFields.TryGet(source, RecordFields.Index, out object? value))
        {
            return null;
        }

        return VectorConverter.Unwrap(value) switch
        {
            int i => i,
            long l and >= int.MinValue and <= int.MaxValue => (int)l,
            double d when d == Math.Floor(d) && Math.Abs(d) < int.MaxValue => (int)d,
            string s when int.TryParse(s, NumberStyles.Integer, CultureInfo.InvariantCulture, out int i) => i,
            _ => null,
        };
    }

    private static List<ResponseItem>? TryReadItems(object? value)
    {
        if (VectorConverter.Unwrap(value) is not IList list || list is byte[])
        {
            return null;
        }

        var items = new List<ResponseItem>(list.Count);
        foreach (object? element in list)
        {
            if (element is null)
            {
                items.Add(default);
            }
            else if (VectorConverter.IsVector(element) || VectorConverter.Unwrap(element) is string)
            {
                items.Add(new ResponseItem(element, null, null));
            }
            else if (VectorConverter.Unwrap(element) is not IList && TryGetVector(element, out object? vector))
            {
                items.Add(new ResponseItem(vector, IndexOf(element), element));
            }
            else
            {
                return null;
            }
        }

        return items;
    }

    private static List<ResponseItem> Chunk(IList numbers, int dimension)
    {
        var items = new List<ResponseItem>(numbers.Count / dimension);
        for (int start = 0; start < numbers.Count; start += dimension)
        {
            var vector = new object?[dimension];
            for (int i = 0; i < dimension; i++)
            {
                vector[i] = numbers[start + i];
            }

            items.Add(new ResponseItem(vector, null, null));
        }

        return items;
    }
}
