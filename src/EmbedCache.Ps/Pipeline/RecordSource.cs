using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>
/// Finds the records in what comes through Set-Embedding's pipeline. What was given on the command line wins over what the object says, as
/// it does in PowerShell everywhere.
/// </summary>
/// <remarks>
/// PowerShell binds -Key, -Vector and -Metadata by property name before this is asked; but what it bound is ignored for a hashtable, whose
/// properties (Values, say, an alias of -Vector) are not its entries, and for responses, whose id is not a text.
/// </remarks>
internal sealed class RecordSource(bool keysAreGiven, bool vectorIsGiven, bool metadataIsGiven, bool roleIsGiven, bool expiryIsGiven, int dimension)
{
    private GivenKeys? _keys;
    private object? _lastMetadata;
    private EmbeddingMetadata? _lastTyped;

    /// <summary>Texts of -Key that no vector came for, when the vectors came through the pipeline.</summary>
    public IEnumerable<string> KeysWithoutVector => _keys is null ? [] : _keys.Unused;

    /// <summary>The records of one pipeline object, or of the parameters alone when there is no pipeline.</summary>
    public IEnumerable<RecordDraft> Read(PSObject? input, BoundFields bound)
    {
        object? bare = input?.BaseObject;
        switch (bare)
        {
            case null:
                return ReadParameters(bound);
            case EmbeddingRecord record:
                return [FromRecord(record, bound)];
            case string text:
                return [FromText(text, input!, bound)];
            case IDictionary dictionary:
                return ReadDictionary(input!, dictionary, bound);
            case IList list and not byte[] when !VectorConverter.IsVector(list):
                return ReadList(list, bound);
            default:
                return VectorConverter.IsVector(bare) ? [FromBareVector(input!, null, bound)] : ReadObject(input!, bound);
        }
    }

    /// <summary>Types metadata, once for an object that comes with every record.</summary>
    public EmbeddingMetadata? ToMetadata(object? source, string? key)
    {
        if (source is null)
        {
            return null;
        }

        if (!metadataIsGiven)
        {
            return MetadataConverter.FromObject(source, key);
        }

        if (!ReferenceEquals(source, _lastMetadata))
        {
            _lastTyped = MetadataConverter.FromObject(source, key);
            _lastMetadata = source;
        }

        return _lastTyped;
    }

    private static RecordDraft Fault(string id, string message, object? source) => new() { ProblemId = id, Problem = message, Source = source };

    private static string? ToKey(object? value) => VectorConverter.Unwrap(value) switch
    {
        null => null,
        string text => text,
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        { } other => other.ToString(),
    };

    private static string[] ToKeys(object? key) => VectorConverter.Unwrap(key) switch
    {
        null => [],
        string[] texts => texts,
        IList list => [.. list.Cast<object?>().Select(static element => ToKey(element) ?? string.Empty)],
        { } single => [ToKey(single)!],
    };

    private RecordDraft Draft(string? key, object? vector, object? metadata, BoundFields bound) => new()
    {
        Key = key,
        Vector = EmbeddingResponse.Inner(vector),
        Metadata = metadata,
        Role = bound.Role,
        Expires = bound.Expires,
        Source = key,
    };

    private IEnumerable<RecordDraft> ReadParameters(BoundFields bound)
    {
        string[] keys = bound.Key ?? [];
        if (bound.Vector is null)
        {
            return [keys.Length == 0
                ? Fault("MissingVector", "There is nothing to set: give -Key and -Vector, or pipe records with a key and a vector.", null)
                : Fault("MissingVector", $"{KeyText.Describe(keys[0])} has no vector. Give -Vector.", keys[0])];
        }

        if (EmbeddingResponse.TrySplit(bound.Vector, keys.Length, dimension) is { } items)
        {
            return Zip(items, keys.Length == 0 ? null : keys, bound);
        }

        return keys.Length switch
        {
            0 => [Fault("MissingKey", "The vector has no key. Give -Key, the text that it was made from.", bound.Vector)],
            1 => [Draft(keys[0], bound.Vector, bound.Metadata, bound)],
            _ => [Fault("CountMismatch", $"-Key has {Count(keys.Length)} texts, but -Vector is not a list of as many vectors.", bound.Vector)],
        };
    }

    private RecordDraft FromRecord(EmbeddingRecord record, BoundFields bound)
    {
        // What is bound is the record's own, by property name, or what a script block made of it.
        string? key = bound.Key?.FirstOrDefault() ?? record.Key;
        if (key is null)
        {
            return Fault("MissingKey", $"The record {record} comes from a file that keeps digests only: its text is not known. Give -Key.", record);
        }

        RecordDraft draft = Draft(key, bound.Vector ?? record, bound.Metadata ?? record.Metadata, bound);
        draft.Role = roleIsGiven ? bound.Role : record.Role;
        draft.Expires = expiryIsGiven ? bound.Expires : record.Expires;
        return draft;
    }

