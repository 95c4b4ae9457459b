# What a pipeline and a cmdlet cost, in one PowerShell process. Prints lines "metric value".
# Uses nothing but the engine's own cmdlets, so that it runs on the bare hosted engine as well as in pwsh.
param(
    [Parameter(Mandatory)] [string] $Directory,
    [int] $Count = 100000,
    [int] $Dimension = 1536,
    [int] $Repeats = 5
)

$ErrorActionPreference = 'Stop'
$culture = [Globalization.CultureInfo]::InvariantCulture

function Write-Metric([string] $Metric, [double] $Value) {
    [string]::Format($culture, '{0} {1:R}', $Metric, $Value)
}

function Get-Seconds([long] $Start) {
    ([Diagnostics.Stopwatch]::GetTimestamp() - $Start) / [Diagnostics.Stopwatch]::Frequency
}

function Get-Median([double[]] $Values) {
    [Array]::Sort($Values)
    $Values[[int][Math]::Floor($Values.Length / 2)]
}

# Vectors are shared between objects, as the insert benchmark shares them: making them is not what is measured.
$random = [Random]::new(12345)
$pool = [float[][]]::new(512)
for ($i = 0; $i -lt $pool.Length; $i++) {
    $vector = [float[]]::new($Dimension)
    for ($k = 0; $k -lt $Dimension; $k++) { $vector[$k] = $random.NextDouble() - 0.5 }
    $pool[$i] = $vector
}

$objects = [object[]]::new($Count)
for ($i = 0; $i -lt $Count; $i++) {
    $objects[$i] = [pscustomobject] @{ Key = 'text number ' + $i; Vector = $pool[$i % 512] }
}

# Rounds: the source into a block that does nothing, then into Set-Embedding; what the cmdlet costs is the difference.
$path = [IO.Path]::Combine($Directory, 'pipeline.edb')
$source = [double[]]::new($Repeats)
$set = [double[]]::new($Repeats)
for ($round = -1; $round -lt $Repeats; $round++) {
    $start = [Diagnostics.Stopwatch]::GetTimestamp()
    $objects | & { process { } }
    $sourceSeconds = Get-Seconds $start

    [IO.File]::Delete($path)
    $cache = New-EmbedCache -Path $path -Dimension $Dimension
    $start = [Diagnostics.Stopwatch]::GetTimestamp()
    $objects | Set-Embedding -Cache $cache
    $setSeconds = Get-Seconds $start
    Close-EmbedCache -Cache $cache
    if ($round -ge 0) { $source[$round] = $sourceSeconds; $set[$round] = $setSeconds }
}

Write-Metric 'source' (Get-Median $source)
Write-Metric 'source into Set-Embedding' (Get-Median $set)

# Memory: live objects while a generated stream goes through. They rise and fall with what is not yet committed; the highest of the later half may not be above that of the earlier.
$samples = [Collections.Generic.List[long]]::new()
[IO.File]::Delete($path)
$cache = New-EmbedCache -Path $path -Dimension $Dimension
1..$Count | ForEach-Object {
    if ($_ % 2500 -eq 0) { $samples.Add([GC]::GetTotalMemory($true)) }
    [pscustomobject] @{ Key = 'text number ' + $_; Vector = $pool[$_ % 512] }
} | Set-Embedding -Cache $cache
if ($samples.Count -ge 8) {
    $half = [int][Math]::Floor($samples.Count / 2)
    $highest = foreach ($part in $samples.GetRange(0, $half), $samples.GetRange($half, $half)) {
        $part.Sort()
        $part[$half - 1]
    }
    Write-Metric 'live memory growth' ($highest[1] - $highest[0])
}

# Fixed cost of a warm cmdlet: a get of one record, and beside it a cmdlet of the engine's own that does nothing.
$key = 'text number 1'
function Measure-Calls([scriptblock] $Call) {
    $blocks = [double[]]::new($Repeats)
    for ($round = -2; $round -lt $Repeats; $round++) {
        $start = [Diagnostics.Stopwatch]::GetTimestamp()
        & $Call
        $seconds = Get-Seconds $start
        if ($round -ge 0) { $blocks[$round] = $seconds / 2000 * 1e6 }
    }

    Get-Median $blocks
}

Write-Metric 'Out-Null' (Measure-Calls { for ($i = 0; $i -lt 2000; $i++) { Out-Null -InputObject $key } })
Write-Metric 'Get-Embedding -Cache' (Measure-Calls { for ($i = 0; $i -lt 2000; $i++) { $null = Get-Embedding -Cache $cache -Key $key } })
Write-Metric 'Get-EmbedCacheInfo -Cache' (Measure-Calls { for ($i = 0; $i -lt 2000; $i++) { $null = Get-EmbedCacheInfo -Cache $cache } })
Close-EmbedCache -Cache $cache
Write-Metric 'Get-Embedding -Path' (Measure-Calls { for ($i = 0; $i -lt 2000; $i++) { $null = Get-Embedding -Path $path -Key $key } })
Close-EmbedCache -Path $path
[IO.File]::Delete($path)
