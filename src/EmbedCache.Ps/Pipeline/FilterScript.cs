using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace EmbedCache.PowerShell;

/// <summary>
/// Reads a script block as a filter. It is never run: its syntax tree is walked, and what the tree says beyond comparisons of <c>$_.name</c> with constants and
/// variables is an error with its place. Variables are looked up where the caller is; looking one up runs nothing.
/// <para>
/// As in PowerShell, <c>-eq</c> and its kin ignore the case of texts and <c>-ceq</c> and its kin do not. Unlike there, texts are ordered by code point by
/// <c>-clt</c> and its kin, a comparison with what a record does not have is false (but for <c>-ne</c>, <c>-notin</c>, <c>-notcontains</c>, <c>-notlike</c>, which are negations), and
/// values are not converted: the text '5' is not the number 5.
/// </para>
/// </summary>
internal sealed class FilterScript(Func<string, PSVariable?> variables)
{
    private const int MaxDepth = 64;

    private static readonly TokenKind[] s_comparisons =
    [
        TokenKind.Ieq, TokenKind.Ceq, TokenKind.Ine, TokenKind.Cne, TokenKind.Ilt, TokenKind.Clt, TokenKind.Ile, TokenKind.Cle, TokenKind.Igt, TokenKind.Cgt, TokenKind.Ige, TokenKind.Cge,
        TokenKind.Iin, TokenKind.Cin, TokenKind.Inotin, TokenKind.Cnotin, TokenKind.Icontains, TokenKind.Ccontains, TokenKind.Inotcontains, TokenKind.Cnotcontains,
        TokenKind.Ilike, TokenKind.Clike, TokenKind.Inotlike, TokenKind.Cnotlike,
    ];

    private int _depth;

    /// <summary>The filter that a script block says.</summary>
    /// <exception cref="FilterSyntaxException">It says something else.</exception>
    public Filter Read(ScriptBlock script)
    {
        Ast ast = script.Ast;
        if (ast is not ScriptBlockAst block
            || block.ParamBlock is not null
            || block.BeginBlock is not null
            || block.ProcessBlock is not null
            || block.DynamicParamBlock is not null
            || block.EndBlock is null
            || block.EndBlock.Traps is { Count: > 0 }
            || block.EndBlock.Statements.Count != 1)
        {
            throw Error(ast, "A filter is one condition, such as { $_.lang -eq 'en' -and $_.year -ge 2024 }");
        }

        return ReadCondition(block.EndBlock.Statements[0]);
    }

    private Filter ReadCondition(Ast ast)
    {
        if (++_depth > MaxDepth)
        {
            throw Error(ast, $"The filter is nested more than {MaxDepth} deep");
        }

        Filter filter = Strip(ast) switch
        {
            BinaryExpressionAst binary => ReadBinary(binary),
            UnaryExpressionAst { TokenKind: TokenKind.Not or TokenKind.Exclaim } not => Filter.Not(ReadCondition(not.Child)),
            VariableExpressionAst variable when IsNamed(variable, "true") => Filter.Everything,
            VariableExpressionAst variable when IsNamed(variable, "false") => Filter.Nothing,
            MemberExpressionAst or IndexExpressionAst => throw Error(ast, $"{Quote(ast)} alone is no condition; compare it, as in {ast.Extent.Text} -eq $true, or {ast.Extent.Text} -ne $null for \"has a value\""),
            Ast other => throw Error(other, $"{Quote(other)} is no condition of a filter; it can have comparisons of $_.name, -and, -or, -not and parentheses"),
        };
        _depth--;
        return filter;
    }

    private Filter ReadBinary(BinaryExpressionAst ast)
    {
        if (ast.Operator is TokenKind.And or TokenKind.Or)
        {
            return ReadJoined(ast);
        }

        RequireKnown(ast);
        bool nameIsLeft = TryReadName(ast.Left, out string name);
        if (!nameIsLeft && !TryReadName(ast.Right, out name))
        {
            throw Error(ast, $"{Quote(ast)} compares no metadata; one side must be $_.name");
        }

        Ast valueSide = nameIsLeft ? ast.Right : ast.Left;
        if (TryReadName(valueSide, out _))
        {
            throw Error(valueSide, $"{Quote(ast)} compares two entries of a record; the other side must be a constant or a variable");
        }

        object? value = FilterValue.Normalise(ReadValue(valueSide));
        try
        {
            return Compare(ast, nameIsLeft, name, value);
        }
        catch (ArgumentException refused) when (refused is not FilterSyntaxException)
        {
            throw Error(ast, FilterValue.FirstLine(refused.Message));
        }
    }

