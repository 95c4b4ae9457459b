<#
.SYNOPSIS
    Embeds texts with an endpoint in the style of OpenAI, and asks it only for texts that were never embedded before.
.DESCRIPTION
    Every text is looked up in an .edb file first. Only the missing ones are sent, in batches; the answers go into the file as they are. Run it twice:
    the second time sends nothing. Pressing Ctrl-C loses nothing of what was answered.
    Configured by EMBEDCACHE_ENDPOINT, EMBEDCACHE_MODEL and, where the endpoint wants one, EMBEDCACHE_KEY, or by the parameters.
.PARAMETER Text
    The texts.
.PARAMETER Path
    The .edb file. It is created when the first answer shows how long a vector is.
.PARAMETER BatchSize
    Texts in one request.
.OUTPUTS
    The records of the texts, in their order.
.EXAMPLE
    'a red apple', 'a green pear' | ./cache-endpoint.ps1 -Path fruit.edb
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true, ValueFromPipeline = $true)]
    [string[]] $Text,

    [Parameter(Mandatory = $true)]
    [string] $Path,

    [string] $Endpoint = $env:EMBEDCACHE_ENDPOINT,

    [string] $Model = $env:EMBEDCACHE_MODEL,

    [string] $Key = $env:EMBEDCACHE_KEY,

    [ValidateRange(1, 2048)]
    [int] $BatchSize = 64
)

begin {
    $ErrorActionPreference = 'Stop'
    . ([System.IO.Path]::Combine($PSScriptRoot, 'EndpointClient.ps1'))
    $texts = [System.Collections.Generic.List[string]]::new()
}

process {
    $texts.AddRange($Text)
}

end {
    $file = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)

    # What is not in the file, each text once.
    $known = [System.Collections.Generic.HashSet[string]]::new()
    if ([System.IO.File]::Exists($file)) {
        foreach ($record in $texts | Get-Embedding -LiteralPath $file -ErrorAction Ignore) { [void] $known.Add($record.Key) }
    }
    $missing = @($texts | Where-Object { $known.Add($_) })
    $PSCmdlet.WriteVerbose("$($missing.Count) of $($texts.Count) texts are asked for.")

    for ($i = 0; $i -lt $missing.Count; $i += $BatchSize) {
        [string[]] $batch = $missing[$i..([Math]::Min($i + $BatchSize, $missing.Count) - 1)]
        $response = Invoke-EmbeddingEndpoint $batch $Endpoint $Model $Key
        if (-not [System.IO.File]::Exists($file)) {
            New-EmbedCache -LiteralPath $file -Dimension $response.data[0].embedding.Count -Model $Model | Close-EmbedCache
        }
        $response | Set-Embedding -LiteralPath $file -Text $batch
    }

    $texts | Get-Embedding -LiteralPath $file
}
