using EmbedCache.Faults.Disk;

namespace EmbedCache.Faults.Crash;

/// <summary>
/// What a store held after each transaction, in order, and which of these states may be found after a crash: with Full durability the last acknowledged
/// one, with Normal any since the last that was made durable; in both cases also the transaction in flight.
/// </summary>
internal sealed class History
{
    private readonly Durability _durability;

    public History(Durability durability, params StoreContent[] states)
    {
        _durability = durability;
        States = [.. states];
    }

    public List<StoreContent> States { get; }

    public bool IsCreated { get; private set; }

    /// <summary>Index of the last acknowledged state.</summary>
    public int Acknowledged { get; private set; }

    /// <summary>Index of the oldest state that a crash may leave.</summary>
    public int Lowest { get; private set; }

    public Expectation Now => new(IsCreated, Lowest, Acknowledged, States.Count - 1);

    /// <summary>A history that goes on from what was found after a crash.</summary>
    public static History Found(Durability durability, StoreContent found)
        => new(durability, found) { IsCreated = true };

    /// <summary>A history that goes on in another process, from a state that this one may not have made durable.</summary>
    public static History Inherited(Durability durability, IEnumerable<StoreContent> states, int lowest)
    {
        StoreContent[] known = [.. states];
        return new History(durability, known) { IsCreated = true, Lowest = lowest, Acknowledged = known.Length - 1 };
    }

    public void Created() => IsCreated = true;

    /// <summary>A transaction that leads to this state is about to be committed.</summary>
    public void Begin(StoreContent next) => States.Add(next);

    /// <summary>The transaction in flight was acknowledged.</summary>
    public void Acknowledge()
    {
        Acknowledged = States.Count - 1;
        if (_durability == Durability.Full)
        {
            Lowest = Acknowledged;
        }
    }

    /// <summary>The transaction in flight failed, and nothing of it can come back.</summary>
    public void Withdraw() => States.RemoveAt(States.Count - 1);

    /// <summary>The transaction in flight failed without saying how it ended; it was found to be there, though perhaps not durably.</summary>
    public void Adopt() => Acknowledged = States.Count - 1;

    /// <summary>A checkpoint, a close or a compaction was acknowledged.</summary>
    public void MadeDurable() => Lowest = Acknowledged;

    /// <summary>Whether a crash may leave a state with this content.</summary>
    public bool Allows(in Expectation promised, StoreContent found)
    {
        for (int i = promised.Newest; i >= promised.Lowest; i--)
        {
            if (States[i] == found)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether it is the content of a state that there was by then, from the empty file on that a creation begins with.</summary>
    public bool Knows(in Expectation promised, StoreContent found) => found == default || States.FindIndex(0, promised.Newest + 1, state => state == found) >= 0;

    /// <summary>Where a content stands among the states, for messages.</summary>
    public string Describe(StoreContent found)
        => $"{found.Count} records, state {string.Join('|', States.Select(static (state, index) => (state, index)).Where(pair => pair.state == found).Select(static pair => pair.index).DefaultIfEmpty(-1))} of {States.Count}";
}
