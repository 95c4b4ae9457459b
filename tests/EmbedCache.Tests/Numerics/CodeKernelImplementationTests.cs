using EmbedCache.Numerics;
#if !ENGINE_NETSTANDARD
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
#endif

namespace EmbedCache.Tests.Numerics;

/// <summary>The reference.</summary>
public sealed class CodeKernelScalarTests : CodeKernelTests
{
    protected override int Dot(ref byte query, int half, ref byte row, int length) => CodeKernels.DotScalar(ref query, half, ref row, length);
}

/// <summary>What this processor runs.</summary>
public sealed class CodeKernelDispatchTests : CodeKernelTests
{
    protected override int Dot(ref byte query, int half, ref byte row, int length) => CodeKernels.DotBody(ref query, half, ref row, length);

    [Fact]
    public void LengthsAreChecked()
    {
        Assert.Throws<ArgumentException>(() => CodeKernels.Dot(new byte[64], new byte[64]));
        Assert.Throws<ArgumentException>(() => CodeKernels.Dot(new byte[130], new byte[65]));
        Assert.Throws<ArgumentException>(() => CodeKernels.Dot(new byte[64], default));
    }
}

/// <summary>Four queries at once.</summary>
public sealed class CodeKernelFourTests : CodeKernelTests
{
    protected override int Dot(ref byte query, int half, ref byte row, int length)
    {
        int[] results = new int[8];
        byte[] zero = new byte[2 * half];
        CodeKernels.Dot4Body(ref zero[0], ref query, ref zero[0], ref query, half, ref row, length, ref results[0], 2);
        Assert.Equal([0, 0, results[6], 0, 0, 0, results[2], 0], results);
        return results[2];
    }
}

#if !ENGINE_NETSTANDARD
/// <summary>Runs everywhere: where the processor lacks vectors of 128 bits the runtime emulates them.</summary>
public sealed class CodeKernelVector128Tests : CodeKernelTests
{
    protected override int Dot(ref byte query, int half, ref byte row, int length) => CodeKernels.DotVector128(ref query, half, ref row, length);
}

/// <summary>AVX2 where there is one, else the reference: the run without it still counts the tests.</summary>
public sealed class CodeKernelAvx2Tests : CodeKernelTests
{
    protected override int Dot(ref byte query, int half, ref byte row, int length)
        => Avx2.IsSupported ? CodeKernels.DotAvx2(ref query, half, ref row, length) : CodeKernels.DotScalar(ref query, half, ref row, length);
}

/// <summary>The dot product instructions of Arm, likewise.</summary>
public sealed class CodeKernelArmTests : CodeKernelTests
{
    protected override int Dot(ref byte query, int half, ref byte row, int length)
        => Dp.IsSupported ? CodeKernels.DotArm(ref query, half, ref row, length) : CodeKernels.DotScalar(ref query, half, ref row, length);
}
#endif
