using System.Management.Automation;
using EmbedCache.PowerShellHost;
using PowerShellEngine = System.Management.Automation.PowerShell;

const int Failed = 1;
const int WrongUsage = 64;
const int Interrupted = 130;

ScriptArguments? arguments = ScriptArguments.Parse(args);
if (arguments is null)
{
    Console.Error.WriteLine(ScriptArguments.Usage);
    return WrongUsage;
}

if (!File.Exists(arguments.Script))
{
    Console.Error.WriteLine($"There is no script '{arguments.Script}'.");
    return WrongUsage;
}

using var session = new ModuleSession(Console.Out, Console.Error, arguments.Width, styled: !Console.IsOutputRedirected, arguments.ModulePath);
var progress = new ProgressLine(Console.Error, arguments.Width);
session.UI.ProgressReported = Console.IsErrorRedirected ? null : progress.Show;

using PowerShellEngine shell = session.CreatePowerShell();
arguments.AddTo(shell);
ModuleSession.SendToScreen(shell);

// Ctrl-C stops the pipeline, as it does in pwsh; the process then ends by itself, after the module has let go of its files.
bool stopped = false;
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    Volatile.Write(ref stopped, true);
    shell.BeginStop(null, null);
};

try
{
    if (arguments.Import)
    {
        session.ImportModule(arguments.ModulePath is null ? ModuleSession.StagedManifest : "EmbedCache");
    }

    shell.Invoke();
}
catch (RuntimeException error)
{
    progress.Clear();
    if (!Volatile.Read(ref stopped))
    {
        Console.Error.WriteLine($"{error.ErrorRecord}{Environment.NewLine}{error.ErrorRecord.ScriptStackTrace}".TrimEnd());
        return Failed;
    }
}

return Volatile.Read(ref stopped) ? Interrupted : session.Host.ExitCode ?? session.LastExitCode;
