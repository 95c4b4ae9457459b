using System.Management.Automation;

namespace EmbedCache.Ps.Tests;

/// <summary>Set-Embedding: what it binds, what it stores, what it refuses.</summary>
public sealed class SetEmbeddingTests : ModuleTest
{
    public SetEmbeddingTests() => NewCache();

    [Theory]
    [InlineData("-Key a -Vector 1, 2, 3, 4")]
    [InlineData("a 1, 2, 3, 4")]
    [InlineData("-Text a -Embedding ([float[]](1, 2, 3, 4))")]
    [InlineData("-Id a -Values ([double[]](1, 2, 3, 4))")]
    [InlineData("-Name a -Vector ([System.Collections.Generic.List[object]](1.0, 2.0, 3.0, 4.0))")]
    [InlineData("-Input a -Vector ([System.ReadOnlyMemory[float]]::new([float[]](1, 2, 3, 4)))")]
    [InlineData("-Key a -Vector ([byte[]](0,0,128,63, 0,0,0,64, 0,0,64,64, 0,0,128,64))")]
    [InlineData("-Key a -Vector 'AACAPwAAAEAAAEBAAACAQA=='")]
    public void EveryFormOfAVectorIsStored(string parameters)
    {
        Run($"Set-Embedding $path {parameters}");
        Assert.Equal([1f, 2f, 3f, 4f], (float[])Value("(Get-Embedding $path a).Vector.Clone() | & { ,[float[]]@($input) }")!);
    }

    [Fact]
    public void VectorComesBackBitForBit()
    {
        float[] vector = [-0f, float.Epsilon, float.MaxValue / 4, BitConverter.UInt32BitsToSingle(0x3F80_0001)];
        Run("Set-Embedding $path a $args[0]", vector);
        var back = (float[])Run("Get-Embedding $path a")[0].Properties["Vector"].Value;
        Assert.Equal(vector.Select(BitConverter.SingleToUInt32Bits), back.Select(BitConverter.SingleToUInt32Bits));
    }

    [Theory]
    [InlineData("@{ Key = 'a'; Vector = $vector }")]
    [InlineData("@{ text = 'a'; embedding = $vector }")]
    [InlineData("[ordered]@{ Id = 'a'; Values = $vector }")]
    [InlineData("[pscustomobject]@{ Key = 'a'; Vector = $vector }")]
    [InlineData("[pscustomobject]@{ Text = 'a'; Embedding = $vector }")]
    [InlineData("[pscustomobject]@{ Name = 'a'; Values = $vector }")]
    [InlineData("[pscustomobject]@{ Input = 'a'; vector = $vector; index = 5 }")]
    public void RecordsAreBoundFromThePipeline(string record)
    {
        Run($"{record} | Set-Embedding $path");
        Assert.Equal("a", Keys());
    }

    [Fact]
    public void TextsAreBoundWithAScriptBlockThatEmbeds()
    {
        Run("'a', 'bb' | Set-Embedding $path -Vector { [float[]]($_.Length, 0, 0, 1) }");
        Run("[pscustomobject]@{ Title = 'c' } | Set-Embedding $path -Key { $_.Title } -Vector { $vector }");
        Run("1..2 | Set-Embedding $path -Key { \"n$_\" } -Vector { [float[]]($_, 0, 0, 1) }");
        Run("@{ Text = 'd' } | Set-Embedding $path -Vector { $vector }");
        Assert.Equal("a,bb,c,n1,n2,d", Keys());
        Assert.Equal(2f, Value("(Get-Embedding $path bb).Vector[0]"));
    }

    [Fact]
    public void NumberIsAKeyByItsText()
    {
        Run("[pscustomobject]@{ Id = 42; Vector = $vector } | Set-Embedding $path");
        Assert.Equal("42", Keys());
    }

    [Fact]
    public void CommandLineWinsOverTheObject()
    {
        Run("[pscustomobject]@{ Key = 'a'; Vector = $vector; Metadata = @{ x = 1 } } | Set-Embedding $path -Metadata @{ x = 2 }");
        Assert.Equal(2L, Value("(Get-Embedding $path a).Metadata.x"));
    }

