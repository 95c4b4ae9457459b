using System.Globalization;
using System.Management.Automation.Host;

namespace EmbedCache.PowerShellHost;

/// <summary>A PowerShell host that writes text to three writers, on a screen of fixed width.</summary>
internal sealed class TextHost(TextHostUI ui) : PSHost
{
    private readonly TextHostUI _ui = ui;

    /// <summary>The code that the script gave to <c>exit</c>, or null.</summary>
    public int? ExitCode { get; private set; }

    public override CultureInfo CurrentCulture => CultureInfo.InvariantCulture;

    public override CultureInfo CurrentUICulture { get; } = CultureInfo.GetCultureInfo("en-US");

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override string Name => "EmbedCache PowerShell host";

    public override PSHostUserInterface UI => _ui;

    public override Version Version => typeof(TextHost).Assembly.GetName().Version!;

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    public override void EnterNestedPrompt() => throw new NotSupportedException("This host has no prompt.");

    public override void ExitNestedPrompt() => throw new NotSupportedException("This host has no prompt.");

    public override void NotifyBeginApplication()
    {
    }

    public override void NotifyEndApplication()
    {
    }
}
