using System.Text.RegularExpressions;
using EmbedCache.Faults.Disk;
using EmbedCache.TestSupport;

namespace EmbedCache.Faults.Outside;

/// <summary>
/// Proves that the seam which crash tests record is what really happens: a process does a little of everything to a store on a real file system, its recorder says
/// what was called at the seam, and strace what the kernel was asked. Both must be the same calls, in the same order, at the same offsets and lengths, and nothing
/// else may have changed the store's files.
/// </summary>
public sealed partial class SeamTests
{
    private const string Compared = "pwrite64,fdatasync,fsync,ftruncate,fallocate,rename,renameat,renameat2,unlink,unlinkat,open,openat,creat";

    /// <summary>Ways to change a file that the engine has no business with.</summary>
    private const string Others = "write,writev,pwritev,pwritev2,truncate,copy_file_range,sendfile,splice,sync_file_range,msync,mmap,link,linkat,symlink,symlinkat";

    [StraceTheory]
    [InlineData("a.edb")]
    public void RecordedCallsAreTheSystemCalls(string name)
    {
        using var folder = new TemporaryFolder();
        string path = folder.PathTo(name);
        string trace = folder.PathTo("trace");
        string child = Path.Combine(AppContext.BaseDirectory, "EmbedCache.Tests.Child.dll");
        using ChildProcess process = ChildProcess.Start(
            StraceTheoryAttribute.Strace, "-ff", "-qq", "-y", "-s", "0", "-o", trace, "-e", $"trace={Compared},{Others}",
            ChildProcess.DotnetPath, child, "record", path);
        Assert.True(process.WaitForExit() == 0, process.Errors);

        List<string> recorded = [.. Recorded(process.Output)];
        List<string> called = [];
        foreach (string thread in Directory.GetFiles(Path.GetDirectoryName(path)!, "trace.*"))
        {
            List<string> calls = [.. File.ReadLines(thread).Where(line => line.Contains(path, StringComparison.Ordinal) || SyncsDirectory(line, path)).SelectMany(Called)];
            Assert.True(calls.Count == 0 || called.Count == 0, "two threads changed the files: there is no one order to compare");
            called.AddRange(calls);
        }

        int same = recorded.Zip(called).TakeWhile(static pair => pair.First == pair.Second).Count();
        Assert.True(
            same == recorded.Count && same == called.Count,
            $"call {same} of {recorded.Count} recorded and {called.Count} made: the seam says {recorded.ElementAtOrDefault(same)}, strace {called.ElementAtOrDefault(same)}");

        // Every kind of call was compared.
        foreach (DiskOperation operation in new[] { DiskOperation.Create, DiskOperation.Write, DiskOperation.Flush, DiskOperation.SetLength, DiskOperation.Allocate, DiskOperation.Punch, DiskOperation.Replace, DiskOperation.SyncDirectory })
        {
            Assert.Contains(recorded, call => call.StartsWith(operation.ToString(), StringComparison.Ordinal));
        }
    }

