<#
.SYNOPSIS
    Finds lines of a log that say nearly the same.
.DESCRIPTION
    Each line becomes a vector of hashed n-grams, numbers left out. A line that is similar enough to one that came before is counted with it; any other
    starts a group of its own and is stored in an .edb file. The groups that have the most lines are written. Because the file stays, a second run over
    a newer log would know the lines of the first.
.PARAMETER LogPath
    The log; Debian's own log of update-alternatives, which lies beside this script, unless given.
.PARAMETER Path
    The .edb file for the groups; one in the temporary folder unless given. It is replaced if it is there.
.PARAMETER MinimumScore
    How similar two lines must be to be of one group: 1 is the same n-grams, 0 is none in common.
.PARAMETER Top
    How many groups to write.
.EXAMPLE
    ./find-duplicate-lines.ps1 -LogPath /var/log/syslog -MinimumScore 0.9
#>
[CmdletBinding()]
param(
    [string] $LogPath = [System.IO.Path]::Combine($PSScriptRoot, 'alternatives.log'),

    [string] $Path = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), 'duplicate-lines.edb'),

    [ValidateRange(0.0, 1.0)]
    [double] $MinimumScore = 0.7,

    [int] $Top = 10
)

$ErrorActionPreference = 'Stop'
. ([System.IO.Path]::Combine($PSScriptRoot, 'NgramEmbedder.ps1'))

$lines = @([System.IO.File]::ReadAllLines($LogPath) | Where-Object { $_.Trim() })
$bare = foreach ($line in $lines) { [regex]::Replace($line, '\d+', ' ') }
$embedder = New-NgramEmbedder 512 $bare

# The groups can be computed again: there is no need to wait for the disk at each of them.
$cache = New-EmbedCache $Path -Dimension 512 -Model 'hashed n-grams' -Durability Normal -Force
$counts = [ordered]@{}
$watch = [System.Diagnostics.Stopwatch]::StartNew()
for ($i = 0; $i -lt $lines.Count; $i++) {
    $vector = Get-NgramVector $embedder $bare[$i]
    $hit = Find-SimilarEmbedding $cache -Vector $vector -Top 1 -MinimumScore $MinimumScore
    if ($hit) {
        $counts[$hit.Key]++
    }
    elseif ($lines[$i] -notin $counts.Keys) {
        Set-Embedding $cache -Key $lines[$i] -Vector $vector -Metadata @{ line = $i + 1 }
        $counts[$lines[$i]] = 1
    }
}

"$($lines.Count) lines are $($counts.Count) groups; it took $([int] $watch.ElapsedMilliseconds) ms."
$groups = [System.Linq.Enumerable]::OrderByDescending([object[]] @($counts.GetEnumerator()), [Func[object, int]] { param($group) $group.Value })
foreach ($group in [System.Linq.Enumerable]::Take($groups, $Top)) {
    $first = Get-Embedding $cache $group.Key
    $text = $group.Key
    if ($text.Length -gt 90) { $text = $text.Substring(0, 89) + [char] 0x2026 }
    '{0,6} lines like line {1,4}: {2}' -f $group.Value, $first.Metadata.line, $text
}
Close-EmbedCache $cache
