using System.Management.Automation;

namespace EmbedCache.PowerShellHost;

/// <summary>Shows progress on one line of a terminal, rewritten in place; nothing when messages go to a file or a pipe.</summary>
internal sealed class ProgressLine(TextWriter terminal, int width)
{
    private int _shown;

    public void Show(ProgressRecord record)
    {
        if (record.RecordType == ProgressRecordType.Completed)
        {
            Clear();
            return;
        }

        string percent = record.PercentComplete >= 0 ? $" {record.PercentComplete}%" : string.Empty;
        string text = $"{record.Activity}: {record.StatusDescription}{percent}";
        text = text.Length < width ? text : text[..(width - 1)];
        terminal.Write('\r' + text.PadRight(_shown));
        _shown = text.Length;
    }

    public void Clear()
    {
        if (_shown > 0)
        {
            terminal.Write('\r' + new string(' ', _shown) + '\r');
            _shown = 0;
        }
    }
}
