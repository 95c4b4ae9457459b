using BenchmarkDotNet.Attributes;
using EmbedCache.Numerics;

namespace EmbedCache.Benchmarks.Kernels;

/// <summary>What encoding a vector, preparing a query and scoring a code take.</summary>
public class QuantizerBenchmarks
{
    private readonly int[] _sums = new int[NibbleScan.BlockCount];
    private StructuredRotation _rotation = new(1, 0);
    private ProductQuantizer _product = new(1, 1, 4, new float[16]);
    private ProductQuantizer _short = new(1, 1, 4, new float[16]);
    private BinaryQuantizer _binary = new([0], 1, 0);
    private float[] _vector = [];
    private float[] _work = [];
    private float[] _tables = [];
    private byte[] _code = [];
    private byte[] _block = [];

    /// <summary>Elements of a vector.</summary>
    [Params(784, 1536)]
    public int Dimension { get; set; }

    /// <summary>Learns codebooks from a few vectors: how good they are does not matter here.</summary>
    [GlobalSetup]
    public void Setup()
    {
        float[] sample = [.. Enumerable.Range(0, 1024).SelectMany(i => Samples.Vector(i, Dimension))];
        _rotation = new StructuredRotation(Dimension, 1);
        _product = new ProductTrainer(Dimension, Dimension / 4, 8, 1).Train(sample);
        _short = new ProductTrainer(Dimension, Dimension / 2, 4, 1).Train(sample);
        _binary = new BinaryQuantizer(new float[Dimension], 2, 1);
        _vector = Samples.Vector(2000, Dimension);
        _work = new float[Dimension];
        _tables = new float[Dimension / 4 * ProductKernels.TableLength];
        _code = new byte[Dimension];
        _block = new byte[Dimension / 4 * NibbleScan.BlockCount];
        _product.Encode([.. _vector], _code);
        _product.Prepare([.. _vector], _tables);
        new Random(1).NextBytes(_block);
    }

    /// <summary>A structured rotation.</summary>
    [Benchmark]
    public void Rotate() => _rotation.Apply(_work);

    /// <summary>The product code of a direction, a byte for four elements.</summary>
    [Benchmark]
    public void EncodeProduct() => _product.Encode(_vector, _code);

    /// <summary>The short code of a direction, half a byte for two elements.</summary>
    [Benchmark]
    public void EncodeShort() => _short.Encode(_vector, _code);

    /// <summary>Two bits for each element, rotation included.</summary>
    [Benchmark]
    public void EncodeBinary()
    {
        _vector.CopyTo(_work, 0);
        _binary.Encode(_work, _code);
    }

    /// <summary>The tables of a query for a product code.</summary>
    [Benchmark]
    public void PrepareProduct() => _product.Prepare(_vector, _tables);

    /// <summary>The score of a product code.</summary>
    [Benchmark]
    public float ScoreProduct() => ProductKernels.LookUp(_tables, _code.AsSpan(0, Dimension / 4));

    /// <summary>The scores of 32 short codes.</summary>
    [Benchmark]
    public void ScoreShort32() => NibbleScan.Sum(_block, _block, _sums);
}
