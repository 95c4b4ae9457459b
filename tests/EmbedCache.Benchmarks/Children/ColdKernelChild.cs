using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using EmbedCache.Numerics;

namespace EmbedCache.Benchmarks.Children;

/// <summary>
/// The first distances of a process, with tiered compilation on, against the same distances once everything is compiled for good.
/// The very first call compiles the kernel and is told apart.
/// </summary>
internal static class ColdKernelChild
{
    private const int FirstCalls = 1000;
    private const int SteadyBlocks = 50;
    private const double WarmUpSeconds = 1;

    /// <summary>Arguments: "dot", "l2", "int8" or "tensor-dot", dimension.</summary>
    public static void Run(string[] arguments)
    {
        int dimension = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        float[] a = Samples.Vector(1, dimension);
        float[] b = Samples.Vector(2, dimension);
        switch (arguments[0])
        {
            case "dot":
                Measure(calls => DotTicks(a, b, calls));
                break;
            case "l2":
                Measure(calls => SquaredL2Ticks(a, b, calls));
                break;
            case "int8":
                byte[] query = Codes(a, new CodeLayout(a.Length).QueryByteLength);
                byte[] row = Codes(b, new CodeLayout(b.Length).CoarseByteLength);
                Measure(calls => CodeTicks(query, row, calls));
                break;
            default:
                Measure(calls => TensorDotTicks(a, b, calls));
                break;
        }
    }

    private static void Measure(Func<int, long> ticksOf)
    {
        double first = Nanoseconds(ticksOf(1));
        double cold = Nanoseconds(ticksOf(FirstCalls)) / FirstCalls;
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds)
        {
            ticksOf(FirstCalls);
        }

        var blocks = new double[SteadyBlocks];
        for (int i = 0; i < blocks.Length; i++)
        {
            blocks[i] = Nanoseconds(ticksOf(FirstCalls)) / FirstCalls;
        }

        ChildProcess.Print("first call", first);
        ChildProcess.Print("next 1000 calls", cold);
        ChildProcess.Print("steady state", Rounds.Median(blocks));
    }

    /// <summary>As many bytes as a query of codes has, or a coarse row.</summary>
    private static byte[] Codes(float[] vector, int byteLength)
    {
        var codes = new byte[byteLength];
        for (int i = 0; i < Math.Min(vector.Length, byteLength); i++)
        {
            codes[i] = (byte)(sbyte)(vector[i] * sbyte.MaxValue);
        }

        return codes;
    }

    private static double Nanoseconds(long ticks) => ticks * 1e9 / Stopwatch.Frequency;

    /// <summary>The loop is compiled optimised too: it is the kernel that is measured.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static long DotTicks(float[] a, float[] b, int calls)
    {
        long start = Stopwatch.GetTimestamp();
        float sum = 0;
        for (int i = 0; i < calls; i++)
        {
            sum += VectorKernels.Dot(a, b);
        }

        return Stopwatch.GetTimestamp() - start + (float.IsNaN(sum) ? 1 : 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static long SquaredL2Ticks(float[] a, float[] b, int calls)
    {
        long start = Stopwatch.GetTimestamp();
        float sum = 0;
        for (int i = 0; i < calls; i++)
        {
            sum += VectorKernels.SquaredL2(a, b);
        }

        return Stopwatch.GetTimestamp() - start + (float.IsNaN(sum) ? 1 : 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static long CodeTicks(byte[] query, byte[] row, int calls)
    {
        long start = Stopwatch.GetTimestamp();
        int sum = 0;
        for (int i = 0; i < calls; i++)
        {
            sum += CodeKernels.Dot(query, row);
        }

        return Stopwatch.GetTimestamp() - start + (sum == int.MinValue ? 1 : 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static long TensorDotTicks(float[] a, float[] b, int calls)
    {
        long start = Stopwatch.GetTimestamp();
        float sum = 0;
        for (int i = 0; i < calls; i++)
        {
            sum += TensorPrimitives.Dot<float>(a, b);
        }

        return Stopwatch.GetTimestamp() - start + (float.IsNaN(sum) ? 1 : 0);
    }
}
