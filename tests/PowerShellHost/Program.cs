using System.Management.Automation;
using EmbedCache.PowerShellHost;
using PowerShellEngine = System.Management.Automation.PowerShell;

const int Failed = 1;
const int WrongUsage = 64;

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
shell.AddScript(arguments.ToCommand());
ModuleSession.SendToScreen(shell);

// Ctrl-C stops the pipeline, as it does in pwsh; the process then ends by itself, after the module has let go of its files.
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    shell.BeginStop(null, null);
};

try
{
    if (arguments.ModulePath is null)
    {
        session.ImportStagedModule();
    }
    else
    {
        session.Import("EmbedCache");
    }

    shell.Invoke();
}
catch (PipelineStoppedException)
{
    progress.Clear();
    Console.Error.WriteLine("Stopped.");
    return Failed;
}
catch (RuntimeException error)
{
    progress.Clear();
    Console.Error.WriteLine($"{error.ErrorRecord}{Environment.NewLine}{error.ErrorRecord.ScriptStackTrace}");
    return Failed;
}

return session.Host.ExitCode ?? session.LastExitCode;
