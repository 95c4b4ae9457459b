namespace EmbedCache.Faults.Disk;

/// <summary>
/// All that a crash can leave of one file with pending changes. Writes fall apart into atoms of 512 bytes, aligned as on the disk; a crash keeps any of
/// them, in whole or torn at a byte, and the changes of length up to any, first or last. Up to eight atoms every subset is listed; beyond, each
/// prefix, each but one, each alone and random subsets.
/// </summary>
internal sealed class CrashChoices
{
    /// <summary>All subsets of so many atoms are tried.</summary>
    public const int MaxExhaustive = 8;

    private const int RandomSubsets = 48;
    private const int TornAtomsTried = 24;
    private const int GarbageSectors = 61;

    private static readonly Sector[] s_garbage = CreateGarbage();

    private readonly FileModel _file;
    private readonly List<Atom> _atoms = [];
    private readonly List<(int Change, long Before, long After)> _lengths = [];

    public CrashChoices(FileModel file)
    {
        _file = file;
        long length = file.Durable.Length;
        for (int i = 0; i < file.Pending.Count; i++)
        {
            PendingChange change = file.Pending[i];
            long after = change.Operation switch
            {
                DiskOperation.SetLength or DiskOperation.Allocate => change.Length,
                DiskOperation.Write => Math.Max(length, change.Offset + change.Length),
                _ => length,
            };
            if (after != length)
            {
                _lengths.Add((i, length, after));
                length = after;
            }

            AddAtoms(i, change);
        }
    }

    /// <summary>Parts of pending writes that reach the disk or do not.</summary>
    public int AtomCount => _atoms.Count;

    /// <summary>Every choice to try, in no special order; the same for the same random source.</summary>
    public List<CrashChoice> List(Random random)
    {
        var choices = new List<CrashChoice>();
        bool hasHoles = _lengths.Exists(static change => change.After > change.Before);
        bool hasStale = _file.Stale.Length > 0;
        foreach (int lengthChanges in LengthsToTry())
        {
            foreach (HoleContent holes in Enum.GetValues<HoleContent>())
            {
                bool differs = holes == HoleContent.Zeros || (hasHoles && lengthChanges > 0 && (holes == HoleContent.Garbage || hasStale));
                if (differs)
                {
                    AddSubsets(choices, random, lengthChanges, holes);
                    AddTorn(choices, random, lengthChanges, holes);
                }
            }
        }

        return choices;
    }

    /// <summary>The file as one choice leaves it.</summary>
    public SectorImage Build(in CrashChoice choice)
    {
        SectorImage image = _file.Durable.Clone();
        int nextLength = 0;
        int atom = 0;
        for (int i = 0; i < _file.Pending.Count; i++)
        {
            if (nextLength < _lengths.Count && _lengths[nextLength].Change == i)
            {
                if (nextLength < choice.LengthChanges)
                {
                    ChangeLength(image, _lengths[nextLength].After, choice.Holes);
                }

                nextLength++;
            }

            for (; atom < _atoms.Count && _atoms[atom].Change == i; atom++)
            {
                if (atom == choice.TornAtom)
                {
                    Put(image, _atoms[atom], choice.TornAt);
                }
                else if (choice.Keeps(atom))
                {
                    Put(image, _atoms[atom], int.MaxValue);
                }
            }
        }

        return image;
    }

    private void AddAtoms(int index, PendingChange change)
    {
        if (change.Operation == DiskOperation.Punch)
        {
            _atoms.Add(new Atom(index, change.Offset, 0, (int)change.Length, IsPunch: true));
            return;
        }

        // A long run of zeros, as is written ahead of the tail, is one atom behind its first sector: over zeros none of its parts shows.
        bool wasZero = false;
        for (int from = 0; from < change.Bytes.Length;)
        {
            int to = (int)Math.Min(change.Bytes.Length, ((((change.Offset + from) / Sector.ByteLength) + 1) * Sector.ByteLength) - change.Offset);
            bool isZero = change.Bytes.AsSpan(from, to - from).IndexOfAnyExcept((byte)0) < 0;
            if (isZero && wasZero && _atoms[^1].Change == index && _atoms[^1].From > 0)
            {
                _atoms[^1] = _atoms[^1] with { ByteLength = to - _atoms[^1].From };
            }
            else
            {
                _atoms.Add(new Atom(index, change.Offset + from, from, to - from, IsPunch: false));
            }

            wasZero = isZero;
            from = to;
        }
    }

