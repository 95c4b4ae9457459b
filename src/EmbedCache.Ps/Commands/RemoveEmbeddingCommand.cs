using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>Remove-Embedding: removes records by key, by digest, or as they come from Get-Embedding and Find-SimilarEmbedding.</summary>
[Cmdlet(VerbsCommon.Remove, "Embedding", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(EmbeddingRecord))]
public sealed class RemoveEmbeddingCommand : CacheCommand
{
    private RemoveWriter? _writer;
    private ProgressReporter? _progress;
    private long _acceptedCount;
    private Filter? _filter;

    /// <summary>Keys of the records.</summary>
    [Parameter(Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Text", "Id", "Name", "Input")]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    [ArgumentCompleter(typeof(KeyCompleter))]
#pragma warning disable CA1819 // Parameters that take several values are arrays in PowerShell.
    public string[]? Key { get; set; }

    /// <summary>Raw digests of the records, as 64 hexadecimal digits or 32 bytes: for files that keep digests only.</summary>
    [Parameter]
    [DigestTransformation]
    public string[]? Digest { get; set; }
#pragma warning restore CA1819

    /// <summary>Remove all records whose metadata passes: a script block (read, never run), a hashtable, or a filter's text.</summary>
    [Parameter]
    public object? Filter { get; set; }

    /// <summary>Records of Get-Embedding or Find-SimilarEmbedding. Their role is taken from them.</summary>
    [Parameter(ValueFromPipeline = true)]
    [AllowNull]
    public EmbeddingRecord? InputObject { get; set; }

    /// <summary>What the vector was embedded for; part of the key.</summary>
    [Parameter]
    public EmbeddingRole Role { get; set; }

    /// <summary>Records of one commit at most.</summary>
    [Parameter]
    [ValidateRange(1, 10_000_000)]
    public int BatchSize { get; set; } = WriterOptions.DefaultBatchSize;

    /// <summary>How long a commit waits for another writer.</summary>
    [Parameter]
    [ValidateRange(0.0, 86_400.0)]
    public double TimeoutSec { get; set; } = 30;

    /// <summary>Write each record, as it was, after its removal is committed.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        OpenTarget(writable: true);
        Dictionary<string, object> bound = MyInvocation.BoundParameters;
        _filter = bound.ContainsKey(nameof(Filter)) ? ReadFilter(Filter) : null;
        if (_filter is not null && (MyInvocation.ExpectingInput || bound.ContainsKey(nameof(Key)) || bound.ContainsKey(nameof(Digest))))
        {
            Fail("FilterOfKeys", ErrorCategory.InvalidArgument, "-Filter chooses among all records: use it without -Key, -Digest and input.", null);
        }

        _progress = new ProgressReporter(this, $"Removing embeddings from {TargetPath}");
        _writer = new RemoveWriter(Engine, new WriterOptions
        {
            BatchSize = BatchSize,
            BusyTimeout = MyInvocation.BoundParameters.ContainsKey(nameof(TimeoutSec)) ? TimeSpan.FromSeconds(TimeoutSec) : DefaultBusyTimeout,
            ReportWritten = PassThru,
            Stopping = StopToken,
        });
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        WriteOutcomes();
        if (_filter is not null)
        {
            RemoveFiltered(_filter);
        }
        else if (InputObject is { } record)
        {
            byte[]? digest = null;
            bool byDigest = record.Key is null && record.Digest is not null && DigestText.TryParse(record.Digest, out digest);
            Accept(new RemovalTarget(record.Key, byDigest ? digest : null, record.Role));
        }
        else
        {
            foreach (string digest in Digest ?? [])
            {
                if (DigestText.TryParse(digest, out byte[] bytes))
                {
                    Accept(new RemovalTarget(null, bytes, Role));
                }
            }

            if (Key is null && Digest is null)
            {
                WriteError(ErrorRecords.Create("MissingKey", ErrorCategory.InvalidData, "There is nothing to remove: give -Key or -Digest, or pipe keys or records.", null));
            }

            foreach (string key in Key ?? [])
            {
                Accept(new RemovalTarget(key, null, Role));
            }
        }

        _progress!.Report(_acceptedCount, "records");
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        Guard(TargetPath, () => _writer!.Flush());
        WriteOutcomes();
        _progress!.Complete();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_writer is not null)
        {
            RunAtEnd(() => _writer.Flush(keepOnStop: true));
            _writer.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Removes what passes the filter at this moment; what comes later stays.</summary>
    private void RemoveFiltered(Filter filter)
    {
        using IEnumerator<Embedding> records = Guard(TargetPath, () => Engine.Enumerate(filter).GetEnumerator());
        while (!StopToken.IsCancellationRequested && Guard(TargetPath, records.MoveNext))
        {
            Embedding found = records.Current;
            Accept(new RemovalTarget(found.Key, found.Key is null ? found.Digest : null, found.Role));
        }
    }

    private void Accept(in RemovalTarget target)
    {
        if (target.Digest is null && string.IsNullOrEmpty(target.Key))
        {
            WriteError(ErrorRecords.Create(nameof(InvalidEmbeddingReason.EmptyKey), ErrorCategory.InvalidArgument, "The key is empty. Give the text whose embedding is to be removed.", target.Key));
            return;
        }

        if (!ShouldProcess(TargetPath, $"Remove embedding of '{KeyText.Shorten(target.Name)}'"))
        {
            return;
        }

        try
        {
            _writer!.Add(target);
        }
        catch (Exception exception) when (IsOurs(exception))
        {
            Fail(exception, TargetPath);
        }

        _acceptedCount++;
        WriteOutcomes();
    }

    private void WriteOutcomes()
    {
        while (_writer!.TryTakeOutcome(out BatchOutcome outcome))
        {
            if (outcome.Error is { } error)
            {
                WriteError(ErrorRecords.From(error, outcome.Target));
            }
            else if (!outcome.Found)
            {
                string role = outcome.Role == EmbeddingRole.None ? string.Empty : $" with the role {outcome.Role}";
                WriteError(ErrorRecords.Create(
                    "EmbeddingNotFound",
                    ErrorCategory.ObjectNotFound,
                    $"There is no embedding of '{KeyText.Shorten((string)outcome.Target!)}'{role} in '{TargetPath}'; nothing was removed for it.",
                    outcome.Target));
            }
            else if (outcome.Removed is { } removed)
            {
                WriteObject(new EmbeddingRecord(removed));
            }
        }
    }
}
