using Mono.Cecil;

namespace EmbedCache.Tests.Architecture;

/// <summary>
/// The rooms of the engine depend one way. Proved twice, because each proof is blind somewhere: the compiled code knows every use but no constants
/// (the compiler copies their values) and the using directives know those but not what a room reaches without one.
/// </summary>
public sealed class RoomDependencyTests
{
    private const string EngineNamespace = "EmbedCache";

    private static readonly string[] s_folders = [.. Rooms.All.Where(static room => room != Rooms.Facade), "Engine"];

    private static readonly AssemblyDefinition s_engine = AssemblyDefinition.ReadAssembly(typeof(EmbeddingCache).Assembly.Location);

    [Fact]
    public void FoldersAreRooms()
    {
        Assert.All(SourceFile.Engine, static file => Assert.Contains(file.Room, Rooms.All));
    }

    [Fact]
    public void EveryTypeBelongsToARoom()
    {
        Dictionary<string, string> rooms = RoomsByType();
        Assert.All(OutermostTypes(), type => Assert.True(rooms.ContainsKey(type.FullName), $"{type.FullName} has no room: its file's folder or namespace is unknown."));
    }

    /// <summary>A type in EmbedCache.Format.X stands in a file below Format; only public types, in plain EmbedCache, may stand anywhere.</summary>
    [Fact]
    public void NamespacesFollowFolders()
    {
        foreach (TypeDefinition type in OutermostTypes().Where(static type => type.Namespace.StartsWith(EngineNamespace + ".", StringComparison.Ordinal)))
        {
            string folder = type.Namespace[(EngineNamespace.Length + 1)..].Replace('.', '/') + "/";
            Assert.True(
                SourceFile.Engine.Any(file => file.RelativePath.StartsWith(folder, StringComparison.Ordinal) && file.DeclaredTypes.Contains(NameOf(type))),
                $"{type.FullName} is not declared in {folder}.");
        }
    }

    [Fact]
    public void CompiledCodeKeepsTheDirection()
    {
        Dictionary<string, string> rooms = RoomsByType();
        List<string> violations = Violations(AllTypes(s_engine), rooms);
        Assert.True(violations.Count == 0, string.Join(Environment.NewLine, violations));
        Assert.True(rooms.Values.Distinct().Count() >= 4, "The rooms were not found.");
    }

    [Fact]
    public void UsingDirectivesKeepTheDirection()
    {
        List<string> violations = [.. SourceFile.Engine.SelectMany(UsingViolations)];
        Assert.True(violations.Count == 0, string.Join(Environment.NewLine, violations));
    }