    [Fact]
    public void MetadataIsTyped()
    {
        Run("Set-Embedding $path a $vector -Metadata @{ lang = 'en'; year = 2024; score = 0.5; ok = $true; at = [datetime]::new(2024, 1, 2, 3, 4, 5, [System.DateTimeKind]::Utc); tags = 'x', 'y' }");
        PSObject record = Run("Get-Embedding $path a")[0];
        Session.SetVariable("record", record);
        Assert.Equal("en", Value("$record.Metadata.lang"));
        Assert.Equal(2024L, Value("$record.Metadata.YEAR"));
        Assert.Equal(0.5, Value("$record.Metadata.score"));
        Assert.Equal(true, Value("$record.Metadata.ok"));
        Assert.Equal(new DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.Zero), Value("$record.Metadata.at"));
        Assert.Equal("x,y", Value("$record.Metadata.tags -join ','"));
        Run("[pscustomobject]@{ Key = 'b'; Vector = $vector; Metadata = [pscustomobject]@{ lang = 'de' } } | Set-Embedding $path");
        Assert.Equal("de", Value("(Get-Embedding $path b).Metadata.lang"));
    }

    [Fact]
    public void MetadataThatTheFileHasNoTypeForIsRefused()
    {
        ErrorAssert.Is(Error("Set-Embedding $path a $vector -Metadata @{ inner = @{ a = 1 } }"), "InvalidMetadata", "SetEmbeddingCommand", ErrorCategory.InvalidData, "'inner'");
        ErrorAssert.Is(Error("Set-Embedding $path a $vector -Metadata text"), "InvalidMetadata", "SetEmbeddingCommand", ErrorCategory.InvalidData, "hashtable");
    }

    [Fact]
    public void RoleIsPartOfTheKey()
    {
        Run("Set-Embedding $path a $vector -Role Query; Set-Embedding $path a ([float[]](0, 1, 0, 0)) -Role Document");
        Assert.Equal(1f, Value("(Get-Embedding $path a -Role Query).Vector[0]"));
        Assert.Equal(1f, Value("(Get-Embedding $path a -Role Document).Vector[1]"));
        ErrorAssert.Is(Error("Get-Embedding $path a"), "EmbeddingNotFound", "GetEmbeddingCommand", ErrorCategory.ObjectNotFound, "'a'");
    }

    [Fact]
    public void RecordsExpire()
    {
        Run("Set-Embedding $path gone $vector -TimeToLive ([timespan]::FromMilliseconds(50)); Set-Embedding $path stays $vector -ExpiresAt ([datetimeoffset]::UtcNow.AddHours(1))");
        Thread.Sleep(120);
        Assert.Equal("stays", Keys());
        Assert.InRange((DateTimeOffset)Value("(Get-Embedding $path stays).Expires")! - DateTimeOffset.UtcNow, TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(60));
    }

    [Fact]
    public void BareNumberIsNoTimeToLive()
    {
        ErrorRecord error = TerminatingError("Set-Embedding $path a $vector -TimeToLive 30");
        Assert.Contains("no unit", error.ToString(), StringComparison.Ordinal);
        ErrorAssert.Is(TerminatingError("Set-Embedding $path a $vector -TimeToLive 1:00 -ExpiresAt 2030-01-01"), "TwoExpiries", "SetEmbeddingCommand", ErrorCategory.InvalidArgument);
    }

    [Fact]
    public void RecordsOfOneFileGoIntoAnother()
    {
        Run("New-EmbedCache $dir/other.edb 4 | Close-EmbedCache");
        Run("Set-Embedding $path a $vector -Metadata @{ x = 1 } -Role Query -ExpiresAt 2090-01-01; Get-Embedding $path | Set-Embedding $dir/other.edb");
        PSObject copy = Assert.Single(Run("Get-Embedding $dir/other.edb a -Role Query"));
        Assert.Equal(2090, ((DateTimeOffset)copy.Properties["Expires"].Value).Year);
        Assert.Equal(1L, Value("(Get-Embedding $dir/other.edb a -Role Query).Metadata.x"));
    }

    [Fact]
    public void OpenAIResponseGoesInWithoutGlue()
    {
        const string Response = """
            $response = [pscustomobject]@{ object = 'list'; id = 'embd-1'; model = 'm'; data = @(
                [pscustomobject]@{ object = 'embedding'; index = 1; embedding = [object[]](0.0, 1.0, 0.0, 0.0) }
                [pscustomobject]@{ object = 'embedding'; index = 0; embedding = [object[]](1.0, 0.0, 0.0, 0.0) }) }
            """;
        Run(Response + "; $response | Set-Embedding $path -Text first, second");
        Assert.Equal(1f, Value("(Get-Embedding $path first).Vector[0]"));
        Assert.Equal(1f, Value("(Get-Embedding $path second).Vector[1]"));

        Run(Response + "; $response.data | Set-Embedding $path -Text one, two");
        Assert.Equal(1f, Value("(Get-Embedding $path one).Vector[0]"));

        Run(Response + "; Set-Embedding $path -Text x, y -Vector $response");
        Assert.Equal(1f, Value("(Get-Embedding $path y).Vector[1]"));

        // Member enumeration runs all vectors into one list; the order is then that of the items.
        Run(Response + "; Set-Embedding $path -Text p, q -Vector $response.data.embedding");
        Assert.Equal(1f, Value("(Get-Embedding $path p).Vector[1]"));
        Assert.DoesNotContain("embd-1", Keys(), StringComparison.Ordinal);
    }

    [Fact]
    public void OllamaResponseGoesInWithoutGlue()
    {
        Run("[pscustomobject]@{ model = 'm'; embeddings = @(@(1.0, 0.0, 0.0, 0.0), @(0.0, 1.0, 0.0, 0.0)) } | Set-Embedding $path -Input a, b");
        Run("@{ model = 'm'; embeddings = @(,@(1.0, 0.0, 0.0, 0.0)) } | Set-Embedding $path -Text c");
        Run("[pscustomobject]@{ embedding = 0.0, 0.0, 1.0, 0.0 } | Set-Embedding $path -Text d");
        Assert.Equal("a,b,c,d", Keys());
        Assert.Equal(1f, Value("(Get-Embedding $path d).Vector[2]"));
    }

    [Fact]
    public void ResponseWithAnotherCountThanTextsIsRefusedAsAWhole()
    {
        ErrorRecord error = Error("[pscustomobject]@{ embeddings = @(,@(1.0, 0.0, 0.0, 0.0)) } | Set-Embedding $path -Text a, b");
        ErrorAssert.Is(error, "CountMismatch", "SetEmbeddingCommand", ErrorCategory.InvalidData, "1 embeddings", "2 texts");
        Assert.Equal("", Keys());
    }

    [Fact]
    public void TextWithoutAVectorIsReported()
    {
        ErrorRecord error = Error("[pscustomobject]@{ index = 0; embedding = $vector } | Set-Embedding $path -Text a, b");
        ErrorAssert.Is(error, "MissingVector", "SetEmbeddingCommand", ErrorCategory.InvalidData, "'b'");
        Assert.Equal("a", Keys());
    }

    [Fact]
    public void IndexIsNeverAKey()
    {
        ErrorAssert.Is(Error("[pscustomobject]@{ index = 0; embedding = $vector } | Set-Embedding $path"), "MissingKey", "SetEmbeddingCommand", ErrorCategory.InvalidData, "-Key");
        Assert.Equal("", Keys());
    }

    [Fact]
    public void BareVectorInThePipelineIsOneError()
    {
        SessionResult result = Try("[float[]]::new(1536) | Set-Embedding $path -Key a");
        ErrorAssert.Is(Assert.Single(result.Errors), "BareVector", "SetEmbeddingCommand", ErrorCategory.InvalidArgument, "-Vector");
        Assert.Equal("", Keys());
    }

    [Fact]
    public void VectorPipedAsOneObjectIsTaken()
    {
        Run(",$vector | Set-Embedding $path -Key a");
        Assert.Equal("a", Keys());
    }

    [Fact]
    public void PassThruObjectsComeAfterTheirCommit()
    {
        Session.SetVariable("reader", null);
        IReadOnlyList<PSObject> seen = Run("1..25 | ForEach-Object { @{ Key = \"k$_\"; Vector = [float[]]($_, 1, 0, 0) } } | Set-Embedding $path -PassThru -BatchSize 10 | ForEach-Object { \"$($_.Key):$($_.Vector[0]):$(@(Get-Embedding $path $_.Key).Count)\" }");
        Assert.Equal(Enumerable.Range(1, 25).Select(static i => $"k{i}:{i}:1"), seen.Select(static s => (string)s.BaseObject));
    }

    [Fact]
    public void BatchIsCommittedWhenItIsFull()
    {
        IReadOnlyList<PSObject> counts = Run("1..25 | ForEach-Object { if ($_ -in 10, 11, 20, 21) { [int](Get-EmbedCacheInfo $path).Count }; @{ Key = \"k$_\"; Vector = $vector } } | & { process { if ($_ -is [int]) { $script:counts += ,$_ } else { $_ } } } | Set-Embedding $path -BatchSize 10; $counts");
        Assert.Equal([0, 10, 10, 20], counts.Select(static c => (int)c.BaseObject));
    }

    [Fact]
    public void RecordsOfASlowUpstreamAreCommittedAfterASecond()
    {
        int count = (int)Value("$script:seen = 0; 1..2 | ForEach-Object { if ($_ -eq 2) { [System.Threading.Thread]::Sleep(1600); $script:seen = [int](Get-EmbedCacheInfo $path).Count }; @{ Key = \"k$_\"; Vector = $vector } } | Set-Embedding $path; $script:seen")!;
        Assert.Equal(1, count);
    }

    [Fact]
    public void SameKeyTwiceKeepsTheLastAndWarnsOnce()
    {
        SessionResult result = Try("1..5 | ForEach-Object { @{ Key = 'a'; Vector = [float[]]($_, 0, 0, 0) } } | Set-Embedding $path").OrThrow();
        string warning = Assert.Single(result.Warnings);
        Assert.Contains("4 of 5", warning, StringComparison.Ordinal);
        Assert.Contains("'a'", warning, StringComparison.Ordinal);
        Assert.Equal("a", Keys());
        Assert.Equal(5f, Value("(Get-Embedding $path a).Vector[0]"));
    }

    [Fact]
    public void BadRecordsDoNotStopTheGoodOnes()
    {
        SessionResult result = Try("@{ Key = 'a'; Vector = $vector }, @{ Key = 'b'; Vector = 1, 2 }, @{ Key = 'c'; Vector = $vector } | Set-Embedding $path");
        Assert.Equal("b", Assert.Single(result.Errors).TargetObject);
        Assert.Equal("a,c", Keys());
    }

    [Fact]
    public void AtomicPipelineIsOneTransaction()
    {
        int seen = (int)Value("$script:seen = -1; 1..2500 | ForEach-Object { if ($_ -eq 2400) { $script:seen = [int](Get-EmbedCacheInfo $path).Count }; @{ Key = \"k$_\"; Vector = $vector } } | Set-Embedding $path -Atomic; $script:seen")!;
        Assert.Equal(0, seen);
        Assert.Equal(2500L, Value("(Get-EmbedCacheInfo $path).Count"));
    }

    [Fact]
    public void AtomicPipelineWithABadRecordStoresNothing()
    {
        ErrorRecord error = TerminatingError("@{ Key = 'a'; Vector = $vector }, @{ Key = 'b'; Vector = 1, 2 }, @{ Key = 'c'; Vector = $vector } | Set-Embedding $path -Atomic");
        ErrorAssert.Is(error, "WrongDimension", "SetEmbeddingCommand", ErrorCategory.InvalidData, "'b'");
        Assert.Equal("", Keys());
    }

    [Fact]
    public void AtomicPipelineBeyondMemorySpills()
    {
        // 3,000 x 32 KiB: half again what is kept in memory.
        Run("New-EmbedCache $dir/wide.edb 8192 | Close-EmbedCache");
        Run("$wide = [float[]]::new(8192); 1..3000 | ForEach-Object { $wide[0] = $_; @{ Key = \"k$_\"; Vector = $wide } } | Set-Embedding $dir/wide.edb -Atomic");
        Assert.Equal("1 2999", Value("\"$((Get-Embedding $dir/wide.edb k1).Vector[0]) $((Get-Embedding $dir/wide.edb k2999).Vector[0])\""));
    }

    [Fact]
    public void WhatIfStoresNothing()
    {
        Run("@{ Key = 'a'; Vector = $vector } | Set-Embedding $path -WhatIf");
        Assert.Equal("", Keys());
    }

    [Fact]
    public void ConfirmAsksForEachRecord()
    {
        Session.UI.Answer = static (_, choices) => choices.ToList().FindIndex(static label => label.StartsWith('N'));
        Run("@{ Key = 'a'; Vector = $vector }, @{ Key = 'b'; Vector = $vector } | Set-Embedding $path -Confirm");
        Assert.Equal(2, Session.UI.Questions.Count);
        Assert.Equal("", Keys());
    }

    [Fact]
    public void UnusableBindingsAreReported()
    {
        ErrorAssert.Is(Error("Set-Embedding $path"), "MissingVector", "SetEmbeddingCommand", ErrorCategory.InvalidData, "-Key");
        ErrorAssert.Is(Error("Set-Embedding $path -Key a"), "MissingVector", "SetEmbeddingCommand", ErrorCategory.InvalidData, "'a'");
        ErrorAssert.Is(Error("'text' | Set-Embedding $path"), "MissingVector", "SetEmbeddingCommand", ErrorCategory.InvalidData, "script block");
        ErrorAssert.Is(Error("$null | Set-Embedding $path"), "MissingKey", "SetEmbeddingCommand", ErrorCategory.InvalidData, "null");
        ErrorAssert.Is(Error("Set-Embedding $path a 'no base64'"), "InvalidVector", "SetEmbeddingCommand", ErrorCategory.InvalidData, "'a'", "base64");
        ErrorAssert.Is(Error("[pscustomobject]@{ Key = 'a'; Vector = $null } | Set-Embedding $path"), "MissingVector", "SetEmbeddingCommand", ErrorCategory.InvalidData, "'a'");
    }

    [Fact]
    public void MissingFileEndsThePipelineBeforeUpstreamRuns()
    {
        ErrorRecord error = TerminatingError("$global:ran = $false; 1 | ForEach-Object { $global:ran = $true; @{ Key = 'a'; Vector = $vector } } | Set-Embedding $dir/none.edb");
        ErrorAssert.Is(error, "FileNotFound", "SetEmbeddingCommand", ErrorCategory.ObjectNotFound, "New-EmbedCache");
        Assert.Equal(false, Value("$global:ran"));
    }

    [Fact]
    public void LongWorkShowsProgressAndTakesItAway()
    {
        Run("1..4 | ForEach-Object { [System.Threading.Thread]::Sleep(450); @{ Key = \"k$_\"; Vector = $vector } } | Set-Embedding $path");
        ProgressRecord[] shown = [.. Session.Progress.Where(record => record.Activity.Contains(FilePath, StringComparison.Ordinal))];
        Assert.InRange(shown.Length, 2, 4);
        Assert.Contains("records", shown[0].StatusDescription, StringComparison.Ordinal);
        Assert.Equal(ProgressRecordType.Completed, shown[^1].RecordType);
    }

    [Fact]
    public void ShortWorkShowsNoProgress()
    {
        Run("1..100 | ForEach-Object { @{ Key = \"k$_\"; Vector = $vector } } | Set-Embedding $path");
        Assert.DoesNotContain(Session.Progress, record => record.Activity.Contains(FilePath, StringComparison.Ordinal));
    }

    [Fact]
    public async Task SessionsOfOneProcessFeedOneFile()
    {
        using var other = new ModuleSession();
        other.SetVariable("path", FilePath);
        other.SetVariable("vector", new float[] { 1, 0, 0, 0 });
        Task<SessionResult> theirs = Task.Run(() => other.Invoke("1..3000 | ForEach-Object { @{ Key = \"their $_\"; Vector = $vector } } | Set-Embedding $path -BatchSize 100"));
        Run("1..3000 | ForEach-Object { @{ Key = \"my $_\"; Vector = $vector } } | Set-Embedding $path -BatchSize 100");
        (await theirs).OrThrow();
        Assert.Equal(6000L, Value("(Get-EmbedCacheInfo $path).Count"));
    }
}
