BeforeAll {
    Import-Module ([string] $env:EMBEDCACHE_MANIFEST)
}

Describe 'Set-Embedding' {
    BeforeEach {
        $path = Join-Path $TestDrive "$(New-Guid).edb"
        New-EmbedCache $path 4 | Close-EmbedCache
        $vector = [float[]] (1, 0, 0, 0)
    }

    Context 'what it takes' {
        It 'stores a vector under its text' {
            Set-Embedding -Path $path -Key 'a red apple' -Vector $vector
            (Get-Embedding $path 'a red apple').Vector | Should -Be $vector
        }

        It 'takes <Name>' -ForEach @(
            @{ Name = 'float[]'; Value = [float[]] (1, 2, 3, 4) }
            @{ Name = 'double[]'; Value = [double[]] (1, 2, 3, 4) }
            @{ Name = 'object[]'; Value = 1, 2.0, 3d, 4L }
            @{ Name = 'numbers of ConvertFrom-Json'; Value = '[1, 2.0, 3e0, 4]' | ConvertFrom-Json }
            @{ Name = 'bytes'; Value = [byte[]] (0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64, 0, 0, 128, 64) }
            @{ Name = 'base64'; Value = 'AACAPwAAAEAAAEBAAACAQA==' }
            @{ Name = 'ReadOnlyMemory'; Value = [System.ReadOnlyMemory[float]]::new([float[]] (1, 2, 3, 4)) }
            @{ Name = 'a list'; Value = [System.Collections.Generic.List[double]] (1, 2, 3, 4) }
        ) {
            Set-Embedding $path 'a' $Value
            (Get-Embedding $path 'a').Vector | Should -Be @(1, 2, 3, 4)
        }

        It 'takes hashtables and objects from the pipeline' {
            @{ Key = 'a'; Vector = $vector }, [pscustomobject] @{ Text = 'b'; Embedding = $vector } | Set-Embedding $path
            (Get-Embedding $path).Key | Should -Be 'a', 'b'
        }

        It 'takes rows of a CSV file' {
            'Text,Embedding', 'a,AACAPwAAAEAAAEBAAACAQA==' | ConvertFrom-Csv | Set-Embedding $path
            (Get-Embedding $path 'a').Vector[3] | Should -Be 4
        }

        It 'embeds texts with a script block' {
            'a', 'bb' | Set-Embedding $path -Vector { [float[]] ($_.Length, 0, 0, 1) }
            (Get-Embedding $path 'bb').Vector[0] | Should -Be 2
        }

        It 'takes files by name with a script block' {
            Set-Content (Join-Path $TestDrive 'one.txt') 'text'
            Get-ChildItem $TestDrive -Filter *.txt | Set-Embedding $path -Vector { $vector } -Metadata { @{ length = $_.Length } }
            (Get-Embedding $path 'one.txt').Metadata.length | Should -BeGreaterThan 3
        }

        It 'takes the response of an OpenAI-style endpoint' {
            $json = '{"object":"list","id":"embd-1","data":[{"object":"embedding","index":1,"embedding":[0.0,1.0,0.0,0.0]},{"object":"embedding","index":0,"embedding":[1.0,0.0,0.0,0.0]}],"model":"m","usage":{"total_tokens":5}}'
            $json | ConvertFrom-Json | Set-Embedding $path -Text 'first', 'second'
            (Get-Embedding $path 'first').Vector[0] | Should -Be 1
            (Get-Embedding $path 'second').Vector[1] | Should -Be 1
            (Get-EmbedCacheInfo $path).Count | Should -Be 2
        }

        It 'takes the response of Ollama' {
            '{"model":"m","embeddings":[[1.0,0.0,0.0,0.0],[0.0,1.0,0.0,0.0]]}' | ConvertFrom-Json | Set-Embedding $path -Text 'first', 'second'
            (Get-Embedding $path 'second').Vector[1] | Should -Be 1
        }

        It 'copies records from another file' {
            $other = "$path.other"
            New-EmbedCache $other 4 | Close-EmbedCache
            Set-Embedding $path 'a' $vector -Metadata @{ lang = 'en' }
            Get-Embedding $path | Set-Embedding $other
            (Get-Embedding $other 'a').Metadata.lang | Should -Be 'en'
        }

        It 'takes records that went through Export-Clixml' {
            Set-Embedding $path 'a' $vector -Metadata @{ lang = 'en' } -Role Query -ExpiresAt '2090-05-06'
            $file = "$path.xml"
            Get-Embedding $path | Export-Clixml $file
            Remove-Embedding $path 'a' -Role Query
            Import-Clixml $file | Set-Embedding $path
            $record = Get-Embedding $path 'a' -Role Query
            $record.Metadata.lang | Should -Be 'en'
            $record.Expires.Year | Should -Be 2090
        }
    }

    Context 'what it refuses' {
        It 'refuses <Name> and names the record' -ForEach @(
            @{ Name = 'a wrong dimension'; Value = 1, 2; Id = 'WrongDimension' }
            @{ Name = 'not a number'; Value = [float]::NaN, 0, 0, 0; Id = 'NotFinite' }
            @{ Name = 'infinity'; Value = [float]::PositiveInfinity, 0, 0, 0; Id = 'NotFinite' }
            @{ Name = 'a zero vector'; Value = 0, 0, 0, 0; Id = 'ZeroVector' }
            @{ Name = 'a date'; Value = [datetime] '2024-01-01'; Id = 'InvalidVector' }
        ) {
            Set-Embedding $path 'my text' $Value -ErrorVariable problem -ErrorAction SilentlyContinue
            $problem[0].FullyQualifiedErrorId | Should -Be "$Id,EmbedCache.PowerShell.SetEmbeddingCommand"
            $problem[0].ToString() | Should -Match 'my text'
            Get-Embedding $path | Should -BeNullOrEmpty
        }

        It 'stores the good records beside a bad one' {
            @{ Key = 'a'; Vector = $vector }, @{ Key = 'b'; Vector = 1, 2 }, @{ Key = 'c'; Vector = $vector } | Set-Embedding $path -ErrorAction SilentlyContinue
            (Get-Embedding $path).Key | Should -Be 'a', 'c'
        }

        It 'gives one error for a vector that was piped without a comma' {
            [float[]]::new(1536) | Set-Embedding $path -Key 'a' -ErrorVariable problem -ErrorAction SilentlyContinue
            $problem | Should -HaveCount 1
            $problem[0].ToString() | Should -Match '-Vector'
        }

        It 'stores nothing with -WhatIf' {
            Set-Embedding $path 'a' $vector -WhatIf
            Get-Embedding $path | Should -BeNullOrEmpty
        }
    }

    Context 'when it commits' {
        It 'keeps what was accepted when upstream throws' {
            { 1..10 | ForEach-Object { if ($_ -eq 8) { throw 'upstream' }; @{ Key = "k$_"; Vector = $vector } } | Set-Embedding $path } | Should -Throw 'upstream'
            (Get-EmbedCacheInfo $path).Count | Should -Be 7
        }

        It 'keeps what was accepted when downstream throws' {
            { 1..10 | ForEach-Object { @{ Key = "k$_"; Vector = $vector } } | Set-Embedding $path -PassThru -BatchSize 5 | ForEach-Object { throw 'downstream' } } | Should -Throw 'downstream'
            (Get-EmbedCacheInfo $path).Count | Should -BeGreaterOrEqual 5
        }

        It 'keeps what was accepted when Select-Object -First has enough' {
            $two = 1..10 | ForEach-Object { @{ Key = "k$_"; Vector = $vector } } | Set-Embedding $path -PassThru -BatchSize 1 | Select-Object -First 2
            $two | Should -HaveCount 2
            (Get-EmbedCacheInfo $path).Count | Should -Be 2
        }

        It 'keeps what was accepted at a break' {
            foreach ($once in 1) { 1..10 | ForEach-Object { if ($_ -eq 8) { break }; @{ Key = "k$_"; Vector = $vector } } | Set-Embedding $path }
            (Get-EmbedCacheInfo $path).Count | Should -Be 7
        }

        It 'keeps what was accepted when the pipeline is stopped' {
            $shell = [powershell]::Create()
            $null = $shell.AddScript({
                param($manifest, $path)
                Import-Module $manifest
                1..10 | ForEach-Object { if ($_ -eq 8) { Start-Sleep -Seconds 60 }; @{ Key = "k$_"; Vector = 1, 0, 0, 0 } } | Set-Embedding $path
            }).AddArgument([string] $env:EMBEDCACHE_MANIFEST).AddArgument($path)
            $null = $shell.BeginInvoke()
            Start-Sleep -Milliseconds 3000
            $shell.Stop()
            $shell.Dispose()
            (Get-EmbedCacheInfo $path).Count | Should -Be 7
        }

        It 'stores all or nothing with -Atomic' {
            { 1..10 | ForEach-Object { if ($_ -eq 8) { throw 'upstream' }; @{ Key = "k$_"; Vector = $vector } } | Set-Embedding $path -Atomic } | Should -Throw 'upstream'
            (Get-EmbedCacheInfo $path).Count | Should -Be 0
            1..2500 | ForEach-Object { @{ Key = "k$_"; Vector = $vector } } | Set-Embedding $path -Atomic
            (Get-EmbedCacheInfo $path).Count | Should -Be 2500
        }

        It 'keeps the last of two records with one key, and warns once' {
            @{ Key = 'a'; Vector = $vector }, @{ Key = 'a'; Vector = 0, 1, 0, 0 } | Set-Embedding $path -WarningVariable warnings -WarningAction SilentlyContinue
            $warnings | Should -HaveCount 1
            (Get-Embedding $path 'a').Vector[1] | Should -Be 1
        }

        It 'waits for another script that writes' {
            $job = Start-Job {
                Import-Module $using:env:EMBEDCACHE_MANIFEST
                1..3000 | ForEach-Object { @{ Key = "job $_"; Vector = 1, 0, 0, 0 } } | Set-Embedding $using:path
            }
            1..3000 | ForEach-Object { @{ Key = "mine $_"; Vector = $vector } } | Set-Embedding $path
            $job | Wait-Job | Receive-Job
            Remove-Job $job
            (Get-EmbedCacheInfo $path).Count | Should -Be 6000
        }
    }
}
