using System.Reflection;
using System.Runtime.Loader;
using Xunit.Abstractions;

namespace EmbedCache.Faults.Mutants;

/// <summary>
/// Proves that the harnesses of this project see what they are there to see: each deliberate fault, in the engine's compiled code or between it and its
/// files, must be found by one of them. A harness that kills no mutant proves nothing.
/// </summary>
public sealed class MutantTests(ITestOutputHelper output)
{
    public static TheoryData<string> Names => [.. EngineMutants.All.Select(static mutant => mutant.Name), .. DeviceMutant.All.Select(static mutant => mutant.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void IsKilled(string name)
    {
        string? found = EngineMutants.All.SingleOrDefault(mutant => mutant.Name == name) is { } engine
            ? HuntIn(engine.Build(), engine.Harness, FirstOf(engine.Workload))
            : HuntAround(DeviceMutant.All.Single(mutant => mutant.Name == name));
        Assert.True(found is not null, $"The mutant '{name}' lives.");

        // A mutant that is no program proves nothing either.
        Assert.DoesNotMatch("InvalidProgramException|MissingMethodException|TypeLoadException|BadImageFormatException|write the mutant anew", found);
        output.WriteLine($"'{name}' killed: {found.Split(" at EmbedCache.")[0]}");
    }

    /// <summary>The harnesses that only mutants call find nothing in the engine as it is, and a load context alone changes nothing.</summary>
    [Fact]
    public void TheEngineItselfLives()
    {
        Assert.Null(HuntIn(File.ReadAllBytes(typeof(EmbeddingCache).Assembly.Location), Harness.Forks, null));
        Assert.Null(Hunt.Run(nameof(Harness.DyingCompactions), null));
        Assert.True(Neighbours.RequireNothingLost(static inner => inner) > 20);
    }

    [Fact]
    public void ThereAreAtLeastTwelve() => Assert.True(EngineMutants.All.Count + DeviceMutant.All.Count >= 12);

    private static string? HuntAround(DeviceMutant mutant) => Hunt.Run(mutant.Harness, FirstOf(mutant.Workload), mutant.Wrap);

    /// <summary>A long run looks everywhere, in order: a mutant must not live by what it was seen by once.</summary>
    private static string? FirstOf(string? workload) => Environment.GetEnvironmentVariable("EMBEDCACHE_LONG") == "1" ? null : workload;

    /// <summary>Loads this project once more, with another engine, and hunts there.</summary>
    private static string? HuntIn(byte[] engine, Harness harness, string? workload)
    {
        var context = new MutantContext(engine);
        try
        {
            Type hunt = context.LoadFromAssemblyPath(typeof(Hunt).Assembly.Location).GetType(typeof(Hunt).FullName!)!;
            return (string?)hunt.GetMethod(nameof(Hunt.Run), [typeof(string), typeof(string)])!.Invoke(null, [harness.ToString(), workload]);
        }
        finally
        {
            context.Unload();
        }
    }

    private sealed class MutantContext(byte[] engine) : AssemblyLoadContext("mutant", isCollectible: true)
    {
        protected override Assembly? Load(AssemblyName name)
            => name.Name == typeof(EmbeddingCache).Assembly.GetName().Name ? LoadFromStream(new MemoryStream(engine)) : null;
    }
}