    /// <summary>The proof can fail: sample rooms that break the rule in every way that a type can refer to another.</summary>
    [Theory]
    [InlineData("ByBase")]
    [InlineData("ByInterface")]
    [InlineData("ByField")]
    [InlineData("ByArrayOfGeneric")]
    [InlineData("ByParameter")]
    [InlineData("ByStaticCall")]
    [InlineData("ByGenericArgument")]
    [InlineData("ByTypeOf")]
    [InlineData("ByAttribute")]
    [InlineData("ByCatch")]
    [InlineData("ByLambda")]
    [InlineData("ByIterator")]
    [InlineData("ByConstraint")]
    public void CompiledProofSees(string sample)
    {
        AssemblyDefinition tests = AssemblyDefinition.ReadAssembly(typeof(RoomDependencyTests).Assembly.Location);
        List<TypeDefinition> types = [.. AllTypes(tests).Where(static type => TypeReferences.Outermost(type).Namespace.StartsWith("EmbedCache.Tests.Architecture.Samples.", StringComparison.Ordinal))];
        Dictionary<string, string> rooms = types.Where(static type => type.DeclaringType is null).ToDictionary(static type => type.FullName, static type => type.Namespace.Split('.')[^1]);

        List<string> violations = Violations(types, rooms);
        Assert.Contains(violations, violation => violation.Contains($".{sample} ", StringComparison.Ordinal) || violation.Contains($".{sample}`1 ", StringComparison.Ordinal));
        Assert.DoesNotContain(violations, static violation => violation.Contains(".Innocent ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Format/A.cs", "using EmbedCache.Storage;", true)]
    [InlineData("Format/A.cs", "using static EmbedCache.Storage.Limits;", true)]
    [InlineData("Format/A.cs", "using Door = EmbedCache.Storage.ByteSource;", true)]
    [InlineData("Keys/A.cs", "using EmbedCache.Vectors;", true)]
    [InlineData("Format/A.cs", "int a = EmbedCache.Storage.Limits.Maximum;", true)]
    [InlineData("Format/A.cs", "// using EmbedCache.Storage;", false)]
    [InlineData("Format/A.cs", "string a = \"EmbedCache.Storage\";", false)]
    [InlineData("Search/A.cs", "using EmbedCache.Engine;", true)]
    [InlineData("Storage/A.cs", "using EmbedCache.Format;", false)]
    [InlineData("Engine/A.cs", "using EmbedCache.Search;", false)]
    [InlineData("A.cs", "using EmbedCache.Engine;", false)]
    public void UsingProofSees(string path, string text, bool violates)
    {
        Assert.Equal(violates, UsingViolations(SourceFile.Parse(path, text + "\n")).Any());
    }

    private static IEnumerable<string> UsingViolations(SourceFile file)
    {
        foreach (string folder in s_folders)
        {
            string room = Rooms.OfFolder(folder);
            string name = $"{EngineNamespace}.{folder}";
            bool used = file.Usings.Any(target => target == name || target.StartsWith(name + ".", StringComparison.Ordinal))
                || file.Code.Contains(name + ".", StringComparison.Ordinal);
            if (used && !Rooms.MayUse(file.Room, room))
            {
                yield return $"{file.RelativePath} uses {room}.";
            }
        }
    }

    private static List<string> Violations(IEnumerable<TypeDefinition> types, Dictionary<string, string> rooms)
    {
        var violations = new SortedSet<string>(StringComparer.Ordinal);
        foreach (TypeDefinition type in types)
        {
            string owner = TypeReferences.Outermost(type).FullName;
            if (!rooms.TryGetValue(owner, out string? from))
            {
                continue;
            }

            foreach (string used in TypeReferences.Of(type))
            {
                if (rooms.TryGetValue(used, out string? to) && !Rooms.MayUse(from, to))
                {
                    violations.Add($"{owner} ({from}) uses {used} ({to}).");
                }
            }
        }

        return [.. violations];
    }

    /// <summary>The room of every outermost type of the engine: by its namespace, and for public types, which all live in EmbedCache, by their file.</summary>
    private static Dictionary<string, string> RoomsByType()
    {
        var rooms = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (TypeDefinition type in OutermostTypes())
        {
            if (type.Namespace.StartsWith(EngineNamespace + ".", StringComparison.Ordinal))
            {
                rooms[type.FullName] = Rooms.OfFolder(type.Namespace.Split('.')[1]);
            }
            else if (SourceFile.Engine.FirstOrDefault(file => file.DeclaredTypes.Contains(NameOf(type))) is { } file)
            {
                rooms[type.FullName] = file.Room;
            }
        }

        return rooms;
    }

    /// <summary>The engine's own types; what the compiler adds for itself is marked as such or has no namespace.</summary>
    private static IEnumerable<TypeDefinition> OutermostTypes()
    {
        return s_engine.MainModule.Types.Where(static type =>
            type.Namespace.Length > 0 && !type.CustomAttributes.Any(static attribute => attribute.AttributeType.Name is "CompilerGeneratedAttribute" or "EmbeddedAttribute"));
    }

    private static IEnumerable<TypeDefinition> AllTypes(AssemblyDefinition assembly) => assembly.MainModule.Types.SelectMany(WithNested);

    private static IEnumerable<TypeDefinition> WithNested(TypeDefinition type) => type.NestedTypes.SelectMany(WithNested).Prepend(type);

    private static string NameOf(TypeDefinition type) => type.Name.Split('`')[0];
}