    /// <summary>What the recorder said, with the name that each file has at that moment, as the kernel tells it.</summary>
    private static IEnumerable<string> Recorded(string output)
    {
        var names = new Dictionary<string, string>();
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = line.Trim().Split('|');
            (string operation, string path, string file, string offset, string length, string source) = (parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]);
            bool grows = parts[6] == "1";
            string name = names.GetValueOrDefault(file, path);
            switch (Enum.Parse<DiskOperation>(operation))
            {
                case DiskOperation.Create:
                    names[file] = path;
                    yield return $"Create {path}";
                    break;
                case DiskOperation.Write:
                    yield return $"Write {name} {offset} {length}";
                    break;
                case DiskOperation.SetLength:
                    yield return $"SetLength {name} {length}";
                    break;
                case DiskOperation.Allocate:
                    yield return $"Allocate{(grows ? string.Empty : " KEEP_SIZE")} {name} {offset} {length}";
                    break;
                case DiskOperation.Punch:
                    yield return $"Punch {name} {offset} {length}";
                    break;
                case DiskOperation.Flush:
                    yield return $"Flush {name}";
                    break;
                case DiskOperation.SyncDirectory:
                    yield return $"SyncDirectory {path}";
                    break;
                case DiskOperation.Replace:
                    Forget(names, path);
                    names[names.Single(known => known.Value == source).Key] = path;
                    yield return $"Replace {source} {path}";
                    break;
                case DiskOperation.Delete:
                    Forget(names, path);
                    yield return $"Delete {path}";
                    break;
                default:
                    throw new InvalidDataException(line);
            }
        }
    }

    /// <summary>Whoever has that name has none any more.</summary>
    private static void Forget(Dictionary<string, string> names, string path)
    {
        foreach (string file in names.Keys.Where(file => names[file] == path).ToArray())
        {
            names[file] = path + "(deleted)";
        }
    }

    /// <summary>What strace said of one call, in the same words; nothing for one that failed or changes nothing.</summary>
    private static IEnumerable<string> Called(string line)
    {
        Match call = Call().Match(line);
        if (!call.Success)
        {
            throw new InvalidDataException($"strace says something else than it did: {line}");
        }

        string name = call.Groups["name"].Value;
        string[] arguments = call.Groups["arguments"].Value.Split(", ");
        if (call.Groups["result"].Value.StartsWith('-') && !(name == "unlink" && line.Contains("ENOENT", StringComparison.Ordinal)))
        {
            // To delete what is not there does nothing, and is no failure of the call at the seam.
            yield break;
        }

        string file = FileOf(arguments[0]);
        switch (name)
        {
            case "open" or "openat":
                string flags = arguments[name == "open" ? 1 : 2];
                Assert.DoesNotContain("O_TRUNC", flags, StringComparison.Ordinal);
                if (flags.Contains("O_CREAT", StringComparison.Ordinal))
                {
                    yield return $"Create {arguments[name == "open" ? 0 : 1].Trim('"')}";
                }

                break;
            case "mmap":
                Assert.DoesNotContain("PROT_WRITE", line, StringComparison.Ordinal);
                break;
            case "pwrite64":
                Assert.Equal(arguments[^2], call.Groups["result"].Value);
                yield return $"Write {file} {arguments[^1]} {arguments[^2]}";
                break;
            case "ftruncate":
                yield return $"SetLength {file} {arguments[1]}";
                break;
            case "fallocate":
                string mode = arguments[1] switch { "0" => "Allocate", "FALLOC_FL_KEEP_SIZE" => "Allocate KEEP_SIZE", _ => "Punch" };
                Assert.True(mode != "Punch" || (arguments[1].Contains("PUNCH_HOLE", StringComparison.Ordinal) && arguments[1].Contains("KEEP_SIZE", StringComparison.Ordinal)), line);
                yield return $"{mode} {file} {arguments[2]} {arguments[3]}";
                break;
            case "fdatasync":
                yield return $"Flush {file}";
                break;
            case "fsync":
                yield return $"SyncDirectory {file}";
                break;
            case "rename":
                yield return $"Replace {arguments[0].Trim('"')} {arguments[1].Trim('"')}";
                break;
            case "unlink":
                yield return $"Delete {arguments[0].Trim('"')}";
                break;
            default:
                throw new InvalidDataException($"a call past the seam: {line}");
        }
    }

    private static bool SyncsDirectory(string line, string path)
        => line.StartsWith("fsync(", StringComparison.Ordinal) && line.Contains($"<{Path.GetDirectoryName(path)}>", StringComparison.Ordinal);

    /// <summary>The path that strace names beside a descriptor.</summary>
    private static string FileOf(string descriptor) => descriptor.Contains('<', StringComparison.Ordinal)
        ? descriptor[(descriptor.IndexOf('<', StringComparison.Ordinal) + 1)..].Replace(">", string.Empty, StringComparison.Ordinal).Replace(" (deleted)", "(deleted)", StringComparison.Ordinal)
        : descriptor;

    [GeneratedRegex(@"^(?<name>\w+)\((?<arguments>.*)\)\s+= (?<result>-?\w+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Call();
}
