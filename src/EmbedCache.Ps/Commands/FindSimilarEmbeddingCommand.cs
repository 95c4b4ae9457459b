using System.Collections;
using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>Find-SimilarEmbedding: the records nearest to a vector, or to a record of the file.</summary>
[Cmdlet(VerbsCommon.Find, "SimilarEmbedding", DefaultParameterSetName = PathSet)]
[OutputType(typeof(SimilarEmbeddingRecord))]
public sealed class FindSimilarEmbeddingCommand : CacheCommand
{
    private readonly VectorConverter _converter = new();
    private bool _keyIsGiven;
    private bool _vectorIsGiven;
    private bool _toldBareNumber;
    private Filter? _filter;

    /// <summary>The vector to search with: any form that Set-Embedding takes.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("Embedding", "Values")]
    [AllowNull]
    public PSObject? Vector { get; set; }

    /// <summary>Keys of records in the file to find others like. The record itself is left out.</summary>
    [Parameter]
    [Alias("Text", "Id", "Name", "Input")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(KeyCompleter))]
#pragma warning disable CA1819 // Parameters that take several values are arrays in PowerShell.
    public string[]? Key { get; set; }
#pragma warning restore CA1819

    /// <summary>Records, keys or vectors to search with.</summary>
    [Parameter(ValueFromPipeline = true)]
    [AllowNull]
    public PSObject? InputObject { get; set; }

    /// <summary>Role of the records that -Key names.</summary>
    [Parameter]
    public EmbeddingRole Role { get; set; }

    /// <summary>How many hits at most for each query.</summary>
    [Parameter]
    [Alias("First", "K")]
    [ValidateRange(1, 1_000_000)]
    public int Top { get; set; } = 10;

    /// <summary>No hits below this score.</summary>
    [Parameter]
    [Alias("MinScore", "Threshold")]
    public double MinimumScore { get; set; } = double.NegativeInfinity;

    /// <summary>Compare with every record, though the file has an index that could answer faster and miss a few.</summary>
    [Parameter]
    public SwitchParameter Exact { get; set; }

    /// <summary>How many candidates a search through the index keeps.</summary>
    [Parameter]
    [ValidateRange(1, 1_000_000)]
    public int EfSearch { get; set; }

    /// <summary>Search only among records whose metadata passes: a script block (read, never run), a hashtable, or a filter's text.</summary>
    [Parameter]
    public object? Filter { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        Dictionary<string, object> bound = MyInvocation.BoundParameters;
        _keyIsGiven = bound.ContainsKey(nameof(Key));
        _vectorIsGiven = bound.ContainsKey(nameof(Vector));
        if (_keyIsGiven && _vectorIsGiven)
        {
            Fail("TwoQueries", ErrorCategory.InvalidArgument, "Give -Vector or -Key, not both.", null);
        }

        if (!_keyIsGiven && !_vectorIsGiven && !MyInvocation.ExpectingInput)
        {
            Fail("MissingQuery", ErrorCategory.InvalidArgument, "Give -Vector, or -Key to find records like one in the file, or pipe either.", null);
        }

        OpenTarget(writable: false);
        _filter = bound.ContainsKey(nameof(Filter)) ? ReadFilter(Filter) : null;
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        object? input = InputObject?.BaseObject;
        if (_keyIsGiven)
        {
            foreach (string key in Key!)
            {
                FindLikeKey(key, Role);
            }
        }
        else if (_vectorIsGiven)
        {
            FindVector(Vector, null);
        }
        else if (input is EmbeddingRecord record)
        {
            Find(record.VectorMemory, record.ToString(), record.Key, record.Digest, record.Role);
        }
        else if (input is IDictionary)
        {
            FindDictionary(InputObject!);
        }
        else if (Vector is not null)
        {
            FindVector(Vector, RecordFields.TryGetAny(InputObject!, RecordFields.Key, out object? key) ? VectorConverter.Unwrap(key) as string : null);
        }
        else if (input is string text)
        {
            FindLikeKey(text, Role);
        }
        else if (VectorConverter.IsNumber(input))
        {
            RefuseBareNumber();
        }
        else if (input is not (null or IEnumerable) && RecordFields.TryGetAny(InputObject!, RecordFields.Key, out object? named) && VectorConverter.Unwrap(named) is string name)
        {
            // A row of Import-Csv, say.
            FindLikeKey(name, Role);
        }
        else
        {
            FindVector(InputObject, null);
        }
    }

    private void FindDictionary(PSObject record)
    {
        bool hasKey = RecordFields.TryGetAny(record, RecordFields.Key, out object? key);
        if (EmbeddingResponse.TryGetVector(record, out object? vector))
        {
            FindVector(vector, hasKey ? VectorConverter.Unwrap(key) as string : null);
        }
        else if (hasKey && VectorConverter.Unwrap(key) is string text)
        {
            FindLikeKey(text, Role);
        }
        else
        {
            WriteError(ErrorRecords.Create("MissingQuery", ErrorCategory.InvalidData, "A hashtable came without a vector and without a key to search with.", record));
        }
    }

    private void FindLikeKey(string key, EmbeddingRole role)
    {
        Embedding? embedding;
        try
        {
            embedding = Engine.Get(key, role);
        }
        catch (InvalidEmbeddingException refused)
        {
            WriteError(ErrorRecords.From(refused, key));
            return;
        }
        catch (Exception exception) when (IsOurs(exception))
        {
            Fail(exception, TargetPath);
            return;
        }

        if (embedding is null)
        {
            WriteError(ErrorRecords.Create(
                "EmbeddingNotFound",
                ErrorCategory.ObjectNotFound,
                $"There is no embedding of '{KeyText.Shorten(key)}' in '{TargetPath}' to find others like. Give -Vector to search for a text that is not in the file.",
                key));
            return;
        }

        Find(embedding.Vector, key, key, embedding.Digest is { } digest ? DigestText.Format(digest) : null, role);
    }

    private void FindVector(object? value, string? name)
    {
        if (_converter.TryConvert(EmbeddingResponse.Inner(value), out ReadOnlyMemory<float> query, out string problem))
        {
            Find(query, name, null, null, EmbeddingRole.None);
        }
        else
        {
            WriteError(ErrorRecords.Create("InvalidVector", ErrorCategory.InvalidData, $"The query {problem}.", value));
        }
    }

    /// <summary>Searches, leaving out the record that the query came from, which would always be the first hit.</summary>
    private void Find(ReadOnlyMemory<float> query, string? name, string? ownKey, string? ownDigest, EmbeddingRole ownRole)
    {
        bool hasOwn = ownKey is not null || ownDigest is not null;
        IReadOnlyList<SimilarEmbedding> hits;
        try
        {
            hits = Engine.FindSimilar(query.Span, new SearchOptions
            {
                Top = hasOwn ? Top + 1 : Top,
                MinimumScore = MinimumScore,
                Filter = _filter,
                Exact = Exact,
                EfSearch = EfSearch > 0 ? EfSearch : null,
                IncludeVectors = true,
            });
            WriteVerbose(Engine.LastSearchPlan!.ToString());
        }
        catch (InvalidEmbeddingException refused)
        {
            WriteError(ErrorRecords.From(refused, name));
            return;
        }
        catch (Exception exception) when (IsOurs(exception))
        {
            Fail(exception, TargetPath);
            return;
        }

        int left = Top;
        foreach (SimilarEmbedding hit in hits)
        {
            var record = new SimilarEmbeddingRecord(hit, name);
            bool isOwn = hasOwn && record.Role == ownRole && (ownDigest is null ? record.Key == ownKey : record.Digest == ownDigest);
            if (!isOwn && left-- > 0)
            {
                WriteObject(record);
            }
        }
    }

    private void RefuseBareNumber()
    {
        if (!_toldBareNumber)
        {
            _toldBareNumber = true;
            WriteError(ErrorRecords.Create(
                "BareVector",
                ErrorCategory.InvalidArgument,
                "Single numbers came through the pipeline: PowerShell unrolls an array that is piped. Give the vector as -Vector.",
                InputObject));
        }
    }
}
