using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>
/// What this handle answers for with its fsync. After an fsync that failed in another process, bytes and slots that it wrote may stand in the page cache
/// alone, taken for clean: they read well, and no later fsync writes them. So what others wrote and no slot calls durable is written once more first.
/// Costs nothing while one handle is at work, and two slots where each commit of the others was durable.
/// </summary>
internal sealed partial class Store
{
    private LogFile? _ownLog;
    private long _ownSequence;
    private long _foreignEnd;
    private bool _areSlotsForeign;

    /// <summary>At the beginning of a transaction: whether somebody else wrote since this handle's last.</summary>
    private void LookForOthers(Snapshot snapshot)
    {
        if (!ReferenceEquals(_ownLog, snapshot.Log) || _ownSequence != snapshot.Slot.Sequence)
        {
            _foreignEnd = snapshot.PublishedTail;
            _areSlotsForeign = true;
        }
    }

    /// <summary>Before an fsync that makes everything durable.</summary>
    private void VouchForOthers(Snapshot snapshot)
    {
        if (_areSlotsForeign)
        {
            snapshot.Log.WriteSlotsAgain();
        }

        snapshot.Log.WriteAgain(snapshot.Slot.DurableTail, Math.Min(_foreignEnd, snapshot.PublishedTail));
    }

    /// <summary>This handle wrote the newest slot; where it was after an fsync, nothing of others is left to vouch for.</summary>
    private void Own(LogFile log, long sequence, bool isDurable)
    {
        _ownLog = log;
        _ownSequence = sequence;
        if (isDurable)
        {
            _foreignEnd = 0;
            _areSlotsForeign = false;
        }
    }
}
