using System.Runtime.Versioning;

namespace EmbedCache.Spec.Tests;

public sealed class EngineBuildTests
{
    [Fact]
    public void SpecIsHeldAgainstTheNet8Build()
    {
        var framework = (TargetFrameworkAttribute)Attribute.GetCustomAttribute(typeof(EmbeddingCache).Assembly, typeof(TargetFrameworkAttribute))!;
        Assert.Equal(".NETCoreApp,Version=v8.0", framework.FrameworkName);
    }
}
