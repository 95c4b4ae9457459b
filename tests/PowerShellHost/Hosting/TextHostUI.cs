using System.Collections.Concurrent;
using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Internal;
using System.Security;

namespace EmbedCache.PowerShellHost;

/// <summary>
/// Output goes to one writer; errors, warnings, verbose and debug lines to another. Progress is recorded and handed to <see cref="ProgressReported"/>.
/// Questions are answered by <see cref="Answer"/>; without it they fail, so that nothing waits for a person who is not there.
/// </summary>
internal sealed class TextHostUI(TextWriter output, TextWriter messages, int width, bool styled) : PSHostUserInterface
{
    private readonly TextWriter _output = TextWriter.Synchronized(output);
    private readonly TextWriter _messages = TextWriter.Synchronized(messages);

    /// <summary>Called for every progress record, on the pipeline's thread.</summary>
    public Action<ProgressRecord>? ProgressReported { get; set; }

    /// <summary>Given the question and its choices' labels, returns the index of the choice taken.</summary>
    public Func<string, IReadOnlyList<string>, int>? Answer { get; set; }

    /// <summary>Every question that was asked.</summary>
    public ConcurrentQueue<string> Questions { get; } = new();

    public override PSHostRawUserInterface RawUI { get; } = new TextRawUI(width);

    public override bool SupportsVirtualTerminal => styled;

    public override void Write(string value) => _output.Write(Styled(value));

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => _output.Write(Styled(value));

    public override void WriteLine(string value) => _output.WriteLine(Styled(value));

    public override void WriteErrorLine(string value) => _messages.WriteLine(Styled(value));

    public override void WriteWarningLine(string message) => _messages.WriteLine($"WARNING: {message}");

    public override void WriteVerboseLine(string message) => _messages.WriteLine($"VERBOSE: {message}");

    public override void WriteDebugLine(string message) => _messages.WriteLine($"DEBUG: {message}");

    public override void WriteInformation(InformationRecord record)
    {
        // What Write-Host and Write-Information mean for the screen arrives through Write; the record itself is not text.
    }

    public override void WriteProgress(long sourceId, ProgressRecord record) => ProgressReported?.Invoke(record);

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        string question = $"{caption}: {message}";
        Questions.Enqueue(question);
        return Answer is null ? throw NobodyThere(question) : Answer(question, [.. choices.Select(static choice => choice.Label.Replace("&", string.Empty, StringComparison.Ordinal))]);
    }

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions)
    {
        throw NobodyThere($"{caption}: {message} {string.Join(", ", descriptions.Select(static field => field.Name))}");
    }

    public override string ReadLine() => throw NobodyThere("a line of input");

    public override SecureString ReadLineAsSecureString() => throw NobodyThere("a secret");

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) => throw NobodyThere(caption);

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) => throw NobodyThere(caption);

    /// <summary>Formatting always emits escape sequences; a host whose screen does not understand them takes them out.</summary>
    private string Styled(string value) => styled ? value : new StringDecorated(value).ToString(OutputRendering.PlainText);

    private static PSInvalidOperationException NobodyThere(string question) => new($"This host is not interactive and cannot ask: {question}");
}
