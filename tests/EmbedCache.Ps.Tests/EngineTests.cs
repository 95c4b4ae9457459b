using System.Management.Automation;

namespace EmbedCache.Ps.Tests;

/// <summary>The hosted engine behaves as a console does where the other tests rely on it.</summary>
public sealed class EngineTests
{
    [Fact]
    public void EngineIsPowerShell7() => Assert.Equal(7, PSVersionInfo.PSVersion.Major);

    [Fact]
    public void TextIsWhatOutDefaultShows()
    {
        using var session = new ModuleSession(import: false);
        string text = session.InvokeToText("[pscustomobject]@{ Name = 'a'; Count = 1 }");
        Assert.Equal(["Name Count", "---- -----", "a        1"], text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.TrimEnd()));
    }

    [Fact]
    public void ScreenHasTheWidthAsked()
    {
        using var session = new ModuleSession(width: 40, import: false);
        string text = session.InvokeToText("[pscustomobject]@{ Text = 'x' * 500; Other = 1 }");
        Assert.All(text.Split('\n'), static line => Assert.True(line.TrimEnd('\r').Length <= 40, line));
        Assert.Contains("xxxxxxxxxx", text);
    }

    [Fact]
    public void ErrorsAndOutputAreCollectedApart()
    {
        using var session = new ModuleSession(import: false);
        SessionResult result = session.Invoke("1; Get-Module -Name a -FullyQualifiedName b; 2");
        Assert.Equal([1, 2], result.Values);
        Assert.Single(result.Errors);
        Assert.Null(result.TerminatingError);

        SessionResult thrown = session.Invoke("3; throw 'four'; 5");
        Assert.Equal([3], thrown.Values);
        Assert.Equal("four", thrown.TerminatingError?.ToString());
    }

    [Fact]
    public void ArgumentsReachTheScriptAsTheyAre()
    {
        using var session = new ModuleSession(import: false);
        float[] vector = [1, 2, 3];
        object? returned = Assert.Single(session.Invoke("param($v) , $v", [vector]).Values);
        Assert.Same(vector, returned);
    }

    [Fact]
    public void NobodyIsAskedUnlessTheTestAnswers()
    {
        using var session = new ModuleSession(import: false);
        const string Ask = "function f { [CmdletBinding(SupportsShouldProcess)] param() if ($PSCmdlet.ShouldProcess('it')) { 'done' } } f -Confirm";
        SessionResult alone = session.Invoke(Ask);
        Assert.Empty(alone.Output);
        Assert.Contains("not interactive", Assert.Single(alone.Errors).ToString());

        session.UI.Answer = static (_, choices) => Array.IndexOf([.. choices], "Yes");
        Assert.Equal(["done"], session.Invoke(Ask).Values);
        Assert.Equal(2, session.UI.Questions.Count);
    }

    [Fact]
    public void SessionFindsNoModulesButTheStagedOne()
    {
        using var session = new ModuleSession(import: false);
        Assert.Equal(ModuleSession.StagedModulePath, Assert.Single(session.Invoke("$env:PSModulePath").Values));
    }
}
