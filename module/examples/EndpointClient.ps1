# Asks an embedding endpoint in the style of OpenAI. Dot-sourced by the examples. Configured by environment variables:
#   EMBEDCACHE_ENDPOINT  the URL, such as https://api.openai.com/v1/embeddings
#   EMBEDCACHE_MODEL     the model
#   EMBEDCACHE_KEY       the key, where the endpoint wants one

# The response to some texts: an object with data[].embedding and data[].index.
function Invoke-EmbeddingEndpoint([string[]] $texts, [string] $endpoint = $env:EMBEDCACHE_ENDPOINT, [string] $model = $env:EMBEDCACHE_MODEL, [string] $key = $env:EMBEDCACHE_KEY) {
    $quoted = foreach ($text in $texts) { ConvertTo-JsonText $text }
    $body = '{"model":' + (ConvertTo-JsonText $model) + ',"input":[' + ($quoted -join ',') + ']}'

    $request = [System.Net.WebRequest]::Create($endpoint)
    $request.Method = 'POST'
    $request.ContentType = 'application/json'
    if ($key) { $request.Headers.Add('Authorization', "Bearer $key") }
    $bytes = [System.Text.Encoding]::UTF8.GetBytes($body)
    $stream = $request.GetRequestStream()
    $stream.Write($bytes, 0, $bytes.Length)
    $stream.Dispose()

    $response = $request.GetResponse()
    $reader = [System.IO.StreamReader]::new($response.GetResponseStream(), [System.Text.Encoding]::UTF8)
    $json = $reader.ReadToEnd()
    $reader.Dispose()
    $response.Dispose()
    ConvertFrom-EmbeddingJson $json
}

# Everything but letters of ASCII is escaped: right in every encoding.
function ConvertTo-JsonText([string] $text) {
    $escaped = [regex]::Replace($text, '[^ !#-\[\]-~]', { param($match) '\u{0:x4}' -f [int] $match.Value[0] })
    '"' + $escaped + '"'
}

# ConvertFrom-Json where there is one; the bare engine has none, but .NET has.
function ConvertFrom-EmbeddingJson([string] $json) {
    $converter = $ExecutionContext.InvokeCommand.GetCommand('ConvertFrom-Json', 'Cmdlet')
    if ($converter) { return & $converter $json }

    $document = [System.Text.Json.JsonDocument]::Parse($json)
    $data = foreach ($item in $document.RootElement.GetProperty('data').EnumerateArray()) {
        $vector = [System.Collections.Generic.List[double]]::new()
        foreach ($number in $item.GetProperty('embedding').EnumerateArray()) { $vector.Add($number.GetDouble()) }
        [pscustomobject]@{ index = $item.GetProperty('index').GetInt32(); embedding = $vector.ToArray() }
    }
    $document.Dispose()
    [pscustomobject]@{ data = @($data) }
}
