using System.Globalization;
using SharpFuzz;

namespace EmbedCache.Fuzz;

/// <summary>
/// <c>afl TARGET</c> is what afl-fuzz runs, on an engine that the sharpfuzz tool has instrumented. <c>seeds TARGET FOLDER</c> writes what it starts
/// from; <c>drive SECONDS FOLDER</c> does both, and what else a campaign needs. <c>run SECONDS [SEED]</c> needs neither: it mutates golden files itself. <c>replay TARGET FILE...</c> repeats finds.
/// </summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        switch (args)
        {
            case ["afl", string target]:
                Fuzzer.OutOfProcess.Run(stream => FuzzTargets.All[target](ReadAll(stream)));
                return 0;
            case ["seeds", string target, string folder]:
                WriteSeeds(target, folder);
                return 0;
            case ["replay", string target, .. string[] files]:
                foreach (string file in files)
                {
                    Console.WriteLine(file);
                    FuzzTargets.All[target](File.ReadAllBytes(file));
                }

                return 0;
            case ["drive", string seconds, string folder]:
                return FuzzDrive.Run(TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture)), folder);
            case ["run", string seconds, .. string[] rest]:
                return MutationRun.Run(
                    TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture)),
                    rest.Length > 0 ? int.Parse(rest[0], CultureInfo.InvariantCulture) : Environment.TickCount,
                    rest.Length > 1 ? rest[1] : Path.GetTempPath());
            default:
                Console.Error.WriteLine($"drive SECONDS FOLDER | afl TARGET | seeds TARGET FOLDER | replay TARGET FILE... | run SECONDS [SEED [FINDS]]; targets: {string.Join(", ", FuzzTargets.All.Keys)}");
                return 64;
        }
    }

    private static byte[] ReadAll(Stream stream)
    {
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static void WriteSeeds(string target, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach ((string name, byte[] input) in Seeds.Of(target))
        {
            File.WriteAllBytes(Path.Combine(folder, name), input);
        }
    }
}
