namespace EmbedCache.Ps.Tests;

/// <summary>
/// What the module's tests import is what this build made: a tree left over from an older build, of another configuration or with files that no longer
/// ship, fails here instead of passing elsewhere.
/// </summary>
public sealed class StagedTreeTests
{
    [Fact]
    public void EveryFileIsThisBuilds()
    {
        foreach (string file in StagedModule.Files(Repository.StagedModule))
        {
            string source = SourceOf(file);
            Assert.True(File.Exists(source), $"{file} has no source {source}.");
            Assert.True(File.ReadAllBytes(source).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(Repository.StagedModule, file))), $"{file} is not {source}.");
        }
    }

    [Fact]
    public void EveryModuleFileIsStaged()
    {
        IReadOnlyList<string> staged = StagedModule.Files(Repository.StagedModule);
        foreach (string file in StagedModule.Files(Repository.PathTo("module")))
        {
            Assert.Contains(file.StartsWith("en-US/", StringComparison.Ordinal) ? file : $"module/{file}", staged);
        }

        Assert.Contains("EmbedCache.psd1", staged);
        Assert.Contains("LICENSE", staged);
    }

    [Theory]
    [InlineData("net8.0")]
    [InlineData("netstandard2.0")]
    public void EachEditionHasItsAssemblies(string framework)
    {
        string[] expected = ["EmbedCache.dll", "EmbedCache.Ps.dll", $"EmbedCache.Loader.{StagedModule.Version}.dll"];
        IReadOnlyList<string> staged = StagedModule.Files(Path.Combine(Repository.StagedModule, "bin", framework));
        Assert.All(expected, name => Assert.Contains(name, staged));
        Assert.DoesNotContain(staged, static name => name.StartsWith("System.Management", StringComparison.Ordinal) || !name.EndsWith(".dll", StringComparison.Ordinal));
    }

    [Fact]
    public void NoOtherVersionIsStaged()
    {
        string versions = Path.GetDirectoryName(Repository.StagedModule)!;
        Assert.Equal([StagedModule.Version], StagedModule.Files(versions).Select(static file => file.Split('/')[0]).Distinct());
    }

    private static string SourceOf(string stagedFile)
    {
        string[] parts = stagedFile.Split('/');
        return parts[0] switch
        {
            "bin" when parts[2].StartsWith("EmbedCache.Loader.", StringComparison.Ordinal)
                => Repository.PathTo("src", "EmbedCache.Loader", "bin", StagedModule.Configuration, parts[1], parts[2]),
            "bin" => Repository.PathTo("src", "EmbedCache.Ps", "bin", StagedModule.Configuration, parts[1], parts[2]),
            "en-US" => Repository.PathTo(["module", .. parts]),
            _ => Repository.PathTo(parts),
        };
    }
}
