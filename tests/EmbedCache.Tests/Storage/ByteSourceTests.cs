using System.Runtime.InteropServices;
using EmbedCache.Storage;

namespace EmbedCache.Tests.Storage;

/// <summary>Proves the door once for each kind of source: what may be touched, what is refused, and how long a span lives.</summary>
public abstract class ByteSourceTests(bool positional) : IDisposable
{
    private const int Length = 300_000;
    private readonly TestDirectory _directory = new();
    private readonly byte[] _content = TestDirectory.RandomBytes(Length);

    public void Dispose()
    {
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void SlicesAreTheBytesOfTheFile()
    {
        using IStoreFile file = _directory.Create("a", _content);
        using ByteSource source = Open(file, Length);
        Assert.Equal(!positional && IntPtr.Size == 8, source.IsMapped);
        Assert.Equal(Length, source.Limit);

        var random = new Random(2);
        for (int i = 0; i < 2000; i++)
        {
            int offset = random.Next(Length + 1);
            int byteLength = random.Next(Math.Min(Length - offset, i % 2 == 0 ? 200 : 200_000) + 1);
            Assert.True(source.Slice(offset, byteLength).SequenceEqual(_content.AsSpan(offset, byteLength)), $"{byteLength} bytes at {offset}");
        }

        Assert.True(source.Slice(0, Length).SequenceEqual(_content));
        Assert.Equal(0, source.Slice(Length, 0).Length);
    }

    [Theory]
    [InlineData(0, 1001)]
    [InlineData(1000, 1)]
    [InlineData(1001, 0)]
    [InlineData(999, 2)]
    [InlineData(0, int.MaxValue)]
    [InlineData(0, -1)]
    [InlineData(500, int.MinValue)]
    [InlineData(-1, 1)]
    [InlineData(-1, 0)]
    [InlineData(-1000, 1000)]
    [InlineData(long.MinValue, 1)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(long.MaxValue, int.MaxValue)]
    [InlineData(long.MaxValue, -1)]
    [InlineData(4294967296, 1)]
    public void SliceOutOfBoundsIsCorruption(long offset, int byteLength)
    {
        using IStoreFile file = _directory.Create("a", _content);
        using ByteSource source = Open(file, 1000);
        var refusal = Assert.Throws<CorruptFileException>(() => source.Slice(offset, byteLength).Length);
        Assert.Equal(offset, refusal.Offset);
        Assert.Equal(file.Path, refusal.FilePath);
        source.Prefetch(offset);
        source.WillNeed(offset, byteLength);
    }

    /// <summary>Past 4 GiB a negative length that was widened without its sign would look like one that fits.</summary>
    [LinuxFact]
    public void BoundsHoldPastFourGigabytes()
    {
        const long limit = 6_000_000_000;
        using IStoreFile file = _directory.Create("sparse", [1]);
        file.WriteAt(limit - 3, [7, 8, 9]);
        using ByteSource source = Open(file, limit);
        Assert.Equal([7, 8, 9], source.Slice(limit - 3, 3).ToArray());
        Assert.Throws<CorruptFileException>(() => source.Slice(limit - 3, 4).Length);
        Assert.Throws<CorruptFileException>(() => source.Slice(0, -1).Length);
        Assert.Throws<CorruptFileException>(() => source.Slice(1, int.MinValue).Length);
    }

    [Fact]
    public void NothingIsCoveredBeforeItIsAskedFor()
    {
        using IStoreFile file = _directory.Create("a", _content);
        using ByteSource source = file.OpenSource(positional);
        Assert.Equal(0, source.Limit);
        Assert.Throws<CorruptFileException>(() => source.Slice(0, 1).Length);
    }

    [Fact]
    public void AppendedBytesAreSeenAndOlderSpansStay()
    {
        using IStoreFile file = _directory.Create("a", _content.AsSpan(0, 1000));
        using ByteSource source = Open(file, 1000);
        ReadOnlySpan<byte> first = source.Slice(900, 100);

        for (int end = 1000; end < Length; end += 9973)
        {
            int next = Math.Min(end + 9973, Length);
            file.WriteAt(end, _content.AsSpan(end, next - end));
            source.EnsureCovers(next);
            Assert.True(source.Slice(end - 100, next - end + 100).SequenceEqual(_content.AsSpan(end - 100, next - end + 100)));
        }

        Assert.True(first.SequenceEqual(_content.AsSpan(900, 100)));
        Assert.True(source.Slice(0, Length).SequenceEqual(_content));
    }

    [Fact]
    public void CoverageNeverShrinks()
    {
        using IStoreFile file = _directory.Create("a", _content);
        using ByteSource source = Open(file, 2000);
        source.EnsureCovers(1000);
        Assert.Equal(2000, source.Limit);
        Assert.Equal(500, source.Slice(1500, 500).Length);
    }

    [Fact]
    public void FileShorterThanCommittedIsCorruptionAndCoverageStays()
    {
        using IStoreFile file = _directory.Create("a", _content);
        using ByteSource source = Open(file, 1000);
        file.SetLength(200_000);
        var refusal = Assert.Throws<CorruptFileException>(() => source.EnsureCovers(Length));
        Assert.Contains("truncated", refusal.Message);
        Assert.Equal(1000, source.Limit);
        source.EnsureCovers(200_000);
        Assert.True(source.Slice(150_000, 50_000).SequenceEqual(_content.AsSpan(150_000, 50_000)));
    }

    [Fact]
    public void LeaseKeepsSpansThroughDispose()
    {
        using IStoreFile file = _directory.Create("a", _content);
        ByteSource source = Open(file, Length);
        Assert.True(source.TryAddLease());
        Assert.True(source.TryAddLease());
        ReadOnlySpan<byte> span = source.Slice(0, 5000);

        source.Dispose();
        Assert.False(source.TryAddLease());
        Assert.True(span.SequenceEqual(_content.AsSpan(0, 5000)));

        source.ReleaseLease();
        Assert.True(span.SequenceEqual(_content.AsSpan(0, 5000)));
        Assert.Equal(10, source.Slice(20, 10).Length);

        source.ReleaseLease();
        Assert.Throws<ObjectDisposedException>(() => source.Slice(20, 10).Length);
    }

    [Fact]
    public void DisposeWithoutLeasesRefusesEverySlice()
    {
        using IStoreFile file = _directory.Create("a", _content);
        ByteSource source = Open(file, Length);
        source.Dispose();
        source.Dispose();
        Assert.Throws<ObjectDisposedException>(() => source.Slice(0, 1).Length);
        Assert.Throws<ObjectDisposedException>(() => source.EnsureCovers(Length));
        Assert.False(source.TryAddLease());
        source.Prefetch(0);
        source.WillNeed(0, 1);
        source.Advise(AccessPattern.Random);
    }

    [Fact]
    public void LeaseReleasedTwiceIsRefused()
    {
        using IStoreFile file = _directory.Create("a", _content);
        ByteSource source = Open(file, Length);
        Assert.Throws<InvalidOperationException>(source.ReleaseLease);
        Assert.True(source.TryAddLease());
        source.ReleaseLease();
        source.Dispose();
        Assert.Throws<InvalidOperationException>(source.ReleaseLease);
        Assert.Throws<ObjectDisposedException>(() => source.Slice(0, 1).Length);
    }

    [Fact]
    public void LeasesAreCountedAcrossThreads()
    {
        using IStoreFile file = _directory.Create("a", _content);
        ByteSource source = Open(file, Length);
        int refused = 0;
        bool intact = true;
        var start = new Barrier(4);
        var threads = Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            start.SignalAndWait();
            while (source.TryAddLease())
            {
                intact &= source.Slice(1000, 3000).SequenceEqual(_content.AsSpan(1000, 3000));
                source.ReleaseLease();
            }

            Interlocked.Increment(ref refused);
        })).ToList();
        threads.ForEach(thread => thread.Start());
        start.SignalAndWait();
        Thread.Sleep(20);
        source.Dispose();
        threads.ForEach(thread => thread.Join());
        Assert.Equal(3, refused);
        Assert.True(intact);
    }

    [Theory]
    [InlineData(AccessPattern.Random)]
    [InlineData(AccessPattern.Sequential)]
    [InlineData(AccessPattern.Normal)]
    public void HintsChangeNoBytes(object pattern)
    {
        using IStoreFile file = _directory.Create("a", _content);
        using ByteSource source = file.OpenSource(positional);
        source.Advise((AccessPattern)pattern);
        source.EnsureCovers(Length);
        source.Advise((AccessPattern)pattern);
        source.WillNeed(5000, 10_000);
        source.Prefetch(Length - 1);
        Assert.True(source.Slice(0, Length).SequenceEqual(_content));
    }

    /// <summary>
    /// What a transaction that was undone had opened to the eye is closed again, since it is about to be cut off; and once the place is committed
    /// anew, what stands there then is seen.
    /// </summary>
    [Fact]
    public void BytesPastTheSlotAreFreshAfterInvalidate()
    {
        using IStoreFile file = _directory.Create("a", _content);
        using ByteSource source = Open(file, Length);
        Assert.Equal(_content[250_000], source.Slice(250_000, 1)[0]);
        Assert.Equal(_content[10], source.Slice(10, 1)[0]);

        file.WriteAt(250_000, [(byte)~_content[250_000]]);
        source.Invalidate(240_000);
        Assert.Throws<CorruptFileException>(() => source.Slice(250_000, 1).Length);
        source.EnsureCovers(Length);
        Assert.Equal((byte)~_content[250_000], source.Slice(250_000, 1)[0]);
        Assert.Equal(_content[10], source.Slice(10, 1)[0]);
    }

    [Fact]
    public void SlicedFloatsAreThoseThatWereWritten()
    {
        float[] vector = [1.5f, float.Epsilon, -0f, float.MaxValue];
        using IStoreFile file = _directory.Create("a", new byte[64]);
        file.WriteAt(64, MemoryMarshal.AsBytes(vector.AsSpan()));
        using ByteSource source = Open(file, 80);
        Assert.Equal(vector, MemoryMarshal.Cast<byte, float>(source.Slice(64, 16)).ToArray());
    }

    private ByteSource Open(IStoreFile file, long limit)
    {
        ByteSource source = file.OpenSource(positional);
        source.EnsureCovers(limit);
        return source;
    }
}
