using System.Globalization;
using EmbedCache.Faults.Disk;
using EmbedCache.Storage;

namespace EmbedCache.Faults.Crash;

/// <summary>How much of the crash states of one run is opened.</summary>
internal sealed record ExplorerBudget
{
    /// <summary>Distinct states of the run itself.</summary>
    public int States { get; init; } = 2500;

    /// <summary>Crash states in which recovery is recorded and crashed in its turn.</summary>
    public int Recoveries { get; init; } = 10;

    /// <summary>Distinct states of each recovery.</summary>
    public int StatesOfRecovery { get; init; } = 60;

    /// <summary>Moments at which the process alone dies, and another goes on before the power fails.</summary>
    public int Kills { get; init; } = 10;

    /// <summary>Crash states to which a reader comes while a writer, which has recovered nothing yet, holds its lock.</summary>
    public int Readers { get; init; } = 60;
}

/// <summary>
/// Crashes a recorded run at each of its calls, in as many ways as the budget allows, and opens what each crash leaves. Stops at the first state that
/// breaks a promise. Everything by chance comes from the seed, so that a finding can be found again.
/// </summary>
internal sealed class CrashExplorer
{
    private readonly Workload _workload;
    private readonly Durability _durability;
    private readonly Random _random;
    private readonly DistinctImages _distinct;
    private readonly Func<IFileSystem, IFileSystem>? _around;
    private readonly ExplorerBudget _budget;
    private readonly string _name;

    public CrashExplorer(Workload workload, Durability durability, int seed, DistinctImages distinct, ExplorerBudget budget, Func<IFileSystem, IFileSystem>? around = null)
    {
        _workload = workload;
        _durability = durability;
        _random = new Random(seed);
        _distinct = distinct;
        _budget = workload.Spends(budget);
        _around = around;
        _name = $"workload '{workload.Name}', {durability}, seed {seed}";
    }

    /// <summary>Opens the crash states of a run.</summary>
    /// <exception cref="CrashStateException">One of them breaks a promise; the message names it.</exception>
    public void Explore(RecordedRun run)
    {
        Crash(new DiskModel(), run, boot: 1, new Level("first crash", _budget.States, _budget.Recoveries, _budget.Kills, _budget.Readers));
    }

    /// <summary>Every moment of a trace, on from a disk.</summary>
    private void Crash(DiskModel disk, RecordedRun run, ulong boot, Level level)
    {
        var known = new Dictionary<ulong, StateFinding>();
        int opened = 0;
        int recoveries = 0;
        HashSet<int> kills = ChooseKills(run.Trace, level.Kills);
        for (int i = 0; i < run.Trace.Count; i++)
        {
            DiskEvent call = run.Trace[i];
            disk.Apply(call);
            var moment = new Moment(run, call, boot, $"{_name}, {level.Name} after call {i + 1} of {run.Trace.Count} ({call.Operation} {call.Offset}+{call.Length})");
            if (StateCheck.IsDescribing)
            {
                moment = moment with { Name = $"{moment.Name}{Environment.NewLine}{string.Join(Environment.NewLine, run.Trace.Take(i + 1))}{Environment.NewLine}" };
            }

            if (!call.ChangesDisk && call.Operation != DiskOperation.Promise)
            {
                continue;
            }

            int share = (int)Math.Ceiling((level.States - opened) / (double)(run.Trace.Count - i) * 2);
            foreach ((SectorImage? image, string how) in States(disk, share))
            {
                ulong hash = image?.Hash ?? 0;
                if (!known.TryGetValue(hash, out StateFinding finding))
                {
                    finding = Open(image, boot + 1);
                    known.Add(hash, finding);
                    opened++;
                    _distinct.Add(hash);
                    Require(moment, finding, how);
                    if (finding.Refusal is null && moment.Call.Promised.IsCreated && _random.Next(level.States) < level.Readers)
                    {
                        ReadBesideWriter(image!, moment, how);
                    }

                    if (finding.Refusal is null && recoveries < level.Recoveries && _random.Next(level.States) < level.Recoveries * 2)
                    {
                        recoveries++;
                        CrashRecovery(image!, finding, moment, how);
                    }
                }
                else
                {
                    Require(moment, finding, how);
                }
            }

            if (kills.Contains(i))
            {
                Kill(disk, moment);
            }
        }
    }

