using EmbedCache.Numerics;
#if !ENGINE_NETSTANDARD
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
#endif

namespace EmbedCache.Tests.Numerics;

/// <summary>The reference.</summary>
public sealed class Int8KernelScalarTests : Int8KernelTests
{
    protected override int Dot(ref byte query, ref byte row, int stride) => Int8Kernels.DotScalar(ref query, ref row, stride);

    protected override int DotRows(ref byte a, ref byte b, int stride, int sumOfB) => Int8Kernels.DotRowsScalar(ref a, ref b, stride);
}

/// <summary>What this processor runs.</summary>
public sealed class Int8KernelDispatchTests : Int8KernelTests
{
    protected override int Dot(ref byte query, ref byte row, int stride) => Int8Kernels.DotBody(ref query, ref row, stride);

    protected override int DotRows(ref byte a, ref byte b, int stride, int sumOfB) => Int8Kernels.DotRowsBody(ref a, ref b, stride, sumOfB);

    [Fact]
    public void LengthsAreChecked()
    {
        Assert.Throws<ArgumentException>(() => Int8Kernels.Dot(new byte[64], new byte[128]));
        Assert.Throws<ArgumentException>(() => Int8Kernels.Dot(new byte[65], new byte[65]));
        Assert.Throws<ArgumentException>(() => Int8Kernels.DotRows(default, default, 0));
    }
}

#if !ENGINE_NETSTANDARD
/// <summary>Runs everywhere: where the processor lacks vectors of 128 bits the runtime emulates them.</summary>
public sealed class Int8KernelVector128Tests : Int8KernelTests
{
    protected override int Dot(ref byte query, ref byte row, int stride) => Int8Kernels.DotVector128(ref query, ref row, stride);

    protected override int DotRows(ref byte a, ref byte b, int stride, int sumOfB) => Int8Kernels.DotRowsVector128(ref a, ref b, stride);
}

/// <summary>AVX2 where there is one, else the reference: the run without it still counts the tests.</summary>
public sealed class Int8KernelAvx2Tests : Int8KernelTests
{
    protected override int Dot(ref byte query, ref byte row, int stride)
        => Avx2.IsSupported ? Int8Kernels.DotAvx2(ref query, ref row, stride) : Int8Kernels.DotScalar(ref query, ref row, stride);

    protected override int DotRows(ref byte a, ref byte b, int stride, int sumOfB)
        => Avx2.IsSupported ? Int8Kernels.DotRowsAvx2(ref a, ref b, stride) : Int8Kernels.DotRowsScalar(ref a, ref b, stride);
}

/// <summary>The dot product instructions of Arm, likewise.</summary>
public sealed class Int8KernelArmTests : Int8KernelTests
{
    protected override int Dot(ref byte query, ref byte row, int stride)
        => Dp.IsSupported ? Int8Kernels.DotArm(ref query, ref row, stride) : Int8Kernels.DotScalar(ref query, ref row, stride);

    protected override int DotRows(ref byte a, ref byte b, int stride, int sumOfB)
        => Dp.IsSupported ? Int8Kernels.DotRowsArm(ref a, ref b, stride) : Int8Kernels.DotRowsScalar(ref a, ref b, stride);
}
#endif
