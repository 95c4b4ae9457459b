using System.Text;
using EmbedCache.Format;

namespace EmbedCache.Metadata;

/// <summary>A filter that every record passes, or none.</summary>
internal sealed class FilterConstant(bool value) : Filter(depth: 1, nodeCount: 1)
{
    public bool Value { get; } = value;

    internal override bool Matches(scoped in MetadataBytes metadata) => Value;

    internal override void Write(StringBuilder text, bool isNegated) => text.Append(Value ? "true" : "false");
}

/// <summary>All of several filters, or any of them: two parts at least, none of the same kind as the whole.</summary>
internal sealed class FilterGroup(bool isAnd, Filter[] parts)
    : Filter(depth: 1 + parts.Max(static part => part.Depth), nodeCount: 1 + parts.Sum(static part => part.NodeCount))
{
    /// <summary>And, else Or.</summary>
    public bool IsAnd { get; } = isAnd;

    public Filter[] Parts { get; } = parts;

    internal override bool Matches(scoped in MetadataBytes metadata)
    {
        foreach (Filter part in Parts)
        {
            if (part.Matches(metadata) != IsAnd)
            {
                return !IsAnd;
            }
        }

        return IsAnd;
    }

    internal override void Write(StringBuilder text, bool isNegated)
    {
        for (int i = 0; i < Parts.Length; i++)
        {
            text.Append(i == 0 ? string.Empty : IsAnd ? " and " : " or ");

            // Only an Or within an And binds less than what is around it.
            bool needsParentheses = IsAnd && Parts[i] is FilterGroup;
            text.Append(needsParentheses ? "(" : string.Empty);
            Parts[i].Write(text, isNegated: false);
            text.Append(needsParentheses ? ")" : string.Empty);
        }
    }
}

/// <summary>What does not pass a filter.</summary>
internal sealed class FilterNot(Filter part) : Filter(depth: 1 + part.Depth, nodeCount: 1 + part.NodeCount)
{
    public Filter Part { get; } = part;

    internal override bool Matches(scoped in MetadataBytes metadata) => !Part.Matches(metadata);

    internal override void Write(StringBuilder text, bool isNegated)
    {
        if (Part.CanNegate)
        {
            Part.Write(text, isNegated: true);
            return;
        }

        bool needsParentheses = Part is FilterGroup;
        text.Append(needsParentheses ? "not (" : "not ");
        Part.Write(text, isNegated: false);
        text.Append(needsParentheses ? ")" : string.Empty);
    }
}
