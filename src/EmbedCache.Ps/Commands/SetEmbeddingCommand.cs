using System.Globalization;
using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>Set-Embedding: stores vectors under their keys.</summary>
[Cmdlet(VerbsCommon.Set, "Embedding", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(EmbeddingRecord))]
public sealed class SetEmbeddingCommand : CacheCommand
{
    private readonly VectorConverter _converter = new();
    private readonly DuplicateKeyWatch _duplicates = new();
    private IPutWriter? _writer;
    private RecordSource _source = null!;
    private ProgressReporter? _progress;
    private DateTimeOffset? _expiresAt;
    private bool _toldBareNumber;
    private long _acceptedCount;

    /// <summary>Text that the vector belongs to. Several texts take the vectors of a response, or of -Vector, in their order.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("Text", "Id", "Name", "Input")]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
#pragma warning disable CA1819 // Parameters that take several values are arrays in PowerShell.
    public string[]? Key { get; set; }
#pragma warning restore CA1819

    /// <summary>The vector: an array of numbers, ReadOnlyMemory of float, little-endian float32 bytes, or base64 of such bytes.</summary>
    [Parameter(Position = 2, ValueFromPipelineByPropertyName = true)]
    [Alias("Embedding", "Values")]
    [AllowNull]
    public PSObject? Vector { get; set; }

    /// <summary>Metadata: a hashtable, or an object with properties.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    public PSObject? Metadata { get; set; }

    /// <summary>What the vector was embedded for; part of the key.</summary>
    [Parameter]
    public EmbeddingRole Role { get; set; }

    /// <summary>How long the record lives from now.</summary>
    [Parameter]
    [Alias("ExpiresIn")]
    [TimeSpanTransformation]
    public TimeSpan TimeToLive { get; set; }

    /// <summary>When the record expires.</summary>
    [Parameter]
    [Alias("Expires")]
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>A whole record (hashtable, object, record of Get-Embedding), a text, a vector, or an endpoint's response.</summary>
    [Parameter(ValueFromPipeline = true)]
    [AllowNull]
    public PSObject? InputObject { get; set; }

    /// <summary>Records of one commit at most.</summary>
    [Parameter]
    [ValidateRange(1, 10_000_000)]
    public int BatchSize { get; set; } = WriterOptions.DefaultBatchSize;

    /// <summary>How long a commit waits for another writer.</summary>
    [Parameter]
    [ValidateRange(0.0, 86_400.0)]
    public double TimeoutSec { get; set; } = 30;

    /// <summary>Make the whole pipeline one transaction.</summary>
    [Parameter]
    public SwitchParameter Atomic { get; set; }

    /// <summary>Write each record, read back after its commit.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        Dictionary<string, object> bound = MyInvocation.BoundParameters;
        if (bound.ContainsKey(nameof(TimeToLive)) && bound.ContainsKey(nameof(ExpiresAt)))
        {
            Fail("TwoExpiries", ErrorCategory.InvalidArgument, "Give -TimeToLive or -ExpiresAt, not both.", null);
        }

        OpenTarget(writable: true);
        var options = new WriterOptions
        {
            BatchSize = BatchSize,
            BusyTimeout = bound.ContainsKey(nameof(TimeoutSec)) ? TimeSpan.FromSeconds(TimeoutSec) : DefaultBusyTimeout,
            ReportWritten = PassThru,
            Stopping = StopToken,
        };
        _expiresAt = bound.ContainsKey(nameof(ExpiresAt)) ? ExpiresAt : null;
        _progress = new ProgressReporter(this, $"Setting embeddings in {TargetPath}");
        _writer = Atomic ? new AtomicPutWriter(Engine, options) : new PutWriter(Engine, options);
        _source = new RecordSource(
            keysAreGiven: bound.ContainsKey(nameof(Key)),
            vectorIsGiven: bound.ContainsKey(nameof(Vector)),
            metadataIsGiven: bound.ContainsKey(nameof(Metadata)),
            roleIsGiven: bound.ContainsKey(nameof(Role)),
            expiryIsGiven: bound.ContainsKey(nameof(TimeToLive)) || bound.ContainsKey(nameof(ExpiresAt)),
            Engine.Dimension);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        WriteOutcomes();
        if (InputObject is null && MyInvocation.ExpectingInput)
        {
            Refuse(ErrorRecords.Create("MissingKey", ErrorCategory.InvalidData, "A null came through the pipeline, where a record should be.", null));
            return;
        }