    /// <summary>A piped text is a key; when the key is given already, it is a vector in base64.</summary>
    private RecordDraft FromText(string text, PSObject input, BoundFields bound)
    {
        if (keysAreGiven && bound.Vector is null)
        {
            return FromBareVector(input, null, bound);
        }

        return bound.Vector is null
            ? Fault("MissingVector", $"The text '{KeyText.Shorten(text)}' came without a vector. Give -Vector {{ ... }} with a script block that embeds $_, or pipe records.", text)
            : Draft(bound.Key?.FirstOrDefault() ?? text, bound.Vector, bound.Metadata, bound);
    }

    private RecordDraft FromBareVector(object vector, int? index, BoundFields bound)
    {
        if (!keysAreGiven)
        {
            // A script block as -Key was run for this very object.
            return bound.Key is { Length: 1 }
                ? Draft(bound.Key[0], vector, bound.Metadata, bound)
                : Fault("MissingKey", "A vector came through the pipeline without a key. Give -Key, the texts that the vectors were made from, in their order.", vector);
        }

        _keys ??= new GivenKeys(bound.Key ?? []);
        return _keys.TryTake(index, out string key, out string problem) ? Draft(key, vector, bound.Metadata, bound) : Fault("CountMismatch", problem, vector);
    }

    private IEnumerable<RecordDraft> ReadList(IList list, BoundFields bound) =>
        EmbeddingResponse.TrySplit(list, bound.Key?.Length ?? 0, dimension) is { } items
            ? Zip(items, bound.Key, bound)
            : [Fault("UnknownInput", "A list came through the pipeline that is not a list of vectors. Pipe its elements, or records with a key and a vector.", list)];

    /// <summary>An object with properties: PowerShell has bound them already.</summary>
    private IEnumerable<RecordDraft> ReadObject(PSObject input, BoundFields bound)
    {
        if (bound.Vector is null)
        {
            return EmbeddingResponse.TryRead(input) is { } items
                ? Zip(items, keysAreGiven ? bound.Key : OwnTexts(input), bound)
                : [Fault(
                    "MissingVector",
                    $"{KeyText.Describe(bound.Key?.FirstOrDefault())} has no vector: the object has no property Vector, Embedding or Values. Give -Vector {{ ... }}, or pipe records.",
                    input)];
        }

        if (keysAreGiven && !vectorIsGiven)
        {
            return [FromBareVector(bound.Vector, EmbeddingResponse.IndexOf(input), bound)];
        }

        IEnumerable<RecordDraft> drafts = Pair(bound.Key ?? [], bound.Vector, bound.Metadata, bound, input);
        return IsDeserializedRecord(input) ? WithExtras(drafts, input, bound) : drafts;
    }

    /// <summary>A record of Get-Embedding that went through a file or another session.</summary>
    private static bool IsDeserializedRecord(PSObject input) => input.TypeNames[0].StartsWith("Deserialized.EmbedCache.PowerShell.", StringComparison.Ordinal);

    /// <summary>A hashtable: a record with its fields as entries, or a response.</summary>
    private IEnumerable<RecordDraft> ReadDictionary(PSObject input, IDictionary dictionary, BoundFields bound)
    {
        object? vector = IsValuesOf(dictionary, bound.Vector) ? null : bound.Vector;
        bool isOwnVector = vector is null;
        if (isOwnVector && !EmbeddingResponse.TryGetVector(input, out vector) && EmbeddingResponse.TryRead(input) is { } items)
        {
            return Zip(items, bound.Key ?? OwnTexts(input), bound);
        }

        if (isOwnVector && keysAreGiven && vector is not null)
        {
            return [FromBareVector(vector, EmbeddingResponse.IndexOf(input), bound)];
        }

        string[] keys = bound.Key ?? (RecordFields.TryGetAny(input, RecordFields.Key, out object? key) ? ToKeys(key) : []);
        if (vector is null)
        {
            return [Fault("MissingVector", $"{KeyText.Describe(keys.FirstOrDefault())} has no vector: the hashtable has no entry Vector, Embedding or Values.", input)];
        }

        object? metadata = bound.Metadata;
        if (metadata is null)
        {
            RecordFields.TryGetAny(input, RecordFields.Metadata, out metadata);
        }

        return WithExtras(Pair(keys, vector, metadata, bound, input), input, bound);
    }

