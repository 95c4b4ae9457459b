using Mono.Cecil;
using Mono.Cecil.Cil;

namespace EmbedCache.Tests.Architecture;

/// <summary>Everything that a type's compiled form refers to: bases, members, signatures, attributes, and every operand of every instruction.</summary>
internal static class TypeReferences
{
    /// <summary>The types that <paramref name="type"/> refers to, as their outermost declaring types' full names; repeats are possible.</summary>
    public static IEnumerable<string> Of(TypeDefinition type) => Direct(type).SelectMany(Parts).Select(static part => Outermost(part).FullName);

    /// <summary>The members that the bodies of <paramref name="type"/> call or load.</summary>
    public static IEnumerable<MemberReference> MembersUsedBy(TypeDefinition type)
    {
        return type.Methods.Where(static method => method.HasBody)
            .SelectMany(static method => method.Body.Instructions)
            .Select(static instruction => instruction.Operand)
            .OfType<MemberReference>();
    }

    /// <summary>The type that is not nested in another: what a closure, an iterator or a lambda's class belongs to.</summary>
    public static TypeReference Outermost(TypeReference type)
    {
        while (type.DeclaringType is not null)
        {
            type = type.DeclaringType;
        }

        return type;
    }

    private static IEnumerable<TypeReference?> Direct(TypeDefinition type)
    {
        return [type.BaseType, .. type.Interfaces.Select(static i => i.InterfaceType), .. Attributes(type), .. Constraints(type),
            .. type.Fields.SelectMany(static field => Attributes(field).Append(field.FieldType)),
            .. type.Properties.SelectMany(static property => Attributes(property).Append(property.PropertyType)),
            .. type.Events.SelectMany(static @event => Attributes(@event).Append(@event.EventType)),
            .. type.Methods.SelectMany(OfMethod)];
    }

    private static IEnumerable<TypeReference?> OfMethod(MethodDefinition method)
    {
        IEnumerable<TypeReference?> signature = Attributes(method).Concat(Attributes(method.MethodReturnType)).Concat(Constraints(method))
            .Append(method.ReturnType)
            .Concat(method.Parameters.SelectMany(static parameter => Attributes(parameter).Append(parameter.ParameterType)));
        if (!method.HasBody)
        {
            return signature;
        }

        return signature
            .Concat(method.Body.Variables.Select(static variable => variable.VariableType))
            .Concat(method.Body.ExceptionHandlers.Select(static handler => handler.CatchType))
            .Concat(method.Body.Instructions.SelectMany(OfInstruction));
    }

    private static IEnumerable<TypeReference?> OfInstruction(Instruction instruction)
    {
        return instruction.Operand switch
        {
            TypeReference type => [type],
            FieldReference field => [field.DeclaringType, field.FieldType],
            MethodReference method => OfCall(method),
            CallSite site => [site.ReturnType, .. site.Parameters.Select(static parameter => parameter.ParameterType)],
            _ => [],
        };
    }

    private static IEnumerable<TypeReference?> OfCall(MethodReference method)
    {
        IEnumerable<TypeReference?> arguments = method is GenericInstanceMethod generic ? generic.GenericArguments : [];
        return arguments.Append(method.DeclaringType).Append(method.ReturnType).Concat(method.Parameters.Select(static parameter => parameter.ParameterType));
    }

    private static IEnumerable<TypeReference?> Attributes(ICustomAttributeProvider provider)
    {
        return provider.CustomAttributes.SelectMany(static attribute =>
            attribute.ConstructorArguments.Select(static argument => argument.Value as TypeReference).Append(attribute.AttributeType));
    }

    private static IEnumerable<TypeReference?> Constraints(IGenericParameterProvider provider)
    {
        return provider.GenericParameters.SelectMany(static parameter => parameter.Constraints.Select(static constraint => constraint.ConstraintType));
    }

    /// <summary>A type taken apart: arrays, references and pointers to their element, generic instances to their definition and arguments.</summary>
    private static IEnumerable<TypeReference> Parts(TypeReference? type)
    {
        return type switch
        {
            null or GenericParameter => [],
            GenericInstanceType generic => generic.GenericArguments.SelectMany(Parts).Concat(Parts(generic.ElementType)),
            FunctionPointerType pointer => Parts(pointer.ReturnType).Concat(pointer.Parameters.SelectMany(static parameter => Parts(parameter.ParameterType))),
            IModifierType modifier => Parts(modifier.ElementType).Concat(Parts(modifier.ModifierType)),
            TypeSpecification specification => Parts(specification.ElementType),
            _ => [type],
        };
    }
}
