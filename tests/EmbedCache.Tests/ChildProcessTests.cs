using System.Diagnostics;
using System.Runtime.Versioning;

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
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "EmbedCache.Tests.Child.dll"), "engine" },
        };
        using Process child = Process.Start(start)!;
        string output = child.StandardOutput.ReadToEnd().Trim();
        child.WaitForExit();

        var framework = (TargetFrameworkAttribute)Attribute.GetCustomAttribute(typeof(EmbeddingCache).Assembly, typeof(TargetFrameworkAttribute))!;
        Assert.Equal(0, child.ExitCode);
        Assert.Equal(framework.FrameworkName, output);
#if ENGINE_NETSTANDARD
        Assert.StartsWith(".NETStandard", output);
#else
        Assert.StartsWith(".NETCoreApp", output);
#endif
    }
}
