# Vectors without a model: each text becomes the hashed n-grams of its words. Texts that share words, or parts of words, get similar vectors; what
# words mean is not known. Deterministic on every machine. Dot-sourced by the examples.

# Words that say nothing about what a text is about.
$script:NgramStopWords = [System.Collections.Generic.HashSet[string]]::new([string[]] (
    'a an and are as at be been but by can do does for from has have how i if in into is it its my no nor not of on one or so such that the them ' +
    'then there they this to too was were what when where which who will with you your' -split ' '))

# Places (0 to dimension - 1) and counts of the n-grams of a text: whole words, and their parts of 3 to 5 letters.
function Get-NgramCount([int] $dimension, [string] $text) {
    $counts = [System.Collections.Generic.Dictionary[int, float]]::new()
    foreach ($match in [regex]::Matches($text.ToLowerInvariant(), '[\p{L}\p{N}]+')) {
        $word = $match.Value
        if ($NgramStopWords.Contains($word)) { continue }

        $padded = '<' + $word + '>'
        for ($start = 0; $start -lt $padded.Length; $start++) {
            # A polynomial hash that is continued letter by letter: [long], so that it never overflows into [double].
            [long] $hash = 17
            $end = [Math]::Min($padded.Length, $start + 5)
            for ($i = $start; $i -lt $end; $i++) {
                $hash = ($hash * 1000003 + [int] $padded[$i]) % 2147483647
                $length = $i - $start + 1
                if ($length -ge 3) {
                    $place = [int] ($hash % $dimension)
                    $counts[$place] = $(if ($counts.ContainsKey($place)) { $counts[$place] } else { 0 }) + 1
                }
            }
        }
    }
    , $counts
}

# An embedder that knows how rare each n-gram is among the given texts: rare ones say more.
function New-NgramEmbedder([int] $dimension, [string[]] $texts) {
    $documents = [float[]]::new($dimension)
    foreach ($text in $texts) {
        foreach ($place in (Get-NgramCount $dimension $text).Keys) { $documents[$place]++ }
    }
    $weights = [float[]]::new($dimension)
    for ($i = 0; $i -lt $dimension; $i++) { $weights[$i] = [Math]::Log(1 + $texts.Count / (1 + $documents[$i])) }
    @{ Dimension = $dimension; Weights = $weights }
}

# The vector of a text, of length 1. A text without words gets an even one.
function Get-NgramVector([hashtable] $embedder, [string] $text) {
    $vector = [float[]]::new($embedder.Dimension)
    $weights = $embedder.Weights
    $sum = 0.0
    foreach ($entry in (Get-NgramCount $embedder.Dimension $text).GetEnumerator()) {
        $value = [Math]::Sqrt($entry.Value) * $weights[$entry.Key]
        $vector[$entry.Key] = $value
        $sum += $value * $value
    }
    if ($sum -eq 0) { for ($i = 0; $i -lt $vector.Length; $i++) { $vector[$i] = 1 }; $sum = $vector.Length }
    $norm = [Math]::Sqrt($sum)
    for ($i = 0; $i -lt $vector.Length; $i++) { $vector[$i] = $vector[$i] / $norm }
    , $vector
}