    /// <summary>Adds the role and the expiry that the object itself names. They are not bound by property name: other objects have roles of their own.</summary>
    private IEnumerable<RecordDraft> WithExtras(IEnumerable<RecordDraft> drafts, PSObject input, BoundFields bound) =>
        TryReadExtras(input, bound, out EmbeddingRole role, out DateTimeOffset? expires) is { } fault
            ? [fault]
            : drafts.Select(draft =>
            {
                draft.Role = role;
                draft.Expires = expires;
                return draft;
            });

    /// <summary>True for the collection that a dictionary has as its property Values, which PowerShell binds to -Vector by that alias.</summary>
    private static bool IsValuesOf(IDictionary dictionary, object? vector) => VectorConverter.Unwrap(vector) is { } bare && bare.GetType() == dictionary.Values.GetType();

    private RecordDraft? TryReadExtras(object input, BoundFields bound, out EmbeddingRole role, out DateTimeOffset? expires)
    {
        role = bound.Role;
        expires = bound.Expires;
        if (!roleIsGiven && RecordFields.TryGetAny(input, RecordFields.Role, out object? roleValue) && !LanguagePrimitives.TryConvertTo(roleValue, out role))
        {
            return Fault("InvalidRole", $"'{roleValue}' is not a role. A role is None, Query or Document.", input);
        }

        if (expiryIsGiven)
        {
            return null;
        }

        if (RecordFields.TryGetAny(input, RecordFields.ExpiresAt, out object? atValue) && atValue is not null)
        {
            // As text where it is no date: a deserialised one is an object with a text.
            if (!LanguagePrimitives.TryConvertTo(atValue, CultureInfo.InvariantCulture, out DateTimeOffset at)
                && !DateTimeOffset.TryParse(atValue.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out at))
            {
                return Fault("InvalidExpiry", $"'{atValue}' is not a date to expire at.", input);
            }

            expires = at;
        }
        else if (RecordFields.TryGetAny(input, RecordFields.TimeToLive, out object? liveValue) && liveValue is not null)
        {
            if (VectorConverter.IsNumber(VectorConverter.Unwrap(liveValue)) || !LanguagePrimitives.TryConvertTo(liveValue, CultureInfo.InvariantCulture, out TimeSpan live))
            {
                return Fault("InvalidExpiry", $"'{liveValue}' is not a time span. Write (New-TimeSpan -Days 30), or '30.00:00:00'.", input);
            }

            expires = DateTimeOffset.UtcNow + live;
        }

        return null;
    }

    /// <summary>Texts that a response carries itself, beside its embeddings.</summary>
    private static string[]? OwnTexts(object response) =>
        RecordFields.TryGetAny(response, ["Text", "Texts", "Input"], out object? texts) && ToKeys(texts) is { Length: > 0 } keys ? keys : null;

    /// <summary>One record, or as many as there are keys.</summary>
    private IEnumerable<RecordDraft> Pair(string[] keys, object vector, object? metadata, BoundFields bound, object source)
    {
        switch (keys.Length)
        {
            case 0:
                return [Fault("MissingKey", "A record has no key: it has none of Key, Text, Id, Name and Input. Give -Key.", source)];
            case 1:
                return [Draft(keys[0], vector, metadata, bound)];
            default:
                return EmbeddingResponse.TrySplit(vector, keys.Length, dimension) is { } items
                    ? Zip(items, keys, bound)
                    : [Fault("CountMismatch", $"The record has {Count(keys.Length)} keys and one vector.", source)];
        }
    }

    /// <summary>The embeddings of one response with their texts: those given, by index where the response has one, else the items' own.</summary>
    private IEnumerable<RecordDraft> Zip(List<ResponseItem> items, string[]? keys, BoundFields bound)
    {
        if (keys is null)
        {
            return items.Select(item =>
            {
                object? own = null;
                bool has = item.Source is not null && RecordFields.TryGetAny(item.Source, RecordFields.Key, out own);
                return has && ToKey(own) is { } key
                    ? Draft(key, item.Vector, null, bound)
                    : Fault("MissingKey", "The response does not say which text each embedding belongs to. Give -Key, the texts of the request, in their order.", item.Source);
            });
        }

        if (items.Count != keys.Length)
        {
            return [Fault("CountMismatch", $"The response has {Count(items.Count)} embeddings, but -Key has {Count(keys.Length)} texts; nothing of it was stored. Give the texts of the request, in their order.", null)];
        }

        var given = new GivenKeys(keys);
        return items.Select(item => given.TryTake(item.Index, out string key, out string problem)
            ? Draft(key, item.Vector, bound.Metadata, bound)
            : Fault("CountMismatch", problem, item.Source));
    }

    private static string Count(int number) => number.ToString(CultureInfo.InvariantCulture);
}