    /// <summary>A chain of -and (or of -or) leans to the left, as deep as it is long: it is walked in a loop.</summary>
    private Filter ReadJoined(BinaryExpressionAst ast)
    {
        var parts = new List<Filter>();
        Ast left = ast;
        while (Strip(left) is BinaryExpressionAst chain && chain.Operator == ast.Operator)
        {
            parts.Add(ReadCondition(chain.Right));
            left = chain.Left;
        }

        parts.Add(ReadCondition(left));
        parts.Reverse();
        try
        {
            return ast.Operator == TokenKind.And ? Filter.And([.. parts]) : Filter.Or([.. parts]);
        }
        catch (ArgumentException refused)
        {
            throw Error(ast, FilterValue.FirstLine(refused.Message));
        }
    }

    private static Filter Compare(BinaryExpressionAst ast, bool nameIsLeft, string name, object? value) => ast.Operator switch
    {
        TokenKind.Ieq => Equal(ast, name, value, ignoreCase: true),
        TokenKind.Ceq => Equal(ast, name, value, ignoreCase: false),
        TokenKind.Ine => Filter.Not(Equal(ast, name, value, ignoreCase: true)),
        TokenKind.Cne => Filter.Not(Equal(ast, name, value, ignoreCase: false)),
        TokenKind.Ilt or TokenKind.Clt => Order(ast, nameIsLeft ? Filter.Less : Filter.Greater, name, value),
        TokenKind.Ile or TokenKind.Cle => Order(ast, nameIsLeft ? Filter.LessOrEqual : Filter.GreaterOrEqual, name, value),
        TokenKind.Igt or TokenKind.Cgt => Order(ast, nameIsLeft ? Filter.Greater : Filter.Less, name, value),
        TokenKind.Ige or TokenKind.Cge => Order(ast, nameIsLeft ? Filter.GreaterOrEqual : Filter.LessOrEqual, name, value),
        TokenKind.Iin => In(ast, nameIsLeft, name, value, ignoreCase: true),
        TokenKind.Cin => In(ast, nameIsLeft, name, value, ignoreCase: false),
        TokenKind.Inotin => Filter.Not(In(ast, nameIsLeft, name, value, ignoreCase: true)),
        TokenKind.Cnotin => Filter.Not(In(ast, nameIsLeft, name, value, ignoreCase: false)),

        // What is in a list contains it, seen from the other side.
        TokenKind.Icontains => In(ast, !nameIsLeft, name, value, ignoreCase: true),
        TokenKind.Ccontains => In(ast, !nameIsLeft, name, value, ignoreCase: false),
        TokenKind.Inotcontains => Filter.Not(In(ast, !nameIsLeft, name, value, ignoreCase: true)),
        TokenKind.Cnotcontains => Filter.Not(In(ast, !nameIsLeft, name, value, ignoreCase: false)),
        TokenKind.Ilike => Like(ast, nameIsLeft, name, value, ignoreCase: true),
        TokenKind.Clike => Like(ast, nameIsLeft, name, value, ignoreCase: false),
        TokenKind.Inotlike => Filter.Not(Like(ast, nameIsLeft, name, value, ignoreCase: true)),
        TokenKind.Cnotlike => Filter.Not(Like(ast, nameIsLeft, name, value, ignoreCase: false)),
        _ => throw Unknown(ast),
    };

    /// <summary>Before the sides are looked at: of <c>$_.a -eq 1 -xor $_.b</c> it is the operator that is wrong, not what stands beside it.</summary>
    private static void RequireKnown(BinaryExpressionAst ast)
    {
        if (Array.IndexOf(s_comparisons, ast.Operator) < 0)
        {
            throw Unknown(ast);
        }
    }

    private static FilterSyntaxException Unknown(BinaryExpressionAst ast) => Error(
        ast.ErrorPosition,
        $"The operator '{ast.ErrorPosition.Text}' is not one of a filter: -eq, -ne, -lt, -le, -gt, -ge, -in, -notin, -contains, -notcontains, -like with a '*' at the end, -notlike, -and, -or, -not");

    private static Filter Equal(BinaryExpressionAst ast, string name, object? value, bool ignoreCase) => value switch
    {
        null => Filter.Not(Filter.Exists(name)),
        IReadOnlyList<object?> => throw Error(ast, "-eq and -ne compare with one value; for several use -in"),
        _ => Filter.Equal(name, value, ignoreCase),
    };

