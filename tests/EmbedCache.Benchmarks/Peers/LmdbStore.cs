using System.Runtime.InteropServices;
using System.Text;
using LightningDB;

namespace EmbedCache.Benchmarks.Peers;

/// <summary>When an LMDB reader looks for newer commits.</summary>
internal enum LmdbSnapshot
{
    /// <summary>One read transaction, reset and renewed for each get: the fastest way to see every commit.</summary>
    Renew,

    /// <summary>A new read transaction for each get.</summary>
    Begin,

    /// <summary>Never: one snapshot for all gets.</summary>
    Frozen,
}

/// <summary>LMDB through LightningDB: one unnamed database in one file.</summary>
internal sealed class LmdbStore : IVectorStore
{
    private const long MapBytes = 16L << 30;
    private const int MaxKeyBytes = 512;
    private readonly LightningEnvironment _environment;
    private readonly LightningDatabase _database;
    private readonly LmdbSnapshot _snapshot;
    private LightningTransaction? _writer;
    private LightningTransaction? _reader;

    static LmdbStore() => LmdbLibrary.Use();

    private LmdbStore(string path, EnvironmentOpenFlags flags, LmdbSnapshot snapshot)
    {
        _snapshot = snapshot;
        bool isReader = flags.HasFlag(EnvironmentOpenFlags.ReadOnly);
        _environment = new LightningEnvironment(path + ".mdb", new EnvironmentConfiguration { MapSize = MapBytes });
        _environment.Open(EnvironmentOpenFlags.NoSubDir | flags);
        using LightningTransaction transaction = _environment.BeginTransaction(isReader ? TransactionBeginFlags.ReadOnly : TransactionBeginFlags.None);
        _database = transaction.OpenDatabase(new DatabaseConfiguration { Flags = isReader ? DatabaseOpenFlags.None : DatabaseOpenFlags.Create });
        transaction.Commit().ThrowOnError();
        if (isReader)
        {
            _reader = _environment.BeginTransaction(TransactionBeginFlags.ReadOnly);
        }
    }

    public static IVectorStore Create(string path, int dimension, SyncMode sync)
    {
        File.Delete(path + ".mdb");
        File.Delete(path + ".mdb-lock");
        return new LmdbStore(path, sync == SyncMode.Full ? EnvironmentOpenFlags.None : EnvironmentOpenFlags.NoSync, LmdbSnapshot.Frozen);
    }

    public static IVectorStore Open(string path, int dimension, ReadPattern pattern, LmdbSnapshot snapshot)
        => new LmdbStore(path, EnvironmentOpenFlags.ReadOnly | (pattern == ReadPattern.Cold ? EnvironmentOpenFlags.NoReadAhead : EnvironmentOpenFlags.None), snapshot);

    public void Begin() => _writer = _environment.BeginTransaction();

    public void Put(string key, float[] vector)
    {
        bool isAlone = _writer is null;
        if (isAlone)
        {
            Begin();
        }

        Span<byte> bytes = stackalloc byte[MaxKeyBytes];
        bytes = bytes[..Encoding.UTF8.GetBytes(key, bytes)];
        _writer!.Put(_database, bytes, MemoryMarshal.AsBytes(vector.AsSpan())).ThrowOnError();
        if (isAlone)
        {
            Commit();
        }
    }

    public void Commit()
    {
        _writer!.Commit().ThrowOnError();
        _writer.Dispose();
        _writer = null;
    }

    public float Touch(string key)
    {
        Look();
        return Find(key)[^1];
    }

    public void Copy(string key, float[] destination)
    {
        Look();
        Find(key).CopyTo(destination);
    }

    public void Dispose()
    {
        _writer?.Dispose();
        _reader?.Dispose();
        _database.Dispose();
        _environment.Dispose();
    }

    private void Look()
    {
        if (_snapshot == LmdbSnapshot.Renew)
        {
            _reader!.Reset();
            _reader.Renew().ThrowOnError();
        }
        else if (_snapshot == LmdbSnapshot.Begin)
        {
            _reader!.Dispose();
            _reader = _environment.BeginTransaction(TransactionBeginFlags.ReadOnly);
        }
    }

    private ReadOnlySpan<float> Find(string key)
    {
        Span<byte> bytes = stackalloc byte[MaxKeyBytes];
        bytes = bytes[..Encoding.UTF8.GetBytes(key, bytes)];
        (MDBResultCode code, _, MDBValue value) = _reader!.Get(_database, bytes);
        code.ThrowOnReadError();
        return code == MDBResultCode.Success ? MemoryMarshal.Cast<byte, float>(value.AsSpan()) : throw new KeyNotFoundException(key);
    }
}
