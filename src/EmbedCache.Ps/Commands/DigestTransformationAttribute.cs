using System.Collections;
using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>Takes digests as 64 hexadecimal digits or as 32 bytes, one or several.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DigestTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? value = VectorConverter.Unwrap(inputData);
        if (value is null)
        {
            return inputData!;
        }

        if (TryText(value) is { } single)
        {
            return new[] { single };
        }

        if (value is IEnumerable sequence and not string)
        {
            var texts = new List<string>();
            foreach (object? element in sequence)
            {
                texts.Add(TryText(VectorConverter.Unwrap(element)) ?? throw Unusable(element));
            }

            return texts.ToArray();
        }

        throw Unusable(value);
    }

    private static string? TryText(object? value) => value switch
    {
        byte[] { Length: DigestText.ByteLength } bytes => DigestText.Format(bytes),
        string text when DigestText.TryParse(text, out byte[] bytes) => DigestText.Format(bytes),
        object[] { Length: DigestText.ByteLength } numbers when Array.TrueForAll(numbers, static n => VectorConverter.Unwrap(n) is byte) =>
            DigestText.Format(Array.ConvertAll(numbers, static n => (byte)VectorConverter.Unwrap(n)!)),
        _ => null,
    };

    private static ArgumentTransformationMetadataException Unusable(object? value) =>
        new($"'{value}' is not a digest. A digest is 64 hexadecimal digits, as the property Digest of a record shows it, or 32 bytes.");
}
