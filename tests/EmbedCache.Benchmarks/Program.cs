using EmbedCache.Benchmarks;
using EmbedCache.Benchmarks.Children;
using EmbedCache.Benchmarks.Workloads;

// Children come first, and before anything is loaded that they want to measure.
if (args is [ChildProcess.Verb, string child, .. string[] rest])
{
    switch (child)
    {
        case "open":
            OpenChild.Run(rest);
            return 0;
        case "open-bare":
            OpenChild.RunBare(rest);
            return 0;
        case "memory":
            MemoryChild.Run(rest);
            return 0;
        case "search":
            SearchChild.Run(rest);
            return 0;
        default:
            Console.Error.WriteLine($"No child named {child}.");
            return 2;
    }
}

return Runner.Run(args);
