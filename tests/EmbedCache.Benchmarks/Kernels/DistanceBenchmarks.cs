using System.Numerics.Tensors;
using BenchmarkDotNet.Attributes;
using EmbedCache.Numerics;

namespace EmbedCache.Benchmarks.Kernels;

/// <summary>Distance kernels on vectors in the cache, beside the base library's.</summary>
public class DistanceBenchmarks
{
    private float[] _a = [];
    private float[] _b = [];

    /// <summary>Elements per vector.</summary>
    [Params(128, 384, 768, 1536)]
    public int Dimension { get; set; }

    /// <summary>Makes two vectors.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _a = Samples.Vector(1, Dimension);
        _b = Samples.Vector(2, Dimension);
    }

    /// <summary>Ours.</summary>
    [Benchmark]
    public float Dot() => VectorKernels.Dot(_a, _b);

    /// <summary>The base library's.</summary>
    [Benchmark]
    public float TensorPrimitivesDot() => TensorPrimitives.Dot<float>(_a, _b);

    /// <summary>Ours.</summary>
    [Benchmark]
    public float SquaredL2() => VectorKernels.SquaredL2(_a, _b);

    /// <summary>The base library's, which takes the root as well.</summary>
    [Benchmark]
    public float TensorPrimitivesDistance() => TensorPrimitives.Distance<float>(_a, _b);

    /// <summary>Ours: in binary64 and in a fixed order, so that every machine writes the same bits.</summary>
    [Benchmark]
    public double Norm() => VectorNorm.Norm(_a);

    /// <summary>The base library's, whose bits depend on the processor.</summary>
    [Benchmark]
    public float TensorPrimitivesNorm() => TensorPrimitives.Norm<float>(_a);
}