    private static Filter Order(BinaryExpressionAst ast, Func<string, object, bool, Filter> make, string name, object? value) => value switch
    {
        null => throw Error(ast, $"{Quote(ast)} compares with $null, which is neither above nor below anything"),
        _ => make(name, value, value is string && ast.Operator is TokenKind.Ilt or TokenKind.Ile or TokenKind.Igt or TokenKind.Ige),
    };

    /// <summary>The entry in the values, or (the entry standing where the list is) the value in the entry.</summary>
    private static Filter In(BinaryExpressionAst ast, bool entryIsElement, string name, object? value, bool ignoreCase)
    {
        if (entryIsElement)
        {
            return FilterValue.In(name, value as IReadOnlyList<object?> ?? [value], ignoreCase);
        }

        return value is string text
            ? Filter.Contains(name, text, ignoreCase)
            : throw Error(ast, $"{Quote(ast)}: the lists of metadata hold texts, so that only a text can be in one");
    }

    private static Filter Like(BinaryExpressionAst ast, bool nameIsLeft, string name, object? value, bool ignoreCase)
    {
        if (!nameIsLeft || value is not string pattern)
        {
            throw Error(ast, "-like compares $_.name with a text, such as 'abc*'");
        }

        bool isPrefix = pattern.Length > 0 && pattern[pattern.Length - 1] == '*';
        string text = isPrefix ? pattern.Substring(0, pattern.Length - 1) : pattern;
        if (text.IndexOfAny(['*', '?', '[', ']', '`']) >= 0)
        {
            throw Error(ast, $"The pattern '{KeyText.Shorten(pattern)}' is more than a beginning: -like takes a text with a single '*' at its end; -contains finds a part of a text");
        }

        return isPrefix ? Filter.StartsWith(name, text, ignoreCase) : Filter.Equal(name, text, ignoreCase);
    }

    /// <summary>The name of <c>$_.name</c>, <c>$_.'a name'</c>, <c>$_['name']</c>; false for anything that does not begin with $_.</summary>
    private static bool TryReadName(Ast side, out string name)
    {
        name = string.Empty;
        Ast ast = Strip(side);
        (ExpressionAst? target, Ast? member) = ast switch
        {
            InvokeMemberExpressionAst call => BeginsWithRecord(call.Expression) ? throw Error(call, $"{Quote(call)} calls a method; a filter is read and never run") : (null, null),
            MemberExpressionAst access => (access.Expression, access.Member),
            IndexExpressionAst index => (index.Target, (Ast?)index.Index),
            _ => (null, null),
        };
        if (target is null || !IsRecord(target))
        {
            if (ast is VariableExpressionAst variable && IsRecord(variable))
            {
                throw Error(ast, "$_ is the whole record; name an entry of its metadata, as in $_.lang");
            }

            return target is not null && BeginsWithRecord(target)
                ? throw Error(ast, $"{Quote(ast)} looks into a value; entries of metadata are named directly, as in $_.lang, and one whose name has a dot as $_.'a.b'")
                : false;
        }

        name = member is StringConstantExpressionAst constant
            ? constant.Value
            : throw Error(ast, $"{Quote(ast)} computes a name; write it, as in $_.lang or $_.'two words'");
        return true;
    }

    private static bool BeginsWithRecord(Ast ast) => Strip(ast) switch
    {
        MemberExpressionAst access => BeginsWithRecord(access.Expression),
        IndexExpressionAst index => BeginsWithRecord(index.Target),
        VariableExpressionAst variable => IsRecord(variable),
        _ => false,
    };

    private static bool IsRecord(Ast ast) => ast is VariableExpressionAst variable && (IsNamed(variable, "_") || IsNamed(variable, "PSItem"));

    private static bool IsNamed(VariableExpressionAst variable, string name) => string.Equals(variable.VariablePath.UserPath, name, StringComparison.OrdinalIgnoreCase);

    private object? ReadValue(Ast side)
    {
        Ast ast = Strip(side);
        if (++_depth > MaxDepth)
        {
            throw Error(ast, $"The filter is nested more than {MaxDepth} deep");
        }