    /// <summary>What a crash now may leave: each outcome of the names with a share of the outcomes of the file that the name leads to.</summary>
    private IEnumerable<(SectorImage? Image, string How)> States(DiskModel disk, int share)
    {
        var seen = new HashSet<ulong>();
        var names = new List<Dictionary<string, ulong>>(disk.SurvivingNames());
        for (int i = names.Count - 1; i >= 0; i--)
        {
            if (!names[i].TryGetValue(StoreWorld.Path, out ulong number))
            {
                if (seen.Add(0))
                {
                    yield return (null, "the file is not there");
                }

                continue;
            }

            if (!seen.Add(number))
            {
                continue;
            }

            var choices = new CrashChoices(disk.File(number));
            List<CrashChoice> list = choices.List(_random);
            int count = Math.Min(list.Count, Math.Max(4, share));
            for (int next = 0; next < count; next++)
            {
                // The first are drawn by chance from all, without drawing one twice.
                int drawn = list.Count <= count ? next : _random.Next(next, list.Count);
                (list[next], list[drawn]) = (list[drawn], list[next]);
                CrashChoice choice = list[next];
                yield return (choices.Build(choice), string.Create(CultureInfo.InvariantCulture, $"{i} of {names.Count - 1} name changes, {choices.AtomCount} atoms, {choice}"));
            }
        }
    }

    private StateFinding Open(SectorImage? image, ulong boot)
    {
        var disk = new ImageFileSystem { Boot = boot };
        if (image is not null)
        {
            disk.Put(StoreWorld.Path, image.Clone());
        }

        return StateCheck.Examine(disk, _workload.Scale, _durability);
    }

    private static void Require(Moment moment, in StateFinding finding, string how)
    {
        if (finding.Failure is not null)
        {
            throw new CrashStateException($"{moment.Name}, {how}: {finding.Failure}");
        }

        if (finding.Refusal is not null)
        {
            if (moment.Call.Promised.IsCreated)
            {
                throw new CrashStateException($"{moment.Name}, {how}: the store is lost: {finding.Refusal}");
            }

            return;
        }

        History history = moment.Run.History;
        bool isBeingCreated = !moment.Call.Promised.IsCreated && finding.Content == default;
        if (!isBeingCreated && !history.Allows(moment.Call.Promised, finding.Content))
        {
            throw new CrashStateException($"{moment.Name}, {how}: found {history.Describe(finding.Content)}, which is not one of {moment.Call.Promised.Lowest} to {moment.Call.Promised.Newest}");
        }
    }

    /// <summary>
    /// The machine starts, a writer takes its lock, and before it has recovered anything a reader comes. It trusts the slot that it finds, and so that slot's
    /// catalog: it must find a state of the history, whole and without damage, though it may not be the newest.
    /// </summary>
    private void ReadBesideWriter(SectorImage image, in Moment moment, string how)
    {
        var disk = new ImageFileSystem { Boot = moment.Boot + 1 };
        disk.Put(StoreWorld.Path, image.Clone());
        StateFinding finding = StateCheck.ReadBesideWriter(disk, _workload.Scale);
        if (finding.Failure is not null || !moment.Run.History.Knows(moment.Call.Promised, finding.Content))
        {
            throw new CrashStateException($"{moment.Name}, {how}, a reader beside a writer: {finding.Failure ?? $"found {moment.Run.History.Describe(finding.Content)}"}");
        }
    }

    /// <summary>The machine starts, recovers and goes on, and loses power again at every moment of that.</summary>
    private void CrashRecovery(SectorImage image, in StateFinding finding, in Moment moment, string how)
    {
        var files = new[] { KeyValuePair.Create(StoreWorld.Path, image) };
        ulong boot = moment.Boot + 1;
        RecordedRun recovery = GoOn(DiskModel.Of(files).ToLiveDisk(boot), History.Found(_durability, finding.Content), finding.Content);
        Crash(DiskModel.Of(files), recovery, boot, new Level($"{moment.Name}, {how}; crash of the recovery", _budget.StatesOfRecovery, 0, 0, 0));
    }

