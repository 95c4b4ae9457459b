using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using EmbedCache.Primitives;

namespace EmbedCache.Benchmarks.Kernels;

/// <summary>The checksum of a frame, beside a copy of the same bytes.</summary>
public class ChecksumBenchmarks
{
    private byte[] _source = [];
    private byte[] _destination = [];

    /// <summary>Bytes: a frame header, a small vector, a block of an index, a vector of 1536 dimensions.</summary>
    [Params(64, 512, 4096, 6144)]
    public int ByteLength { get; set; }

    /// <summary>Makes the bytes.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _source = MemoryMarshal.AsBytes(Samples.Vector(1, ByteLength / sizeof(float)).AsSpan()).ToArray();
        _destination = new byte[ByteLength];
    }

    /// <summary>CRC-32.</summary>
    [Benchmark]
    public uint Crc() => Crc32.Compute(_source);

    /// <summary>What moving the same bytes costs.</summary>
    [Benchmark]
    public void Copy() => _source.CopyTo(_destination, 0);
}

/// <summary>The hash of a key.</summary>
public class KeyHashBenchmarks
{
    private byte[] _key = [];

    /// <summary>Bytes of the key.</summary>
    [Params(16, 64, 512)]
    public int ByteLength { get; set; }

    /// <summary>Makes the key.</summary>
    [GlobalSetup]
    public void Setup() => _key = MemoryMarshal.AsBytes(Samples.Vector(3, ByteLength / sizeof(float)).AsSpan()).ToArray();

    /// <summary>SipHash-2-4 of a role and a key.</summary>
    [Benchmark]
    public ulong Hash() => SipHash24.Compute(1, 2, 0, _key);
}
