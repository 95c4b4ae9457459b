using EmbedCache.Engine;

namespace EmbedCache.Faults.Crash;

/// <summary>From which sizes on the engine does more than append.</summary>
/// <param name="Limits">When it indexes, writes early and gives space back.</param>
internal sealed record StoreScale(EngineLimits Limits)
{
    /// <summary>From how many ordinals on checkpoints write codes and columns.</summary>
    public long CodesThreshold { get; init; } = EngineEnvironment.Default.CodesThreshold;

    /// <summary>From how many codes on a graph is built.</summary>
    public long GraphThreshold { get; init; } = EngineEnvironment.Default.GraphThreshold;

    /// <summary>Stores of this scale are searched too: with codes, graph and columns, and the answers compared with those that the records give.</summary>
    public bool IsSearched => CodesThreshold < EngineEnvironment.Default.CodesThreshold;

    public static implicit operator StoreScale(EngineLimits limits) => new(limits);
}
