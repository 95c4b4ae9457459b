using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EmbedCache.Benchmarks.Peers;

/// <summary>How fast this machine reads memory: a sum over a buffer with eight accumulators, one or several threads. Nothing that reads every float can be faster.</summary>
internal static unsafe class Bandwidth
{
    private const int FloatsPerStep = 128;

    /// <summary>A buffer of floats on pages of the ordinary or of the huge kind, written once so that it is really there.</summary>
    public sealed class Region : IDisposable
    {
        private const int Alignment = 2 << 20;

        public Region(long byteLength, bool hugePages)
        {
            ByteLength = byteLength;
            Pointer = (float*)NativeMemory.AlignedAlloc((nuint)ByteLength, Alignment);
            if (Posix.IsSupported)
            {
                Posix.Advise((byte*)Pointer, ByteLength, hugePages ? Posix.AdviceHugePage : Posix.AdviceNoHugePage);
            }

            for (long i = 0; i < byteLength / sizeof(float); i++)
            {
                Pointer[i] = i & 7;
            }
        }

        public float* Pointer { get; }

        public long ByteLength { get; }

        public void Dispose() => NativeMemory.AlignedFree(Pointer);
    }

    /// <summary>
    /// Threads that read a region together, each its own part. They stand ready between passes: a thread pool may take milliseconds to
    /// bring in the second one, and that is no property of the memory.
    /// </summary>
    public sealed class Readers : IDisposable
    {
        private readonly Barrier _start;
        private readonly Barrier _end;
        private readonly float[] _sums;
        private readonly long _part;
        private readonly float* _data;
        private volatile bool _isDone;

        public Readers(Region region, int threads)
        {
            _data = region.Pointer;
            _part = region.ByteLength / sizeof(float) / threads / FloatsPerStep * FloatsPerStep;
            _sums = new float[threads];
            _start = new Barrier(threads);
            _end = new Barrier(threads);
            for (int i = 1; i < threads; i++)
            {
                int part = i;
                new Thread(() => Follow(part)) { IsBackground = true }.Start();
            }
        }

        /// <summary>Seconds of one pass over the whole region.</summary>
        public double SecondsPerPass()
        {
            _start.SignalAndWait();
            long start = Stopwatch.GetTimestamp();
            Read(0);
            _end.SignalAndWait();
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            return float.IsNaN(_sums.Sum()) ? throw new InvalidOperationException("The buffer was damaged.") : seconds;
        }

        public void Dispose()
        {
            _isDone = true;
            _start.SignalAndWait();
        }

        private void Follow(int part)
        {
            for (; ; )
            {
                _start.SignalAndWait();
                if (_isDone)
                {
                    return;
                }

                Read(part);
                _end.SignalAndWait();
            }
        }

        private void Read(int part) => _sums[part] = Sum(_data + (_part * part), _part);
    }

    /// <summary>The best known shape for a scan of vectors in C#: dot products over a plain array, keeping the greatest. For information beside ours.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float GreatestDot(float* rows, long count, float* query, int dimension)
    {
        float greatest = float.NegativeInfinity;
        for (long row = 0; row < count; row++)
        {
            float* vector = rows + (row * dimension);
            Vector512<float> a = default, b = default, c = default, d = default;
            int i = 0;
            for (; i + 64 <= dimension; i += 64)
            {
                a = Vector512.FusedMultiplyAdd(Vector512.Load(vector + i), Vector512.Load(query + i), a);
                b = Vector512.FusedMultiplyAdd(Vector512.Load(vector + i + 16), Vector512.Load(query + i + 16), b);
                c = Vector512.FusedMultiplyAdd(Vector512.Load(vector + i + 32), Vector512.Load(query + i + 32), c);
                d = Vector512.FusedMultiplyAdd(Vector512.Load(vector + i + 48), Vector512.Load(query + i + 48), d);
            }

            float dot = Vector512.Sum((a + b) + (c + d));
            for (; i < dimension; i++)
            {
                dot += vector[i] * query[i];
            }

            greatest = MathF.Max(greatest, dot);
        }

        return greatest;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Sum(float* data, long count)
    {
        Vector512<float> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        for (long i = 0; i + FloatsPerStep <= count; i += FloatsPerStep)
        {
            a += Vector512.Load(data + i);
            b += Vector512.Load(data + i + 16);
            c += Vector512.Load(data + i + 32);
            d += Vector512.Load(data + i + 48);
            e += Vector512.Load(data + i + 64);
            f += Vector512.Load(data + i + 80);
            g += Vector512.Load(data + i + 96);
            h += Vector512.Load(data + i + 112);
        }

        return Vector512.Sum((a + b + c + d) + (e + f + g + h));
    }
}
