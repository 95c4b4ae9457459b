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
        }, Harness.Crashes),
        new("no chain check", static engine => Edit.ReturnTrue(Edit.Method(engine, "Format.FrameSeal", "IsChained")), Harness.Forks),
        new("no slot CRC", static engine => TakeStoredCrc(Edit.Method(engine, "Format.CommitSlot", "TryRead")), Harness.Crashes),
        new("other slot left in the old epoch", static engine => Edit.ReplaceCalls(Edit.Method(engine, "Engine.Store", "PublishNewEpoch"), "WriteSlot", static _ => { }, which: 1), Harness.Crashes),
        new("no fsync before the slot", static engine => Edit.ReplaceCalls(Edit.Method(engine, "Engine.Store", "Publish"), "Flush", static _ => { }), Harness.Crashes),
        new("durable tail claimed without an fsync", static engine => Edit.ReplaceParameter(Edit.Method(engine, "Engine.Store", "Publish"), "isDurable", value: true, which: 1), Harness.Crashes),
        new("power loss taken for a process's death", static engine => ReturnFalse(Edit.Method(engine, "Engine.Store", "MayHaveLost")), Harness.Crashes),
        new("rollback leaves its bytes", static engine => Edit.DoNothing(Edit.Method(engine, "Engine.Store", "Abandon")), Harness.Crashes),
        new("recovery publishes nothing", static engine => Edit.ReturnFirstParameter(Edit.Method(engine, "Engine.Store", "RecoverBeforeAppend")), Harness.Crashes),
        new("recovered sections are not checked", static engine => Edit.DoNothing(Edit.Method(engine, "Engine.IndexState", "CheckSections")), Harness.Crashes),
        new("newest-per-hash merge", static engine => Edit.ReplaceCalls(Edit.Method(engine, "Keys.KeyMerge", "KeepNewest"), "AreEqual", static code => code.Add(Instruction.Create(OpCodes.Ldc_I4_1))), Harness.Crashes),
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

    /// <summary>Compares the stored CRC with itself.</summary>
    private static void TakeStoredCrc(MethodDefinition method) => Edit.ReplaceCalls(method, "Compute", static code => code.Add(Instruction.Create(OpCodes.Dup)));
}
