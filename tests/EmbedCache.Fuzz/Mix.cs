using System.Runtime.InteropServices;

namespace EmbedCache.Fuzz;

/// <summary>An answer boiled down to 64 bits, within one process. Never 0: that says "error".</summary>
internal struct Mix
{
    private const ulong Multiplier = 0x9E3779B97F4A7C15;
    private ulong _value;

    public readonly ulong Value => _value == 0 ? 1 : _value;

    public void Add(ulong word)
    {
        _value = (_value ^ word) * Multiplier;
        _value ^= _value >> 29;
    }

    public void Add(long word) => Add((ulong)word);

    public void Add(string? text)
    {
        Add((long)(text?.GetHashCode(StringComparison.Ordinal) ?? -1));
        Add((long)(text?.Length ?? -1));
    }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        Add((ulong)bytes.Length);
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            Add(word);
        }

        foreach (byte rest in bytes[(words.Length * sizeof(ulong))..])
        {
            Add(rest);
        }
    }

    public void Add(ReadOnlySpan<float> vector) => Add(MemoryMarshal.AsBytes(vector));

    public void Add(Embedding? record)
    {
        if (record is null)
        {
            Add(0UL);
            return;
        }

        Add(record.Key);
        Add(record.Digest);
        Add((ulong)record.Role);
        Add(record.Vector.Span);
        Add((ulong)record.Metadata.GetHashCode());
        Add(record.Created.ToUnixTimeMilliseconds());
        Add(record.Expires?.ToUnixTimeMilliseconds() ?? -1);
    }
}
