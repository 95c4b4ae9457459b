namespace EmbedCache.Ps.Tests;

/// <summary>tests/PowerShellHost as a program: arguments, streams and exit codes are those of <c>pwsh -File</c>.</summary>
public sealed class HostProgramTests : IDisposable
{
    private const string Parameters = "param([string] $Name, [switch] $Loud, [int] $Number, $Rest)\n\"$Name|$Loud|$Number|$Rest|$args\"";

    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("it's|True|-5|-x.y|", "-Name", "it's", "-Loud", "-Number", "-5", "-x.y")]
    [InlineData("a|True|7|b|", "-loud", "a", "7", "b")]
    [InlineData("a b|False|0|$(1)|", "-Name:a b", "-Rest:$(1)")]
    public void ArgumentsBindAsInPwsh(string expected, params string[] arguments)
    {
        (int exitCode, string output, string errors) = Run(Parameters, arguments);
        Assert.Equal((0, expected, string.Empty), (exitCode, output.Trim(), errors));
    }

    [Theory]
    [InlineData("'a'; exit 3", 3, "a", "")]
    [InlineData("'a'; throw 'oops'; 'b'", 1, "a", "oops")]
    [InlineData("'a'; if (", 1, "", "Missing condition")]
    [InlineData("'a'; Get-Module -Name x -FullyQualifiedName y; 'b'", 0, "a\nb", "FullyQualifiedName")]
    [InlineData("'a'; [int]'x'; 'b'", 0, "a\nb", "Cannot convert")]
    [InlineData("param([Parameter(Mandatory)] $Name) 'a'", 1, "", "mandatory parameters")]
    public void ErrorsGoToStandardErrorAndEndTheProcess(string script, int exitCode, string output, string error)
    {
        (int actualCode, string actualOutput, string actualErrors) = Run(script);
        Assert.Equal((exitCode, output), (actualCode, actualOutput.Trim()));
        Assert.Contains(error, actualErrors);
    }

    [Fact]
    public void ScriptSeesTheModuleAndAScreenOf120Columns()
    {
        (_, string output, _) = Run("(Get-Module).Name; $Host.UI.RawUI.BufferSize.Width; $PSScriptRoot");
        Assert.Equal(["EmbedCache", "120", _folder.Path], output.Trim().Split('\n'));
    }

    [Theory]
    [InlineData()]
    [InlineData("--width", "few", "x.ps1")]
    [InlineData("--no-such-option", "x.ps1")]
    [InlineData("no-such-script.ps1")]
    public void WrongUsageIsSaid(params string[] arguments)
    {
        using ChildProcess host = ChildProcess.StartManaged("PowerShellHost", arguments);
        Assert.Equal(64, host.WaitForExit());
        Assert.NotEqual(string.Empty, host.Errors);
    }

    public void Dispose() => _folder.Dispose();

    private (int ExitCode, string Output, string Errors) Run(string script, params string[] arguments)
    {
        string path = _folder.Write("script.ps1", script);
        using ChildProcess host = ChildProcess.StartManaged("PowerShellHost", [path, .. arguments]);
        int exitCode = host.WaitForExit();
        return (exitCode, host.Output, host.Errors);
    }
}
