using System.Runtime.InteropServices;
using EmbedCache.Numerics;

namespace EmbedCache.Tests.Numerics;

public sealed class VectorKernelScalarTests : VectorKernelTests
{
    protected override float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b) =>
        VectorKernels.DotScalar(ref MemoryMarshal.GetReference(a), ref MemoryMarshal.GetReference(b), a.Length);

    protected override float SquaredL2(ReadOnlySpan<float> a, ReadOnlySpan<float> b) =>
        VectorKernels.SquaredL2Scalar(ref MemoryMarshal.GetReference(a), ref MemoryMarshal.GetReference(b), a.Length);
}

#if !ENGINE_NETSTANDARD
public sealed class VectorKernelVector128Tests : VectorKernelTests
{
    protected override float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b) =>
        VectorKernels.DotVector128(ref MemoryMarshal.GetReference(a), ref MemoryMarshal.GetReference(b), a.Length);

    protected override float SquaredL2(ReadOnlySpan<float> a, ReadOnlySpan<float> b) =>
        VectorKernels.SquaredL2Vector128(ref MemoryMarshal.GetReference(a), ref MemoryMarshal.GetReference(b), a.Length);
}

public sealed class VectorKernelVector256Tests : VectorKernelTests
{
    protected override float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b) =>
        VectorKernels.DotVector256(ref MemoryMarshal.GetReference(a), ref MemoryMarshal.GetReference(b), a.Length);

    protected override float SquaredL2(ReadOnlySpan<float> a, ReadOnlySpan<float> b) =>
        VectorKernels.SquaredL2Vector256(ref MemoryMarshal.GetReference(a), ref MemoryMarshal.GetReference(b), a.Length);
}

public sealed class VectorKernelVector512Tests : VectorKernelTests
{
    protected override float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b) =>
        VectorKernels.DotVector512(ref MemoryMarshal.GetReference(a), ref MemoryMarshal.GetReference(b), a.Length);

    protected override float SquaredL2(ReadOnlySpan<float> a, ReadOnlySpan<float> b) =>
        VectorKernels.SquaredL2Vector512(ref MemoryMarshal.GetReference(a), ref MemoryMarshal.GetReference(b), a.Length);
}
#endif
