using Mono.Cecil;
using Mono.Cecil.Cil;

namespace EmbedCache.Faults.Mutants;

/// <summary>
/// A deliberate fault in the engine: an edit of its compiled code, made in memory. The engine that ships knows nothing of it, and what is tested is the
/// engine itself and not a copy built otherwise.
/// </summary>
/// <param name="Name">What is wrong with it.</param>
/// <param name="Apply">Makes the edit; throws where the code is no longer what it expects.</param>
/// <param name="Harness">Who must notice.</param>
/// <param name="Workload">Where to look first; null where almost any state shows it.</param>
internal sealed record EngineMutant(string Name, Action<ModuleDefinition> Apply, Harness Harness, string? Workload = null)
{
    public override string ToString() => Name;

    /// <summary>The engine with the fault, as the bytes of an assembly.</summary>
    public byte[] Build()
    {
        using var engine = AssemblyDefinition.ReadAssembly(typeof(EmbeddingCache).Assembly.Location);
        Apply(engine.MainModule);
        using var bytes = new MemoryStream();
        engine.Write(bytes);
        return bytes.ToArray();
    }
}

/// <summary>Edits of methods.</summary>
internal static class Edit
{
    /// <summary>The one method of this name, in a type given by its name within the engine's namespace.</summary>
    public static MethodDefinition Method(ModuleDefinition engine, string type, string name)
        => engine.GetType("EmbedCache." + type).Methods.Single(method => method.Name == name && method.HasBody);

    /// <summary>The method only says true.</summary>
    public static void ReturnTrue(MethodDefinition method) => Replace(method, static il =>
    {
        il.Emit(OpCodes.Ldc_I4_1);
        il.Emit(OpCodes.Ret);
    });

    /// <summary>The method does nothing.</summary>
    public static void DoNothing(MethodDefinition method) => Replace(method, static il => il.Emit(OpCodes.Ret));

    /// <summary>The method gives its first parameter back.</summary>
    public static void ReturnFirstParameter(MethodDefinition method) => Replace(method, static il =>
    {
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ret);
    });

    /// <summary>Puts other instructions in the place of a method's.</summary>
    public static void Replace(MethodDefinition method, Action<ILProcessor> emit)
    {
        method.Body.Instructions.Clear();
        method.Body.ExceptionHandlers.Clear();
        method.Body.Variables.Clear();
        emit(method.Body.GetILProcessor());
    }

    /// <summary>In a method, each call of another is replaced: its arguments are taken off the stack, and what <paramref name="emit"/> puts there is its result.</summary>
    /// <param name="method">Where.</param>
    /// <param name="callee">What is called.</param>
    /// <param name="emit">Its result; nothing for a void method.</param>
    /// <param name="which">Which of the calls, from 0; -1 for all.</param>
    public static void ReplaceCalls(MethodDefinition method, string callee, Action<List<Instruction>> emit, int which = -1)
    {
        int seen = 0;
        Instruction[] calls = [.. method.Body.Instructions.Where(instruction => instruction.Operand is MethodReference called && called.Name == callee && instruction.OpCode.FlowControl == FlowControl.Call)];
        Require(calls.Length > 0, method, callee);
        foreach (Instruction call in calls)
        {
            if (which >= 0 && seen++ != which)
            {
                continue;
            }

            var called = (MethodReference)call.Operand;
            var replacement = new List<Instruction>();
            for (int i = called.Parameters.Count + (called.HasThis ? 1 : 0); i > 0; i--)
            {
                replacement.Add(Instruction.Create(OpCodes.Pop));
            }

            emit(replacement);
            ILProcessor il = method.Body.GetILProcessor();
            Instruction last = call;
            foreach (Instruction instruction in replacement)
            {
                il.InsertAfter(last, instruction);
                last = instruction;
            }

            // The call itself becomes a no-op, so that jumps to it stay good.
            call.OpCode = OpCodes.Nop;
            call.Operand = null!;
        }
    }

    /// <summary>In a method, a load of a parameter is replaced by a constant.</summary>
    public static void ReplaceParameter(MethodDefinition method, string parameter, bool value, int which)
    {
        int index = method.Parameters.Single(candidate => candidate.Name == parameter).Index + (method.HasThis ? 1 : 0);
        Instruction[] loads = [.. method.Body.Instructions.Where(instruction => LoadedArgument(instruction) == index)];
        Require(loads.Length > which, method, parameter);
        loads[which].OpCode = value ? OpCodes.Ldc_I4_1 : OpCodes.Ldc_I4_0;
        loads[which].Operand = null!;
    }

    /// <summary>In a method, what adds one to a value right before a call adds nothing.</summary>
    public static void ReplaceIncrementBefore(MethodDefinition method, string callee)
    {
        Instruction call = method.Body.Instructions.Single(instruction => instruction.Operand is MethodReference called && called.Name == callee);
        Instruction add = call.Previous;
        Instruction one = add.Previous;
        Require(add.OpCode == OpCodes.Add && one.OpCode == OpCodes.Ldc_I4_1, method, callee);
        one.OpCode = OpCodes.Ldc_I4_0;
    }

    private static int LoadedArgument(Instruction instruction) => instruction.OpCode.Code switch
    {
        Code.Ldarg_0 => 0,
        Code.Ldarg_1 => 1,
        Code.Ldarg_2 => 2,
        Code.Ldarg_3 => 3,
        Code.Ldarg_S or Code.Ldarg => ((ParameterDefinition)instruction.Operand).Sequence,
        _ => -1,
    };

    private static void Require(bool condition, MethodDefinition method, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"{method.FullName} no longer holds {what} as the mutant expects it: write the mutant anew.");
        }
    }
}
