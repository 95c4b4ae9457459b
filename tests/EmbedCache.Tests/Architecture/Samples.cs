#pragma warning disable CS0169, IDE0044, IDE0051, IDE0065, IDE0161

// Rooms that break the rule, for the test that the proof sees it. Samples.Format must not know Samples.Storage.
namespace EmbedCache.Tests.Architecture.Samples.Storage
{
    internal class Door
    {
        public static int Open() => 1;

        public static void Use<T>(T value) => GC.KeepAlive(value);
    }

    internal interface IDoor;

    internal sealed class DoorAttribute : Attribute;

    internal sealed class DoorException : Exception;
}

namespace EmbedCache.Tests.Architecture.Samples.Format
{
    using EmbedCache.Tests.Architecture.Samples.Storage;

    internal sealed class Innocent
    {
        public string Name { get; } = nameof(Innocent);
    }

    internal sealed class ByBase : Door;

    internal sealed class ByInterface : IDoor;

    internal sealed class ByField
    {
        private Door? _door;
    }

    internal sealed class ByArrayOfGeneric
    {
        private List<Door[]>[]? _doors;
    }

    internal sealed class ByParameter
    {
        public void Take(in Door? door) => GC.KeepAlive(door);
    }

    internal sealed class ByStaticCall
    {
        public int Call() => Door.Open();
    }

    internal sealed class ByGenericArgument
    {
        public object Call() => Array.Empty<Door>();
    }

    internal sealed class ByTypeOf
    {
        public Type Call() => typeof(Door);
    }

    [Door]
    internal sealed class ByAttribute;

    internal sealed class ByCatch
    {
        public void Call()
        {
            try
            {
                GC.KeepAlive(this);
            }
            catch (DoorException)
            {
            }
        }
    }

    internal sealed class ByLambda
    {
        public Func<int> Call() => static () => Door.Open();
    }

    internal sealed class ByIterator
    {
        public IEnumerable<int> Call()
        {
            yield return Door.Open();
        }
    }

    internal sealed class ByConstraint<T>
        where T : IDoor;
}
