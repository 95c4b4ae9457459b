using EmbedCache.Numerics;

namespace EmbedCache.Tests.Numerics;

/// <summary>Whatever is inserted into an array of whatever length, it stands behind all that is smaller, and nothing else changes: against a list that is searched one by one.</summary>
public sealed class SortedInsertionTests
{
    [Fact]
    public void ANumberStandsBehindAllThatAreSmaller()
    {
        var random = new Random(5);
        for (int round = 0; round < 200; round++)
        {
            int length = round % 41;
            long range = round % 3 == 0 ? 6 : long.MaxValue;
            var numbers = new long[length + 1];
            var expected = new List<long>();
            for (int count = 0; count <= length; count++)
            {
                long value = random.NextInt64(-range, range);
                int wanted = expected.Count(number => number < value);
                expected.Insert(wanted, value);
                Assert.Equal(wanted, SortedInsertion.Insert(ref numbers[0], count, value));
                Assert.Equal(expected, numbers.Take(count + 1));
            }
        }
    }

    [Fact]
    public void NothingBehindTheNumbersIsTouched()
    {
        for (int count = 0; count < 12; count++)
        {
            for (long value = -1; value <= count; value++)
            {
                long[] numbers = [.. Enumerable.Range(0, count).Select(number => (long)number), 0, 77, 78, 79, 80];
                SortedInsertion.Insert(ref numbers[0], count, value);
                Assert.Equal([77, 78, 79, 80], numbers.Skip(count + 1));
            }
        }
    }
}
