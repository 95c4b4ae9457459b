using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace EmbedCache.Benchmarks.Peers;

/// <summary>
/// SQLite as Microsoft.Data.Sqlite ships and opens it: a table of text key and blob, in WAL mode, mapped. The loops step prepared
/// statements on the connection's handle, which spares SQLite the cost of commands, parameters and readers and lets a get see the blob in place.
/// </summary>
internal sealed class SqliteStore : IVectorStore
{
    private const int MaxKeyBytes = 512;
    private readonly SqliteConnection _connection;
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _insert;
    private readonly sqlite3_stmt _select;
    private readonly sqlite3_stmt _begin;
    private readonly sqlite3_stmt _commit;

    private SqliteStore(string file, string synchronous, int? pageBytes)
    {
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        _connection.Open();
        if (pageBytes is int bytes)
        {
            Execute("PRAGMA page_size=" + bytes.ToString(CultureInfo.InvariantCulture));
        }

        Execute("PRAGMA journal_mode=WAL");
        Execute("PRAGMA synchronous=" + synchronous);
        Execute("PRAGMA mmap_size=8589934592");
        Execute("CREATE TABLE IF NOT EXISTS kv(k TEXT PRIMARY KEY, v BLOB)");
        _database = _connection.Handle!;
        _insert = Prepare("INSERT INTO kv VALUES(?,?)");
        _select = Prepare("SELECT v FROM kv WHERE k=?");
        _begin = Prepare("BEGIN");
        _commit = Prepare("COMMIT");
    }

    public static IVectorStore Create(string path, int dimension, SyncMode sync, int pageBytes)
    {
        string file = FileOf(path, pageBytes);
        foreach (string suffix in new[] { "", "-wal", "-shm" })
        {
            File.Delete(file + suffix);
        }

        string synchronous = sync switch { SyncMode.Full => "FULL", SyncMode.Normal => "NORMAL", _ => "OFF" };
        return new SqliteStore(file, synchronous, pageBytes);
    }

    /// <summary>Opens whichever page size lies at the path.</summary>
    public static IVectorStore Open(string path, int dimension, ReadPattern pattern)
        => new SqliteStore(new[] { FileOf(path, 4096), FileOf(path, 16384) }.First(File.Exists), "FULL", null);

    public void Begin() => StepToEnd(_begin);

    public void Put(string key, float[] vector)
    {
        Bind(_insert, key);
        Check(raw.sqlite3_bind_blob(_insert, 2, MemoryMarshal.AsBytes(vector.AsSpan())));
        StepToEnd(_insert);
    }

    public void Commit() => StepToEnd(_commit);

    public float Touch(string key)
    {
        float value = Find(key)[^1];
        Check(raw.sqlite3_reset(_select));
        return value;
    }

    public void Copy(string key, float[] destination)
    {
        Find(key).CopyTo(destination);
        Check(raw.sqlite3_reset(_select));
    }

    public void Dispose()
    {
        foreach (sqlite3_stmt statement in new[] { _insert, _select, _begin, _commit })
        {
            statement.Dispose();
        }

        _connection.Dispose();
    }

    private static string FileOf(string path, int pageBytes) => string.Create(CultureInfo.InvariantCulture, $"{path}-{pageBytes / 1024}k.db");

    private ReadOnlySpan<float> Find(string key)
    {
        Bind(_select, key);
        return raw.sqlite3_step(_select) == raw.SQLITE_ROW
            ? MemoryMarshal.Cast<byte, float>(raw.sqlite3_column_blob(_select, 0))
            : throw new KeyNotFoundException(key);
    }

    private void Bind(sqlite3_stmt statement, string key)
    {
        Span<byte> bytes = stackalloc byte[MaxKeyBytes];
        Check(raw.sqlite3_bind_text(statement, 1, bytes[..Encoding.UTF8.GetBytes(key, bytes)]));
    }

    private sqlite3_stmt Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v2(_database, sql, out sqlite3_stmt statement));
        return statement;
    }

    private void StepToEnd(sqlite3_stmt statement)
    {
        int result = raw.sqlite3_step(statement);
        Check(result == raw.SQLITE_DONE ? raw.sqlite3_reset(statement) : result);
    }

    private void Execute(string sql)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private void Check(int result)
    {
        if (result != raw.SQLITE_OK)
        {
            throw new SqliteException(raw.sqlite3_errmsg(_database).utf8_to_string(), result);
        }
    }
}
