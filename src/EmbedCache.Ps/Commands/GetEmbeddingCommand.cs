using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>Get-Embedding: reads records by key, by digest, by filter, or all of them.</summary>
[Cmdlet(VerbsCommon.Get, "Embedding", DefaultParameterSetName = PathSet)]
[OutputType(typeof(EmbeddingRecord))]
public sealed class GetEmbeddingCommand : CacheCommand
{
    private bool _everything;
    private Filter? _filter;

    /// <summary>Keys of the records. Without any, all records are read.</summary>
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

    /// <summary>What the vector was embedded for; part of the key.</summary>
    [Parameter]
    public EmbeddingRole Role { get; set; }

    /// <summary>Read only records whose metadata passes: a script block (read, never run), a hashtable, or a filter's text.</summary>
    [Parameter]
    public object? Filter { get; set; }

    /// <summary>Read all records, newest first.</summary>
    [Parameter]
    public SwitchParameter NewestFirst { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        OpenTarget(writable: false);
        Dictionary<string, object> bound = MyInvocation.BoundParameters;

        // A variable that is $null is no wish for everything.
        _everything = !MyInvocation.ExpectingInput && !bound.ContainsKey(nameof(Key)) && !bound.ContainsKey(nameof(Digest));
        _filter = bound.ContainsKey(nameof(Filter)) ? ReadFilter(Filter) : null;
        if (_filter is not null && !_everything)
        {
            Fail("FilterOfKeys", ErrorCategory.InvalidArgument, "-Filter chooses among all records: use it without -Key and -Digest.", null);
        }

        if (NewestFirst && !_everything)
        {
            Fail("NewestFirstOfKeys", ErrorCategory.InvalidArgument, "-NewestFirst orders all records: use it without -Key and -Digest.", null);
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (_everything)
        {
            WriteAll();
            return;
        }

        foreach (string digest in Digest ?? [])
        {
            Write(digest, () => DigestText.TryParse(digest, out byte[] bytes) ? Engine.GetByDigest(bytes, Role) : null);
        }

        if (Key is null)
        {
            if (Digest is null)
            {
                WriteError(ErrorRecords.Create(nameof(InvalidEmbeddingReason.EmptyKey), ErrorCategory.InvalidArgument, "The key is null. Give the text whose embedding you want, or leave -Key out to read all.", null));
            }

            return;
        }

        foreach (string key in Key)
        {
            Write(key, () => Engine.Get(key, Role));
        }
    }

    private void Write(string name, Func<Embedding?> get)
    {
        Embedding? found;
        try
        {
            found = get();
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

        if (found is null)
        {
            WriteError(ErrorRecords.Create("EmbeddingNotFound", ErrorCategory.ObjectNotFound, NotFoundMessage(name), name));
        }
        else
        {
            WriteObject(new EmbeddingRecord(found));
        }
    }

    private void WriteAll()
    {
        // The records of one snapshot, one at a time: nothing waits for downstream and nothing is collected.
        using IEnumerator<Embedding> records = Guard(TargetPath, () => (_filter is null ? Engine.Enumerate(NewestFirst) : Engine.Enumerate(_filter, NewestFirst)).GetEnumerator());
        while (!StopToken.IsCancellationRequested && Guard(TargetPath, records.MoveNext))
        {
            WriteObject(new EmbeddingRecord(records.Current));
        }
    }

    private string NotFoundMessage(string name)
    {
        string role = Role == EmbeddingRole.None ? string.Empty : $" with the role {Role}";
        return $"There is no embedding of '{KeyText.Shorten(name)}'{role} in '{TargetPath}'.";
    }
}
