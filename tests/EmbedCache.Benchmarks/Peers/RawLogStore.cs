using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace EmbedCache.Benchmarks.Peers;

/// <summary>
/// Key and vector, appended one after another through a buffer: no checksum, no recovery, no preallocation; synced for every batch, at the end, or
/// never. The bound that a store which promises more is held against. To read, the file is mapped and a dictionary in memory finds the place.
/// </summary>
internal sealed unsafe class RawLogStore : IVectorStore
{
    private const int BufferBytes = 4 << 20;
    private readonly int _vectorBytes;
    private readonly SyncMode _sync;
    private readonly Dictionary<string, long>? _index;
    private readonly SafeFileHandle? _file;
    private readonly byte[] _buffer = [];
    private readonly MappedView? _map;
    private int _buffered;
    private long _end;
    private bool _inBatch;

    private RawLogStore(string path, int dimension, SyncMode sync, bool keepIndex)
    {
        _sync = sync;
        _vectorBytes = dimension * sizeof(float);
        _index = keepIndex ? [] : null;
        _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes + _vectorBytes + 256);
        IndexPath = path + ".log.index";
        _file = File.OpenHandle(path + (keepIndex ? ".log" : ".append"), FileMode.Create, FileAccess.ReadWrite, FileShare.Read);
    }

    private RawLogStore(string path, int dimension, ReadPattern pattern)
    {
        _vectorBytes = dimension * sizeof(float);
        IndexPath = path + ".log.index";
        string[] lines = File.ReadAllLines(IndexPath);
        _index = new Dictionary<string, long>(lines.Length);
        foreach (string line in lines)
        {
            _index.Add(line, _end);
            _end += line.Length + _vectorBytes;
        }

        _map = new MappedView(path + ".log");
        if (pattern == ReadPattern.Cold)
        {
            Posix.Advise(_map.Pointer, _map.ByteLength, Posix.AdviceRandom);
        }
    }

    private string IndexPath { get; }

    public static IVectorStore Create(string path, int dimension, SyncMode sync, bool keepIndex) => new RawLogStore(path, dimension, sync, keepIndex);

    public static IVectorStore Open(string path, int dimension, ReadPattern pattern) => new RawLogStore(path, dimension, pattern);

    public void Begin() => _inBatch = true;

    public void Put(string key, float[] vector)
    {
        _buffered += Encoding.UTF8.GetBytes(key, _buffer.AsSpan(_buffered));
        MemoryMarshal.AsBytes(vector.AsSpan()).CopyTo(_buffer.AsSpan(_buffered));
        _buffered += _vectorBytes;
        if (_index is not null)
        {
            _index[key] = _end;
        }

        _end += key.Length + _vectorBytes;
        if (!_inBatch)
        {
            Commit();
        }
        else if (_buffered > BufferBytes)
        {
            Flush();
        }
    }

    public void Commit()
    {
        Flush();
        if (_sync == SyncMode.Full)
        {
            Posix.Sync(_file!);
        }

        _inBatch = false;
    }

    public float Touch(string key) => Find(key)[^1];

    public void Copy(string key, float[] destination) => Find(key).CopyTo(destination);

    public void Dispose()
    {
        _map?.Dispose();
        if (_file is not null)
        {
            if (_sync == SyncMode.Normal)
            {
                Posix.Sync(_file);
            }

            _file.Dispose();
            if (_index is not null)
            {
                File.WriteAllLines(IndexPath, _index.Keys);
            }
        }
    }

    private ReadOnlySpan<float> Find(string key) => new(_map!.Pointer + _index![key] + key.Length, _vectorBytes / sizeof(float));

    private void Flush()
    {
        RandomAccess.Write(_file!, _buffer.AsSpan(0, _buffered), _end - _buffered);
        _buffered = 0;
    }
}
