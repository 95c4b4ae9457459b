using System.Diagnostics;
using System.Globalization;

namespace EmbedCache.Fuzz;

/// <summary>
/// A fuzzing campaign: with AFL++ and the sharpfuzz tool, guided by the coverage of the engine, a share of the time for each target; then mutated golden
/// files for as long as is left. Where one of the two cannot be had it says so, and mutates all the time.
/// </summary>
internal static class FuzzDrive
{
    private const string ToolVersion = "2.3.0";

    /// <summary>Of the time with AFL++, what goes to whole files; the other targets are small.</summary>
    private const double FileShare = 0.7;

    /// <summary>Runs for a time in a folder; 1 when there was a find. Finds are kept in <c>FOLDER/finds/TARGET</c>, ready for the corpus.</summary>
    public static int Run(TimeSpan time, string folder)
    {
        Directory.CreateDirectory(folder);
        int finds = 0;
        TimeSpan left = time;
        if (Instrumented(folder) is { } program)
        {
            foreach (string target in FuzzTargets.All.Keys)
            {
                double share = target == "file" ? FileShare : (1 - FileShare) / (FuzzTargets.All.Count - 1);
                TimeSpan part = (time / 2) * share;
                left -= part;
                finds += Guided(folder, program, target, part);
            }
        }

        int found = MutationRun.Run(left, Environment.TickCount, Path.Combine(folder, "finds", "file"));
        return finds > 0 || found > 0 ? 1 : 0;
    }

    /// <summary>A copy of this program on an instrumented engine; null, and a line that says why, where there is none to be had.</summary>
    private static string? Instrumented(string folder)
    {
        if (OperatingSystem.IsWindows() || !Succeeds("afl-fuzz", "-V"))
        {
            Console.WriteLine("afl-fuzz is not on this machine (Debian: apt-get install afl++): fuzzing without the guidance of coverage.");
            return null;
        }

        string tools = Path.Combine(folder, "tools");
        string tool = Path.Combine(tools, "sharpfuzz");
        if (!File.Exists(tool) && !Succeeds("dotnet", "tool", "install", "SharpFuzz.CommandLine", "--version", ToolVersion, "--tool-path", tools))
        {
            Console.WriteLine("The tool SharpFuzz.CommandLine cannot be installed: fuzzing without the guidance of coverage.");
            return null;
        }

        string copy = Path.Combine(folder, "program");
        if (Directory.Exists(copy))
        {
            Directory.Delete(copy, recursive: true);
        }

        Directory.CreateDirectory(copy);
        foreach (string file in Directory.GetFiles(AppContext.BaseDirectory))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        if (!Succeeds(tool, Path.Combine(copy, "EmbedCache.dll")))
        {
            Console.WriteLine("The engine cannot be instrumented: fuzzing without the guidance of coverage.");
            return null;
        }

        return Path.Combine(copy, "EmbedCache.Fuzz.dll");
    }

    /// <summary>Lets afl-fuzz run one target; gives how many crashes and hangs it kept.</summary>
    private static int Guided(string folder, string program, string target, TimeSpan time)
    {
        string seeds = Path.Combine(folder, "seeds", target);
        string results = Path.Combine(folder, "afl", target);
        Directory.CreateDirectory(seeds);
        Directory.CreateDirectory(Path.Combine(folder, "afl"));
        foreach ((string name, byte[] input) in Seeds.Of(target))
        {
            if (input.Length <= LargestSeed)
            {
                File.WriteAllBytes(Path.Combine(seeds, name), input);
            }
        }

        bool goesOn = Directory.Exists(Path.Combine(results, "default", "queue"));
        string seconds = Math.Max(1, (int)time.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        Succeeds("afl-fuzz", "-i", goesOn ? "-" : seeds, "-o", results, "-t", "5000", "-m", "none", "-V", seconds, "--", "dotnet", program, "afl", target);
        string[] statistics = File.Exists(Path.Combine(results, "default", "fuzzer_stats")) ? File.ReadAllLines(Path.Combine(results, "default", "fuzzer_stats")) : [];
        Console.WriteLine($"{target}: {string.Join(", ", statistics.Where(static line => line.StartsWith("execs_done", StringComparison.Ordinal) || line.StartsWith("edges_found", StringComparison.Ordinal) || line.StartsWith("saved_", StringComparison.Ordinal)).Select(static line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))))}");
        int finds = 0;
        foreach (string kind in new[] { "crashes", "hangs" })
        {
            string kept = Path.Combine(results, "default", kind);
            foreach (string find in Directory.Exists(kept) ? Directory.GetFiles(kept, "id*") : [])
            {
                string keep = Path.Combine(folder, "finds", target);
                Directory.CreateDirectory(keep);
                File.Copy(find, Path.Combine(keep, $"{kind}-{finds++}"), overwrite: true);
            }
        }

        return finds;
    }

    private static bool Succeeds(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string setting in new[] { "AFL_SKIP_BIN_CHECK", "AFL_SKIP_CPUFREQ", "AFL_NO_UI", "AFL_NO_AFFINITY", "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES" })
        {
            start.Environment[setting] = "1";
        }

        // The tool is built for an older runtime than the one that is here.
        start.Environment["DOTNET_ROLL_FORWARD"] = "LatestMajor";
        start.Environment["DOTNET_TieredPGO"] = "0";
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0 && program != "afl-fuzz")
            {
                Console.WriteLine(errors.Result);
            }

            return process.ExitCode is 0 or 1;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private const int LargestSeed = 20_000;
}
