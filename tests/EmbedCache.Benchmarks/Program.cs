using BenchmarkDotNet.Running;
using EmbedCache.Benchmarks;
using EmbedCache.Benchmarks.Children;

switch (args)
{
    // Children come first: nothing may be loaded before them that they want to measure.
    case [ChildProcess.Verb, "open", .. string[] rest]:
        OpenChild.Run(rest);
        return 0;
    case [ChildProcess.Verb, "open-bare", .. string[] rest]:
        OpenChild.RunBare(rest);
        return 0;
    case [ChildProcess.Verb, "memory", .. string[] rest]:
        MemoryChild.Run(rest);
        return 0;
    case [ChildProcess.Verb, "search", .. string[] rest]:
        SearchChild.Run(rest);
        return 0;
    case [ChildProcess.Verb, "search-only", .. string[] rest]:
        SearchChild.RunSearchOnly(rest);
        return 0;
    case [ChildProcess.Verb, "exact", .. string[] rest]:
        ExactChild.Run(rest);
        return 0;
    case [ChildProcess.Verb, "graph", .. string[] rest]:
        GraphChild.Run(rest);
        return 0;
    case [ChildProcess.Verb, "graph-first", .. string[] rest]:
        GraphFirstChild.Run(rest);
        return 0;
    case [ChildProcess.Verb, "graph-writer", .. string[] rest]:
        GraphWriterChild.Run(rest);
        return 0;
    case [ChildProcess.Verb, "graph-default", .. string[] rest]:
        GraphDefaultChild.Run(rest);
        return 0;
    case [ChildProcess.Verb, "cold-kernel", .. string[] rest]:
        ColdKernelChild.Run(rest);
        return 0;
    case [ChildProcess.Verb, "cold-search", .. string[] rest]:
        ColdSearchChild.Run(rest);
        return 0;
    case [ChildProcess.Verb, ..]:
        Console.Error.WriteLine("There is no such child.");
        return 2;
    case ["kernels", .. string[] rest]:
        RunKernels(rest);
        return 0;
    default:
        return Runner.Run(args);
}

static void RunKernels(string[] arguments) => BenchmarkSwitcher.FromAssembly(typeof(Runner).Assembly).Run(arguments.Length == 0 ? ["--filter", "*"] : arguments);