        if (Vector is null && VectorConverter.IsNumber(InputObject?.BaseObject))
        {
            RefuseBareNumber();
            return;
        }

        var bound = new BoundFields(Key, Vector, Metadata, Role, TimeToLive, _expiresAt);

        foreach (RecordDraft draft in _source.Read(InputObject, bound))
        {
            Accept(draft);
        }

        _progress?.Report(_acceptedCount, "records");
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        Guard(TargetPath, () => _writer!.Complete(Atomic ? _progress : null));
        WriteOutcomes();
        _progress?.Complete();
        foreach (string key in _source.KeysWithoutVector)
        {
            WriteError(ErrorRecords.Create("MissingVector", ErrorCategory.InvalidData, $"No vector came for the text '{KeyText.Shorten(key)}' of -Key, so it was not stored.", key));
        }

        if (_duplicates.RepeatCount > 0)
        {
            WriteWarning(string.Format(
                CultureInfo.InvariantCulture,
                "{0} of {1} records had a key that came earlier in the same pipeline, the first '{2}'. The last record of each key was kept.",
                _duplicates.RepeatCount,
                _acceptedCount,
                KeyText.Shorten(_duplicates.FirstRepeat!)));
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // After a normal end there is nothing left to do here. Select-Object -First, a throw, break and Ctrl-C come straight to this.
        if (_writer is not null)
        {
            RunAtEnd(_writer.Abandon);
            _writer.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Accept(in RecordDraft draft)
    {
        if (draft.Problem is { } problem)
        {
            Refuse(ErrorRecords.Create(draft.ProblemId!, ErrorCategory.InvalidData, problem, draft.Source));
            return;
        }

        if (!_converter.TryConvert(draft.Vector, out ReadOnlyMemory<float> vector, out string fault))
        {
            Refuse(ErrorRecords.Create("InvalidVector", ErrorCategory.InvalidData, $"{KeyText.Describe(draft.Key)} {fault}.", draft.Key));
            return;
        }

        EmbeddingEntry entry;
        try
        {
            entry = new EmbeddingEntry(draft.Key ?? string.Empty, vector)
            {
                Role = draft.Role,
                Metadata = _source.ToMetadata(draft.Metadata, draft.Key),
                Expires = draft.Expires,
            };
            Engine.Validate(entry);
        }
        catch (InvalidEmbeddingException refused)
        {
            Refuse(ErrorRecords.From(refused, draft.Key));
            return;
        }

        if (!ShouldProcess(TargetPath, $"Set embedding of '{KeyText.Shorten(entry.Key)}'"))
        {
            return;
        }

        try
        {
            _writer!.Add(entry);
        }
        catch (Exception exception) when (IsOurs(exception))
        {
            Fail(exception, TargetPath);
        }

        _acceptedCount++;
        _duplicates.Add(entry.Key, entry.Role);
        WriteOutcomes();
    }

    private void RefuseBareNumber()
    {
        if (_toldBareNumber)
        {
            return;
        }

        _toldBareNumber = true;
        Refuse(ErrorRecords.Create(
            "BareVector",
            ErrorCategory.InvalidArgument,
            "Single numbers came through the pipeline: PowerShell unrolls an array that is piped. Give the vector as -Vector (Set-Embedding ... -Key 'text' -Vector $vector), or pipe objects such as @{ Key = 'text'; Vector = $vector }.",
            InputObject));
    }

    /// <summary>A record that is not stored: an error, and the next record; with -Atomic the end, since all or nothing was asked for.</summary>
    private void Refuse(ErrorRecord record)
    {
        if (Atomic)
        {
            ThrowTerminatingError(record);
        }

        WriteError(record);
    }

    /// <summary>Writes what the writer has to tell, on the pipeline's thread and outside of every lock.</summary>
    private void WriteOutcomes()
    {
        while (_writer!.TryTakeOutcome(out BatchOutcome outcome))
        {
            if (outcome.Error is { } error)
            {
                WriteError(ErrorRecords.From(error, outcome.Key));
            }
            else if (Engine.Get(outcome.Key!, outcome.Role) is { } stored)
            {
                WriteObject(new EmbeddingRecord(stored));
            }
        }
    }
}
