using System.Collections;
using System.Management.Automation;

namespace EmbedCache.Ps.Tests;

/// <summary>Get-Embedding: by key, by digest, all; one object a record, never numbers.</summary>
public sealed class GetEmbeddingTests : ModuleTest
{
    public GetEmbeddingTests()
    {
        NewCache();
        Run("1..5 | ForEach-Object { @{ Key = \"k$_\"; Vector = [float[]]($_, 1, 0, 0); Metadata = @{ n = $_ } } } | Set-Embedding $path");
    }

    [Theory]
    [InlineData("Get-Embedding -Path $path -Key k2, k4")]
    [InlineData("Get-Embedding $path k2, k4")]
    [InlineData("Get-Embedding -LiteralPath $path -Text k2, k4")]
    [InlineData("'k2', 'k4' | Get-Embedding $path")]
    [InlineData("[pscustomobject]@{ Key = 'k2' }, [pscustomobject]@{ Name = 'k4' } | Get-Embedding $path")]
    [InlineData("Get-Embedding $path k2, k4 | Get-Embedding $path")]
    [InlineData("$cache = Open-EmbedCache $path; Get-Embedding $cache k2, k4; Close-EmbedCache $cache")]
    [InlineData("$cache = Open-EmbedCache $path; Get-Embedding -Cache $cache -Id k2, k4; Close-EmbedCache $cache")]
    public void KeysAreLookedUp(string script)
    {
        Assert.Equal(["k2", "k4"], Run(script).Select(static record => record.Properties["Key"].Value));
    }

    [Fact]
    public void RecordIsOneObjectWithTypedProperties()
    {
        PSObject record = Assert.Single(Run("Get-Embedding $path k3"));
        Assert.Equal("EmbedCache.PowerShell.EmbeddingRecord", record.TypeNames[0]);
        Assert.Equal("k3", record.Properties["Key"].Value);
        Assert.Equal([3f, 1f, 0f, 0f], Assert.IsType<float[]>(record.Properties["Vector"].Value));
        Assert.Equal(3L, ((IDictionary)record.Properties["Metadata"].Value)["n"]);
        Assert.InRange(DateTimeOffset.UtcNow - (DateTimeOffset)record.Properties["Created"].Value, TimeSpan.FromSeconds(-1), TimeSpan.FromMinutes(1));
        Assert.Null(record.Properties["Expires"].Value);
        Assert.Null(record.Properties["Digest"].Value);
    }

    [Fact]
    public void ChangingARecordsVectorChangesNothingElse()
    {
        Run("$cache = Open-EmbedCache $path; (Get-Embedding $cache k1).Vector[0] = 99");
        Assert.Equal(1f, Value("(Get-Embedding $cache k1).Vector[0]"));
        Run("Close-EmbedCache $cache");
    }

    [Fact]
    public void MissingKeyIsAnErrorAndTheOthersStillCome()
    {
        SessionResult result = Try("Get-Embedding $path k1, none, k2");
        Assert.Equal(2, result.Output.Count);
        ErrorRecord error = Assert.Single(result.Errors);
        ErrorAssert.Is(error, "EmbeddingNotFound", "GetEmbeddingCommand", ErrorCategory.ObjectNotFound, "'none'", FilePath);
        Assert.Equal("none", error.TargetObject);
        Assert.Empty(Run("Get-Embedding $path none -ErrorAction Ignore"));
    }

    [Fact]
    public void WithoutAKeyAllRecordsComeOldestFirst() => Assert.Equal("k1,k2,k3,k4,k5", Keys());

    [Fact]
    public void NewestFirst() => Assert.Equal(["k5", "k4"], Run("Get-Embedding $path -NewestFirst | ForEach-Object { $_.Key }").Take(2).Select(static key => key.BaseObject));

    [Fact]
    public void EnumerationIsOneSnapshotAndHoldsNoLock()
    {
        Assert.Equal(5, Run("Get-Embedding $path | ForEach-Object { Set-Embedding $path \"new $($_.Key)\" $vector -TimeoutSec 0; $_ }").Count);
        Assert.Equal(10L, Value("(Get-EmbedCacheInfo $path).Count"));
    }

    [Fact]
    public void NothingInThePipelineIsNothingOut()
    {
        Assert.Empty(Run("@() | Get-Embedding $path"));
        ErrorAssert.Is(Error("Get-Embedding $path -Key $null"), "EmptyKey", "GetEmbeddingCommand", ErrorCategory.InvalidArgument, "null");
    }

    [Fact]
    public void DigestFileAnswersByTextAndByDigest()
    {
        Run("New-EmbedCache $dir/private.edb 4 -KeyStorage Digest | Close-EmbedCache; Set-Embedding $dir/private.edb secret $vector");
        PSObject record = Assert.Single(Run("Get-Embedding $dir/private.edb"));
        Assert.Null(record.Properties["Key"].Value);
        var digest = (string)record.Properties["Digest"].Value;
        Assert.Equal(64, digest.Length);
        Assert.Equal(digest, Value("(Get-Embedding $dir/private.edb secret).Digest"));
        Assert.Equal(digest, Value("(Get-Embedding $dir/private.edb -Digest $args[0]).Digest", digest));
        Assert.Equal(digest, Value("(Get-Embedding $dir/private.edb -Digest $args[0]).Digest", Convert.FromHexString(digest)));
        Assert.DoesNotContain("secret", File.ReadAllText(Path.Combine(Folder, "private.edb"), System.Text.Encoding.Latin1), StringComparison.Ordinal);
        Assert.Contains("not a digest", TerminatingError("Get-Embedding $dir/private.edb -Digest abc").ToString(), StringComparison.Ordinal);
    }
}
