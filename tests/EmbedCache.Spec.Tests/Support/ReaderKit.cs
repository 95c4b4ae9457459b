using EmbedCache.TestSupport;

namespace EmbedCache.Spec.Tests.Support;

/// <summary>
/// spec/readers, made ready once for all tests: packages installed from the lock file when they are not there, readers generated from edb.ksy anew.
/// </summary>
public sealed class ReaderKit
{
    private const string MissingRuntime = "kaitaistruct";

    public ReaderKit()
    {
        string installed = Path.Combine(Root, "node_modules", ".package-lock.json");
        string locked = Path.Combine(Root, "package-lock.json");
        if (!File.Exists(installed) || File.GetLastWriteTimeUtc(installed) < File.GetLastWriteTimeUtc(locked))
        {
            // npm is a script on Windows, which only a shell starts.
            if (OperatingSystem.IsWindows())
            {
                Tool.Run("cmd.exe", Root, "/c", "npm ci --no-audit --no-fund");
            }
            else
            {
                Tool.Run("npm", Root, "ci", "--no-audit", "--no-fund");
            }
        }

        Tool.Run("node", Root, "compile.cjs", "javascript", "generated");
        Tool.Run("node", Root, "compile.cjs", "python", "generated", "0.10");
    }

    /// <summary>The folder of the readers.</summary>
    public static string Root { get; } = Repository.PathTo("spec", "readers");

    /// <summary>A Python that has the Kaitai Struct runtime, or null.</summary>
    public static string? Python { get; } = FindPython();

    /// <summary>Why there is no Python reader here.</summary>
    public const string NoPython = "No Python with the Kaitai Struct runtime here (Debian: python3-kaitaistruct).";

    /// <summary>What compile.cjs prints.</summary>
    public static string Compile(string option) => Tool.Run("node", Root, "compile.cjs", option);

    /// <summary>The lines that the JavaScript reader prints of a file.</summary>
    public static string DumpByJavaScript(string file) => Tool.Run("node", Root, "dump.cjs", file);

    /// <summary>The lines that the Python reader prints of a file.</summary>
    public string DumpByPython(string file) => Tool.Run(Python ?? throw new InvalidOperationException(NoPython), Root, "dump.py", file);

    /// <summary>What the JavaScript reader says of a file that it refuses.</summary>
    public static string RefuseByJavaScript(string file) => Refuse("node", "dump.cjs", file);

    /// <summary>What the Python reader says of a file that it refuses.</summary>
    public string RefuseByPython(string file) => Refuse(Python!, "dump.py", file);

    private static string Refuse(string program, string script, string file)
    {
        (int exitCode, string output, string errors) = Tool.TryRun(program, Root, [script, file])!.Value;
        Assert.True(exitCode == 1, $"{script} did not refuse the file: {output}{errors}");
        return errors;
    }

    /// <summary>The first on the PATH, else the system's own: a version manager's does not see Debian's packages.</summary>
    private static string? FindPython()
        => ((string[])["python3", "/usr/bin/python3", "python"]).FirstOrDefault(candidate =>
            Tool.TryRun(candidate, Path.GetTempPath(), ["-c", $"import {MissingRuntime}"]) is (0, _, _));
}

/// <summary>One kit for all tests that need it: they write into one folder.</summary>
[CollectionDefinition(Name)]
public sealed class ReaderKitCollection : ICollectionFixture<ReaderKit>
{
    public const string Name = "Reader kit";
}
