namespace EmbedCache.Ps.Tests;

public sealed class EngineTests
{
    [Fact]
    public void HostedEngineIsPowerShell7() => Assert.Equal(7, System.Management.Automation.PSVersionInfo.PSVersion.Major);
}
