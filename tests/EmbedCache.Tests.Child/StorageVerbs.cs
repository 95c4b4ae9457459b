using System.Globalization;
using EmbedCache.Storage;

namespace EmbedCache.Tests.Child;

/// <summary>What tests of the storage seam do in another process. Each says on a line of its own what happened.</summary>
internal static class StorageVerbs
{
    /// <summary>PATH OFFSET MS [shared]: locks one byte, says "locked", "busy" or what failed, and holds it so long.</summary>
    public static int HoldLock(string[] args)
    {
        bool shared = args.Length > 3 && args[3] == "shared";
        using IStoreFile file = PlatformFileSystem.Instance.Open(args[0], shared ? FileOpenMode.Read : FileOpenMode.ReadWrite);
        long offset = long.Parse(args[1], CultureInfo.InvariantCulture);
        bool locked;
        try
        {
            locked = file.TryLock(offset, 1, shared ? LockKind.Shared : LockKind.Exclusive);
        }
        catch (DeviceFailedException failure)
        {
            Report(failure);
            return 0;
        }

        Console.WriteLine(locked ? "locked" : "busy");
        if (locked)
        {
            Thread.Sleep(int.Parse(args[2], CultureInfo.InvariantCulture));
        }

        return 0;
    }

    /// <summary>PATH COUNT: writes and flushes so often, says "flushed" or what failed, and after a failure tries once more to flush and to write.</summary>
    public static int Append(string[] args)
    {
        using IStoreFile file = PlatformFileSystem.Instance.Open(args[0], FileOpenMode.ReadWrite);
        for (int i = 0; i < int.Parse(args[1], CultureInfo.InvariantCulture); i++)
        {
            try
            {
                file.WriteAt(file.Length, new byte[1000]);
                file.Flush();
                Console.WriteLine("flushed");
            }
            catch (DeviceFailedException failure)
            {
                Report(failure);
                Try(file.Flush);
                Try(() => file.WriteAt(0, new byte[1]));
                return 0;
            }
        }

        return 0;
    }

    /// <summary>PATH BYTES: writes 4 KiB at a time up to so many bytes, says "written" or what failed, and how long the file is.</summary>
    public static int Fill(string[] args)
    {
        using IStoreFile file = PlatformFileSystem.Instance.Open(args[0], FileOpenMode.CreateNew);
        byte[] block = new byte[4096];
        Try(() =>
        {
            for (long offset = 0; offset < long.Parse(args[1], CultureInfo.InvariantCulture); offset += block.Length)
            {
                file.WriteAt(offset, block);
            }
        });
        Console.WriteLine(file.Length.ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    /// <summary>PATH [owner]: creates a file.</summary>
    public static int Create(string[] args)
    {
        PlatformFileSystem.Instance.Open(args[0], FileOpenMode.CreateNew, ownerOnly: args.Length > 1).Dispose();
        Console.WriteLine("created");
        return 0;
    }

    private static void Try(Action action)
    {
        try
        {
            action();
            Console.WriteLine("done");
        }
        catch (DeviceFailedException failure)
        {
            Report(failure);
        }
    }

    private static void Report(DeviceFailedException failure) =>
        Console.WriteLine($"{(failure.IsPoisoned ? "poisoned" : failure.IsFull ? "full" : "failed")}: {failure.Message}");
}
