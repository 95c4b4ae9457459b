using Mono.Cecil;
using Mono.Cecil.Cil;

namespace EmbedCache.Faults.Mutants;

/// <summary>Faults in the engine's code, each of a kind that real stores have had.</summary>
internal static class EngineMutants
{
    public static IReadOnlyList<EngineMutant> All { get; } =
    [
        new("no payload CRC", static engine => Edit.ReturnTrue(Edit.Method(engine, "Storage.FrameWalker", "IsPayloadValid")), Harness.Crashes),
        new("no block CRC", static engine =>
        {
            Edit.ReturnTrue(Edit.Method(engine, "Storage.Section", "IsBlockValid"));
            Edit.ReturnTrue(Edit.Method(engine, "Storage.Section", "IsTableValid"));
        }, Harness.Crashes, "sections"),
        new("no chain check", static engine => Edit.ReturnTrue(Edit.Method(engine, "Format.FrameSeal", "IsChained")), Harness.Forks),
        new("no slot CRC", static engine => TakeStoredCrc(Edit.Method(engine, "Format.CommitSlot", "TryRead")), Harness.Crashes),
        new("no new epoch", static engine => Edit.ReplaceIncrementBefore(Edit.Method(engine, "Engine.Store", "PublishNewEpoch"), "set_Epoch"), Harness.Crashes, "repeating"),
        new("other slot left in the old epoch", static engine => Edit.ReplaceCalls(Edit.Method(engine, "Engine.Store", "PublishNewEpoch"), "WriteSlot", static _ => { }, which: 1), Harness.Crashes, "puts"),
        new("no fsync before the slot", static engine => Edit.ReplaceCalls(Edit.Method(engine, "Engine.Store", "Publish"), "Flush", static _ => { }), Harness.Crashes),
        new("durable tail claimed without an fsync", static engine => Edit.ReplaceParameter(Edit.Method(engine, "Engine.Store", "Publish"), "isDurable", value: true, which: 1), Harness.Crashes),
        new("power loss taken for a process's death", static engine => ReturnFalse(Edit.Method(engine, "Engine.Store", "MayHaveLost")), Harness.Crashes),
        new("rollback leaves its bytes", static engine => Edit.DoNothing(Edit.Method(engine, "Engine.Store", "Abandon")), Harness.Crashes, "large transactions"),
        new("recovery publishes nothing", static engine => Edit.ReturnFirstParameter(Edit.Method(engine, "Engine.Store", "RecoverBeforeAppend")), Harness.Crashes, "repeating"),
        new("recovered sections are not checked", static engine => Edit.DoNothing(Edit.Method(engine, "Engine.IndexState", "CheckSections")), Harness.Crashes, "sections"),
        new("punch before both slots are durable", PunchWhatThisCommitRetires, Harness.Crashes, "punching"),
        new("newest-per-hash merge", static engine => Edit.ReplaceCalls(Edit.Method(engine, "Keys.KeyMerge", "KeepNewest"), "AreEqual", static code => code.Add(Instruction.Create(OpCodes.Ldc_I4_1))), Harness.Crashes, "colliding hashes"),
        new("name of a new file not made durable by who finds it", static engine => Edit.DoNothing(Edit.Method(engine, "Storage.LogFile", "MakeNameDurable")), Harness.Crashes),
        new("lock taken on a renamed file", static engine => Edit.ReturnTrue(Edit.Method(engine, "Engine.Store", "IsCurrentFile")), Harness.DyingCompactions),
        new("fsync vouches for what another's lost", static engine => Edit.DoNothing(Edit.Method(engine, "Storage.LogFile", "WriteAgain")), Harness.FailedFlushes),
        new("poison forgotten", static engine => Edit.Replace(Edit.Method(engine, "Engine.Store", "Poison"), static il =>
        {
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Ret);
        }), Harness.Faults),
    ];

    private static void ReturnFalse(MethodDefinition method) => Edit.Replace(method, static il =>
    {
        il.Emit(OpCodes.Ldc_I4_0);
        il.Emit(OpCodes.Ret);
    });

    /// <summary>What a commit itself retires goes as soon as its slot is written, though the slot that is durable still names the catalog that uses it.</summary>
    private static void PunchWhatThisCommitRetires(ModuleDefinition engine)
    {
        MethodReference retired = engine.ImportReference(Edit.Method(engine, "Engine.IndexState", "get_Retired"));
        FieldReference index = engine.GetType("EmbedCache.Engine.WriteTransaction").Fields.Single(static field => field.Name == "_index");
        Edit.ReplaceCalls(Edit.Method(engine, "Engine.WriteTransaction", "Commit"), "Select", code =>
        {
            code.Add(Instruction.Create(OpCodes.Ldarg_0));
            code.Add(Instruction.Create(OpCodes.Ldfld, index));
            code.Add(Instruction.Create(OpCodes.Callvirt, retired));
        });
    }

    /// <summary>Compares the stored CRC with itself.</summary>
    private static void TakeStoredCrc(MethodDefinition method) => Edit.ReplaceCalls(method, "Compute", static code => code.Add(Instruction.Create(OpCodes.Dup)));
}