        object? value = ast switch
        {
            // A text in double quotes without variables is one of these too.
            ConstantExpressionAst constant => constant.Value,
            VariableExpressionAst variable => ReadVariable(variable),
            ArrayLiteralAst array => array.Elements.Select(ReadValue).ToArray(),
            ArrayExpressionAst array => ReadArray(array),
            UnaryExpressionAst { TokenKind: TokenKind.Minus, Child: ConstantExpressionAst number } => Negate(ast, number.Value),
            ConvertExpressionAst conversion => ReadConversion(conversion),
            _ => throw Error(ast, $"{Quote(ast)} would have to be run; a filter is read and never run. Put its value into a variable before, and compare with that"),
        };
        _depth--;
        return value;
    }

    private object? ReadVariable(VariableExpressionAst variable)
    {
        if (IsNamed(variable, "true") || IsNamed(variable, "false"))
        {
            return IsNamed(variable, "true");
        }

        if (IsNamed(variable, "null"))
        {
            return null;
        }

        if (variable.Splatted || (variable.VariablePath.IsDriveQualified && !variable.VariablePath.IsVariable))
        {
            throw Error(variable, $"{Quote(variable)} is no variable that a filter can read; put its value into one before");
        }

        return variables(variable.VariablePath.UserPath) is { } found
            ? found.Value
            : throw Error(variable, $"There is no variable {variable.Extent.Text} where the filter is used");
    }

    private object?[] ReadArray(ArrayExpressionAst array)
    {
        var values = new List<object?>();
        foreach (StatementAst statement in array.SubExpression.Statements)
        {
            object? value = ReadValue(statement);
            if (FilterValue.Normalise(value) is object?[] several)
            {
                values.AddRange(several);
            }
            else
            {
                values.Add(value);
            }
        }

        return [.. values];
    }

    private static object Negate(Ast ast, object? value) => value switch
    {
        int number => -(long)number,
        long number => unchecked(-number),
        double number => -number,
        decimal number => -number,
        _ => throw Error(ast, $"{Quote(ast)} is no number"),
    };

    /// <summary>Casts of constants to types that metadata has.</summary>
    private object? ReadConversion(ConvertExpressionAst conversion)
    {
        string type = conversion.Type.TypeName.Name;
        Type? target = type.ToUpperInvariant() switch
        {
            "STRING" or "SYSTEM.STRING" => typeof(string),
            "INT" or "INT32" or "LONG" or "INT64" or "SYSTEM.INT32" or "SYSTEM.INT64" => typeof(long),
            "DOUBLE" or "SYSTEM.DOUBLE" => typeof(double),
            "FLOAT" or "SINGLE" or "SYSTEM.SINGLE" => typeof(float),
            "DECIMAL" or "SYSTEM.DECIMAL" => typeof(decimal),
            "BOOL" or "SYSTEM.BOOLEAN" => typeof(bool),
            "DATETIME" or "SYSTEM.DATETIME" => typeof(DateTime),
            "DATETIMEOFFSET" or "SYSTEM.DATETIMEOFFSET" => typeof(DateTimeOffset),
            _ => null,
        };
        object? value = FilterValue.Normalise(ReadValue(conversion.Child));
        if (target is null || value is null or IReadOnlyList<object?>)
        {
            throw Error(conversion, $"{Quote(conversion)} is no cast that a filter knows: [string], [int], [long], [double], [bool], [datetime], [datetimeoffset] of one value");
        }

        try
        {
            return LanguagePrimitives.ConvertTo(value, target, CultureInfo.InvariantCulture);
        }
        catch (PSInvalidCastException refused)
        {
            throw Error(conversion, refused.Message);
        }
    }

    /// <summary>What stands within parentheses, pipelines of one expression, and statements that are one.</summary>
    private static Ast Strip(Ast ast)
    {
        while (true)
        {
            Ast inner = ast switch
            {
                ParenExpressionAst parentheses => parentheses.Pipeline,
                PipelineAst { PipelineElements.Count: 1 } pipeline => pipeline.PipelineElements[0],
                CommandExpressionAst { Redirections.Count: 0 } command => command.Expression,
                _ => ast,
            };
            if (ReferenceEquals(inner, ast))
            {
                return ast;
            }

            ast = inner;
        }
    }

    private static string Quote(Ast ast) => $"'{KeyText.Shorten(ast.Extent.Text)}'";

    private static FilterSyntaxException Error(Ast ast, string message) => Error(ast.Extent, message);

    private static FilterSyntaxException Error(IScriptExtent extent, string message)
        => new($"{message} (line {extent.StartLineNumber}, column {extent.StartColumnNumber} of the script).");
}
