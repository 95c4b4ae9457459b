using System.Runtime.Versioning;
using EmbedCache.TestSupport;

namespace EmbedCache.Tests;

/// <summary>
/// The child process that crash and lock tests start must run on the same build of the engine as the tests themselves, else the
/// netstandard2.0 run would prove the net8.0 build twice.
/// </summary>
public sealed class ChildProcessTests
{
    [Fact]
    public void ChildRunsOnTheEngineBuildUnderTest()
    {
        using ChildProcess child = ChildProcess.StartManaged("EmbedCache.Tests.Child", "engine");
        int exitCode = child.WaitForExit();

        var framework = (TargetFrameworkAttribute)Attribute.GetCustomAttribute(typeof(EmbeddingCache).Assembly, typeof(TargetFrameworkAttribute))!;
        Assert.Equal(0, exitCode);
        Assert.Equal(framework.FrameworkName, child.Output.Trim());
#if ENGINE_NETSTANDARD
        Assert.StartsWith(".NETStandard", framework.FrameworkName);
#else
        Assert.StartsWith(".NETCoreApp", framework.FrameworkName);
#endif
    }

    [Fact]
    public void ChildRefusesAnUnknownVerb()
    {
        using ChildProcess child = ChildProcess.StartManaged("EmbedCache.Tests.Child", "no-such-verb");
        Assert.Equal(64, child.WaitForExit());
        Assert.Contains("engine", child.Errors);
    }
}
