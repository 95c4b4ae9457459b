using System.Collections.Concurrent;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using EmbedCache.TestSupport;
using Microsoft.PowerShell;
using PowerShellEngine = System.Management.Automation.PowerShell;

namespace EmbedCache.PowerShellHost;

/// <summary>
/// A PowerShell session with the staged module imported. The engine is the bare one: its only cmdlets are those of Microsoft.PowerShell.Core
/// (ForEach-Object, Where-Object, Import-Module, Get-Help, Out-Default and their kin).
/// </summary>
internal sealed class ModuleSession : IDisposable
{
    private readonly Runspace _runspace;
    private readonly StringWriter _output = new();
    private readonly StringWriter _messages = new();

    /// <summary>Opens a session that keeps what is written for <see cref="TakeOutput"/> and <see cref="TakeMessages"/>.</summary>
    /// <param name="width">Columns of the screen.</param>
    /// <param name="import">False leaves the module out, for sessions that import it themselves.</param>
    public ModuleSession(int width = 120, bool import = true)
        : this(null, null, width, styled: false)
    {
        if (import)
        {
            ImportStagedModule();
        }
    }

    /// <summary>Opens a session without the module that writes to the given writers, with colours where the screen understands escape sequences.</summary>
    /// <param name="modulePath">The only folder on PSModulePath; null for the one where the module is staged.</param>
    public ModuleSession(TextWriter? output, TextWriter? messages, int width, bool styled, string? modulePath = null)
    {
        UI = new TextHostUI(output ?? _output, messages ?? _messages, width, styled) { ProgressReported = Progress.Enqueue };
        Host = new TextHost(UI);

        InitialSessionState state = InitialSessionState.CreateDefault2();
        if (OperatingSystem.IsWindows())
        {
            state.ExecutionPolicy = ExecutionPolicy.Bypass;
        }

        _runspace = RunspaceFactory.CreateRunspace(Host, state);
        _runspace.Open();

        // After Open, which adds the user's own module folders: a session must not find a module that happens to be installed here.
        _runspace.SessionStateProxy.SetVariable("env:PSModulePath", modulePath ?? StagedModulePath);
    }

    /// <summary>The folder output/, where the module is staged as EmbedCache/&lt;version&gt;.</summary>
    public static string StagedModulePath { get; } = Path.GetDirectoryName(Path.GetDirectoryName(Repository.StagedModule))!;

    /// <summary>The manifest of the module that this build staged.</summary>
    public static string StagedManifest { get; } = Path.Combine(Repository.StagedModule, "EmbedCache.psd1");

    public TextHost Host { get; }

    public TextHostUI UI { get; }

    /// <summary>Progress records written since the session began.</summary>
    public ConcurrentQueue<ProgressRecord> Progress { get; } = new();

    /// <summary>The session's $LASTEXITCODE: what a script gave to <c>exit</c>, else 0.</summary>
    public int LastExitCode => _runspace.SessionStateProxy.GetVariable("LASTEXITCODE") as int? ?? 0;

    /// <summary>What was written to the screen and not yet taken.</summary>
    public string TakeOutput() => Take(_output);

    /// <summary>Errors, warnings, verbose and debug lines that reached the screen and were not yet taken.</summary>
    public string TakeMessages() => Take(_messages);

    /// <summary>Imports the module that this build staged, by its path.</summary>
    public void ImportStagedModule() => ImportModule(StagedManifest);

    /// <summary>Imports a module into the session's global scope; its errors are thrown.</summary>
    public void ImportModule(string nameOrPath)
    {
        using PowerShellEngine shell = CreatePowerShell();
        shell.AddCommand("Import-Module").AddParameter("Name", nameOrPath).AddParameter("ErrorAction", ActionPreference.Stop).Invoke();
    }

    /// <summary>A pipeline of this session, for tests that stop it, feed it or time it. One runs at a time.</summary>
    public PowerShellEngine CreatePowerShell()
    {
        PowerShellEngine shell = PowerShellEngine.Create();
        shell.Runspace = _runspace;
        return shell;
    }

    /// <summary>Sets a variable that scripts of the session see.</summary>
    public void SetVariable(string name, object? value) => _runspace.SessionStateProxy.SetVariable(name, value);

    /// <summary>Runs script text and collects its objects and streams; a terminating error is collected too, not thrown.</summary>
    /// <param name="script">Script text; <c>$args</c> holds <paramref name="arguments"/>.</param>
    /// <param name="arguments">Values, which reach the script as they are.</param>
    public SessionResult Invoke(string script, params object?[] arguments)
    {
        using PowerShellEngine shell = CreatePowerShell();
        shell.AddScript(script);
        foreach (object? argument in arguments)
        {
            shell.AddArgument(argument);
        }

        return SessionResult.Run(shell);
    }

    /// <summary>Runs script text as typed at a prompt and returns the screen: what Out-Default made of the objects, format views applied.</summary>
    /// <exception cref="RuntimeException">A terminating error.</exception>
    public string InvokeToText(string script, params object?[] arguments)
    {
        using PowerShellEngine shell = CreatePowerShell();
        shell.AddScript(script);
        foreach (object? argument in arguments)
        {
            shell.AddArgument(argument);
        }

        SendToScreen(shell);
        TakeOutput();
        shell.Invoke();
        return TakeOutput();
    }

    /// <summary>Ends a pipeline in Out-Default, errors included, as a console does.</summary>
    public static void SendToScreen(PowerShellEngine shell)
    {
        foreach (Command command in shell.Commands.Commands)
        {
            command.MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        }

        shell.AddCommand("Out-Default");
    }

    /// <summary>Closes the session. The module is removed first, so that its cleanup runs as it does for a user who removes it.</summary>
    public void Dispose()
    {
        if (_runspace.RunspaceStateInfo.State == RunspaceState.Opened)
        {
            using PowerShellEngine shell = CreatePowerShell();
            shell.AddScript("Get-Module EmbedCache | Remove-Module -Force").Invoke();
        }

        _runspace.Dispose();
    }

    private static string Take(StringWriter writer)
    {
        string text = writer.ToString();
        writer.GetStringBuilder().Clear();
        return text;
    }
}