    private IEnumerable<int> LengthsToTry()
    {
        int all = _lengths.Count;
        return all <= 4 ? Enumerable.Range(0, all + 1) : [0, 1, all / 2, all - 1, all];
    }

    private void AddSubsets(List<CrashChoice> choices, Random random, int lengthChanges, HoleContent holes)
    {
        void Add(SubsetKind kind, int argument) => choices.Add(new CrashChoice(kind, argument, lengthChanges, holes, -1, 0));
        if (_atoms.Count <= MaxExhaustive)
        {
            for (int mask = 0; mask < 1 << _atoms.Count; mask++)
            {
                Add(SubsetKind.Mask, mask);
            }

            return;
        }

        for (int i = 0; i <= _atoms.Count; i++)
        {
            Add(SubsetKind.Prefix, i);
        }

        for (int i = 0; i < _atoms.Count; i++)
        {
            Add(SubsetKind.AllButOne, i);
            Add(SubsetKind.OnlyOne, i);
        }

        for (int i = 0; i < RandomSubsets; i++)
        {
            Add(SubsetKind.Random, random.Next());
        }
    }

    private void AddTorn(List<CrashChoice> choices, Random random, int lengthChanges, HoleContent holes)
    {
        int all = _atoms.Count;
        for (int i = 0; i < Math.Min(all, TornAtomsTried); i++)
        {
            int atom = all <= TornAtomsTried ? i : random.Next(all);
            if (_atoms[atom].ByteLength < 2)
            {
                continue;
            }

            int Cut() => random.Next(1, Math.Min(Sector.ByteLength, _atoms[atom].ByteLength)) * (random.Next(3) == 0 ? -1 : 1);
            choices.Add(new CrashChoice(SubsetKind.Prefix, all, lengthChanges, holes, atom, Cut()));
            choices.Add(new CrashChoice(SubsetKind.Prefix, atom, lengthChanges, holes, atom, Cut()));
            choices.Add(new CrashChoice(SubsetKind.OnlyOne, atom, lengthChanges, holes, atom, Cut()));
            choices.Add(new CrashChoice(SubsetKind.Random, random.Next(), lengthChanges, holes, atom, Cut()));
        }
    }

    private void ChangeLength(SectorImage image, long length, HoleContent holes)
    {
        long before = image.Length;
        image.SetLength(length);
        if (length <= before)
        {
            return;
        }

        if (holes == HoleContent.Stale)
        {
            image.CopyFrom(_file.Stale, before, length - before);
        }
        else if (holes == HoleContent.Garbage)
        {
            for (long offset = before; offset < length;)
            {
                int from = (int)(offset % Sector.ByteLength);
                int part = (int)Math.Min(Sector.ByteLength - from, length - offset);
                image.Write(offset, s_garbage[offset / Sector.ByteLength % GarbageSectors].Bytes.AsSpan(from, part));
                offset += part;
            }
        }
    }

    /// <summary>Writes an atom, or part of it; what lies past the length that survived is not there.</summary>
    private void Put(SectorImage image, in Atom atom, int tornAt)
    {
        if (atom.IsPunch)
        {
            image.Clear(atom.Offset, tornAt == int.MaxValue ? atom.ByteLength : Math.Abs(tornAt) * Sector.ByteLength % atom.ByteLength);
            return;
        }

        int from = tornAt < 0 ? atom.ByteLength + tornAt : 0;
        int to = tornAt < 0 ? atom.ByteLength : Math.Min(atom.ByteLength, tornAt);
        to = (int)Math.Min(to, image.Length - atom.Offset);
        if (from < to)
        {
            image.Write(atom.Offset + from, _file.Pending[atom.Change].Bytes.AsSpan(atom.From + from, to - from));
        }
    }

    private static Sector[] CreateGarbage()
    {
        var random = new Random(61);
        var sectors = new Sector[GarbageSectors];
        for (int i = 0; i < sectors.Length; i++)
        {
            byte[] bytes = new byte[Sector.ByteLength];
            random.NextBytes(bytes);
            sectors[i] = Sector.Of(bytes);
        }

        return sectors;
    }

    /// <param name="Change">Index of the pending change.</param>
    /// <param name="Offset">Where in the file.</param>
    /// <param name="From">Where in the change's bytes.</param>
    /// <param name="ByteLength">How many.</param>
    /// <param name="IsPunch">A hole, and not bytes.</param>
    private readonly record struct Atom(int Change, long Offset, int From, int ByteLength, bool IsPunch);
}