    /// <summary>The process dies and takes nothing with it; another one goes on at once, and then the power fails.</summary>
    private void Kill(DiskModel disk, in Moment moment)
    {
        ImageFileSystem live = disk.ToLiveDisk(moment.Boot);
        if (!live.Exists(StoreWorld.Path))
        {
            return;
        }

        StateFinding finding = StateCheck.Examine(disk.ToLiveDisk(moment.Boot), _workload.Scale, _durability);
        Expectation promised = moment.Call.Promised;
        Moment killed = moment with { Name = $"{moment.Name}, the process alone is killed", Call = moment.Call with { Promised = promised with { Lowest = promised.Acknowledged } } };
        Require(killed, finding, "nothing is lost");
        if (finding.Refusal is not null || !promised.IsCreated)
        {
            return;
        }

        List<StoreContent> states = [.. moment.Run.History.States.Take(promised.Newest + 1)];
        while (states[^1] != finding.Content)
        {
            states.RemoveAt(states.Count - 1);
        }

        RecordedRun next = GoOn(live, History.Inherited(_durability, states, Math.Min(promised.Lowest, states.Count - 1)), finding.Content);
        Crash(disk.Clone(), next, moment.Boot, new Level($"{killed.Name}; crash of the next", _budget.StatesOfRecovery, 0, 0, 0));
    }

    /// <summary>What somebody does who opens the store after a crash, recorded.</summary>
    private RecordedRun GoOn(ImageFileSystem disk, History history, StoreContent content)
    {
        var recorder = new RecordingFileSystem(disk) { Promised = () => history.Now };
        var world = new StoreWorld(_around?.Invoke(recorder) ?? recorder, disk.Boot, _workload.Scale, _workload.SaltSeed) { Now = StoreWorld.StartOfTime + 500_000_000 };
        int pattern = _random.Next(8);
        using (EmbeddingCache cache = world.Open(_durability))
        {
            for (int i = 0; i < 3; i++)
            {
                RepeatedSet record = _workload.Repeats?.Invoke(content.Count) ?? new RepeatedSet($"recovered {i}", [i, 2], EmbeddingMetadata.Empty, world.Now);
                world.Now = record.Now;
                content = record.AddedTo(content);
                history.Begin(content);
                cache.Set(record.Key, record.Vector, record.Metadata);
                history.Acknowledge();
                recorder.Promise();
                if (i == 0 && (pattern & 1) != 0)
                {
                    cache.Checkpoint();
                    history.MadeDurable();
                    recorder.Promise();
                }

                if (i == 1 && pattern >= 6)
                {
                    cache.Compact();
                    history.MadeDurable();
                    recorder.Promise();
                }
            }
        }

        history.MadeDurable();
        recorder.Promise();
        return new RecordedRun(recorder.Trace, history);
    }

    private HashSet<int> ChooseKills(List<DiskEvent> trace, int count)
    {
        var chosen = new HashSet<int>();
        int[] candidates = [.. Enumerable.Range(0, trace.Count).Where(i => trace[i].Operation is not (DiskOperation.Flush or DiskOperation.Promise))];

        // Always around a rename: that is where two processes may see two files.
        foreach (int i in candidates.Where(i => count > 0 && trace[i].Operation == DiskOperation.Replace))
        {
            chosen.Add(i);
        }

        for (int i = 0; i < count && candidates.Length > 0; i++)
        {
            chosen.Add(candidates[_random.Next(candidates.Length)]);
        }

        return chosen;
    }

    /// <summary>How far one round goes.</summary>
    private readonly record struct Level(string Name, int States, int Recoveries, int Kills, int Readers);

    /// <summary>One moment of a run.</summary>
    private readonly record struct Moment(RecordedRun Run, DiskEvent Call, ulong Boot, string Name);
}
