using System.Collections;
using System.Management.Automation;
using EmbedCache.PowerShell;

namespace EmbedCache.Ps.UnitTests;

/// <summary>Script blocks and hashtables as filters: what each says, in the engine's text form; what is outside the language is told with its place; nothing is ever run.</summary>
public sealed class FilterConverterTests
{
    private static readonly Dictionary<string, object?> s_variables = new(StringComparer.OrdinalIgnoreCase)
    {
        ["lang"] = "de",
        ["year"] = 2024,
        ["half"] = 0.5,
        ["many"] = new object[] { "a", new PSObject("b") },
        ["none"] = null,
        ["when"] = new DateTime(2024, 5, 1, 0, 0, 0, DateTimeKind.Utc),
        ["day"] = DayOfWeek.Monday,
        ["table"] = new Hashtable(),
        ["script:deep"] = 7,
    };

    [Theory]
    [InlineData("$_.lang -eq 'en'", "lang = 'en' nocase")]
    [InlineData("$_.lang -ceq 'en'", "lang = 'en'")]
    [InlineData("$_.lang -ieq \"en\"", "lang = 'en' nocase")]
    [InlineData("$PSItem.lang -ne 'en'", "lang != 'en' nocase")]
    [InlineData("$_.lang -cne 'en'", "lang != 'en'")]
    [InlineData("'en' -eq $_.lang", "lang = 'en' nocase")]
    [InlineData("$_.lang -eq $lang", "lang = 'de' nocase")]
    [InlineData("$_.year -eq $year", "year = 2024")]
    [InlineData("$_.year -eq $script:deep", "year = 7")]
    [InlineData("$_.x -gt $half", "x > 0.5")]
    [InlineData("$_.x -gt -1.5", "x > -1.5")]
    [InlineData("$_.x -lt 1kb", "x < 1024")]
    [InlineData("$_.x -le 1", "x <= 1")]
    [InlineData("$_.x -ge 1", "x >= 1")]
    [InlineData("1 -lt $_.x", "x > 1")]
    [InlineData("1 -ge $_.x", "x <= 1")]
    [InlineData("$_.name -lt 'm'", "name < 'm' nocase")]
    [InlineData("$_.name -clt 'm'", "name < 'm'")]
    [InlineData("$_.draft -eq $true", "draft = true")]
    [InlineData("-not ($_.draft -eq $false)", "draft != false")]
    [InlineData("!($_.a -eq 1)", "a != 1")]
    [InlineData("$_.a -eq $null", "a not exists")]
    [InlineData("$null -ne $_.a", "a exists")]
    [InlineData("$_.a -eq $none", "a not exists")]
    [InlineData("$_.a -eq 1 -and $_.b -eq 2 -or $_.c -eq 3", "a = 1 and b = 2 or c = 3")]
    [InlineData("$_.a -eq 1 -and ($_.b -eq 2 -or $_.c -eq 3)", "a = 1 and (b = 2 or c = 3)")]
    [InlineData("$true", "true")]
    [InlineData("$_.lang -in 'en', 'de'", "lang in ('en', 'de') nocase")]
    [InlineData("$_.lang -in @('en'; 'de')", "lang in ('en', 'de') nocase")]
    [InlineData("$_.lang -cnotin $many", "lang not in ('a', 'b')")]
    [InlineData("$_.n -in 1, $year, 3", "n in (1, 2024, 3)")]
    [InlineData("$_.n -in 1, $null", "n in (1) or n not exists")]
    [InlineData("$_.n -in @()", "false")]
    [InlineData("$many -contains $_.x", "x in ('a', 'b') nocase")]
    [InlineData("'cat' -in $_.tags", "tags contains 'cat' nocase")]
    [InlineData("$_.tags -contains 'cat'", "tags contains 'cat' nocase")]
    [InlineData("$_.tags -ccontains 'cat'", "tags contains 'cat'")]
    [InlineData("$_.tags -notcontains 'cat'", "tags not contains 'cat' nocase")]
    [InlineData("$_.name -like 'ab*'", "name starts with 'ab' nocase")]
    [InlineData("$_.name -clike 'ab*'", "name starts with 'ab'")]
    [InlineData("$_.name -notlike 'ab*'", "not name starts with 'ab' nocase")]
    [InlineData("$_.name -like 'ab'", "name = 'ab' nocase")]
    [InlineData("$_.'two words' -eq 1", "\"two words\" = 1")]
    [InlineData("$_['two words'] -eq 1", "\"two words\" = 1")]
    [InlineData("$_.when -ge [datetimeoffset] '2024-05-01T00:00:00Z'", "when >= date '2024-05-01T00:00:00.000Z'")]
    [InlineData("$_.when -ge $when", "when >= date '2024-05-01T00:00:00.000Z'")]
    [InlineData("$_.day -eq $day", "day = 'Monday' nocase")]
    [InlineData("$_.n -eq [int] '5'", "n = 5")]
    [InlineData("$_.n -eq [string] 5", "n = '5' nocase")]
    [InlineData("(($_.n) -eq (5))", "n = 5")]
    [InlineData("$_.n -eq 9007199254740993d", "n = 9007199254740993")]
    [InlineData("$_.n -eq [decimal] '9007199254740993'", "n = 9007199254740993")]
    [InlineData("$_.n -gt 0.5d", "n > 0.5")]
    [InlineData("$_.n -lt 9223372036854775808", "n < 9.223372036854776E+18")]
    [InlineData("$_.n -eq [float] 0.1", "n = 0.10000000149011612")]
    public void ScriptBlocks(string script, string expected)
    {
        Filter filter = Read(script);
        Assert.Equal(expected, filter.ToString());
        Assert.Equal(filter, Filter.Parse(expected));
    }

