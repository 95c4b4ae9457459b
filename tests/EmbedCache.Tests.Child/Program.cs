namespace EmbedCache.Tests.Child;

/// <summary>Runs one verb: <c>dotnet EmbedCache.Tests.Child.dll VERB [ARGUMENT...]</c>. Exit code 64 says that the verb is unknown.</summary>
internal static class Program
{
    private const int UnknownVerb = 64;

    private static readonly Dictionary<string, Func<string[], int>> s_verbs = new(StringComparer.Ordinal)
    {
        ["engine"] = PrintEngine,
        ["hold-lock"] = StorageVerbs.HoldLock,
        ["append"] = StorageVerbs.Append,
        ["fill"] = StorageVerbs.Fill,
        ["create"] = StorageVerbs.Create,
        ["write-loop"] = EngineVerbs.WriteLoop,
        ["read-loop"] = EngineVerbs.ReadLoop,
        ["answer"] = EngineVerbs.Answer,
        ["pin"] = EngineVerbs.Pin,
        ["compact"] = EngineVerbs.Compact,
        ["record"] = RecordVerbs.Record,
        ["kill-work"] = KillVerbs.Work,
        ["kill-write"] = KillVerbs.WriteVersions,
        ["kill-read"] = KillVerbs.ReadVersions,
        ["kill-compact"] = KillVerbs.CompactHalf,
    };

    private static int Main(string[] args)
    {
        if (args.Length > 0 && s_verbs.TryGetValue(args[0], out Func<string[], int>? verb))
        {
            return verb(args[1..]);
        }

        Console.Error.WriteLine($"Verbs: {string.Join(", ", s_verbs.Keys)}");
        return UnknownVerb;
    }

    /// <summary>Prints which build of the engine this process runs on.</summary>
    private static int PrintEngine(string[] args)
    {
        object[] frameworks = typeof(EmbeddingCache).Assembly.GetCustomAttributes(typeof(System.Runtime.Versioning.TargetFrameworkAttribute), inherit: false);
        Console.WriteLine(((System.Runtime.Versioning.TargetFrameworkAttribute)frameworks[0]).FrameworkName);
        return 0;
    }
}
