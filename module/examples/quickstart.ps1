<#
.SYNOPSIS
    Puts the module's own help into an .edb file, sentence by sentence, and answers questions from it.
.DESCRIPTION
    Goes through every cmdlet once. Needs nothing but the module: the vectors are hashed n-grams, computed here. Where the environment variable
    EMBEDCACHE_ENDPOINT names an endpoint in the style of OpenAI (with EMBEDCACHE_MODEL and, where it wants one, EMBEDCACHE_KEY), its model is used.
    Uses only cmdlets of Microsoft.PowerShell.Core and .NET, so that it also runs in a bare PowerShell engine.
.PARAMETER Path
    The .edb file to create; one in the temporary folder unless given. It is replaced if it is there.
.PARAMETER Question
    What to ask.
.EXAMPLE
    ./quickstart.ps1 -Question 'how do I delete an entry'
#>
[CmdletBinding()]
param(
    [string] $Path = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), 'quickstart.edb'),

    [string[]] $Question = @(
        'how do I delete an entry'
        'what survives a power failure'
        'can two scripts write to one file'
        'how do I keep my texts private'
        'what happens when I press Ctrl-C'
    )
)

$ErrorActionPreference = 'Stop'
. ([System.IO.Path]::Combine($PSScriptRoot, 'NgramEmbedder.ps1'))
. ([System.IO.Path]::Combine($PSScriptRoot, 'EndpointClient.ps1'))

# The help lies beside this folder in the repository, and one folder higher in the installed module.
function Get-HelpFolder {
    foreach ($parent in $PSScriptRoot, [System.IO.Path]::GetDirectoryName($PSScriptRoot)) {
        $folder = [System.IO.Path]::Combine([System.IO.Path]::GetDirectoryName($parent), 'en-US')
        if ([System.IO.Directory]::Exists($folder)) { return $folder }
    }
    throw 'The folder en-US with the help of the module was not found.'
}

# Paragraphs of an about_ topic: lines with the same small indentation, without headings and code.
function Get-TopicParagraph([string] $file) {
    $paragraph = ''
    foreach ($line in [System.IO.File]::ReadAllLines($file) + '') {
        if ($line -cmatch '^ {4}(\S.*)$' -and $Matches[1] -cnotmatch '^\S+ {3,}') {
            $paragraph += ' ' + $Matches[1]
        }
        else {
            if ($paragraph) { $paragraph.Trim() }
            $paragraph = ''
        }
    }
}

function Get-HelpParagraph([string] $file) {
    $document = [System.Xml.XmlDocument]::new()
    $document.Load($file)
    foreach ($command in $document.SelectNodes("//*[local-name()='command']")) {
        $name = $command.SelectSingleNode("*[local-name()='details']/*[local-name()='name']").InnerText
        $texts = $command.SelectNodes("*[local-name()='details' or local-name()='description' or local-name()='parameters']//*[local-name()='para']")
        foreach ($text in $texts) { @{ Topic = $name; Text = $text.InnerText } }
    }
}

# Every sentence of the help once, with the topic that it stands in.
function Get-Sentence {
    $folder = Get-HelpFolder
    $paragraphs = foreach ($file in [System.IO.Directory]::GetFiles($folder, 'about_*.help.txt')) {
        $topic = [System.IO.Path]::GetFileName($file).Replace('.help.txt', '')
        foreach ($text in Get-TopicParagraph $file) { @{ Topic = $topic; Text = $text } }
    }
    $paragraphs += foreach ($file in [System.IO.Directory]::GetFiles($folder, '*-Help.xml')) { Get-HelpParagraph $file }

    $seen = [System.Collections.Generic.HashSet[string]]::new()
    foreach ($paragraph in $paragraphs) {
        foreach ($sentence in [regex]::Split($paragraph.Text, '(?<=[.:!?])\s+(?=\p{Lu})')) {
            if ($sentence.Length -ge 25 -and $seen.Add($sentence)) {
                [pscustomobject]@{ Text = $sentence; Topic = $paragraph.Topic }
            }
        }
    }
}

$sentences = @(Get-Sentence)
"The help of the module has $($sentences.Count) sentences."

# A vector for each text, by the endpoint's model or by n-grams.
if ($env:EMBEDCACHE_ENDPOINT) {
    $model = $env:EMBEDCACHE_MODEL
    $embed = { param($texts) Invoke-EmbeddingEndpoint $texts }
    $dimension = @((& $embed 'How long is a vector?').data)[0].embedding.Count
}
else {
    $model = 'hashed n-grams'
    $dimension = 1024
    $embedder = New-NgramEmbedder $dimension $sentences.Text
    $embed = { param($texts) @{ data = @(for ($n = 0; $n -lt @($texts).Count; $n++) { @{ index = $n; embedding = Get-NgramVector $embedder @($texts)[$n] } }) } }
}

# 1. Create a file, and put everything into it.
New-EmbedCache $Path -Dimension $dimension -Model $model -Force | Close-EmbedCache
$watch = [System.Diagnostics.Stopwatch]::StartNew()
for ($i = 0; $i -lt $sentences.Count; $i += 64) {
    $batch = $sentences[$i..([Math]::Min($i + 63, $sentences.Count - 1))]
    $answer = & $embed $batch.Text
    $answer.data | ForEach-Object { @{ Text = $batch[$_.index].Text; Embedding = $_.embedding; Metadata = @{ topic = $batch[$_.index].Topic } } } | Set-Embedding $Path
}
"They were embedded and stored in $([int] $watch.ElapsedMilliseconds) ms."

# 2. Open it again, as a new process would, and look at it.
Close-EmbedCache $Path
$cache = Open-EmbedCache $Path -Model $model
$cache | Out-Host
$first = $sentences[0].Text
$stored = (Get-Embedding $cache $first).Vector
$again = @((& $embed $first).data)[0].embedding
$same = 0
for ($i = 0; $i -lt $dimension; $i++) { if ($stored[$i] -eq [float] $again[$i]) { $same++ } }
"The first sentence came back with $same of $dimension numbers equal to those of its text."

# 3. Ask.
foreach ($text in $Question) {
    "`n$text"
    Find-SimilarEmbedding $cache -Vector @((& $embed $text).data)[0].embedding -Top 3 | Out-Host
}

# 4. Find sentences like another one.
$best = @(Find-SimilarEmbedding $cache -Vector @((& $embed $Question[0]).data)[0].embedding -Top 1)[0]
"Like '$($best.Key)':"
$best | Find-SimilarEmbedding $cache -Top 2 | Out-Host

# 5. Delete an entry: it is not found any more.
Remove-Embedding $cache $best.Key
"Deleted; now the file has $(@(Get-Embedding $cache $best.Key -ErrorAction Ignore).Count) entries of that text."

# 6. Check the file and close it.
Get-EmbedCacheInfo $cache | Out-Host
"The file is sound: $(Test-EmbedCache $cache -Quiet)."
Close-EmbedCache $cache
"It is $Path."
