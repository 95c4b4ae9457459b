using EmbedCache.Format;

namespace EmbedCache.Metadata;

/// <summary>
/// A filter worked out over columns: one bitmap of the ordinals that pass, and one of those whose values have no column, of which the filter itself has to be
/// asked with the record's metadata. In between it is logic with three values (Kleene's): what is not known of a part may not matter to the whole.
/// </summary>
internal static class ColumnFilter
{
    /// <summary>Works out a filter for all ordinals of a section.</summary>
    /// <returns>Those that pass, and, disjoint from these, those of which it is not known (null: none).</returns>
    /// <exception cref="CorruptFileException">The section is damaged.</exception>
    public static (ulong[] Passes, ulong[]? Unknown) Evaluate(Filter filter, ColumnSet columns) => filter switch
    {
        FilterConstant constant => (constant.Value ? Bitmap.Full(columns.OrdinalCount) : Bitmap.Create(columns.OrdinalCount), null),
        FilterNot negation => Negate(Evaluate(negation.Part, columns), columns.OrdinalCount),
        FilterGroup group => Join(group, columns),
        _ => Test((FilterTest)filter, columns),
    };

    private static (ulong[] Passes, ulong[]? Unknown) Negate((ulong[] Passes, ulong[]? Unknown) part, long count)
    {
        Bitmap.Not(part.Passes);
        Bitmap.ClearPadding(part.Passes, count);
        if (part.Unknown is { } unknown)
        {
            Bitmap.AndNot(part.Passes, unknown);
        }

        return part;
    }

    private static (ulong[] Passes, ulong[]? Unknown) Join(FilterGroup group, ColumnSet columns)
    {
        (ulong[] passes, ulong[]? unknown) = Evaluate(group.Parts[0], columns);
        for (int i = 1; i < group.Parts.Length; i++)
        {
            // Nothing left that a further condition could take away.
            if (group.IsAnd && unknown is null && Bitmap.IsEmpty(passes))
            {
                break;
            }

            (ulong[] otherPasses, ulong[]? otherUnknown) = Evaluate(group.Parts[i], columns);
            unknown = group.IsAnd ? UnknownOfBoth(passes, unknown, otherPasses, otherUnknown) : UnknownOfAny(passes, unknown, otherPasses, otherUnknown);
            if (group.IsAnd)
            {
                Bitmap.And(passes, otherPasses);
            }
            else
            {
                Bitmap.Or(passes, otherPasses);
            }
        }

        return (passes, unknown);
    }

    /// <summary>Neither fails, and one at least is not known.</summary>
    private static ulong[]? UnknownOfBoth(ulong[] a, ulong[]? unknownA, ulong[] b, ulong[]? unknownB)
    {
        if (unknownA is null && unknownB is null)
        {
            return null;
        }

        ulong[] unknown = new ulong[a.Length];
        for (int i = 0; i < unknown.Length; i++)
        {
            ulong wordA = unknownA?[i] ?? 0;
            ulong wordB = unknownB?[i] ?? 0;
            unknown[i] = (a[i] | wordA) & (b[i] | wordB) & ~(a[i] & b[i]);
        }

        return unknown;
    }

    /// <summary>Neither passes, and one at least is not known.</summary>
    private static ulong[]? UnknownOfAny(ulong[] a, ulong[]? unknownA, ulong[] b, ulong[]? unknownB)
    {
        if (unknownA is null && unknownB is null)
        {
            return null;
        }

        ulong[] unknown = new ulong[a.Length];
        for (int i = 0; i < unknown.Length; i++)
        {
            unknown[i] = ((unknownA?[i] ?? 0) | (unknownB?[i] ?? 0)) & ~(a[i] | b[i]);
        }

        return unknown;
    }

    /// <summary>A test of a name: of the columns of that name, and where a record has none of these, of the next name that it may mean.</summary>
    private static (ulong[] Passes, ulong[]? Unknown) Test(FilterTest test, ColumnSet columns)
    {
        List<Column> candidates = columns.Find(test.NameUtf8);
        if (candidates.Count == 0)
        {
            return columns.IsComplete
                ? (Bitmap.Create(columns.OrdinalCount), null)
                : (Bitmap.Create(columns.OrdinalCount), Bitmap.Full(columns.OrdinalCount));
        }

        ulong[] passes = Bitmap.Create(columns.OrdinalCount);
        ulong[]? unknown = null;
        ulong[]? undecided = null;
        for (int first = 0; first < candidates.Count;)
        {
            int end = first + 1;
            while (end < candidates.Count && candidates[end].Name.AsSpan().SequenceEqual(candidates[first].Name))
            {
                end++;
            }

            List<Column> named = candidates.GetRange(first, end - first);
            foreach (Column column in named)
            {
                bool isKnown = !column.IsOmitted || test.Operator == FilterOperator.Exists;
                ulong[] bits = isKnown ? column.Matches(test) : column.Presence();
                if (undecided is not null)
                {
                    Bitmap.And(bits, undecided);
                }

                if (isKnown)
                {
                    Bitmap.Or(passes, bits);
                }
                else
                {
                    Bitmap.Or(unknown ??= Bitmap.Create(columns.OrdinalCount), bits);
                }
            }

            first = end;
            if (first < candidates.Count)
            {
                undecided ??= Bitmap.Full(columns.OrdinalCount);
                named.ForEach(column => Bitmap.AndNot(undecided, column.Presence()));
            }
        }

        return (passes, unknown);
    }
}