    [Theory]
    [InlineData("$_.a", 1, "-eq $true")]
    [InlineData("$_.a -eq 1 -and $_.b", 17, "-eq $true")]
    [InlineData("$_ -eq 1", 1, "whole record")]
    [InlineData("$_.a -match 'x'", 6, "-match")]
    [InlineData("$_.a.b -eq 1", 1, "looks into")]
    [InlineData("$_.a -eq $_.b", 10, "two entries")]
    [InlineData("$_.Remove() -eq 1", 1, "calls a method")]
    [InlineData("$_.a.ToUpper() -eq 'A'", 1, "calls a method")]
    [InlineData("$_.a -eq 'x' -xor $_.b", 14, "-xor")]
    [InlineData("(Get-Date) -match $_.a", 12, "-match")]
    [InlineData("$_.a -eq (Get-Date)", 11, "would have to be run")]
    [InlineData("$_.a -eq $(1)", 10, "would have to be run")]
    [InlineData("$_.a -eq \"x$lang\"", 10, "would have to be run")]
    [InlineData("$_.a -eq 1 + 1", 10, "would have to be run")]
    [InlineData("$_.a -eq [Environment]::MachineName", 10, "would have to be run")]
    [InlineData("$_.a -eq $table.x", 10, "would have to be run")]
    [InlineData("$_.a -eq [guid] 'x'", 10, "is no cast")]
    [InlineData("$_.a -eq [int] 'x'", 10, "x")]
    [InlineData("$_.a -eq $nowhere", 10, "no variable")]
    [InlineData("$_.a -eq $env:PATH", 10, "no variable")]
    [InlineData("$_.a -eq 1, 2", 1, "-in")]
    [InlineData("$_.a -eq $table", 1, "Hashtable")]
    [InlineData("$_.a -lt $true", 1, "no order")]
    [InlineData("$_.a -lt $null", 1, "neither above nor below")]
    [InlineData("$_.a -like 'x*y*'", 1, "a single '*' at its end")]
    [InlineData("$_.a -like '*x'", 1, "-contains")]
    [InlineData("$_.a -contains 5", 1, "lists of metadata hold texts")]
    [InlineData("$_.$lang -eq 1", 1, "computes a name")]
    [InlineData("1 -eq 1", 1, "compares no metadata")]
    [InlineData("'x'", 1, "is no condition")]
    [InlineData("Get-Date", 1, "is no condition")]
    [InlineData("$_.a -eq 1; $_.b -eq 2", 1, "one condition")]
    [InlineData("param($x) $_.a -eq 1", 1, "one condition")]
    [InlineData("", 1, "one condition")]
    [InlineData("$x = $_.a -eq 1", 1, "is no condition")]
    [InlineData("$_.a -eq 1 | Out-Null", 1, "is no condition")]
    [InlineData("if ($_.a -eq 1) { 1 }", 1, "is no condition")]
    public void WhatIsOutsideTheLanguageIsToldWithItsPlace(string script, int column, string says)
    {
        FilterSyntaxException refused = Assert.Throws<FilterSyntaxException>(() => Read(script));
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        Assert.Contains($"column {column} ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DeepAndLongScriptBlocksAreRefusedOrRead()
    {
        Assert.Throws<FilterSyntaxException>(() => Read(string.Concat(Enumerable.Repeat("-not (", 100)) + "$_.a -eq 1" + new string(')', 100)));
        Filter filter = Read(string.Join(" -and ", Enumerable.Range(0, 300).Select(static i => $"$_.a{i} -eq {i}")));
        Assert.StartsWith("a0 = 0 and a1 = 1 and", filter.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Hashtables()
    {
        Assert.Equal(
            "\"two words\" = 'x' nocase and draft not exists and lang in ('en', 'de') nocase and year = 2024",
            Convert(new Hashtable { ["year"] = 2024, ["lang"] = new object[] { "en", "de" }, ["draft"] = null, ["two words"] = new PSObject("x") }).ToString());
        Assert.Same(Filter.Everything, Convert(new Hashtable()));
        Assert.Throws<FilterSyntaxException>(() => Convert(new Hashtable { [1] = 2 }));
        Assert.Throws<FilterSyntaxException>(() => Convert(new Hashtable { ["a"] = new Hashtable() }));
        Assert.Throws<FilterSyntaxException>(() => Convert(new Hashtable { [""] = 1 }));
    }

    [Fact]
    public void TextsAndFilters()
    {
        Assert.Equal("a = 1", Convert("a=1").ToString());
        Assert.Same(Filter.Nothing, Convert(new PSObject(Filter.Nothing)));
        Assert.Throws<InvalidFilterException>(() => Convert("a ="));
        Assert.Throws<FilterSyntaxException>(() => Convert(null));
        Assert.Throws<FilterSyntaxException>(() => Convert(5));
    }

    private static Filter Read(string script) => Convert(ScriptBlock.Create(script));

    private static Filter Convert(object? value)
        => FilterConverter.ToFilter(value, name => s_variables.TryGetValue(name, out object? found) ? new PSVariable("x", found) : null);
}
