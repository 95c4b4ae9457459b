namespace EmbedCache.Tests.Child;

/// <summary>
/// A series of operations by number, the same in the process that carries them out and in the test that knows what must be there after each of them.
/// Every kind of write is among them: single records, batches, overwrites, removals, touches, transactions larger than the writer's buffer, rollbacks
/// over written bytes, checkpoints, compactions.
/// </summary>
internal static class KillWorkload
{
    /// <summary>Elements per vector: long enough for a large transaction to leave the buffer before its end.</summary>
    public const int Dimension = 64;

    private const int KeyCount = 30;
    private const int LargeCount = 500;

    /// <summary>Carries out one operation; it is acknowledged when this returns.</summary>
    public static void Run(EmbeddingCache cache, int number)
    {
        switch (number % 11)
        {
            case 3:
                cache.Remove(KeyOf(number - 2));
                break;
            case 4:
                cache.Touch(KeyOf(number - 3), null, EmbeddingMetadata.Empty.With("n", (long)number));
                break;
            case 5:
                cache.Set(Enumerable.Range(0, 5).Select(i => new EmbeddingEntry(KeyOf(number + i), VectorOf(number))));
                break;
            case 6:
                Rollback(cache, number);
                break;
            case 7:
                cache.Checkpoint();
                break;
            case 8 when number % 2 == 0:
                cache.Set(Enumerable.Range(0, LargeCount).Select(i => new EmbeddingEntry($"large {i}", VectorOf(number))));
                break;
            case 9 when number % 3 == 0:
                cache.Compact();
                break;
            case 10:
                TransactMixed(cache, number);
                break;
            default:
                cache.Set(KeyOf(number), VectorOf(number));
                break;
        }
    }

    /// <summary>What is there after one more operation: each key with the first element of its vector and the number in its metadata.</summary>
    public static void Apply(Dictionary<string, (float Value, long Touched)> content, int number)
    {
        switch (number % 11)
        {
            case 3:
                content.Remove(KeyOf(number - 2));
                break;
            case 4:
                if (content.TryGetValue(KeyOf(number - 3), out (float Value, long Touched) touched))
                {
                    content[KeyOf(number - 3)] = touched with { Touched = number };
                }

                break;
            case 5:
                for (int i = 0; i < 5; i++)
                {
                    content[KeyOf(number + i)] = (number, 0);
                }

                break;
            case 6 or 7:
                break;
            case 8 when number % 2 == 0:
                for (int i = 0; i < LargeCount; i++)
                {
                    content[$"large {i}"] = (number, 0);
                }

                break;
            case 9 when number % 3 == 0:
                break;
            case 10:
                content[KeyOf(number)] = (number, 0);
                content.Remove(KeyOf(number - 1));
                content[KeyOf(number - 2)] = (number, 0);
                break;
            default:
                content[KeyOf(number)] = (number, 0);
                break;
        }
    }

    private static string KeyOf(int number) => $"key {number % KeyCount}";

    private static float[] VectorOf(int number)
    {
        float[] vector = new float[Dimension];
        vector[0] = number;
        vector[1] = 1;
        return vector;
    }

    /// <summary>Reading in between makes the writer hand over what it has, so that there is something in the file to undo.</summary>
    private static void Rollback(EmbeddingCache cache, int number)
    {
        using EmbeddingTransaction transaction = cache.BeginTransaction();
        transaction.Set("undone", VectorOf(number));
        transaction.Get("undone");
        transaction.Set(KeyOf(number), VectorOf(number));
    }

    private static void TransactMixed(EmbeddingCache cache, int number)
    {
        using EmbeddingTransaction transaction = cache.BeginTransaction();
        transaction.Set(KeyOf(number), VectorOf(number));
        transaction.Get(KeyOf(number));
        transaction.Remove(KeyOf(number - 1));
        transaction.Set(KeyOf(number - 2), VectorOf(number));
        transaction.Commit();
    }
}
